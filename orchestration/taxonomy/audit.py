"""What really arrives: every event name of every source, with its properties, from the snapshot.

All figures are of all records but the most frequent values, which a sample tells: reading each
property of each record once is what an audit costs, and it is done in one pass.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import duckdb

from orchestration.taxonomy.model import Taxonomy
from orchestration.taxonomy.properties import PropertyRule

Tell = Callable[[str], None]
NameKey = tuple[str, str, str | None]
"""Source, name as delivered, and the event it means (None: unmapped)."""

MEMORY_LIMIT = "2GB"
SAMPLED_RECORDS = 400_000  # over all names
SAMPLED_AT_LEAST = 20  # of each name
SAMPLED_AT_MOST = 10_000
TOP_VALUES = 5
VALUE_SHOWN = 80  # characters
PROPERTIES_SHOWN = 300  # of a name; ids used as property names would go on for ever

# The value as JSON text, or null for a JSON null, is told by its first letter.
_TYPE = """case
    when value is null then 'null'
    when starts_with(value, '"') then 'string'
    when starts_with(value, '{') then 'object'
    when starts_with(value, '[') then 'array'
    when value in ('true', 'false') then 'boolean'
    when contains(value, '.') or contains(lower(value), 'e') then 'number'
    else 'integer'
end"""
MEMBERS = """json_transform(properties, '"MAP(VARCHAR, JSON)"')::map(varchar, varchar)"""
"""SQL: the properties of a record as a map of JSON texts."""
# JSON allows a name twice in an object; nobody can say which of its values counts.
NAMED_ONCE = "coalesce(len(list_distinct(map_keys(members))) = cardinality(members), true)"
"""SQL: whether each name stands once in `members`."""


@dataclass(frozen=True)
class FoundProperty:
    """A property as records of one name have it.

    `types` counts the records by JSON type, `absent` those without the property. `distinct` is the
    number of values, within some 15 %, or exact with `is_sampled` false. `top` are the most
    frequent texts, numbers and booleans of `sampled` records with their counts there; none where
    the dictionary gives the property a class of personal data (`pii`).
    """

    name: str
    types: dict[str, int]
    absent: int
    distinct: int
    sampled: int
    is_sampled: bool
    top: list[tuple[str, int]]
    pii: str | None
    is_planned: bool

    @property
    def present(self) -> int:
        """Records with the property, null or not."""
        return sum(self.types.values())

    @property
    def empty_share(self) -> float:
        """The share of records (0 to 1) in which it is null or absent."""
        return (self.types.get("null", 0) + self.absent) / (self.present + self.absent)


@dataclass(frozen=True)
class FoundName:
    """A name as one source sends it, and the event that it means. Times are UTC."""

    source: str
    name: str
    event: str | None
    owner: str | None
    records: int
    persons: int
    first_seen: datetime
    last_seen: datetime
    properties: list[FoundProperty]
    properties_left_out: int = 0

    @property
    def key(self) -> NameKey:
        """What tells it from others."""
        return self.source, self.name, self.event


@dataclass(frozen=True)
class Violations:
    """Records that break a rule of the dictionary, over all dates."""

    kind: str
    source: str
    event: str
    property: str | None
    records: int
    last_on: date


@dataclass(frozen=True)
class Inventory:
    """Everything that arrived. `repeated` records name a property twice: theirs are not counted."""

    names: list[FoundName]
    violations: list[Violations]
    repeated: int

    @property
    def records(self) -> int:
        """Events in all."""
        return sum(name.records for name in self.names)


def take_inventory(
    connection: duckdb.DuckDBPyConnection,
    taxonomy: Taxonomy,
    *,
    only: str | None = None,
    tell: Tell = lambda _: None,
) -> Inventory:
    """Count what is in `marts.fct_events` of a snapshot, the most frequent names first.

    `only` is an event or a name as delivered. The connection may be read-only; nothing is written
    but temporary tables.
    """
    connection.execute(f"set memory_limit = '{MEMORY_LIMIT}'")
    tell("counting events and persons")
    names = _names(connection, only)
    tell("reading properties")
    rows, repeated = _property_rows(connection, only)
    tell("sampling values")
    _write_sample_plan(connection, names, taxonomy)
    sampled = {_key(of): int(n) for *of, n in connection.execute(_SAMPLE_SIZES).fetchall()}
    exact: dict[tuple[NameKey, str], int] = {}
    top: dict[tuple[NameKey, str], list[tuple[str, int]]] = {}
    for *of, name, value, records, distinct in connection.execute(_TOP).fetchall():
        at = (_key(of), name)
        exact[at] = distinct
        if value is not None:
            top.setdefault(at, []).append((value, records))
    found: dict[NameKey, dict[str, dict[str, int]]] = {}
    near: dict[tuple[NameKey, str], int] = {}
    left_out: dict[NameKey, int] = {}
    for *of, name, kind, records, distinct, more in rows:
        at = (_key(of), name)
        found.setdefault(at[0], {}).setdefault(name, {})[kind] = records
        near[at] = near.get(at, 0) + distinct
        left_out[at[0]] = more
    personal = personal_names(taxonomy)
    complete = []
    for key, records, persons, first_seen, last_seen in names:
        source, delivered, event = key
        looked_at = sampled.get(key, 0)
        is_sampled = looked_at < records
        rules = rules_for(taxonomy, event)
        properties = [
            FoundProperty(
                name=name,
                types=dict(sorted(types.items(), key=lambda each: -each[1])),
                absent=records - sum(types.values()),
                distinct=near[key, name] if is_sampled else exact.get((key, name), 0),
                sampled=looked_at,
                is_sampled=is_sampled,
                top=top.get((key, name), []),
                pii=(rules[name].pii if name in rules else None) or personal.get(name.lower()),
                is_planned=name in rules,
            )
            for name, types in found.get(key, {}).items()
        ]
        properties.sort(key=lambda p: (-p.present, p.name))
        known = taxonomy.events.get(event) if event is not None else None
        owner = known.owner if known is not None else None
        complete.append(
            FoundName(
                source=source,
                name=delivered,
                event=event,
                owner=owner,
                records=records,
                persons=persons,
                first_seen=first_seen,
                last_seen=last_seen,
                properties=properties,
                properties_left_out=left_out.get(key, 0),
            )
        )
    return Inventory(complete, _violations(connection, only), repeated)


def rules_for(taxonomy: Taxonomy, event: str | None) -> dict[str, PropertyRule]:
    """The rules of an event's properties by name, also under what sources call them."""
    if event is None or event not in taxonomy.events:
        return {}
    rules = taxonomy.rules_of(event)
    return {**{old: r for r in rules.values() for old in _old_names(r)}, **rules}


