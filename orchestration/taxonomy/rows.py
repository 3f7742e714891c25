"""The event dictionary as the flat rows that the warehouse joins on."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import JsonValue

from orchestration.taxonomy.model import Event, Taxonomy
from orchestration.taxonomy.properties import Mode, PropertyRule

# what beats what: a source's alias, the canonical name, a vendor's alias; each first with `when`
_OF_SOURCE, _CANONICAL, _OF_VENDOR = 0, 3, 4


@dataclass(frozen=True)
class AliasRow:
    """In `source`, `source_event_name` (exact, case counts) means `event_name`.

    From `valid_from` (inclusive) until `valid_until` (exclusive), where `conditions` are met: a
    JSON object of property to the list of its values. Of several rows that a record meets, the one
    with the lowest `rank` counts.
    """

    source: str
    source_event_name: str
    event_name: str
    valid_from: date | None = None
    valid_until: date | None = None
    conditions: str | None = None
    rank: int = _CANONICAL

    @property
    def is_plain(self) -> bool:
        """Whether every record of the name meets it."""
        return (self.valid_from, self.valid_until, self.conditions) == (None, None, None)


@dataclass(frozen=True)
class EventRow:
    """One canonical event that maps, without what hangs below it."""

    event_name: str
    description: str
    event_kind: str
    owner: str | None
    funnel_stage: str | None
    since_version: str
    status: str
    objective: str | None
    kpi: str | None
    retired_on: date | None
    replaced_by: str | None


@dataclass(frozen=True)
class PropertyRow:
    """One property rule; members of objects have rows of their own.

    `pointer` is the place in a record's properties, `member_name` the member of these that holds
    it. `property_types` and `allowed_values` are JSON arrays, None where any will do.
    """

    event_name: str
    property_name: str
    member_name: str
    pointer: str
    property_types: str | None
    allowed_values: str | None
    is_required: bool
    format: str | None
    pattern: str | None
    minimum: float | None
    maximum: float | None
    exclusive_minimum: float | None
    exclusive_maximum: float | None
    min_length: int | None
    max_length: int | None
    description: str
    pii: str | None
    missing_mode: Mode
    type_mode: Mode
    value_mode: Mode


@dataclass(frozen=True)
class RenameRow:
    """In `source`, an event's property `property_name` is called `source_property_name`."""

    source: str
    event_name: str
    source_property_name: str
    property_name: str


@dataclass(frozen=True)
class ValueRow:
    """In `source`, the text `source_value` of a property means `value`, as JSON."""

    source: str
    event_name: str
    property_name: str
    source_value: str
    value: str


@dataclass(frozen=True)
class PrimaryRow:
    """From `valid_from` (inclusive) until `valid_until` (exclusive) `source` counts the event."""

    event_name: str
    source: str
    valid_from: date | None
    valid_until: date | None


def alias_rows(taxonomy: Taxonomy, sources: Mapping[str, str]) -> list[AliasRow]:
    """The aliases for each of `sources` (source name to vendor), without those never reached.

    A source's alias beats the canonical name, which is its own alias everywhere and beats a
    vendor's alias.
    """
    mapped = {name: event for name, event in taxonomy.events.items() if event.maps}
    found: list[AliasRow] = []
    for source, vendor in sources.items():
        rows = [AliasRow(source, name, name) for name in mapped]
        for name, event in mapped.items():
            rows += _aliases(source, name, event, source, _OF_SOURCE)
            if vendor != source:
                rows += _aliases(source, name, event, vendor, _OF_VENDOR)
        best = {
            r.source_event_name: r.rank for r in sorted(rows, key=lambda r: -r.rank) if r.is_plain
        }
        found += [r for r in rows if r.rank <= best.get(r.source_event_name, r.rank)]
    return sorted(set(found), key=lambda r: (r.source, r.source_event_name, r.rank, r.event_name))


