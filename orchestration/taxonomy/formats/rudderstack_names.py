"""Words of rudder-cli's two YAML dialects, v0.1 and v1, and its defaults for ids."""

from __future__ import annotations

import re

NAMESPACE = "rudderstack"
KINDS = {
    "events": "event",
    "properties": "property",
    "custom-types": "custom-type",
    "categories": "category",
}
"""The kinds of files with definitions, and what one definition is called in a reference of v1."""

LISTS = {
    "events": "events",
    "properties": "properties",
    "custom-types": "types",
    "categories": "categories",
}
PLAN_KINDS = ("tp", "tracking-plan")
GROUP = "event_dictionary"
PLAN = {"id": "event_dictionary", "display_name": "Event dictionary"}
"""The plan of a dictionary that comes from no RudderStack project."""

CONFIG = {
    "enum": "enum",
    "min_length": "min_length",
    "max_length": "max_length",
    "pattern": "pattern",
    "format": "format",
    "minimum": "minimum",
    "maximum": "maximum",
    "exclusive_minimum": "exclusive_minimum",
    "exclusive_maximum": "exclusive_maximum",
    "multiple_of": "multiple_of",
    "min_items": "min_items",
    "max_items": "max_items",
}
"""A property's limits in v1; v0.1 writes them in camelCase."""


def slug(name: str, fallback: str) -> str:
    """The id of a thing that has no other."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or fallback


def is_default(given: str, name: str, fallback: str) -> bool:
    """Whether an id is the one a thing would get anyway, numbered or not."""
    return re.fullmatch(rf"{re.escape(slug(name, fallback))}(_\d+)?", given) is not None


def snake(word: str) -> str:
    """minLength as min_length."""
    return re.sub(r"(?<=[a-z])([A-Z])", lambda found: f"_{found[1].lower()}", word)


def camel(word: str) -> str:
    """min_length as minLength."""
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), word)


def type_name(identifier: str) -> str:
    """The name of a custom type that has no other."""
    return "".join(part.capitalize() for part in identifier.split("_")) or "Type"
