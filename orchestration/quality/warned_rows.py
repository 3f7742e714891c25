"""Rows of the marts that an open incident touches say so, before readers get them.

A mart takes part by having the column `open_incident_id`, which dbt leaves null: incidents are
known after the marts are judged. Its dates are `occurred_on`, or `period_start` to `period_end`.
After a red gate readers keep the last snapshot; what was found since is told in it all the same.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from orchestration.config import Migration
from orchestration.errors import CannotFinish
from orchestration.sql import literal, quoted
from orchestration.warehouse import marts_file, replaced_snapshot, snapshot_file

WARNED = "open_incident_id"
_DATES = (("occurred_on", "occurred_on"), ("period_start", "period_end"))
# By column of a mart: what an incident may be limited to, and which rows that leaves. Totals hold
# what their parts hold, and so do other dimensions; a funnel holds each of its steps.
_LIMITS = {
    "event_name": ("event_name", "mart.event_name = incidents.event_name"),
    "source": ("source", "mart.source in (incidents.source, '(all)')"),
    "platform": ("platform", "mart.platform in (incidents.platform, '(all)')"),
    "dimension": ("platform", "mart.dimension <> 'platform' or mart.segment = incidents.platform"),
    "funnel": (
        "event_name",
        """(mart.funnel, incidents.event_name) in (
            select (steps.funnel, steps.step) from marts.fct_funnel_steps as steps)""",
    ),
}


def write_warned_rows(migration: Migration) -> int:
    """Set `open_incident_id` in every mart that has it; the number of rows that now have one.

    Of several incidents the most severe counts, then the newest. The caller is the one writer and
    has written `quality.fct_incidents`. Raises CannotFinish for a mart without dates.
    """
    with duckdb.connect(marts_file(migration)) as connection:
        return mark_rows(connection, migration.reporting_timezone)


def warn_published(migration: Migration) -> bool:
    """Mark the published marts by the incidents that are open now; false where nothing is new.

    For a red marts gate, which publishes nothing: figures stay as they were, `open_incident_id` and
    `quality.fct_incidents` become those of the run. A copy is marked and swapped in by one rename,
    so nobody reads half of it. The caller is the one writer.
    """
    published = snapshot_file(migration)
    if not published.exists():
        return False
    if _open_incidents(published) == _open_incidents(marts_file(migration)):
        return False
    with replaced_snapshot(migration, published) as copy, duckdb.connect(copy) as connection:
        connection.execute(f"attach {literal(str(marts_file(migration)))} as working (read_only)")
        connection.execute(
            "create or replace table quality.fct_incidents as from working.quality.fct_incidents"
        )
        connection.execute("detach working")
        mark_rows(connection, migration.reporting_timezone)
        connection.execute("checkpoint")
    return True


def _open_incidents(path: Path) -> list[tuple[object, ...]]:
    """What decides which rows are marked."""
    with duckdb.connect(path, read_only=True) as connection:
        return connection.execute(
            """select incident_id, event_name, source, platform, first_bad_at, bad_until, severity
            from quality.fct_incidents where is_open order by all"""
        ).fetchall()


def mark_rows(connection: duckdb.DuckDBPyConnection, zone: str) -> int:
    """The same in any file with marts and `quality.fct_incidents`; `zone` is that of its dates."""
    now = datetime.now(UTC).replace(tzinfo=None)
    connection.execute("set timezone = 'UTC'")
    columns: dict[str, set[str]] = {}
    for mart, column in connection.execute(
        """select table_name, column_name from duckdb_columns()
        where schema_name = 'marts' and database_name = current_database()"""
    ).fetchall():
        columns.setdefault(mart, set()).add(column)
    connection.execute(
        """
        create or replace temp table incidents as
        select incident_id, event_name, source, platform,
            timezone($zone, timezone('UTC', first_bad_at))::date as first_on,
            timezone($zone, timezone('UTC', coalesce(bad_until, $now)))::date as last_on,
            row_number() over (
                order by severity <> 'critical', detected_at desc, incident_id
            ) as place
        from quality.fct_incidents
        where is_open and severity in ('critical', 'warning') and first_bad_at is not null
        """,
        {"zone": zone, "now": now},
    )
    return sum(_mark(connection, mart, names) for mart, names in columns.items() if WARNED in names)


def _mark(connection: duckdb.DuckDBPyConnection, mart: str, columns: Collection[str]) -> int:
    dates = next((pair for pair in _DATES if set(pair) <= set(columns)), None)
    if dates is None:
        raise CannotFinish(
            f"marts.{mart} has {WARNED} but no dates; give it occurred_on, or period_start and"
            " period_end"
        )
    touched = [f"incidents.first_on <= mart.{dates[1]}", f"incidents.last_on >= mart.{dates[0]}"]
    touched += [
        f"(incidents.{limit} is null or {rule})"
        for column, (limit, rule) in _LIMITS.items()
        if column in columns
    ]
    found = f"""(select arg_min(incidents.incident_id, incidents.place) from incidents
        where {" and ".join(touched)})"""
    connection.execute(
        f"""update marts.{quoted(mart)} as mart set {WARNED} = {found}
        where {WARNED} is distinct from {found}"""
    )
    row = connection.execute(
        f"select count({WARNED}) from marts.{quoted(mart)}"  # the rows that have one
    ).fetchone()
    return int(row[0]) if row else 0
