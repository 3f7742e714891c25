"""JSON Schema's `$ref`, replaced by what it points to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from orchestration.errors import ConfigurationError

MOST_PARTS = 100_000
"""Schemas within one event; a plan that repeats its definitions into more cannot be meant."""

ONE_SCHEMA = (
    "additionalItems", "additionalProperties", "contains", "else", "if", "items", "not",
    "propertyNames", "then", "unevaluatedItems", "unevaluatedProperties",
)  # fmt: skip
NAMED_SCHEMAS = (
    "$defs", "definitions", "dependentSchemas", "patternProperties", "properties",
)  # fmt: skip
LISTED_SCHEMAS = ("allOf", "anyOf", "items", "oneOf", "prefixItems")
DEFINITIONS = ("$defs", "definitions")


def inlined(root: Mapping[str, Any]) -> dict[str, Any]:
    """A schema in which each reference within it is replaced, keywords beside it winning.

    A reference to another document, to nothing, or to what contains itself stays, and with it the
    definitions. Raises ConfigurationError where it grows beyond all use.
    """
    return _Inliner(root).whole()


class _Inliner:
    def __init__(self, root: Mapping[str, Any]) -> None:
        self.root = root
        self.parts = 0
        self.stays = False
        self.circular: dict[str, bool] = {}

    def whole(self) -> dict[str, Any]:
        bare = {key: each for key, each in self.root.items() if key not in DEFINITIONS}
        result: dict[str, Any] = self.schema(bare)
        if self.stays:
            result.update({key: self.root[key] for key in DEFINITIONS if key in self.root})
        return result

    def schema(self, schema: Any) -> Any:
        if not isinstance(schema, Mapping):
            return schema
        self.parts += 1
        if self.parts > MOST_PARTS:
            raise ConfigurationError(
                f"one event's references unfold to over {MOST_PARTS:,} schemas; "
                "write its definitions without repeating each other"
            )
        reference = schema.get("$ref")
        if isinstance(reference, str):
            target = self.target(reference)
            if isinstance(target, Mapping) and not self.is_circular(reference):
                beside = {key: each for key, each in schema.items() if key != "$ref"}
                return self.schema({**target, **beside})
            self.stays = self.stays or reference.startswith("#")
        return {key: self.below(key, each) for key, each in schema.items()}

    def below(self, key: str, value: Any) -> Any:
        if key in NAMED_SCHEMAS and isinstance(value, Mapping):
            return {name: self.schema(each) for name, each in value.items()}
        if key in LISTED_SCHEMAS and isinstance(value, list):
            return [self.schema(each) for each in value]
        return self.schema(value) if key in ONE_SCHEMA else value

    def target(self, reference: str) -> Any:
        """What a JSON pointer in a reference points to, None for nothing here."""
        found: Any = self.root
        if not reference.startswith("#"):
            return None
        for part in unquote(reference[1:]).split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            if isinstance(found, list) and name.isdecimal() and int(name) < len(found):
                found = found[int(name)]
            elif isinstance(found, Mapping):
                found = found.get(name)
            else:
                return None
        return found

    def is_circular(self, reference: str) -> bool:
        if reference not in self.circular:
            seen: set[str] = set()
            ahead = [*_references(self.target(reference))]
            while ahead:
                each = ahead.pop()
                if each not in seen:
                    seen.add(each)
                    ahead += _references(self.target(each))
            self.circular[reference] = reference in seen or reference == "#"
        return self.circular[reference]


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _references(each)
