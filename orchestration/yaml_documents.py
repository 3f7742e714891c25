"""A hand-written YAML file as plain values, with the line of every key and item in it."""

import operator
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from orchestration.errors import ConfigurationError

YamlPath = tuple[str | int, ...]

_TEXT_TAG = yaml.resolver.BaseResolver.DEFAULT_SCALAR_TAG
_MAPPING_TAG = yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG
_LIST_TAG = yaml.resolver.BaseResolver.DEFAULT_SEQUENCE_TAG


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a file.

    `at` is the path of the offending key or item, below the value being validated; `also` is the
    path from the top of the file to a second place that takes part.
    """

    message: str
    at: YamlPath = ()
    also: YamlPath | None = None


@dataclass(frozen=True)
class Fault:
    """A problem where it stands: `line` counts from 1, `at` is the path from the file's top."""

    line: int
    at: YamlPath
    message: str

    @property
    def text(self) -> str:
        """The problem with its place in dots."""
        return f"{dotted(self.at)}: {self.message}" if self.at else self.message


class FaultyFile(ConfigurationError):
    """A file with problems: `faults` in the order of the file, each a line of the message."""

    def __init__(self, path: Path, faults: Iterable[Fault]) -> None:
        self.faults = sorted(dict.fromkeys(faults), key=lambda fault: fault.line)
        name = _shown(path)
        super().__init__("\n".join(f"{name}:{each.line}: {each.text}" for each in self.faults))


PLAIN_WORDS: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
"""By first letter, the unquoted words that are no text: those that JSON has."""


class _Loader(yaml.CSafeLoader):
    """Reads plain words as JSON would, so that `NO`, `on`, `010` and `2025-03-01` stay text."""

    yaml_implicit_resolvers = PLAIN_WORDS

    # PyYAML's own resolver also knows rules by path, at three times the cost; there are none here.

    def resolve(self, kind: type[yaml.Node], value: str, implicit: tuple[bool, bool]) -> str:
        """The tag of a node that has none; `implicit` says whether a scalar is unquoted."""
        if kind is not yaml.ScalarNode:
            return _MAPPING_TAG if kind is yaml.MappingNode else _LIST_TAG
        if implicit[0]:
            for tag, pattern in PLAIN_WORDS.get(value[:1], ()):
                if pattern.match(value):
                    return tag
        return _TEXT_TAG

    # called with two arguments and with none for every node: anything that returns at once will do
    descend_resolver = operator.is_  # type: ignore[assignment]
    ascend_resolver = tuple  # type: ignore[assignment]


for _tag, _pattern, _first in (
    ("null", r"~|null|", ["~", "n", ""]),
    ("bool", r"true|false", ["t", "f"]),
    ("int", r"-?(?:0|[1-9][0-9]*)", list("-0123456789")),
    ("float", r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?", list("-0123456789")),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})\Z"), _first
    )


