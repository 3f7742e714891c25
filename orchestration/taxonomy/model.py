"""`taxonomy.yaml`, the event dictionary, as a typed model.

Dates are days of the reporting time zone; `from` is inclusive, `until` exclusive.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, JsonValue, model_validator

from orchestration.taxonomy.authority import Authority, misplaced, read_authority
from orchestration.taxonomy.naming import Naming
from orchestration.taxonomy.properties import Mode, Part, PropertyRule, Text, ViolationKind
from orchestration.yaml_models import (
    Name,
    Problem,
    YamlPath,
    load_yaml,
    refuse,
    unknown,
    value_kind,
)

EventKind = Literal["micro", "macro", "system"]
Status = Literal["proposed", "active", "deprecated", "retired"]
Scalar = str | int | float | bool


def _version(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return f"{value}.0.0"
    if isinstance(value, str) and re.fullmatch(r"(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}", value):
        return value
    raise refuse(f"'{value}' is no version; write a whole number over zero, or like 1.4.0")


Version = Annotated[str, BeforeValidator(_version)]
"""MAJOR.MINOR.PATCH; a whole number in the file is a major version."""


def version_key(version: str) -> tuple[int, ...]:
    """What orders versions."""
    return tuple(map(int, version.split(".")))


class _Days(Part):
    """Days from `start` (written `from:`, inclusive) to `until` (exclusive); open where None."""

    start: date | None = Field(default=None, alias="from")
    until: date | None = None

    @model_validator(mode="after")
    def _holds_a_day(self) -> Self:
        if self.start is not None and self.until is not None and self.start >= self.until:
            raise refuse(Problem(f"must be later than from, {self.start}", ("until",)))
        return self

    def overlap(self, other: "_Days") -> date | None:
        """The first day in both; date.min stands for the beginning."""
        start = max(self.start or date.min, other.start or date.min)
        return start if start < min(self.until or date.max, other.until or date.max) else None


class PrimaryRange(_Days):
    """The days on which a source's record of an event is the one that counts."""


class Alias(_Days):
    """A name by which a source sends an event, on some days, and where properties are so.

    `when` is met where each of its properties has the value, or one of the values.
    """

    name: Text
    when: dict[Text, Scalar | list[Scalar]] = {}

    def wanted(self, key: str) -> list[Scalar]:
        """The values of a property of `when`."""
        values = self.when[key]
        return values if isinstance(values, list) else [values]

    def excludes(self, other: "Alias") -> bool:
        """Whether no record can meet both."""
        return self.overlap(other) is None or any(
            not {*map(repr, self.wanted(key))} & {*map(repr, other.wanted(key))}
            for key in self.when.keys() & other.when.keys()
        )


def _alias(value: Any) -> Any:
    if isinstance(value, str):
        return {"name": value}
    if not isinstance(value, dict):
        raise refuse(f"must be text, not {value_kind(value)}; put it in quotes")
    return value


class Event(Part):
    """One canonical event. `stage` is its funnel stage; aliases are by source or by vendor.

    A proposed event maps nothing yet. `critical_in` names the seasons whose few micro-conversions
    everybody looks at. `replaced_by` is the event to use instead. `authority` of a macro-conversion
    is None where tracked events count.
    """

    description: str = ""
    kind: EventKind | None = None
    display_name: Text | None = None
    owner: Text | None = None
    stage: Text | None = None
    objective: Text | None = None
    kpi: Text | None = None
    status: Status = "active"
    deprecated_on: date | None = None
    retired_on: date | None = None
    replaced_by: Text | None = None
    critical_in: list[Text] = []
    tags: list[Text] = []
    aliases: dict[Name, list[Annotated[Alias, BeforeValidator(_alias)]]] = {}
    property_groups: list[Text] = []
    properties: dict[Text, PropertyRule] = {}
    primary: dict[Name, PrimaryRange] = {}
    authority: Annotated[Authority | None, BeforeValidator(read_authority)] = None
    enforcement: dict[ViolationKind, Mode] = {}
    since_version: Version = "1.0.0"
    meta: dict[Text, JsonValue] = {}

    @property
    def maps(self) -> bool:
        """Whether what arrives under its names is this event."""
        return self.status != "proposed"

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        wrong: list[Problem] = []
        if self.maps:
            wrong += [
                Problem("missing; add this key, or set status: proposed", (key,))
                for key in ("description", "kind")
                if not getattr(self, key)
            ]
            for name, rule in self.properties.items():
                wrong += [
                    Problem(each.message, ("properties", name, *each.at))
                    for each in rule.contradictions()
                ]
        if self.deprecated_on and self.retired_on and self.deprecated_on > self.retired_on:
            wrong.append(Problem(f"is before deprecated_on, {self.deprecated_on}", ("retired_on",)))
        if self.authority is not None:
            wrong += misplaced(self.kind)
        if wrong:
            raise refuse(*wrong)
        return self