def personal_names(taxonomy: Taxonomy) -> dict[str, str]:
    """Names of properties in lower case to their class of personal data, in whatever event.

    What is personal in one event is hidden in all: the rule of another, or of none, may be missing.
    """
    return {
        each.lower(): rule.pii
        for event in taxonomy.events
        for name, rule in taxonomy.rules_of(event).items()
        if rule.pii is not None
        for each in (name, *_old_names(rule))
    }


def _old_names(rule: PropertyRule) -> list[str]:
    return [old for names in rule.renames.values() for old in names]


def _key(parts: Sequence[Any]) -> NameKey:
    source, name, event = parts
    return source, name, event


def _names(
    connection: duckdb.DuckDBPyConnection, only: str | None
) -> list[tuple[NameKey, int, int, datetime, datetime]]:
    # A hash of 64 bits tells a hundred million persons apart and needs an eighth of the memory.
    rows = connection.execute(
        f"""select source, source_event_name, event_name, count(*),
            count(distinct hash(person_id)), min(occurred_at), max(occurred_at)
        from marts.fct_events where {_where(only)} group by all
        order by count(*) desc, source, source_event_name, event_name""",
        [only, only] if only is not None else [],
    ).fetchall()
    return [(_key(row[:3]), *row[3:]) for row in rows]


def _where(only: str | None) -> str:
    return "true" if only is None else "(event_name = ? or source_event_name = ?)"


