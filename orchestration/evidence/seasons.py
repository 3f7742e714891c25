"""`marts.fct_season_readiness`: each phase against the same days of the same phase before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import duckdb

from orchestration.analysis.evidence.experiments import corrected
from orchestration.analysis.evidence.seasons import Comparison, Phase, comparisons, readiness
from orchestration.analysis.evidence.sequential import ALPHA
from orchestration.evidence.reading import EVENTS, Days, Row, rows_of

Span = tuple[date, date]


def readiness_rows(connection: duckdb.DuckDBPyConnection, days: Days) -> list[Row]:
    """Rows of the mart; none without phases in the context."""
    phases = [
        Phase(row["name"], row["starts_on"], row["ends_on"])
        for row in rows_of(connection, "context_periods", kind="phases")
    ]
    found = [each for each in comparisons(phases, days.last_whole) if each.phase.end >= days.first]
    spans = {span for each in found for span in _spans(each) if span is not None}
    if not spans:
        return []
    active, persons = _persons(connection, sorted(spans))
    rows = []
    for each in found:
        now, before = _spans(each)
        events = sorted({event for span, event in persons if span in (now, before)})
        mine = [_row(each, event, now, before, active, persons, days) for event in events]
        holm, _ = corrected([row["p_holm"] for row in mine])
        for row, p in zip(mine, holm, strict=True):
            row["p_holm"] = p
            # one signal in twenty would be there by chance alone
            if row["signal"] in ("ahead", "behind") and not p < ALPHA:
                row["signal"] = "level"
        rows += mine
    return rows


def _spans(each: Comparison) -> tuple[Span, Span | None]:
    def span(phase: Phase) -> Span:
        return phase.start, phase.start + timedelta(each.days - 1)

    return span(each.phase), None if each.before is None else span(each.before)


def _row(
    each: Comparison,
    event: str,
    now: Span,
    before: Span | None,
    active: dict[Span, int],
    persons: dict[tuple[Span, str], int],
    days: Days,
) -> Row:
    def counted(span: Span) -> tuple[int, int]:
        return persons.get((span, event), 0), active.get(span, 0)

    # a season whose days have not all been kept is none to be held against
    known = before is not None and before[0] >= days.first
    was = counted(before) if before is not None and known else None
    found = readiness(counted(now), was)
    return {
        "phase": each.phase.name,
        "starts_on": each.phase.start,
        "ends_on": each.phase.end if each.phase.end < date.max else None,
        "is_over": each.is_over,
        "compared_days": each.days,
        "before_starts_on": before[0] if before is not None else None,
        "event_name": event,
        "persons": counted(now)[0],
        "active_persons": counted(now)[1],
        "rate": found.rate,
        "persons_before": was[0] if was else None,
        "active_persons_before": was[1] if was else None,
        "rate_before": found.rate_before,
        "difference": found.difference.value,
        "difference_low": found.difference.low,
        "difference_high": found.difference.high,
        "p_holm": found.difference.p,
        "signal": found.signal,
        "next_phase": each.then.name if each.then else None,
        "next_starts_on": each.then.start if each.then else None,
        "days_left": each.days_left,
        **days.common(min(now[0], before[0]) if before and known else now[0], now[1]),
    }


def _persons(
    connection: duckdb.DuckDBPyConnection, spans: Sequence[Span]
) -> tuple[dict[Span, int], dict[tuple[Span, str], int]]:
    """Active persons of each span, and those with each micro-conversion."""
    connection.execute("create or replace temp table spans (starts_on date, ends_on date)")
    connection.executemany("insert into spans values (?, ?)", list(spans))
    counted = connection.execute(
        f"""with did as (
            select distinct spans.starts_on, spans.ends_on, events.person_id,
                case when events.is_primary and events.event_kind = 'micro'
                    then events.event_name end as event_name
            from spans inner join {EVENTS} as events
                on events.occurred_on between spans.starts_on and spans.ends_on
            where events.person_id is not null
        )
        select starts_on, ends_on, event_name, count(*) from did
        where event_name is not null group by all
        union all
        select starts_on, ends_on, null, count(distinct person_id) from did group by all"""
    ).fetchall()
    active = {(start, end): n for start, end, event, n in counted if event is None}
    return active, {((start, end), event): n for start, end, event, n in counted if event}
