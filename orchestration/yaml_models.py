"""One way to read a hand-written YAML file: into a pydantic model, errors with file and line.

`load_yaml` keeps the line of every key, so each problem reads
`migration.yaml:12: sources.app.timezon: unknown key; did you mean 'timezone'?`.
Checks that need more than one field raise `refuse(Problem(...))` in a validator, or are passed as
`check`; either way a problem names its place by path and gets its line here.
"""

import re
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import yaml
from pydantic import AfterValidator, BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError
from rapidfuzz import fuzz, process

from orchestration.errors import ConfigurationError

YamlPath = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)

_REFUSED = "refused"
_NEAR_ENOUGH = 55.0  # per cent of likeness below which a suggestion misleads more than it helps
_WORDS_WORTH_LISTING = 20


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a file.

    `at` is the path of the offending key or item, below the value being validated; `also` is the
    path from the top of the file to a second place that takes part.
    """

    message: str
    at: YamlPath = ()
    also: YamlPath | None = None


def refuse(*problems: Problem | str) -> PydanticCustomError:
    """The error a pydantic validator raises to report one or several problems with their places."""
    found = [Problem(each) if isinstance(each, str) else each for each in problems]
    return PydanticCustomError(_REFUSED, "refused", {"problems": found})


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The one of `words` most like `word`, whatever the case, or None when none is near."""
    best = process.extractOne(
        word, list(words), scorer=fuzz.ratio, processor=str.casefold, score_cutoff=_NEAR_ENOUGH
    )
    return None if best is None else best[0]


def unknown(what: str, word: object, words: Iterable[str]) -> str:
    """Say that `word` is no known `what`, with the nearest right word, else all of a short list."""
    known = sorted(words)
    near = nearest(str(word), known)
    if near is not None:
        return f"unknown {what} '{word}'; did you mean '{near}'?"
    listed = f"; known: {', '.join(known)}" if 0 < len(known) <= _WORDS_WORTH_LISTING else ""
    return f"unknown {what} '{word}'{listed}"


