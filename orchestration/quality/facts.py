"""What the gates look at: figures of each delivery, and views over staging and marts.

Facts measure; rules (`expectations.suites`) judge. Every figure is counted set-based in DuckDB over
Parquet footers, manifests or materialised tables, never over raw JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.config import Migration
from orchestration.landing.catalog import Landed, folder_of
from orchestration.landing.land import parquet_files
from orchestration.landing.manifest import Manifest
from orchestration.sources import EVENT_VENDORS
from orchestration.sql import literal

LANDING_FACTS = pa.schema(
    [
        ("source", pa.string()),
        ("vendor", pa.string()),
        ("delivery_id", pa.string()),
        ("file_name", pa.string()),
        ("bytes", pa.int64()),
        ("state", pa.string()),
        ("torn_reason", pa.string()),
        ("looks_like", pa.string()),
        ("missing_columns", pa.string()),
        ("records", pa.int64()),
        ("rows_written", pa.int64()),
        ("parquet_rows", pa.int64()),
        ("unreadable", pa.int64()),
        ("ends_early", pa.bool_()),
        ("declared_records", pa.int64()),
        ("advice", pa.string()),
        ("shortfall", pa.string()),
        ("doubt", pa.string()),
    ]
)


def landing_facts(migration: Migration, manifests: Sequence[Manifest]) -> pa.Table:
    """One row per delivery, from its manifest and the footers of its Parquet files."""
    rows = []
    for manifest in manifests:
        files = manifest.files
        reasons = [f.torn_reason for f in files if f.torn_reason]
        looks = [f.looks_like for f in files if f.looks_like]
        missing = [c for f in files for c in f.missing_columns]
        footers = (pq.read_metadata(p) for p in parquet_files(folder_of(manifest, migration)))
        # an unrecognised file is one unreadable record by design; it is not a damaged export
        unreadable = sum(sum(f.unreadable.values()) for f in files if f.state != "unrecognised")
        rows.append(
            {
                "source": manifest.source,
                "vendor": manifest.vendor,
                "delivery_id": manifest.delivery_id,
                "file_name": ", ".join(f.name for f in files),
                "bytes": sum(f.size for f in files),
                "state": manifest.state,
                "torn_reason": "; ".join(reasons) or None,
                "looks_like": ", ".join(looks) or None,
                "missing_columns": ", ".join(missing) or None,
                "records": manifest.records,
                "rows_written": sum(f.written for f in files),
                "parquet_rows": sum(footer.num_rows for footer in footers),
                "unreadable": unreadable,
                "ends_early": any("terminated_early" in f.unreadable for f in files),
                "declared_records": manifest.declared_records,
                "advice": "; ".join(f"{f.name}: {f.advice}" for f in files if f.advice) or None,
                "shortfall": "; ".join(manifest.shortfalls) or None,
                "doubt": "; ".join(manifest.doubts) or None,
            }
        )
    return pa.Table.from_pylist(rows, schema=LANDING_FACTS)


def write_staging_facts(
    connection: duckdb.DuckDBPyConnection, landed: Sequence[Landed], path: Path
) -> int:
    """Write one row per delivery of `control.to_judge` to Parquet; returns events among them.

    `lag_quarter_hours` is the most usual receive lag, where most live rows share it: the sign of a
    wrong zone is one whole offset for all of them, while late rows differ from each other.
    """
    connection.execute(
        "create or replace temp table previous_versions (delivery_id varchar, previous_id varchar)"
    )
    pairs = _previous_versions(landed)
    if pairs:
        connection.executemany("insert into previous_versions values (?, ?)", pairs)
        connection.execute(
            """delete from previous_versions
            where delivery_id not in (select delivery_id from control.to_judge)"""
        )
    connection.execute(f"create or replace temp view staged as {_staged_sql()}")
    connection.execute(f"copy ({_STAGING_FACTS}) to {literal(str(path))} (format parquet)")
    row = connection.execute(
        "select coalesce(sum(events), 0) from read_parquet(?)", [str(path)]
    ).fetchone()
    return int(row[0]) if row else 0


def _previous_versions(landed: Sequence[Landed]) -> list[tuple[str, str]]:
    """Each delivery with the version of the same files that was landed before it."""
    last: dict[tuple[str, str], str] = {}
    pairs = []
    for each in landed:
        manifest = each.manifest
        key = (manifest.source, manifest.version_of)
        if key in last:
            pairs.append((manifest.delivery_id, last[key]))
        last[key] = manifest.delivery_id
    return pairs


def _staged_sql(columns: str = "*") -> str:
    return "\nunion all by name\n".join(
        f"select {columns} from staging.stg_{vendor}__events" for vendor in EVENT_VENDORS
    )


_STAGING_FACTS = """
with judged as (
    select judged.delivery_id, deliveries.source, deliveries.vendor,
        (select string_agg(file_name, ', ' order by file_name) from control.files as files
         where files.delivery_id = judged.delivery_id) as file_name
    from control.to_judge as judged
    join control.deliveries as deliveries on judged.delivery_id = deliveries.delivery_id
),
rows as (
    select *, round((epoch(received_at) - epoch(occurred_at)) / 900)::integer as lag
    from staged
    where staged.landed_at in (select landed_at from control.to_judge)
        and staged.delivery_id in (select delivery_id from judged)
),
counts as (
    select delivery_id,
        count(*) filter (record_fate is null) as events,
        count(*) filter (record_fate = 'quarantined') as quarantined,
        count(*) filter (record_fate = 'identity') as identity,
        count(*) filter (record_reason in ('future_dated', 'time_before_2000')) as future_dated,
        count(*) filter (record_fate is null and id_quality = 'derived') as without_ids,
        count(*) filter (record_fate is null and event_key is null) as null_keys
    from rows group by delivery_id
),
violations as (
    select delivery_id, kind, event_name, property_name,
        count(distinct (file_sha256, record_number, record_part)) as records
    from staging.stg_violations
    where landed_at in (select landed_at from control.to_judge)
        and delivery_id in (select delivery_id from judged) and kind <> 'unplanned_event'
    group by all
),
named as (
    select delivery_id, count(*) filter (event_name is null) as unmapped
    from staging.stg_named_events
    where landed_at in (select landed_at from control.to_judge)
        and delivery_id in (select delivery_id from judged)
    group by delivery_id
),
breaches as (
    -- an event that breaks several rules of a kind counts for the one that most events break
    select delivery_id,
        max(records) filter (kind = 'retired_event') as retired_event,
        max(records) filter (kind = 'missing_required') as missing_required,
        max(records) filter (kind = 'wrong_type') as wrong_type,
        max(records) filter (kind = 'bad_value') as bad_value,
        max(records) filter (kind = 'extra_property') as extra_property,
        array_to_string(list(format('{} of {} ({:,})', kind,
            concat_ws('.', event_name, property_name), records)
            order by records desc, kind, event_name, property_name)[:3], ', ') as breaches
    from violations group by delivery_id
),
lags as (
    -- only vendors whose clock is written in a configured zone can have the wrong one
    select delivery_id, lag, count(*) as live_rows, sum(count(*)) over (partition by
        delivery_id) as all_rows
    from rows
    where vendor = 'mixpanel' and lag between -56 and 56
        and coalesce(record_reason, '') in ('', 'identity_record', 'future_dated')
    group by delivery_id, lag
),
usual_lags as (
    select delivery_id, lag, live_rows from lags where live_rows * 2 > all_rows
),
keys as (
    select distinct delivery_id, event_key,
        md5(concat_ws(chr(31), properties, source_event_name, user_id, device_id, platform)) as
            content
    from staged
    where record_fate is null and delivery_id in (
        select delivery_id from previous_versions union select previous_id from previous_versions)
),
versions as (
    select pair.delivery_id,
        count(distinct old.event_key) as previous_events,
        count(distinct old.event_key) filter (new.event_key is null) as gone
    from previous_versions as pair
    join keys as old on old.delivery_id = pair.previous_id
    left join keys as new on new.delivery_id = pair.delivery_id and new.event_key = old.event_key
    group by pair.delivery_id
),
additions as (
    select pair.delivery_id,
        count(distinct new.event_key) filter (old.event_key is null) as added,
        count(distinct new.event_key) filter (
            old.event_key is not null and old.content <> new.content) as changed
    from previous_versions as pair
    join keys as new on new.delivery_id = pair.delivery_id
    left join keys as old on old.delivery_id = pair.previous_id and old.event_key = new.event_key
    group by pair.delivery_id
),
repeats as (
    select rows.delivery_id, count(distinct rows.record_number) as repeated
    from rows
    join staged as others
        on rows.event_key = others.event_key and rows.occurred_on = others.occurred_on
        and rows.delivery_id <> others.delivery_id
    where rows.record_fate is null and rows.id_quality = 'derived' and others.record_fate is null
        and others.delivery_id in (select delivery_id from control.deliveries where state =
            'current')
        and (rows.delivery_id, others.delivery_id) not in (select (delivery_id, previous_id)
            from previous_versions)
    group by rows.delivery_id
)
select judged.source, judged.vendor, judged.delivery_id, judged.file_name,
    coalesce(counts.events, 0) as events,
    coalesce(counts.quarantined, 0) as quarantined,
    coalesce(counts.identity, 0) as identity,
    coalesce(named.unmapped, 0) as unmapped,
    coalesce(breaches.retired_event, 0) as retired_event,
    coalesce(breaches.missing_required, 0) as missing_required,
    coalesce(breaches.wrong_type, 0) as wrong_type,
    coalesce(breaches.bad_value, 0) as bad_value,
    coalesce(breaches.extra_property, 0) as extra_property,
    breaches.breaches,
    coalesce(counts.future_dated, 0) as future_dated,
    coalesce(counts.without_ids, 0) as without_ids,
    coalesce(counts.null_keys, 0) as null_keys,
    coalesce(usual_lags.live_rows, 0)::bigint as live_rows,
    coalesce(usual_lags.lag, 0)::integer as lag_quarter_hours,
    case when usual_lags.lag <> 0
        then format('a zone {:.2f} hours {} of the configured one', abs(usual_lags.lag) / 4.0,
            if(usual_lags.lag > 0, 'west', 'east')) end as zone_hint,
    case when previous.delivery_id is not null then coalesce(versions.previous_events, 0) end as
        previous_events,
    case when previous.delivery_id is not null then coalesce(versions.gone, 0) end as gone,
    case when previous.delivery_id is not null then coalesce(additions.added, 0) end as added,
    case when previous.delivery_id is not null then coalesce(additions.changed, 0) end as changed,
    coalesce(repeats.repeated, 0) as repeated_without_id
