"""What `lint` says about a dictionary: the rules by id, and what one remark is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from orchestration.taxonomy.model import Taxonomy
from orchestration.taxonomy.properties import PropertyRule
from orchestration.yaml_documents import YamlPath

Severity = Literal["error", "warning"]

RULES: Mapping[str, str] = {
    "invalid": "The dictionary cannot be loaded",
    "naming-case": "A name is not in the case of the convention",
    "naming-order": "The verb of a name stands at the wrong end",
    "naming-verbs": "The verb of a name is not one of the allowed verbs",
    "naming-forbidden": "A name holds a forbidden word",
    "naming-length": "A name is too long",
    "missing-owner": "An event has no owner",
    "missing-description": "An event or a property has no description",
    "missing-kind": "A proposed event has no kind",
    "unknown-source": "A key is neither a configured source nor a known vendor",
    "type-clash": "A property has another type than in other events",
    "enum-clash": "A property allows other values than in other events",
    "near-duplicate": "Two names differ in spelling only",
    "undated-status": "A deprecated or retired event has no date",
    "missing-replacement": "A deprecated or retired event names no replacement",
    "dead-replacement": "An event is replaced by one that is retired, proposed or itself",
    "still-arriving": "A deprecated or retired event still arrives",
    "unreadable-pattern": "The warehouse cannot read a pattern",
    "contradiction": "A rule can never be met",
    "idle-rule": "A rule means nothing for the type of its property",
    "required-deprecated": "A property is required and marked deprecated",
    "crowded-season": "Too many micro-conversions are critical in one season",
    "repeated-alias": "An alias stands twice in one list",
    "own-alias": "A canonical name is listed as its own alias",
    "repeated-value": "An allowed value or a rename stands twice",
    "blanks": "A text begins or ends with blanks",
    "list-of-one": "A single type is written as a list",
}
"""Every rule of `lint`, and what it finds."""

Change = tuple[YamlPath, Any]
"""A place and its new value; None takes it out."""


@dataclass(frozen=True)
class Remark:
    """One finding without its line; `fix` holds changes that leave what maps as it is."""

    rule: str
    severity: Severity
    message: str
    at: YamlPath
    fix: tuple[Change, ...] = ()
    also: YamlPath | None = None


class Definition(NamedTuple):
    """A property rule where it is written: below an event or a group; `path` is its name's parts.

    `is_proposed` says that it belongs to an event that maps nothing yet.
    """

    at: YamlPath
    path: tuple[str, ...]
    rule: PropertyRule
    is_proposed: bool

    @property
    def name(self) -> str:
        """The last part: what the property is called where it stands."""
        return self.path[-1]


def definitions(taxonomy: Taxonomy) -> Iterator[Definition]:
    """Every property rule of the file, once, with the members of objects, in the file's order."""
    for name, event in taxonomy.events.items():
        yield from _below(("events", name, "properties"), (), event.properties, not event.maps)
    for name, rules in taxonomy.property_groups.items():
        yield from _below(("property_groups", name), (), rules, False)


def _below(
    at: YamlPath, path: tuple[str, ...], rules: Mapping[str, PropertyRule], is_proposed: bool
) -> Iterator[Definition]:
    for key, rule in rules.items():
        yield Definition((*at, key), (*path, key), rule, is_proposed)
        if rule.properties:
            yield from _below((*at, key, "properties"), (*path, key), rule.properties, is_proposed)
        inner, place = rule.items, (*at, key, "items")
        while inner is not None:
            yield Definition(place, (*path, f"{key}[]"), inner, is_proposed)
            yield from _below(
                (*place, "properties"), (*path, f"{key}[]"), inner.properties, is_proposed
            )
            inner, place = inner.items, (*place, "items")