def _aliases(source: str, name: str, event: Event, key: str, rank: int) -> Iterator[AliasRow]:
    for alias in event.aliases.get(key, ()):
        conditions = {each: alias.wanted(each) for each in sorted(alias.when)}
        yield AliasRow(
            source,
            alias.name,
            name,
            alias.start,
            alias.until,
            _json(conditions) if conditions else None,
            rank + (0 if conditions else 1),
        )


def event_rows(taxonomy: Taxonomy) -> list[EventRow]:
    """The events that map, in the order of the file."""
    return [
        EventRow(
            name,
            event.description,
            event.kind or "system",
            event.owner,
            event.stage,
            event.since_version,
            event.status,
            event.objective,
            event.kpi,
            event.retired_on,
            event.replaced_by,
        )
        for name, event in taxonomy.events.items()
        if event.maps
    ]


def property_rows(taxonomy: Taxonomy) -> list[PropertyRow]:
    """The property rules of the events that map, in the order of the file."""
    return [
        PropertyRow(
            event_name=name,
            property_name=".".join(path),
            member_name=path[0],
            pointer="".join(f"/{key.replace('~', '~0').replace('/', '~1')}" for key in path),
            property_types=None if rule.type is None else _json(list(rule.type)),
            allowed_values=None if rule.enum is None else _json(rule.enum),
            is_required=rule.required,
            format=rule.format,
            pattern=rule.pattern,
            minimum=_number(rule.minimum),
            maximum=_number(rule.maximum),
            exclusive_minimum=_number(rule.exclusive_minimum),
            exclusive_maximum=_number(rule.exclusive_maximum),
            min_length=rule.min_length,
            max_length=rule.max_length,
            description=rule.description,
            pii=rule.pii,
            missing_mode=taxonomy.mode(name, "missing_required", rule),
            type_mode=taxonomy.mode(name, "wrong_type", rule),
            value_mode=taxonomy.mode(name, "bad_value", rule),
        )
        for name, event in taxonomy.events.items()
        if event.maps
        for path, rule in _below((), taxonomy.rules_of(name))
    ]


def _below(
    path: tuple[str, ...], rules: Mapping[str, PropertyRule]
) -> Iterator[tuple[tuple[str, ...], PropertyRule]]:
    """Rules and those of their members; what is in an object that may be absent is not required."""
    for key, rule in rules.items():
        yield (*path, key), rule
        for deeper, member in _below((*path, key), rule.properties):
            optional = member if rule.required else member.model_copy(update={"required": False})
            yield deeper, optional


def rename_rows(taxonomy: Taxonomy, sources: Mapping[str, str]) -> list[RenameRow]:
    """What each source calls a property; a source's word beats its vendor's."""
    return [
        RenameRow(source, name, old, key)
        for name, key, rule in _rules(taxonomy)
        for source, vendor in sources.items()
        for old in _of(rule.renames, source, vendor) or ()
        if old != key
    ]


def value_rows(taxonomy: Taxonomy, sources: Mapping[str, str]) -> list[ValueRow]:
    """What each source's values of a property mean; a source's map beats its vendor's."""
    return [
        ValueRow(source, name, key, old, _json(new))
        for name, key, rule in _rules(taxonomy)
        for source, vendor in sources.items()
        for old, new in (_of(rule.values, source, vendor) or {}).items()
    ]


def _rules(taxonomy: Taxonomy) -> Iterator[tuple[str, str, PropertyRule]]:
    for name, event in taxonomy.events.items():
        if event.maps:
            for key, rule in taxonomy.rules_of(name).items():
                yield name, key, rule


def _of(parts: Mapping[str, Any], source: str, vendor: str) -> Any:
    return parts.get(source, parts.get(vendor))


def primary_rows(taxonomy: Taxonomy) -> list[PrimaryRow]:
    """The days on which a source is primary; an event without any is primary in every source."""
    return [
        PrimaryRow(name, source, days.start, days.until)
        for name, event in taxonomy.events.items()
        for source, days in event.primary.items()
    ]


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)


def _json(value: JsonValue | Iterable[JsonValue]) -> str:
    return json.dumps(value, ensure_ascii=False)
