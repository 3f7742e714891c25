"""What the working marts say, for the pages: read-only SQL over a DuckDB file, rows out.

A table that is not there yet, since an older build wrote the file or none did, gives no rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import duckdb

from orchestration.quality.report.model import (
    Change,
    Day,
    DayState,
    Detectable,
    Flow,
    Freshness,
    Incident,
    Point,
)
from orchestration.quality.status import FATES
from orchestration.warehouse import has_table

CALENDAR_DAYS = 365
CHART_DAYS = 42  # before and after a change, together
CHARTS = 12
# Under this share of what was expected a day is incomplete (the product's own target).
COMPLETE = 0.95

Row = dict[str, Any]


class Marts:
    """A read-only connection to the marts, by tables that may be missing."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, database: str) -> None:
        self._connection = connection
        self._database = database

    def has(self, table: str) -> bool:
        """Whether `schema.table` exists."""
        schema, name = table.split(".")
        return has_table(self._connection, schema, name, self._database)

    def rows(self, query: str, parameters: Sequence[object] = ()) -> list[Row]:
        """The rows of a query by column name."""
        found = self._connection.execute(query, list(parameters))
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def of(self, table: str, query: str, parameters: Sequence[object] = ()) -> list[Row]:
        """The rows of a query over `table`; none where that is missing."""
        return self.rows(query, parameters) if self.has(table) else []


def read_flows(marts: Marts) -> tuple[Flow, ...]:
    """The ledger by source, the most records first."""
    sums = ", ".join(f'sum("{fate}")::bigint as "{fate}"' for fate in FATES)
    found = marts.of(
        "quality.fct_ledger",
        f'select source, sum("read")::bigint as records, {sums} from quality.fct_ledger'
        " group by source order by records desc, source",
    )
    return tuple(
        Flow(row["source"], row["records"], {fate: row[fate] for fate in FATES if row[fate]})
        for row in found
    )


def read_days(marts: Marts) -> dict[str, tuple[Day, ...]]:
    """Each source's days of the last year: against what was expected, else counts alone."""
    found = marts.of(
        "quality.fct_completeness",
        """select source, occurred_on, observed, expected, expected_low, expected_high,
            estimated_lost, completeness, is_open, note
        from quality.fct_completeness
        where occurred_on > (select max(occurred_on) from quality.fct_completeness) - ?::integer
        order by source, occurred_on""",
        [CALENDAR_DAYS],
    )
    days = [(row["source"], _judged_day(row)) for row in found] or [
        (row["source"], Day(row["occurred_on"], "unjudged", row["observed"]))
        for row in _counted_days(marts)
    ]
    by_source: dict[str, list[Day]] = {}
    for source, day in days:
        by_source.setdefault(source, []).append(day)
    return {source: tuple(each) for source, each in by_source.items()}


def _counted_days(marts: Marts) -> list[Row]:
    found = marts.of(
        "marts.fct_events",
        """select source, occurred_on, count(*) as observed from marts.fct_events
        where occurred_on > (select max(occurred_on) from marts.fct_events) - ?::integer
        group by all""",
        [CALENDAR_DAYS],
    ) + marts.of(
        "marts.fct_survey_answers",
        """select source, occurred_on, count(distinct response_id) as observed
        from marts.fct_survey_answers
        where occurred_on > (select max(occurred_on) from marts.fct_survey_answers) - ?::integer
        group by all""",
        [CALENDAR_DAYS],
    )
    return sorted(found, key=lambda row: (row["source"], row["occurred_on"]))


def _judged_day(row: Row) -> Day:
    return Day(
        row["occurred_on"],
        _state(row),
        row["observed"] or 0,
        row["expected"],
        row["expected_low"],
        row["expected_high"],
        row["estimated_lost"],
        row["note"],
    )


def _state(row: Row) -> DayState:
    """Low is below the band and below the target: either alone is chance or within reason."""
    observed, low, high = row["observed"] or 0, row["expected_low"], row["expected_high"]
    if row["is_open"]:
        return "open"
    if row["expected"] is None or low is None or high is None:
        return "unjudged"
    if observed == 0 and low > 0:
        return "missing"
    complete = row["completeness"]
    if observed < low and (complete is None or complete < COMPLETE):
        return "low"
    return "over" if observed > high else "full"


def read_freshness(marts: Marts) -> tuple[Freshness, ...]:
    """What is late first, then sources before marts."""
    found = marts.of(
        "quality.fct_freshness",
        """select asset, kind, last_event_at, last_arrival_at, sla_hours, late_by_hours, is_late,
            daily_events, min_daily
        from quality.fct_freshness order by is_late desc, kind desc, asset""",
    )
    return tuple(Freshness(**row) for row in found)