def _plain_name(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
        hint = f", like '{plain}'" if plain[:1].isalpha() else ""
        raise refuse(f"a name is lower-case letters, digits and _, a letter first{hint}")
    return name


Name = Annotated[str, AfterValidator(_plain_name)]
"""A name people choose: it becomes a folder, a partition key and a word in messages."""


def load_yaml(
    path: Path,
    model: type[Model],
    *,
    check: Callable[[Model], Sequence[Problem]] | None = None,
    context: Mapping[str, Any] | None = None,
) -> Model:
    """Read the YAML mapping in `path` as `model`.

    The validators of `model` see `context` and, as `folder` in it, the folder of the file. `check`
    is given the finished model for rules that need other files; its problems are reported alike.

    Raises ConfigurationError listing every problem in the order of the file, one a line.
    """
    document = _Document(path)
    try:
        loaded = model.model_validate(
            document.value, context={"folder": path.absolute().parent, **(context or {})}
        )
    except ValidationError as error:
        details = error.errors(include_url=False)
        raise document.error(
            [each for detail in details for each in _problems(detail, document, model)]
        ) from None
    problems = check(loaded) if check is not None else ()
    if problems:
        raise document.error(problems)
    return loaded


def read_mapping(path: Path) -> dict[str, Any]:
    """The YAML mapping in `path` as it is, for files of other tools.

    Raises ConfigurationError with file and line where it is no mapping or says a key twice.
    """
    return _Document(path).value


PLAIN_WORDS: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
"""By first letter, the unquoted words that are no text: those that JSON has."""


class _Loader(yaml.CSafeLoader):
    """Reads plain words as JSON would, so that `NO`, `on`, `010` and `2025-03-01` stay text."""

    yaml_implicit_resolvers = PLAIN_WORDS


for _tag, _pattern, _first in (
    ("null", r"~|null|", ["~", "n", ""]),
    ("bool", r"true|false", ["t", "f"]),
    ("int", r"-?(?:0|[1-9][0-9]*)", list("-0123456789")),
    ("float", r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?", list("-0123456789")),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})\Z"), _first
    )


class _Document:
    """The plain value of a YAML file and the line of every key and item in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: dict[YamlPath, int] = {(): 1}
        self._faults: list[tuple[int, str]] = []
        self.value = self._read()
        if self._faults:
            raise self._listed(self._faults)

    def error(self, problems: Iterable[Problem]) -> ConfigurationError:
        """The problems as one error, in the order of the file."""
        return self._listed((self.line(each.at), self._text(each)) for each in problems)

    def line(self, place: YamlPath) -> int:
        """The line of `place`, or of the nearest thing around it that is in the file."""
        while place not in self.lines:
            place = place[:-1]
        return self.lines[place]

    def _text(self, problem: Problem) -> str:
        also = f" (see line {self.line(problem.also)})" if problem.also is not None else ""
        return f"{_dotted(problem.at)}{problem.message}{also}"

    def _listed(self, faults: Iterable[tuple[int, str]]) -> ConfigurationError:
        ordered = sorted(dict.fromkeys(faults), key=lambda fault: fault[0])
        return ConfigurationError(
            "\n".join(f"{_shown(self.path)}:{line}: {text}" for line, text in ordered)
        )

    def _fail(self, line: int, message: str) -> ConfigurationError:
        return self._listed([(line, message)])

    def _read(self) -> dict[str, Any]:
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            raise ConfigurationError(
                f"{_shown(self.path)}: no such file; give the right path or write the file"
            ) from None
        except OSError as error:
            raise ConfigurationError(
                f"{_shown(self.path)}: cannot be read: {error.strerror}"
            ) from error
        try:
            loader = _Loader(content.decode("utf-8-sig"))
            node = loader.get_single_node()
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            raise self._fail(line, "not UTF-8; save the file as UTF-8") from None
        except yaml.reader.ReaderError as error:
            line = content.count(b"\n", 0, error.position) + 1
            raise self._fail(line, f"not YAML: {error.reason}") from None
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            reason = ", ".join(part for part in (error.context, error.problem) if part)
            raise self._fail(mark.line + 1 if mark else 1, f"not YAML: {reason}") from None
        if node is None:
            raise self._fail(1, "the file is empty; it must hold a mapping of keys")
        if not isinstance(node, yaml.MappingNode):
            raise self._fail(
                node.start_mark.line + 1, f"must be a mapping of keys, not {_node_kind(node)}"
            )
        try:
            value: dict[str, Any] = self._value(loader, node, ())
        except RecursionError:
            raise self._fail(1, "an anchor contains itself, or the file nests too deep") from None
        return value

    def _value(self, loader: _Loader, node: yaml.Node, place: YamlPath) -> Any:
        if isinstance(node, yaml.MappingNode):
            return self._mapping(loader, node, place)
        if isinstance(node, yaml.SequenceNode):
            items = []
            for number, item in enumerate(node.value):
                self.lines[*place, number] = item.start_mark.line + 1
                items.append(self._value(loader, item, (*place, number)))
            return items
        return self._scalar(loader, node, place)

    def _mapping(self, loader: _Loader, node: yaml.MappingNode, place: YamlPath) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        first_lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = self._scalar(loader, key_node, place)
            if not isinstance(key, str):
                spelled = f"'{key}'" if isinstance(key_node, yaml.ScalarNode) else "a list or map"
                self._fault(line, place, f"the key {spelled} must be text; put it in quotes")
            elif key in mapping:
                first = first_lines[key]
                self._fault(
                    line, (*place, key), f"duplicate key, first on line {first}; keep one of them"
                )
            else:
                self.lines[*place, key] = first_lines[key] = line
                mapping[key] = self._value(loader, value_node, (*place, key))
        return mapping

    def _fault(self, line: int, place: YamlPath, message: str) -> None:
        self._faults.append((line, f"{_dotted(place)}{message}"))

    def _scalar(self, loader: _Loader, node: yaml.Node, place: YamlPath) -> Any:
        if not isinstance(node, yaml.ScalarNode):
            return None
        try:
            return loader.construct_object(node)
        except yaml.MarkedYAMLError as error:
            self._fault(node.start_mark.line + 1, place, f"not YAML: {error.problem}")
        except ValueError as error:
            self._fault(node.start_mark.line + 1, place, f"'{node.value}': {error}")
        return None


def _problems(detail: ErrorDetails, document: _Document, model: type[BaseModel]) -> list[Problem]:
    """The problems in one of pydantic's error details, in this project's words."""
    kind, given, context = detail["type"], detail["input"], detail.get("ctx", {})
    place: YamlPath = ()
    # Pydantic's location also names union members and '[key]'; only what is in the file is kept.
    for part in detail["loc"]:
        if (*place, part) in document.lines:
            place = (*place, part)
    if kind == _REFUSED:
        return [
            Problem(each.message, (*place, *each.at), each.also) for each in context["problems"]
        ]
    if kind == "missing":
        return [Problem("missing; add this key", (*place, detail["loc"][-1]))]
    if kind == "extra_forbidden":
        near = nearest(str(place[-1]), _keys_at(model, place[:-1]))
        hint = f"did you mean '{near}'?" if near else "remove it"
        return [Problem(f"unknown key; {hint}", place)]
    if kind == "literal_error" and given is not None:
        words = re.findall(r"'([^']*)'", context["expected"])
        return [Problem(unknown("value", given, words), place)]
    return [Problem(_in_our_words(detail), place)]


def _in_our_words(detail: ErrorDetails) -> str:
    kind, given = detail["type"], detail["input"]
    if given is None:
        return "is empty; give it a value or remove the key"
    if kind in ("model_type", "dict_type"):
        return f"must be a mapping of keys, not {value_kind(given)}"
    if kind in ("list_type", "tuple_type"):
        return f"must be a list, not {value_kind(given)}"
    if kind == "string_type":
        hint = "" if isinstance(given, dict | list) else "; put it in quotes"
        return f"must be text, not {value_kind(given)}{hint}"
    message = detail["msg"][0].lower() + detail["msg"][1:]
    shown = "" if isinstance(given, dict | list) else f", not {given!r}"
    return f"{message.replace('input should be', 'must be')}{shown}"


def _keys_at(model: type[BaseModel], place: YamlPath) -> list[str]:
    """The keys the file may hold at `place`, read from the annotations of `model`."""
    annotation: Any = model
    for part in place:
        annotation = _bare(annotation)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            fields = {
                field.alias or name: field.annotation
                for name, field in annotation.model_fields.items()
            }
            annotation = fields.get(str(part))
        else:  # a dict's values or a list's items
            annotation = (get_args(annotation) or (None,))[-1]
    annotation = _bare(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [field.alias or name for name, field in annotation.model_fields.items()]
    return []


def _bare(annotation: Any) -> Any:
    """`annotation` without `Annotated` and without `| None`."""
    while get_origin(annotation) in (Annotated, Union, types.UnionType):
        annotation = next(each for each in get_args(annotation) if each is not type(None))
    return annotation


def _dotted(place: YamlPath) -> str:
    """`a.b.0: ` for a place, nothing for the whole file."""
    return ".".join(str(each) for each in place).replace("\n", " ") + ": " if place else ""


def _shown(path: Path) -> str:
    """`path` as a person would type it: relative where it lies below the working directory."""
    absolute, here = path.absolute(), Path.cwd()
    return str(absolute.relative_to(here) if absolute.is_relative_to(here) else path)


def _node_kind(node: yaml.Node) -> str:
    return "a list" if isinstance(node, yaml.SequenceNode) else "a single value"


def value_kind(value: object) -> str:
    """What a value is, for a message."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    return f"'{value}'" if isinstance(value, str) else f"the {type(value).__name__} {value}"
