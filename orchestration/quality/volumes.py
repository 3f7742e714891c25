"""What is read for the detection of changes: daily counts, which days count, and hours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pandas as pd

from orchestration.analysis.detection.onset import HOURS, hour_profile
from orchestration.analysis.detection.panel import Bools, Floats, Key
from orchestration.config import Migration
from orchestration.context_config import Period
from orchestration.quality.punctuality import SILENT_DAYS, usual_delays
from orchestration.sql import literal
from orchestration.taxonomy.model import load_taxonomy
from orchestration.warehouse import has_table

SCANNED_DAYS = 400
RESPONSE = "(survey response)"
CUT_OFF_EVENTS = 5.0
"""Events to be expected after a source's last one, from which on its last day was cut off."""


@dataclass(frozen=True)
class Volumes:
    """Daily counts of the last 400 days; `day` of the frames is the place in `dates`.

    `usable` says by source on which days its counts mean something, `notes` why they do not.
    `last_whole` is the newest date that a source has whole.
    """

    dates: list[date]
    counts: pd.DataFrame
    activity: pd.DataFrame
    usable: dict[str, Bools]
    notes: dict[str, dict[date, str]]
    last_whole: dict[str, date]


def read_volumes(
    connection: duckdb.DuckDBPyConnection, migration: Migration, periods: Sequence[Period]
) -> Volumes | None:
    """Read the working marts; None where there are no events yet."""
    span = connection.execute(
        "select min(occurred_on), max(occurred_on) from warehouse.marts.fct_segment_activity"
    ).fetchone()
    if span is None or span[0] is None:
        return None
    first, last = max(span[0], span[1] - timedelta(days=SCANNED_DAYS)), span[1]
    dates = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    counts = _counts(connection, first, last)
    activity = connection.execute(
        """select source, (occurred_on - $first)::integer as day,
            coalesce(platform, '(unknown)') as platform, app_version,
            sum(sessions)::double as sessions, sum(persons)::double as persons
        from warehouse.marts.fct_segment_activity where occurred_on >= $first group by all""",
        {"first": first},
    ).df()
    incomplete = {
        each
        for (each,) in connection.execute(
            "select occurred_on from control.incomplete_dates"
        ).fetchall()
    }
    today = datetime.now(UTC).astimezone(ZoneInfo(migration.reporting_timezone)).date()
    usable: dict[str, Bools] = {}
    notes: dict[str, dict[date, str]] = {}
    cut_off = _cut_off(connection, migration.reporting_timezone)
    # the few responses of a date do not tell whether it is over
    cut_off |= set(counts.loc[counts.event == RESPONSE, "source"].astype(str))
    spans = {
        str(source): (int(days.min()), int(days.max()))
        for source, days in counts.groupby("source")["day"]
    }
    yesterday = (today - first).days - 1
    whole = {name: min(last - (name in cut_off), yesterday) for name, (_, last) in spans.items()}
    newest = max(whole.values())
    usual = usual_delays(connection, first + timedelta(days=newest))
    for name, span in spans.items():
        is_as_always = newest - whole[name] <= usual.get(name, SILENT_DAYS - 1)
        usable[name], notes[name] = _usable(
            name,
            dates,
            span,
            incomplete,
            today,
            _planned_end(migration, name),
            periods,
            name in cut_off,
            whole[name] if is_as_always else newest,
        )
    last_whole = {name: first + timedelta(days=place) for name, place in whole.items()}
    return Volumes(dates, counts, activity, usable, notes, last_whole)


def _counts(connection: duckdb.DuckDBPyConnection, first: date, last: date) -> pd.DataFrame:
    """Events by day, event, platform and version; of a survey tool its responses by day."""
    tables = [
        """select source, occurred_on,
            coalesce(event_name, source_event_name, '(unnamed)') as event,
            coalesce(platform, '(unknown)') as platform, app_version, events
        from warehouse.marts.fct_event_volumes"""
    ]
    if has_table(connection, "marts", "fct_survey_answers", "warehouse"):
        tables.append(
            f"""select source, occurred_on, {literal(RESPONSE)} as event, '(unknown)' as platform,
                null as app_version, count(distinct response_id) as events
            from warehouse.marts.fct_survey_answers group by source, occurred_on"""
        )
    return connection.execute(
        f"""select source, (occurred_on - $first)::integer as day, event, platform, app_version,
            sum(events)::double as events
        from ({" union all ".join(tables)})
        where occurred_on between $first and $last group by all""",
        {"first": first, "last": last},
    ).df()


