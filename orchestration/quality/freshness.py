"""How old each source and mart is against what was agreed, in every run."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa

from orchestration.config import Migration
from orchestration.freshness_config import FreshnessTarget, SourceTarget
from orchestration.quality.tables import replace_table
from orchestration.sql import quoted
from orchestration.warehouse import has_table, open_work

TEXT, FLOAT, INT = pa.string(), pa.float64(), pa.int64()
TIME = pa.timestamp("us")  # UTC

FRESHNESS = pa.schema(
    [
        ("asset", TEXT),
        ("kind", TEXT),
        ("last_event_at", TIME),
        ("last_arrival_at", TIME),
        ("sla_hours", FLOAT),
        ("late_by_hours", FLOAT),
        ("is_late", pa.bool_()),
        ("daily_events", INT),
        ("min_daily", INT),
        ("judged_at", TIME),
    ]
)
"""One row per source, and per mart with a target. Kind: source or mart.

`sla_hours` is the longest time without anything new that is in order, null where nothing was
agreed; `late_by_hours` is 0 while it is kept. `daily_events` are those of the last closed date.
"""

# The time of a row in a mart, the first of these that it has.
_TIMES = ("occurred_at", "started_at", "occurred_on", "last_seen_at", "invited_on")


@dataclass(frozen=True)
class Age:
    """When an asset's newest event happened, when something last arrived (UTC), and its volume."""

    asset: str
    kind: str
    last_event_at: datetime | None
    last_arrival_at: datetime | None
    daily_events: int | None = None


def judge(age: Age, target: FreshnessTarget | None, now: datetime) -> dict[str, Any]:
    """A row of `quality.fct_freshness`. `now` is naive UTC, as the times of `age` are.

    A source is late by its arrivals, and by its events as well: a file that comes each day and
    holds nothing new is not fresh. A delivery tells of the time before it, so events may be older
    than arrivals by one `every`. A mart has no arrivals of its own.
    """
    row = asdict(age) | {
        "sla_hours": None,
        "late_by_hours": None,
        "is_late": False,
        "min_daily": None,
        "judged_at": now,
    }
    if target is None:
        return row
    lateness = [_over(age.last_event_at, target.within + target.every, now)]
    if age.kind == "source":
        lateness.append(_over(age.last_arrival_at, target.within, now))
    known = [each for each in lateness if each is not None]
    late = max([timedelta(), *known])
    return row | {
        "sla_hours": _hours(target.within),
        "late_by_hours": _hours(late) if known else None,
        # what has never come is not late yet: there is no time to count from
        "is_late": late > timedelta(),
        "min_daily": target.min_daily if isinstance(target, SourceTarget) else None,
    }


def _over(moment: datetime | None, allowed: timedelta, now: datetime) -> timedelta | None:
    return None if moment is None else now - moment - allowed


def _hours(span: timedelta) -> float:
    return round(span.total_seconds() / 3600, 2)


def write_freshness(migration: Migration, now: datetime | None = None) -> int:
    """Replace `quality.fct_freshness` by the age of every asset; returns how many are late.

    `now` is aware, and the present by default. Reads the working files; part of every build,
    before the marts gate.
    """
    moment = (now or datetime.now(UTC)).astimezone(UTC).replace(tzinfo=None)
    with open_work(migration, read_only=True) as connection:
        ages = [*_source_ages(connection, migration), *_mart_ages(connection, migration)]
    rows = [judge(age, _target(migration, age), moment) for age in ages]
    replace_table(migration, "fct_freshness", FRESHNESS, rows)
    return sum(row["is_late"] for row in rows)


def _target(migration: Migration, age: Age) -> FreshnessTarget | None:
    if age.kind == "mart":
        return migration.freshness[age.asset]
    return migration.sources[age.asset].freshness


def _source_ages(connection: duckdb.DuckDBPyConnection, migration: Migration) -> list[Age]:
    arrivals = dict(
        connection.execute(
            "select source, max(landed_at) from control.deliveries group by source"
        ).fetchall()
    )
    happened = {
        source: figures
        for table, counted in (
            ("fct_survey_answers", "count(distinct response_id)"),
            ("fct_events", "count(*)"),
        )
        for source, *figures in _newest(connection, table, counted)
    }
    return [
        Age(name, "source", last, arrivals.get(name), events)
        for name in migration.sources
        for last, events in [happened.get(name, (None, None))]
    ]


def _newest(connection: duckdb.DuckDBPyConnection, table: str, counted: str) -> list[Any]:
    """Of each source in a mart: its newest event, and the records of its last closed date."""
    if not has_table(connection, "marts", table, "warehouse"):
        return []
    return connection.execute(
        f"""with days as (
            select source, occurred_on, max(occurred_at) as last_at, {counted} as events
            from warehouse.marts.{quoted(table)} group by all
        )
        -- the newest date is still filling; before it there may be none
        select source, max(last_at), coalesce(arg_max(events, occurred_on)
            filter (occurred_on < newest_on), max(events))
        from (select *, max(occurred_on) over (partition by source) as newest_on from days)
        group by source"""
    ).fetchall()


def _mart_ages(connection: duckdb.DuckDBPyConnection, migration: Migration) -> list[Age]:
    ages = []
    for mart in migration.freshness:
        columns = {
            name
            for (name,) in connection.execute(
                """select column_name from information_schema.columns
                where table_catalog = 'warehouse' and table_schema = 'marts' and table_name = ?""",
                [mart],
            ).fetchall()
        }
        time = next((name for name in _TIMES if name in columns), None)
        last = None
        if time is not None:
            found = connection.execute(
                f"select max({quoted(time)})::timestamp from warehouse.marts.{quoted(mart)}"
            ).fetchone()
            last = found[0] if found else None
        ages.append(Age(mart, "mart", last, None))
    return ages