from judged
left join counts using (delivery_id)
left join named using (delivery_id)
left join breaches using (delivery_id)
left join usual_lags using (delivery_id)
left join (select delivery_id from previous_versions) as previous using (delivery_id)
left join versions using (delivery_id)
left join additions using (delivery_id)
left join repeats using (delivery_id)
"""


def staging_views(path: Path) -> dict[str, str]:
    """Views of the staging gate, with the working file attached as `work`."""
    columns = (
        "source, delivery_id, event_key, occurred_at, occurred_on, source_event_name, id_quality"
    )
    events = "\nunion all\n".join(
        f"""select {columns} from work.staging.stg_{vendor}__events
        where record_fate is null
            and landed_at in (select landed_at from work.control.to_judge)
            and delivery_id in (select delivery_id from work.control.to_judge)"""
        for vendor in EVENT_VENDORS
    )
    return {
        "gate_staging": f"select * from read_parquet({literal(str(path))})",
        "gate_events": events,
    }


# With the marts attached as `warehouse`.
MARTS_VIEWS = {
    "gate_ledger": 'select *, "read" from warehouse.quality.fct_ledger',
    "gate_marts": f"""
        select 'records in fct_events' as name,
            (select count(*) from warehouse.marts.fct_events where record_part = 1) as observed,
            (select coalesce(sum(loaded), 0)::bigint from warehouse.quality.fct_ledger
             where vendor in ({", ".join(map(literal, EVENT_VENDORS))})) as expected
        union all
        select 'events in sessions', (select coalesce(sum(event_count), 0)::bigint from
            warehouse.marts.fct_sessions),
            (select count(session_id) from warehouse.marts.fct_events)
        union all
        select 'quarantined records', (select count(*) from warehouse.quality.fct_quarantine),
            (select coalesce(sum(quarantined), 0)::bigint from warehouse.quality.fct_ledger)""",
    "gate_rates": """
        select 'fct_micro_conversion_daily' as mart,
            concat_ws(' / ', occurred_on, event_name, platform, source) as cell, rate
        from warehouse.marts.fct_micro_conversion_daily""",
    "gate_funnels": """
        select funnel, step_number, entities,
            lag(entities) over (partition by funnel order by step_number) as previous_entities
        from warehouse.marts.fct_funnel_steps""",
    "gate_taxonomy": """
        select source, event_name, property_name as property, kind, enforcement,
            sum(records)::bigint as records
        from warehouse.quality.fct_taxonomy_violations group by all""",
    "gate_changes": """
        select source, cause, severity, sentence, estimated_lost
        from warehouse.quality.fct_changes where is_current""",
    "gate_double_tracked": """
        with days as (
            select daily.event_name, daily.occurred_on, daily.source
            from warehouse.marts.fct_micro_conversion_daily as daily
            join warehouse.marts.dim_event_types as types on daily.event_name = types.event_name
            where daily.platform = '(all)' and daily.source <> '(all)' and not types.has_primary
        ),
        doubled as (
            select event_name, occurred_on, string_agg(source, ', ' order by source) as sources
            from days group by event_name, occurred_on having count(*) > 1
        )
        select event_name, sources, count(*) as days from doubled group by event_name, sources""",
}