def _property_rows(
    connection: duckdb.DuckDBPyConnection, only: str | None
) -> tuple[list[list[Any]], int]:
    """Records and values by name, property and type; and the records that name one twice."""
    rows = connection.execute(
        f"""with members as (
            select source, source_event_name, event_name, {MEMBERS} as members
            from marts.fct_events where {_where(only)}
        ),
        judged as (
            select *, {NAMED_ONCE} as is_plain from members
        ),
        -- a record that is not plain stays one row, so that it is counted
        found as (
            select source, source_event_name, event_name, is_plain,
                unnest(case when is_plain then map_keys(members) else [''] end) as name,
                unnest(case when is_plain then map_values(members) else [null] end) as value
            from judged
        ),
        counted as (
            select source, source_event_name, event_name, is_plain, name, {_TYPE} as kind,
                count(*) as records, approx_count_distinct(value) as distinct_values
            from found group by all
        ),
        placed as (
            select *, sum(records) over (property) as present from counted
            window property as (
                partition by source, source_event_name, event_name, is_plain, name)
        ),
        ranked as (
            select *, dense_rank() over (
                partition by source, source_event_name, event_name, is_plain
                order by present desc, name) as place
            from placed
        ),
        whole as (
            select *, max(place) over (
                partition by source, source_event_name, event_name, is_plain) as places
            from ranked
        )
        select is_plain, source, source_event_name, event_name, name, kind, records,
            distinct_values, greatest(places - {PROPERTIES_SHOWN}, 0)
        from whole where place <= {PROPERTIES_SHOWN}""",
        [only, only] if only is not None else [],
    ).fetchall()
    repeated = sum(records for is_plain, *_, records, _, _ in rows if not is_plain)
    return [row for is_plain, *row in rows if is_plain], repeated


def _write_sample_plan(
    connection: duckdb.DuckDBPyConnection,
    names: list[tuple[NameKey, int, int, datetime, datetime]],
    taxonomy: Taxonomy,
) -> None:
    """Which share of each name's records is looked at, and which properties are never shown.

    Records are taken by the hash of their id: the same ones in every audit.
    """
    wanted = min(max(SAMPLED_RECORDS // max(len(names), 1), SAMPLED_AT_LEAST), SAMPLED_AT_MOST)
    personal = personal_names(taxonomy)
    connection.execute(
        "create or replace temp table sample_plan (source varchar, source_event_name varchar,"
        " event_name varchar, least_of bigint)"
    )
    connection.execute("create or replace temp table hidden (name varchar)")
    if names:
        connection.executemany(
            "insert into sample_plan values (?, ?, ?, ?)",
            [(*key, min(1_000_000, 1_000_000 * wanted // records)) for key, records, *_ in names],
        )
    if personal:
        connection.executemany("insert into hidden values (?)", [(name,) for name in personal])
    connection.execute(_SAMPLE)


# An event is in the sample by its id alone, whatever else is in the table.
_SAMPLE = f"""
    create or replace temp table sample as
    with chosen as (
        select events.source, events.source_event_name, events.event_name,
            {MEMBERS} as members
        from marts.fct_events as events
        join sample_plan as plan on events.source = plan.source
            and events.source_event_name = plan.source_event_name
            and events.event_name is not distinct from plan.event_name
        where hash(events.event_id) % 1000000 < plan.least_of
    )
    select * from chosen where {NAMED_ONCE}"""
_SAMPLE_SIZES = """
    select source, source_event_name, event_name, count(*) from sample group by all"""
_TOP = f"""
    with found as (
        select source, source_event_name, event_name,
            unnest(map_keys(members)) as name, unnest(map_values(members)) as value
        from sample
    ),
    counted as (
        select source, source_event_name, event_name, name, value, count(*) as records
        from found where value is not null group by all
    ),
    ranked as (
        select *, row_number() over (property order by records desc, value) as place,
            count(*) over (property) as distinct_values
        from counted
        window property as (partition by source, source_event_name, event_name, name)
    )
    select source, source_event_name, event_name, name,
        case when lower(name) in (select name from hidden) or left(value, 1) in ('{{', '[')
            then null else left(value, {VALUE_SHOWN}) end,
        records, distinct_values
    from ranked where place <= {TOP_VALUES}
    order by source, source_event_name, event_name, name, place"""


def _violations(connection: duckdb.DuckDBPyConnection, only: str | None) -> list[Violations]:
    where = "true" if only is None else "event_name = ?"
    rows = connection.execute(
        f"""select kind, source, event_name, property_name, sum(records), max(occurred_on)
        from quality.fct_taxonomy_violations where {where} group by all
        order by sum(records) desc, kind, source, event_name, property_name""",
        [only] if only is not None else [],
    ).fetchall()
    return [
        Violations(kind, source, event, name, int(records), last_on)
        for kind, source, event, name, records, last_on in rows
    ]
