"""The reference: what a data engineer would write by hand in DuckDB for a Mixpanel export.

`python -m benchmarks.reference EXPORT_FOLDER OUT_FOLDER` lands, dedupes by Mixpanel's four parts,
gives a device's anonymous events to its first user, cuts sessions at gaps over 30 minutes, and
writes `fct_events`, `fct_sessions` and the daily mart to `OUT_FOLDER/reference.duckdb`. It prints
one JSON object: seconds by step and counts of what came out.

It is the obvious way, not the safe one. Its reader fails on a lone CR or a non-UTF-8 byte and takes
half of a torn gzip without a word; it keeps no bytes, quarantines nothing, checks nothing, and
starts from nothing every time. It is given the memory and threads that Waybill takes. Steps between
are temporary tables: written for good they cost a third more.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path

import duckdb

MEMORY_LIMIT = "6GB"

LIFTED = {
    "event": "$.event",
    "epoch": "$.properties.time",
    "distinct_id": "$.properties.distinct_id",
    "insert_id": '$.properties."$insert_id"',
    "device_id": '$.properties."$device_id"',
    "user_id": '$.properties."$user_id"',
    "received_ms": '$.properties."$mp_api_timestamp_ms"',
    "ingested_ms": "$.properties.mp_processing_time_ms",
    "os": '$.properties."$os"',
    "platform": "$.properties.platform",
    "app_version": '$.properties."$app_version_string"',
    "country": "$.properties.mp_country_code",
    "region": '$.properties."$region"',
    "locale": '$.properties."$locale"',
    "campaign": "$.properties.campaign",
    "utm_source": "$.properties.utm_source",
    "utm_medium": "$.properties.utm_medium",
    "utm_campaign": "$.properties.utm_campaign",
}

LAND = """
copy (
    select raw, {columns}
    from (
        select raw, json_extract_string(raw, [{paths}]) as lifted
        from read_csv('{export}/*.jsonl.gz', columns = {{'raw': 'varchar'}}, auto_detect = false,
            header = false, delim = '\\x01', quote = '', escape = '', max_line_size = 10000000)
    )
) to '{out}/landed' (format parquet, compression zstd, compression_level 1, per_thread_output)
"""

STEPS = {
    "dedupe": """
        create temp table events as
        select
            md5(concat_ws('|', event, distinct_id, epoch, insert_id)) as event_id,
            event as source_event_name,
            make_timestamp(epoch::bigint * 1000000) as occurred_at,
            make_timestamp(received_ms::bigint * 1000) as received_at,
            user_id, device_id, platform, os, app_version, country, region, locale,
            campaign, utm_source, utm_medium, utm_campaign,
            raw -> '$.properties' as properties
        from '{out}/landed/*.parquet'
        qualify row_number() over (
            partition by event, distinct_id, epoch, insert_id order by ingested_ms::bigint desc
        ) = 1""",
    "persons": """
        create temp table owners as
        select device_id, arg_min(user_id, occurred_at) as user_id
        from events where user_id is not null and device_id is not null group by device_id;
        create temp table event_persons as
        select event_id, occurred_at,
            md5(coalesce(events.user_id, owners.user_id, device_id)) as person_id
        from events left join owners using (device_id)""",
    "sessions": """
        create temp table event_sessions as
        with gaps as (
            select event_id, person_id, occurred_at,
                coalesce(occurred_at - lag(occurred_at) over person > interval 30 minutes, true)
                    as is_first
            from event_persons
            window person as (partition by person_id order by occurred_at, event_id)
        )
        select event_id, person_id,
            md5(concat(person_id, '|', max(case when is_first then occurred_at end) over (
                partition by person_id order by occurred_at, event_id
            ))) as session_id
        from gaps""",
    "fct_events": """
        create table fct_events as
        select
            events.event_id, source_event_name, event_types.event_name, event_types.event_kind,
            occurred_at, occurred_at::date as occurred_on, received_at,
            epoch(occurred_at) - epoch(received_at) as clock_skew_seconds,
            user_id, device_id, person_id, session_id,
            platform, os, app_version, country, region, locale,
            campaign, utm_source, utm_medium, utm_campaign, properties
        from events
        join event_sessions using (event_id)
        left join (values
            ('App Session Started', 'session_start', 'system'),
            ('Clicked Tax Form Upload', 'tax_form_uploaded', 'micro'),
            ('Started Video Tutorial', 'video_tutorial_started', 'micro'),
            ('Enabled Tax Reminder', 'tax_reminder_enabled', 'micro'),
            ('Shared Message', 'message_shared', 'micro'),
            ('Toggled Feature', 'feature_toggled', 'micro'),
            ('Opted In To Notifications', 'notification_opted_in', 'micro'),
            ('Opened Feature Tutorial', 'feature_tutorial_opened', 'micro'),
            ('Tried Chat Feature', 'chat_feature_tried', 'micro')
        ) as event_types (source_event_name, event_name, event_kind) using (source_event_name)""",
    "fct_sessions": """
        create table fct_sessions as
        select session_id, any_value(person_id) as person_id, min(occurred_at) as started_at,
            max(occurred_at) as ended_at, count(*) as event_count
        from fct_events group by session_id""",
    "daily": """
        create table daily as
        with active as (
            select occurred_on, coalesce(platform, '(all)') as platform,
                count(distinct person_id) as active_persons
            from fct_events group by occurred_on, cube (platform)
        ),
        converted as (
            select occurred_on, event_name, coalesce(platform, '(all)') as platform,
                count(*) as events, count(distinct person_id) as persons
            from fct_events where event_kind = 'micro'
            group by occurred_on, event_name, cube (platform)
        )
        select converted.*, active_persons, persons / active_persons as rate
        from converted join active using (occurred_on, platform)""",
    "checkpoint": "checkpoint",
}

COUNTS = """
select (select count(*) from fct_events), (select count(distinct person_id) from fct_events),
    (select count(*) from fct_sessions), (select sum(persons) from daily where platform = '(all)')
"""


def run_reference(export: Path, out: Path) -> dict[str, dict[str, float]]:
    """Do all of it below `out`, which is emptied first; {"seconds": by step, "counts": ...}."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    seconds = {}
    with duckdb.connect(out / "reference.duckdb") as connection:
        connection.execute(f"set memory_limit = '{MEMORY_LIMIT}'")
        connection.execute("set preserve_insertion_order = false")
        connection.execute(f"set temp_directory = '{out}/spill'")
        columns = ", ".join(f"lifted[{i}] as {name}" for i, name in enumerate(LIFTED, start=1))
        paths = ", ".join(f"'{path}'" for path in LIFTED.values())
        land = LAND.format(columns=columns, paths=paths, export=export, out=out)
        for step, sql in {"landing": land, **STEPS}.items():
            start = time.perf_counter()
            connection.execute(sql.replace("{out}", str(out)))
            seconds[step] = time.perf_counter() - start
        row = connection.execute(COUNTS).fetchone()
    assert row is not None  # an aggregate gives a row
    names = ("events", "persons", "sessions", "daily_persons")
    return {"seconds": seconds, "counts": dict(zip(names, map(int, row), strict=True))}


if __name__ == "__main__":
    print(json.dumps(run_reference(Path(sys.argv[1]), Path(sys.argv[2]))))
