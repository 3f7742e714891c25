"""What the event dictionary says, as control tables of the warehouse."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import date
from itertools import groupby
from typing import Any

import duckdb
import pyarrow as pa

from orchestration.errors import ConfigurationError
from orchestration.taxonomy.authority import authority_rows
from orchestration.taxonomy.model import Taxonomy
from orchestration.taxonomy.rows import (
    AliasRow,
    PropertyRow,
    alias_rows,
    event_rows,
    primary_rows,
    property_rows,
    rename_rows,
    value_rows,
)

TEXT, BOOL, DATE = pa.string(), pa.bool_(), pa.date32()
EARLIEST, LATEST = date(1, 1, 1), date(9999, 12, 31)

_CONDITION = pa.struct([("property", TEXT), ("wanted", pa.list_(TEXT))])
_CHOICE = pa.struct(
    [
        ("event_name", TEXT),
        ("from_date", DATE),
        ("until_date", DATE),
        ("conditions", pa.list_(_CONDITION)),
    ]
)
_VALUE = pa.struct([("source_value", TEXT), ("meaning", TEXT)])
_REWRITE = pa.struct([("old_name", TEXT), ("new_name", TEXT), ("meanings", pa.list_(_VALUE))])

ALIASES = pa.schema(
    [
        ("source", TEXT),
        ("source_event_name", TEXT),
        ("event_name", TEXT),
        ("choices", pa.list_(_CHOICE)),
    ]
)
REWRITES = pa.schema([("source", TEXT), ("event_name", TEXT), ("rewrites", pa.list_(_REWRITE))])
PRIMARIES = pa.schema(
    [("event_name", TEXT), ("source", TEXT), ("from_date", DATE), ("until_date", DATE)]
)
TYPES = pa.schema(
    [
        *((name, TEXT) for name in ("event_name", "event_kind", "owner_team", "funnel_stage")),
        *((name, TEXT) for name in ("description", "objective", "kpi", "status", "replaced_by")),
        ("taxonomy_version", TEXT),
        ("has_primary", BOOL),
        ("retired_on", DATE),
        ("retired_mode", TEXT),
        ("extra_mode", TEXT),
    ]
)
PROPERTIES = pa.schema(
    [
        *(
            (name, TEXT)
            for name in ("event_name", "property_name", "member_name", "pointer", "description")
        ),
        *((name, TEXT) for name in ("property_type", "property_types", "allowed_values")),
        *((name, TEXT) for name in ("format", "pattern", "pii")),
        *((name, pa.float64()) for name in ("minimum", "maximum")),
        *((name, pa.float64()) for name in ("exclusive_minimum", "exclusive_maximum")),
        *((name, pa.int64()) for name in ("min_length", "max_length")),
        *((name, BOOL) for name in ("is_required", "is_nullable")),
        *((name, TEXT) for name in ("missing_mode", "type_mode", "value_mode")),
    ]
)
AUTHORITIES = pa.schema([(name, TEXT) for name in ("event_name", "fact", "source")])
DICTIONARY = pa.schema([("version", TEXT), ("unplanned_mode", TEXT)])


def taxonomy_tables(
    taxonomy: Taxonomy, sources: Mapping[str, str]
) -> Iterator[tuple[str, list[dict[str, Any]], pa.Schema]]:
    """Each table's name, rows and schema. `sources` is source name to vendor.

    Raises ConfigurationError for a pattern that the warehouse cannot read.
    """
    properties = property_rows(taxonomy)
    _check_patterns(properties)
    primaries = primary_rows(taxonomy)
    with_primary = {row.event_name for row in primaries}
    yield "event_aliases", list(_aliases(taxonomy, sources)), ALIASES
    yield "event_rewrites", list(_rewrites(taxonomy, sources)), REWRITES
    yield (
        "event_primaries",
        [
            {
                "event_name": row.event_name,
                "source": row.source,
                "from_date": row.valid_from or EARLIEST,
                "until_date": row.valid_until or LATEST,
            }
            for row in primaries
        ],
        PRIMARIES,
    )
    yield (
        "event_types",
        [
            asdict(row)
            | {
                "owner_team": row.owner,
                "taxonomy_version": row.since_version,
                "has_primary": row.event_name in with_primary,
                "retired_mode": taxonomy.mode(row.event_name, "retired_event"),
                "extra_mode": taxonomy.mode(row.event_name, "extra_property"),
            }
            for row in event_rows(taxonomy)
        ],
        TYPES,
    )
    authorities = [asdict(row) for row in authority_rows(taxonomy, sources)]
    yield "event_authorities", authorities, AUTHORITIES
    yield "event_properties", [_property(row) for row in properties], PROPERTIES
    unplanned = taxonomy.mode(None, "unplanned_event")
    yield (
        "dictionary",
        [{"version": taxonomy.version, "unplanned_mode": unplanned}],
        DICTIONARY,
    )


def _aliases(taxonomy: Taxonomy, sources: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """A row a name: what it always means, and before that, in their order, what it may mean."""
    rows = alias_rows(taxonomy, sources)
    for (source, name), group in groupby(rows, lambda r: (r.source, r.source_event_name)):
        found = list(group)
        always = [row.event_name for row in found if row.is_plain]
        choices = [_choice(row) for row in found if not row.is_plain]
        yield {
            "source": source,
            "source_event_name": name,
            "event_name": always[0] if always else None,
            "choices": choices or None,
        }


def _choice(row: AliasRow) -> dict[str, Any]:
    conditions: dict[str, list[Any]] = json.loads(row.conditions or "{}")
    return {
        "event_name": row.event_name,
        "from_date": row.valid_from or EARLIEST,
        "until_date": row.valid_until or LATEST,
        "conditions": [
            {
                "property": key,
                "wanted": [v if isinstance(v, str) else json.dumps(v) for v in wanted],
            }
            for key, wanted in conditions.items()
        ],
    }


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _rewrites(taxonomy: Taxonomy, sources: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """A row a source and event whose properties are called otherwise or hold other values."""
    values: dict[tuple[str, str, str], list[dict[str, str]]] = {}
    for row in value_rows(taxonomy, sources):
        place = (row.source, row.event_name, row.property_name)
        values.setdefault(place, []).append(
            {"source_value": row.source_value, "meaning": row.value}
        )
    renamed: dict[tuple[str, str, str], list[str]] = {}
    for each in rename_rows(taxonomy, sources):
        place = (each.source, each.event_name, each.property_name)
        renamed.setdefault(place, []).append(each.source_property_name)
    rewrites: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for place in sorted(values.keys() | renamed.keys()):
        source, event, name = place
        olds = [*renamed.get(place, ()), *([name] if place in values else ())]
        rewrites.setdefault((source, event), []).extend(
            {"old_name": old, "new_name": name, "meanings": values.get(place, [])} for old in olds
        )
    for (source, event), found in rewrites.items():
        yield {"source": source, "event_name": event, "rewrites": found}


def _property(row: PropertyRow) -> dict[str, Any]:
    types: list[str] = json.loads(row.property_types or "[]")
    plain = [kind for kind in types if kind != "null"]
    return asdict(row) | {
        "property_type": plain[0] if len(plain) == 1 else None,
        "is_nullable": "null" in types,
    }


def _check_patterns(rows: list[PropertyRow]) -> None:
    with duckdb.connect() as connection:
        for row in rows:
            if row.pattern is None:
                continue
            try:
                connection.execute("select regexp_matches('', ?)", [row.pattern])
            except duckdb.Error as error:
                raise ConfigurationError(
                    f"taxonomy: events.{row.event_name}.properties.{row.property_name}.pattern: "
                    f"{row.pattern!r} is not read by the warehouse ({error}); write it without "
                    "look-around and back-references"
                ) from error