class YamlDocument:
    """The plain value of a YAML file and, where asked, the line of a key or item in it.

    `content` is what the file is about to hold; without it the file is read.

    Raises FaultyFile where the file is no YAML mapping with distinct keys of text.
    """

    def __init__(self, path: Path, content: bytes | None = None) -> None:
        self.path = path
        self._faults: list[Fault] = []
        self._trail: list[str | int] = []
        self._constructed: dict[tuple[str, str], Any] = {}
        self._children_of: dict[int, dict[str | int, tuple[int, yaml.Node]]] = {}
        self._loader, self._root = self._compose(self._read() if content is None else content)
        try:
            self.value: dict[str, Any] = self._mapping(self._root)
        except RecursionError:
            raise self._fail(1, "an anchor contains itself, or the file nests too deep") from None
        if self._faults:
            raise FaultyFile(path, self._faults)

    def error(self, problems: Iterable[Problem]) -> FaultyFile:
        """The problems as one error, in the order of the file."""
        return FaultyFile(
            self.path, [Fault(self.line(each.at), each.at, self._text(each)) for each in problems]
        )

    def holds(self, place: YamlPath) -> bool:
        """Whether `place` is in the file."""
        return self._find(place)[0] == len(place)

    def line(self, place: YamlPath) -> int:
        """The line of `place`, or of the nearest thing around it that is in the file."""
        return self._find(place)[1]

    def _find(self, place: YamlPath) -> tuple[int, int]:
        """How many parts of `place` are in the file, and the line of the last that is."""
        node: yaml.Node = self._root
        line = 1
        for depth, part in enumerate(place):
            found = self._children(node).get(part)
            if found is None:
                return depth, line
            line, node = found
        return len(place), line

    def _children(self, node: yaml.Node) -> dict[str | int, tuple[int, yaml.Node]]:
        """Line and node of each key or item; found only where asked, since few lines ever are."""
        known = self._children_of.get(id(node))
        if known is None:
            known = self._children_of[id(node)] = {}
            if isinstance(node, yaml.MappingNode):
                for key, value in node.value:
                    if not isinstance(key, yaml.ScalarNode):
                        continue
                    known.setdefault(key.value, (key.start_mark.line + 1, value))
            elif isinstance(node, yaml.SequenceNode):
                for number, item in enumerate(node.value):
                    known[number] = (item.start_mark.line + 1, item)
        return known

    def _text(self, problem: Problem) -> str:
        also = f" (see line {self.line(problem.also)})" if problem.also is not None else ""
        return f"{problem.message}{also}"

    def _fail(self, line: int, message: str) -> FaultyFile:
        return FaultyFile(self.path, [Fault(line, (), message)])

    def _read(self) -> bytes:
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            raise ConfigurationError(
                f"{_shown(self.path)}: no such file; give the right path or write the file"
            ) from None
        except OSError as error:
            raise ConfigurationError(
                f"{_shown(self.path)}: cannot be read: {error.strerror}"
            ) from error

    def _compose(self, content: bytes) -> tuple["_Loader", yaml.MappingNode]:
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
        except RecursionError:
            raise self._fail(1, "the file nests too deep") from None
        if node is None:
            raise self._fail(1, "the file is empty; it must hold a mapping of keys")
        if not isinstance(node, yaml.MappingNode):
            raise self._fail(
                node.start_mark.line + 1, f"must be a mapping of keys, not {_node_kind(node)}"
            )
        return loader, node

    def _value(self, node: yaml.Node, part: str | int) -> Any:
        """What `node` says; `part` is its key or number in what holds it."""
        if isinstance(node, yaml.ScalarNode):
            return node.value if node.tag == _TEXT_TAG else self._scalar(node, part)
        self._trail.append(part)
        value: Any
        if isinstance(node, yaml.MappingNode):
            value = self._mapping(node)
        else:
            value = [self._value(item, number) for number, item in enumerate(node.value)]
        self._trail.pop()
        return value

    def _mapping(self, node: yaml.MappingNode) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            if key_node.tag != _TEXT_TAG or not isinstance(key_node, yaml.ScalarNode):
                self._fault(key_node, (), self._no_text(key_node))
            elif key in mapping:
                first = self._children(node)[key][0]
                self._fault(
                    key_node, (key,), f"duplicate key, first on line {first}; keep one of them"
                )
            else:
                mapping[key] = self._value(value_node, key)
        return mapping

    def _no_text(self, node: yaml.Node) -> str:
        spelled = "a list or map"
        if isinstance(node, yaml.ScalarNode):
            spelled = f"'{self._scalar(node)}'"
        return f"the key {spelled} must be text; put it in quotes"

    def _fault(self, node: yaml.Node, below: YamlPath, message: str) -> None:
        self._faults.append(Fault(node.start_mark.line + 1, (*self._trail, *below), message))

    def _scalar(self, node: yaml.ScalarNode, *part: str | int) -> Any:
        spelling = (node.tag, node.value)
        if spelling not in self._constructed:
            value = None
            try:
                value = self._loader.construct_object(node)
            except yaml.MarkedYAMLError as error:
                self._fault(node, part, f"not YAML: {error.problem}")
            except ValueError as error:
                self._fault(node, part, f"'{node.value}': {error}")
            else:
                self._constructed[spelling] = value
            return value
        return self._constructed[spelling]


def dotted(place: YamlPath) -> str:
    """`a.b.0` for a place, nothing for the whole file."""
    return ".".join(str(each) for each in place).replace("\n", " ")


def _shown(path: Path) -> str:
    """`path` as a person would type it: relative where it lies below the working directory."""
    absolute, here = path.absolute(), Path.cwd()
    return str(absolute.relative_to(here) if absolute.is_relative_to(here) else path)


def _node_kind(node: yaml.Node) -> str:
    return "a list" if isinstance(node, yaml.SequenceNode) else "a single value"
