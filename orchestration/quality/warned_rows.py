"""Rows of the marts that an open incident touches say so, before readers get them.

A mart takes part by having the column `open_incident_id`, which dbt leaves null: incidents are
known after the marts are judged. Its dates are `occurred_on`, or `period_start` to `period_end`.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

import duckdb

from orchestration.config import Migration
from orchestration.errors import CannotFinish
from orchestration.sql import quoted
from orchestration.warehouse import marts_file

WARNED = "open_incident_id"
_DATES = (("occurred_on", "occurred_on"), ("period_start", "period_end"))
# By column of a mart: what an incident may be limited to, and which rows that leaves. Totals hold
# what their parts hold, and so do other dimensions.
_LIMITS = {
    "event_name": ("event_name", "mart.event_name = incidents.event_name"),
    "source": ("source", "mart.source in (incidents.source, '(all)')"),
    "platform": ("platform", "mart.platform in (incidents.platform, '(all)')"),
    "dimension": ("platform", "mart.dimension <> 'platform' or mart.segment = incidents.platform"),
}


def write_warned_rows(migration: Migration) -> int:
    """Set `open_incident_id` in every mart that has it; the number of rows that now have one.

    Of several incidents the most severe counts, then the newest. The caller is the one writer and
    has written `quality.fct_incidents`. Raises CannotFinish for a mart without dates.
    """
    now = datetime.now(UTC).replace(tzinfo=None)
    with duckdb.connect(marts_file(migration)) as connection:
        connection.execute("set timezone = 'UTC'")
        columns: dict[str, set[str]] = {}
        for mart, column in connection.execute(
            "select table_name, column_name from duckdb_columns() where schema_name = 'marts'"
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
            {"zone": migration.reporting_timezone, "now": now},
        )
        return sum(
            _mark(connection, mart, names) for mart, names in columns.items() if WARNED in names
        )


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