class Taxonomy(Part):
    """The event dictionary. `since_version` of an event is when its definition last changed.

    `enforcement` is what is done about each kind of violation; an event's own beats it, and a
    property's own beats both.
    """

    version: Version
    events: Annotated[dict[Text, Event], Field(min_length=1)]
    property_groups: dict[Text, dict[Text, PropertyRule]] = {}
    naming: Naming = Naming()
    enforcement: dict[ViolationKind, Mode] = {}
    meta: dict[Text, JsonValue] = {}

    @model_validator(mode="after")
    def _events_agree(self) -> Self:
        wrong = [
            *alias_clashes(self.events),
            *primary_overlaps(self.events),
            *_unknown_words(self),
            *_impossible_modes(self),
            *(
                Problem(
                    f"{event.since_version} is later than the taxonomy's version, {self.version}",
                    ("events", name, "since_version"),
                )
                for name, event in self.events.items()
                if version_key(event.since_version) > version_key(self.version)
            ),
        ]
        if wrong:
            raise refuse(*wrong)
        return self

    def rules_of(self, name: str) -> dict[str, PropertyRule]:
        """An event's properties with those of its groups; its own beat theirs, later groups win."""
        event = self.events[name]
        shared = {
            key: rule
            for group in event.property_groups
            for key, rule in self.property_groups[group].items()
        }
        return {**shared, **event.properties}

    def mode(self, name: str | None, kind: ViolationKind, rule: PropertyRule | None = None) -> Mode:
        """What is done about a violation of an event (None: of no event) or of its property."""
        own = rule.enforcement if rule is not None else {}
        of_event = self.events[name].enforcement if name is not None else {}
        return own.get(kind) or of_event.get(kind) or self.enforcement.get(kind) or DEFAULTS[kind]


DEFAULTS: Mapping[ViolationKind, Mode] = {
    "unplanned_event": "flag",
    "retired_event": "flag",
    "missing_required": "flag",
    "wrong_type": "flag",
    "bad_value": "flag",
    "extra_property": "pass",
}


def load_taxonomy(path: Path) -> Taxonomy:
    """Read the event dictionary. Raises ConfigurationError with every problem in the file."""
    return load_yaml(path, Taxonomy)


def alias_clashes(events: Mapping[str, Event]) -> Iterator[Problem]:
    """Aliases that one record could meet at once; one with a condition beats one without."""
    claimed: dict[tuple[str, str], list[tuple[str, int, Alias]]] = {}
    for name, event in events.items():
        for key, aliases in event.aliases.items():
            for number, alias in enumerate(aliases):
                others = claimed.setdefault((key, alias.name), [])
                for owner, first, other in others:
                    is_same_kind = bool(alias.when) == bool(other.when)
                    if owner != name and is_same_kind and not alias.excludes(other):
                        both = "; both conditions can be true" if alias.when else ""
                        yield Problem(
                            f"'{alias.name}' of {key} is already an alias of {owner}{both}; "
                            "keep one of them",
                            ("events", name, "aliases", key, number),
                            also=("events", owner, "aliases", key, first),
                        )
                        break
                others.append((name, number, alias))


def primary_overlaps(events: Mapping[str, Event]) -> Iterator[Problem]:
    """Two sources that both count an event on some day."""
    for name, event in events.items():
        for (one, earlier), (other, later) in combinations(event.primary.items(), 2):
            start = earlier.overlap(later)
            if start is not None:
                since = "from the beginning" if start == date.min else f"on {start}"
                yield Problem(
                    f"{one} and {other} are both primary {since}; "
                    "end one with until: where the other begins",
                    ("events", name, "primary", other),
                    also=("events", name, "primary", one),
                )


def _unknown_words(taxonomy: Taxonomy) -> Iterator[Problem]:
    """Groups and events that are named and do not exist."""
    for name, event in taxonomy.events.items():
        for number, group in enumerate(event.property_groups):
            if group not in taxonomy.property_groups:
                yield Problem(
                    unknown("property group", group, taxonomy.property_groups),
                    ("events", name, "property_groups", number),
                )
        if event.replaced_by is not None and event.replaced_by not in taxonomy.events:
            yield Problem(
                unknown("event", event.replaced_by, taxonomy.events),
                ("events", name, "replaced_by"),
            )


def _impossible_modes(taxonomy: Taxonomy) -> Iterator[Problem]:
    """A whole event, and a property that is not there, cannot be left out of a record."""
    places: list[tuple[YamlPath, Mapping[ViolationKind, Mode]]] = [
        (("enforcement",), taxonomy.enforcement)
    ]
    for name, event in taxonomy.events.items():
        places.append((("events", name, "enforcement"), event.enforcement))
        for key, rule in event.properties.items():
            if rule.enforcement:
                places.append(
                    (("events", name, "properties", key, "enforcement"), rule.enforcement)
                )
    for place, modes in places:
        for kind, mode in modes.items():
            if mode == "strip" and kind not in ("wrong_type", "bad_value", "extra_property"):
                yield Problem(
                    "there is nothing to strip; known: pass, flag, quarantine", (*place, kind)
                )