_WORST_FIRST = """case severity when 'critical' then 0 when 'warning' then 1 else 2 end"""


def read_incidents(marts: Marts) -> tuple[Incident, ...] | None:
    """Incidents, open before closed, worst first; None where nobody keeps any."""
    if not marts.has("quality.fct_incidents"):
        return None
    found = marts.rows(
        f"""select incident_id, cause, source, segment, severity, status, first_bad_at,
            detected_at, fixed_at, verified_at, owner, title, sentence, next_step,
            estimated_lost as lost, lost_low, lost_high, coalesce(reopened, 0) as reopened
        from quality.fct_incidents
        order by status = 'verified', {_WORST_FIRST}, estimated_lost desc nulls last,
            detected_at desc, incident_id"""
    )
    return tuple(Incident(**_texts(row, "title", "sentence", "next_step")) for row in found)


def read_changes(marts: Marts) -> tuple[Change, ...]:
    """Changes, those that last first, then the latest; the first `CHARTS` with their days."""
    found = marts.of(
        "quality.fct_changes",
        f"""select cause, metric, source, event_name, segment, platform, app_version, severity,
            direction, first_bad_at, detected_at, ended_at, expected, observed,
            estimated_lost as lost, lost_low, lost_high, sentence, next_step
        from quality.fct_changes
        order by ended_at is not null, {_WORST_FIRST}, detected_at desc, change_id""",
    )
    return tuple(
        _change(marts, _texts(row, "sentence", "next_step"), with_chart=number < CHARTS)
        for number, row in enumerate(found)
    )


def _texts(row: Row, *names: str) -> Row:
    return {**row, **{name: row[name] or "" for name in names}}


def _change(marts: Marts, row: Row, *, with_chart: bool) -> Change:
    wanted = {name: row.pop(name) for name in ("platform", "app_version")}
    wanted |= {"source": row["source"], "event_name": row["event_name"]}
    points = _points(marts, row["first_bad_at"], wanted) if with_chart else ()
    return Change(**row, points=points)


def _points(
    marts: Marts, first_bad_at: datetime | None, wanted: dict[str, str | None]
) -> tuple[Point, ...]:
    """Events a day of what a change is about, around its first bad day.

    The band is that of the source's completeness, where the change is about all of a source.
    """
    if first_bad_at is None or not marts.has("marts.fct_events"):
        return ()
    first = (first_bad_at - timedelta(days=CHART_DAYS * 2 // 3)).date()
    last = first + timedelta(days=CHART_DAYS)
    conditions = {name: value for name, value in wanted.items() if value is not None}
    if set(conditions) == {"source"} and marts.has("quality.fct_completeness"):
        found = marts.rows(
            """select occurred_on, observed, expected_low, expected_high
            from quality.fct_completeness
            where source = ? and occurred_on between ? and ? and not is_open
            order by occurred_on""",
            [conditions["source"], first, last],
        )
        if found:
            return tuple(
                Point(r["occurred_on"], r["observed"], r["expected_low"], r["expected_high"])
                for r in found
            )
    filters = "".join(f" and {name} = ?" for name in conditions)
    counts = {
        row["occurred_on"]: row["events"]
        for row in marts.rows(
            f"""select occurred_on, count(*) as events from marts.fct_events
            where occurred_on between ? and ?{filters} group by occurred_on""",
            [first, last, *conditions.values()],
        )
    }
    return _without_gaps(counts, min(last, last_event_on(marts) or last))


def _without_gaps(counts: dict[date, int], last: date) -> tuple[Point, ...]:
    """A day without rows is a day of zero, not a day left out."""
    if not counts:
        return ()
    first = min(counts)
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return tuple(Point(day, counts.get(day, 0)) for day in days)


def read_detectability(marts: Marts) -> tuple[Detectable, ...]:
    """What would be seen least first, that is the largest smallest drop, and what never would."""
    found = marts.of(
        "quality.fct_detectability",
        """select metric, event_name, source, segment, daily_count, smallest_drop, reason
        from quality.fct_detectability
        order by smallest_drop desc nulls first, daily_count desc nulls last, metric, source""",
    )
    return tuple(Detectable(**row) for row in found)


def last_event_on(marts: Marts) -> date | None:
    """The last date with an event."""
    found = marts.of("marts.fct_events", "select max(occurred_on) as day from marts.fct_events")
    return found[0]["day"] if found else None


def survey_sources(marts: Marts) -> frozenset[str]:
    """Sources that bring survey answers."""
    found = marts.of(
        "marts.fct_survey_answers", "select distinct source from marts.fct_survey_answers"
    )
    return frozenset(row["source"] for row in found)
