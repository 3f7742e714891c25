"""What the records say about names, as small tables counted in DuckDB.

Everything is aggregated before it leaves the warehouse: no row here stands for one record. Large
warehouses are read for a share of the persons only, chosen by a hash, so that the same snapshot
always gives the same answer, whatever the order of its rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import pandas as pd

ROWS_READ = 3_000_000
"""Records looked at in all; above it, that many in expectation."""
RECORDS_PER_NAME = 2_000
"""Records of one name of a source whose properties are read, and which are looked for elsewhere."""
TWIN_SECONDS = 2
"""Two tools in one app stamp one act by the same clock, some to the second."""
VALUES_KEPT = 40
"""A property with more values than this tells by its name alone."""

# `label` is the canonical event, or `?` and the name as delivered where there is none. Ids are kept
# as numbers of 64 bits, and properties are left where they are: texts would not fit into memory.
_SAMPLE = """
create or replace temp table suggest_events as
select
    source,
    source_event_name as name,
    coalesce(event_name, '?' || source_event_name) as label,
    event_name is null as is_unmapped,
    if(person_id is null, null, hash(person_id)) as person,
    if(session_id is null, null, hash(session_id)) as session,
    occurred_at, occurred_on,
    hash(event_id) as draw
from {relation}
where hash(coalesce(person_id, event_id)) % {thinning} = 0
"""

_DAYS = """
select source, label, occurred_on::text as day, count(*)::double as records
from suggest_events group by all order by all
"""

_HOURS = """
select source, label, hour(occurred_at)::varchar as place, count(*)::double as records
from suggest_events group by all order by all
"""

# Neighbours that are themselves unmapped are one: their names say nothing elsewhere.
_NEIGHBOURS = """
with paths as (
    select source, label,
        lag(if(is_unmapped, '?', label)) over path as before,
        lead(if(is_unmapped, '?', label)) over path as after
    from suggest_events
    where session is not null
    window path as (partition by source, session order by occurred_at, label, draw)
)
select source, label, place, count(*)::double as records
from (
    select source, label, '<' || coalesce(before, '') as place from paths
    union all
    select source, label, '>' || coalesce(after, '') as place from paths
)
group by all order by all
"""

_TWINS = """
with ours as (
    select source, name, person, occurred_at, occurred_on, draw
    from suggest_events
    where is_unmapped and person is not null
    qualify row_number() over (partition by source, name order by draw) <= {per_name}
),
theirs as (
    select source, label, person, occurred_at, occurred_on,
        floor(epoch(occurred_at) / {seconds})::bigint as slot
    from suggest_events
    where not is_unmapped and person in (select person from ours)
),
followed as (
    select distinct source, person, occurred_on from theirs
),
-- the records whose person another source saw on that day too
seen as (
    select ours.source, ours.name, followed.source as other, count(*)::double as records
    from ours
    inner join followed
        on ours.person = followed.person
        and ours.occurred_on = followed.occurred_on
        and ours.source <> followed.source
    group by all
),
near as (
    select ours.source, ours.name, theirs.source as other, theirs.label,
        count(distinct ours.draw)::double as twins
    from (
        select *, unnest([-1, 0, 1]) + floor(epoch(occurred_at) / {seconds})::bigint as slot
        from ours
    ) as ours
    inner join theirs
        on ours.person = theirs.person
        and ours.slot = theirs.slot
        and ours.source <> theirs.source
    where abs(epoch(ours.occurred_at) - epoch(theirs.occurred_at)) <= {seconds}
    group by all
)
select seen.source, seen.name, seen.other, near.label, seen.records,
    coalesce(near.twins, 0) as twins
from seen
left join near
    on seen.source = near.source and seen.name = near.name and seen.other = near.other
order by all
"""

_PROPERTIES = """
with drawn as (
    select source, label, draw
    from suggest_events
    qualify row_number() over (partition by source, label order by draw) <= {per_name}
),
chosen as (
    select drawn.source, drawn.label, events.properties
    from {relation} as events
    inner join drawn on hash(events.event_id) = drawn.draw and events.source = drawn.source
),
sizes as (select source, label, count(*) as total from chosen group by all),
members as (
    select source, label, each.key as property, each.type as kind, each.value as value
    from (select source, label, properties from chosen where json_valid(properties)),
        json_each(properties) as each
)
select source, label, property,
    count(*) / any_value(total) as share,
    case
        when count(distinct members.value) <= {values_kept}
            then list_sort(list_distinct(array_agg(json_extract_string(members.value, '$'))))
        else []
    end as allowed
from members inner join sizes using (source, label)
where kind not in ('OBJECT', 'ARRAY', 'NULL')
group by all order by all
"""


@dataclass(frozen=True)
class Records:
    """Counts by source and label: a canonical event, or `?` and a name that is none.

    `days`: source, label, day, records. `hours` and `neighbours`: source, label, place, records.
    `twins`: source, name, other, label, records, twins: of the unmapped name's `records` whose
    person the source `other` saw that day, `twins` have one of its label within TWIN_SECONDS.
    `properties`: source, label, property, share of its records in [0, 1], allowed (values, empty
    where there are many). `thinning`: one person in how many was read.
    """

    days: pd.DataFrame
    hours: pd.DataFrame
    neighbours: pd.DataFrame
    twins: pd.DataFrame
    properties: pd.DataFrame
    thinning: int = 1


def unmapped_names(
    connection: duckdb.DuckDBPyConnection, relation: str
) -> dict[str, dict[str, int]]:
    """Source to name to number of records of what is loaded without an event name."""
    rows = connection.execute(
        f"select source, source_event_name, count(*) from {relation} "
        "where event_name is null and source_event_name is not null group by all order by all"
    ).fetchall()
    found: dict[str, dict[str, int]] = {}
    for source, name, records in rows:
        found.setdefault(source, {})[name] = records
    return found


def count_records(connection: duckdb.DuckDBPyConnection, relation: str) -> Records:
    """Count what the features need. `relation` has the columns of `marts.fct_events`.

    `relation` is SQL text of the caller's, not input.
    """
    row = connection.execute(f"select count(*) from {relation}").fetchone()
    thinning = max(1, -(-(row[0] if row else 0) // ROWS_READ))
    connection.execute(_SAMPLE.format(relation=relation, thinning=thinning))
    limits = {
        "relation": relation,
        "per_name": RECORDS_PER_NAME,
        "seconds": TWIN_SECONDS,
        "values_kept": VALUES_KEPT,
    }
    try:
        days, hours, neighbours, twins, properties = (
            connection.execute(query.format(**limits)).df()
            for query in (_DAYS, _HOURS, _NEIGHBOURS, _TWINS, _PROPERTIES)
        )
    finally:
        connection.execute("drop table suggest_events")
    return Records(days, hours, neighbours, twins, properties, thinning)