def _usable(
    source: str,
    dates: Sequence[date],
    span: tuple[int, int],
    incomplete: set[date],
    today: date,
    planned_end: date | None,
    periods: Sequence[Period],
    is_cut_off: bool,
    last_due: int,
) -> tuple[Bools, dict[date, str]]:
    notes: dict[date, str] = {}
    closures = [p for p in periods if p.kind == "closures"]
    for place, day in enumerate(dates):
        closed = next((p for p in closures if p.source == source and p.start <= day <= p.end), None)
        if place < span[0]:
            notes[day] = "before its first event"
        elif place == span[0]:
            notes[day] = "first day"
        elif planned_end is not None and day >= planned_end:
            notes[day] = f"ended as planned on {planned_end}"
        elif closed is not None:
            notes[day] = closed.name
        elif day >= today:
            notes[day] = "open"
        elif day in incomplete:
            notes[day] = "a delivery is held"
        elif place == span[1] and is_cut_off and place > last_due:
            notes[day] = "open: its last event came early in the day"
        elif place > span[1] and place > last_due:
            notes[day] = "nothing yet"
    return np.array([day not in notes for day in dates], dtype=np.bool_), notes


def _planned_end(migration: Migration, source: str) -> date | None:
    """The first date without the source by plan: after its waves, or where others took over.

    A source that gives way in every event it is primary for ends with the last of them.
    """
    waves = [wave.end for wave in migration.waves.values() if source in wave.sources]
    ends = [max(waves) + timedelta(days=1)] if waves else []
    primaries = [
        event.primary[source]
        for event in load_taxonomy(migration.taxonomy).events.values()
        if event.primary and source in event.primary
    ]
    untils = [span.until for span in primaries]
    known = [until for until in untils if until is not None]
    if untils and len(known) == len(untils):
        ends.append(max(known))
    return min(ends) if ends else None


def _cut_off(connection: duckdb.DuckDBPyConnection, zone: str) -> set[str]:
    """Sources whose last date has fewer hours than it should: an export taken during the day."""
    hours = connection.execute(
        """with hours as (
            select source, occurred_on, sum(events) as events,
                hour(timezone(?, timezone('UTC', occurred_hour))) as hour
            from warehouse.marts.fct_event_volumes group by all
        ),
        ends as (
            select source, max(occurred_on) as last_on, arg_max(hour, (occurred_on, hour)) as hour
            from hours group by source
        )
        select ends.source,
            sum(hours.events) filter (hours.hour > ends.hour)
                / count(distinct hours.occurred_on) as after_it
        from ends join hours on ends.source = hours.source
            and hours.occurred_on between ends.last_on - 28 and ends.last_on - 1
        group by all""",
        [zone],
    ).fetchall()
    return {source for source, after in hours if (after or 0) >= CUT_OFF_EVENTS}


def hours_of(
    connection: duckdb.DuckDBPyConnection,
    key: Key,
    zone: str,
    expected: Mapping[date, float],
    before: tuple[date, date],
) -> tuple[list[datetime], Floats, Floats]:
    """By hour (UTC) of the dates in `expected`: counts of a segment, and those to be expected.

    Expected counts of a date are spread over its hours in `zone` as the segment's counts of the
    dates `before` (both included) were.
    """
    rows = connection.execute(
        """select occurred_hour, sum(events)::double
        from warehouse.marts.fct_event_volumes
        where source = $source and occurred_on between $first and $last
            and ($platform is null or coalesce(platform, '(unknown)') = $platform)
            and ($version is null or app_version = $version)
            and ($event is null or coalesce(event_name, source_event_name, '(unnamed)') = $event)
        group by all""",
        {
            "source": key.source,
            "first": min(before[0], *expected),
            "last": max(before[1], *expected),
            "platform": key.platform,
            "version": key.app_version,
            "event": key.event,
        },
    ).fetchall()
    local = ZoneInfo(zone)
    usual = np.zeros(HOURS)
    counted: dict[datetime, float] = {}
    for hour, events in rows:
        at = hour.replace(tzinfo=UTC).astimezone(local)
        counted[hour] = events
        if before[0] <= at.date() <= before[1]:
            usual[at.hour] += events
    profile = hour_profile(usual)
    start = datetime.combine(min(expected), datetime.min.time(), local).astimezone(UTC)
    end = datetime.combine(
        max(expected) + timedelta(days=1), datetime.min.time(), local
    ).astimezone(UTC)
    count = int((end - start).total_seconds() // 3600)
    hours = [(start + timedelta(hours=n)).replace(tzinfo=None, minute=0) for n in range(count)]
    due = [
        expected.get(at.date(), 0.0) * profile[at.hour]
        for at in (each.replace(tzinfo=UTC).astimezone(local) for each in hours)
    ]
    return hours, np.array([counted.get(hour, 0.0) for hour in hours]), np.array(due)
