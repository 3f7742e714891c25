"""One way to read a hand-written YAML file: into a pydantic model, errors with file and line.

`load_yaml` keeps the line of every key, so each problem reads
`migration.yaml:12: sources.app.timezon: unknown key; did you mean 'timezone'?`.
Checks that need more than one field raise `refuse(Problem(...))` in a validator, or are passed as
`check`; either way a problem names its place by path and gets its line here.
"""

import gc
import re
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import AfterValidator, BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError
from rapidfuzz import fuzz, process

from orchestration.yaml_documents import Problem, YamlDocument, YamlPath

__all__ = [
    "Name",
    "Problem",
    "YamlPath",
    "load_yaml",
    "nearest",
    "read_as",
    "refuse",
    "uncollected",
    "unknown",
    "value_kind",
]

Model = TypeVar("Model", bound=BaseModel)

_REFUSED = "refused"
_NEAR_ENOUGH = 55.0  # per cent of likeness below which a suggestion misleads more than it helps
_WORDS_WORTH_LISTING = 20


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

    Raises FaultyFile, a ConfigurationError with every problem in the order of the file, one a line.
    """
    with uncollected():
        return read_as(YamlDocument(path), model, check=check, context=context)


def read_as(
    document: YamlDocument,
    model: type[Model],
    *,
    check: Callable[[Model], Sequence[Problem]] | None = None,
    context: Mapping[str, Any] | None = None,
) -> Model:
    """The file as `model`; arguments and errors are those of `load_yaml`."""
    folder = document.path.absolute().parent
    try:
        loaded = model.model_validate(document.value, context={"folder": folder, **(context or {})})
    except ValidationError as error:
        details = error.errors(include_url=False)
        raise document.error(
            [each for detail in details for each in _problems(detail, document, model)]
        ) from None
    problems = check(loaded) if check is not None else ()
    if problems:
        raise document.error(problems)
    return loaded


@contextmanager
def uncollected() -> Iterator[None]:
    """Without garbage collection: nothing made here is garbage, and looking costs as much again."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _problems(
    detail: ErrorDetails, document: YamlDocument, model: type[BaseModel]
) -> list[Problem]:
    """The problems in one of pydantic's error details, in this project's words."""
    kind, given, context = detail["type"], detail["input"], detail.get("ctx", {})
    place: YamlPath = ()
    # Pydantic's location also names union members and '[key]'; only what is in the file is kept.
    for part in detail["loc"]:
        if document.holds((*place, part)):
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


def value_kind(value: object) -> str:
    """What a value is, for a message."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    return f"'{value}'" if isinstance(value, str) else f"the {type(value).__name__} {value}"
