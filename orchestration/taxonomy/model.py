"""`taxonomy.yaml` as a typed model, and as the flat rows the warehouse joins on.

Dates are days of the reporting time zone; `from` is inclusive, `until` exclusive.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from orchestration.yaml_models import Name, Problem, load_yaml, refuse

EventKind = Literal["micro", "macro", "system"]
PropertyType = Literal["string", "integer", "number", "boolean", "array", "object", "null-free"]

Text = Annotated[str, Field(min_length=1)]
Version = Annotated[int, Field(strict=True, ge=1)]

_SCALARS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null-free": (str, int, float, bool),
}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PropertyRule(_Part):
    """What a property's values must be. `null-free` allows any type, but no null."""

    type: PropertyType
    enum: Annotated[list[JsonValue], Field(min_length=1)] | None = None
    required: bool = False

    @model_validator(mode="after")
    def _enum_is_of_its_type(self) -> Self:
        if self.enum is not None and self.type not in _SCALARS:
            raise refuse(Problem(f"means nothing for type {self.type}; remove it", ("enum",)))
        wrong = [
            Problem(f"{value!r} is not of type {self.type}{_mend(value, self.type)}", ("enum", at))
            for at, value in enumerate(self.enum or ())
            if not _is_of_type(value, self.type)
        ]
        if wrong:
            raise refuse(*wrong)
        return self


class PrimaryRange(_Part):
    """The days on which a source's record of an event is the one that counts; open where None.

    Written `from:` (inclusive) and `until:` (exclusive) in the file.
    """

    start: date | None = Field(default=None, alias="from")
    until: date | None = None

    @model_validator(mode="after")
    def _holds_a_day(self) -> Self:
        if self.start is not None and self.until is not None and self.start >= self.until:
            raise refuse(Problem(f"must be later than from, {self.start}", ("until",)))
        return self


class Event(_Part):
    """One canonical event. `stage` is its funnel stage; aliases are by source or by vendor."""

    description: Text
    kind: EventKind
    owner: Text | None = None
    stage: Text | None = None
    aliases: dict[Name, list[Text]] = {}
    properties: dict[Text, PropertyRule] = {}
    primary: dict[Name, PrimaryRange] = {}
    since_version: Version = 1


class Taxonomy(_Part):
    """The event dictionary. `since_version` of an event is when its definition last changed."""

    version: Version
    events: Annotated[dict[Name, Event], Field(min_length=1)]

    @model_validator(mode="after")
    def _events_agree(self) -> Self:
        wrong = [
            *_alias_clashes(self.events),
            *_primary_overlaps(self.events),
            *(
                Problem(
                    f"{event.since_version} is later than the taxonomy's version, {self.version}",
                    ("events", name, "since_version"),
                )
                for name, event in self.events.items()
                if event.since_version > self.version
            ),
        ]
        if wrong:
            raise refuse(*wrong)
        return self


@dataclass(frozen=True, order=True)
class AliasRow:
    """In `source`, `source_event_name` (exact, case counts) means `event_name`."""

    source: str
    source_event_name: str
    event_name: str


@dataclass(frozen=True)
class EventRow:
    """One canonical event, without what hangs below it."""

    event_name: str
    description: str
    event_kind: str
    owner: str | None
    funnel_stage: str | None
    since_version: int


@dataclass(frozen=True)
class PropertyRow:
    """One property rule; `allowed_values` is a JSON array, or None where any value will do."""

    event_name: str
    property_name: str
    property_type: str
    allowed_values: str | None
    is_required: bool


@dataclass(frozen=True)
class PrimaryRow:
    """From `valid_from` (inclusive) until `valid_until` (exclusive) `source` counts the event."""

    event_name: str
    source: str
    valid_from: date | None
    valid_until: date | None


def load_taxonomy(path: Path) -> Taxonomy:
    """Read the event dictionary. Raises ConfigurationError with every problem in the file."""
    return load_yaml(path, Taxonomy)


def alias_rows(taxonomy: Taxonomy, sources: Mapping[str, str]) -> list[AliasRow]:
    """Resolve the aliases for each of `sources` (source name to vendor), one row a spelling.

    A source's alias beats the canonical name, which is its own alias everywhere and beats a
    vendor's alias.
    """
    canonical = {name: name for name in taxonomy.events}
    return sorted(
        AliasRow(source, spelling, event)
        for source, vendor in sources.items()
        for spelling, event in {
            **_aliases_under(taxonomy, vendor),
            **canonical,
            **_aliases_under(taxonomy, source),
        }.items()
    )


def event_rows(taxonomy: Taxonomy) -> list[EventRow]:
    """The events, in the order of the file."""
    return [
        EventRow(name, event.description, event.kind, event.owner, event.stage, event.since_version)
        for name, event in taxonomy.events.items()
    ]


def property_rows(taxonomy: Taxonomy) -> list[PropertyRow]:
    """The property rules of all events, in the order of the file."""
    return [
        PropertyRow(
            event_name=name,
            property_name=key,
            property_type=rule.type,
            allowed_values=None if rule.enum is None else json.dumps(rule.enum, ensure_ascii=False),
            is_required=rule.required,
        )
        for name, event in taxonomy.events.items()
        for key, rule in event.properties.items()
    ]


def primary_rows(taxonomy: Taxonomy) -> list[PrimaryRow]:
    """The days on which a source is primary; an event without any is primary in every source."""
    return [
        PrimaryRow(name, source, days.start, days.until)
        for name, event in taxonomy.events.items()
        for source, days in event.primary.items()
    ]


def _aliases_under(taxonomy: Taxonomy, key: str) -> dict[str, str]:
    return {
        alias: name
        for name, event in taxonomy.events.items()
        for alias in event.aliases.get(key, ())
    }


def _alias_clashes(events: Mapping[str, Event]) -> Iterator[Problem]:
    claimed: dict[tuple[str, str], tuple[str, int]] = {}
    for name, event in events.items():
        for key, aliases in event.aliases.items():
            for number, alias in enumerate(aliases):
                owner, first = claimed.setdefault((key, alias), (name, number))
                if owner != name:
                    yield Problem(
                        f"'{alias}' of {key} is already an alias of {owner}; keep one of them",
                        ("events", name, "aliases", key, number),
                        also=("events", owner, "aliases", key, first),
                    )


def _primary_overlaps(events: Mapping[str, Event]) -> Iterator[Problem]:
    for name, event in events.items():
        for (one, earlier), (other, later) in combinations(event.primary.items(), 2):
            start = max(earlier.start or date.min, later.start or date.min)
            if start < min(earlier.until or date.max, later.until or date.max):
                since = "from the beginning" if start == date.min else f"on {start}"
                yield Problem(
                    f"{one} and {other} are both primary {since}; "
                    "end one with until: where the other begins",
                    ("events", name, "primary", other),
                    also=("events", name, "primary", one),
                )


def _is_of_type(value: JsonValue, kind: str) -> bool:
    # A bool is an int to Python, but not to the people who write taxonomies.
    allowed = _SCALARS[kind]
    return isinstance(value, allowed) and (bool in allowed or not isinstance(value, bool))


def _mend(value: JsonValue, kind: str) -> str:
    return "; put it in quotes" if kind == "string" and not isinstance(value, list | dict) else ""
