"""Changes in what arrives: found after every build, written as quality tables."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import numpy as np

from orchestration.analysis.detection.business import Crossing, crossings
from orchestration.analysis.detection.causes import Change, changes
from orchestration.analysis.detection.onset import first_bad_hour
from orchestration.analysis.detection.panel import FAMILIES, Bools, Key, Panel
from orchestration.analysis.detection.scan import Limits, Scan, Shock, scan
from orchestration.analysis.detection.series import build
from orchestration.analysis.detection.thresholds import smallest_change
from orchestration.config import Migration
from orchestration.context_config import Period, read_context
from orchestration.quality.change_words import NEXT_STEPS, cause_of, tell
from orchestration.quality.punctuality import note_delays
from orchestration.quality.tables import CHANGES, COMPLETENESS, DETECTABILITY, replace_table
from orchestration.quality.volumes import Volumes, hours_of, read_volumes
from orchestration.warehouse import open_work

PROFILE_DAYS = 28
HOURS_BEFORE_DAYS = 1
"""Days before the first bad one among which its first bad hour is looked for."""

Row = dict[str, Any]


def write_changes(migration: Migration) -> int:
    """Replace `quality.fct_changes`, `fct_detectability` and `fct_completeness`; how many changes.

    Reads the working marts; part of every build, before the marts gate.
    """
    periods = read_context(migration.context, migration.sources).periods
    found: list[Row] = []
    detectable: list[Row] = []
    complete: list[Row] = []
    with open_work(migration, read_only=True) as connection:
        volumes = read_volumes(connection, migration, periods)
        if volumes is not None:
            panel = _panel(migration, volumes, periods)
            seen = scan(panel, _limits(migration))
            named = changes(panel, seen)
            found = [
                _change_row(connection, migration, volumes, panel, seen, each, periods)
                for each in named
            ]
            found += _shock_rows(migration, volumes, seen.shocks, periods)
            found += _crossing_rows(migration, volumes, panel, seen, named)
            detectable = _detectability(panel, seen, migration.detection.minimum_daily)
            complete = _completeness(volumes, panel, seen, named)
            recent = _end_of(volumes.dates[-1], migration.reporting_timezone) - timedelta(
                days=migration.detection.shown_days
            )
            for row in found:
                row["is_current"] = row["is_current"] or row["detected_at"] > recent
    if volumes is not None:
        with open_work(migration) as connection:
            note_delays(connection, volumes.last_whole)
    replace_table(migration, "fct_detectability", DETECTABILITY, detectable)
    replace_table(migration, "fct_completeness", COMPLETENESS, complete)
    found.sort(key=lambda row: (row["detected_at"], row["change_id"]))
    return replace_table(migration, "fct_changes", CHANGES, found)


def _limits(migration: Migration) -> Limits:
    settings = migration.detection
    return Limits(
        settings.false_alarms_per_month,
        settings.minimum_daily,
        settings.minimum_history_days,
        settings.smallest_change,
    )


def _panel(migration: Migration, volumes: Volumes, periods: Sequence[Period]) -> Panel:
    dates = volumes.dates
    campaigns = [p for p in periods if p.kind == "campaigns"]
    everywhere = [p for p in periods if p.kind == "closures" and p.source is None]
    starts = {p.start for p in periods if p.kind == "phases"}

    def teaches(key: Key) -> Bools:
        apart = [
            p
            for p in campaigns
            if key.family == "volume" or (p.event is not None and p.event == key.event)
        ] + everywhere
        return np.array(
            [not any(p.covers(day, key.source) for p in apart) for day in dates], dtype=np.bool_
        )

    panel = build(
        volumes.counts,
        volumes.activity,
        volumes.usable,
        weekdays=np.array([day.weekday() for day in dates]),
        minimum_daily=migration.detection.minimum_daily,
        funnels=[funnel.steps for funnel in migration.funnels.values()],
        teaches=teaches,
        unsettled=np.array([day in starts for day in dates], dtype=np.bool_),
    )
    closed = np.array([any(p.covers(day, None) for p in everywhere) for day in dates])
    for row, key in enumerate(panel.keys):
        if key.family == "volume":
            panel.observed[row, closed] = np.nan
    return panel


def _change_row(
    connection: duckdb.DuckDBPyConnection,
    migration: Migration,
    volumes: Volumes,
    panel: Panel,
    seen: Scan,
    change: Change,
    periods: Sequence[Period],
) -> Row:
    dates, key, found = volumes.dates, change.key, change.evidence
    zone = migration.reporting_timezone
    first_bad_at = _first_bad_at(connection, zone, dates, seen, change)
    campaign = next(
        (
            p.name
            for p in periods
            if p.kind == "campaigns" and p.covers(dates[change.start], key.source)
        ),
        None,
    )
    told = tell(change, first_bad_at, zone, campaign)
    # a rise that has become the usual level needs nobody any more; a loss still does
    settled = change.settled if change.direction == "up" else None
    ended = change.ended if change.ended is not None else settled
    down = change.direction == "down"
    metric = FAMILIES[key.family].metric
    source = key.source if len(change.sources) == 1 else None
    segment = key.segment
    return _row(
        metric=metric,
        cause=told.cause,
        source=source,
        event_name=key.event,
        segment=segment,
        platform=key.platform,
        app_version=key.app_version,
        direction=change.direction,
        first_bad_at=first_bad_at,
        detected_at=_end_of(dates[change.detected], zone),
        ended_at=None if ended is None else _start_of(dates[ended], zone),
        expected=found.expected,
        observed=found.observed,
        estimated_lost=max(found.lost, 0.0) if down else None,
        lost_low=max(found.low, 0.0) if down else None,
        lost_high=max(found.high, 0.0) if down else None,
        statistic=change.score,
        explained_share=change.explained_share,
        severity=told.severity,
        sentence=told.sentence,
        next_step=told.next_step,
        is_current=ended is None and change.settled is None,
    )


def _row(**values: Any) -> Row:
    """A row of CHANGES with its id: the same change found again has the same one."""
    identity = "|".join(
        str(values.get(name))
        for name in (
            "cause",
            "source",
            "segment",
            "event_name",
            "metric",
            "direction",
            "detected_at",
        )
    )
    change_id = hashlib.sha256(identity.encode()).hexdigest()[:16]
    lasts = {"is_current": values.get("ended_at") is None}
    return {**dict.fromkeys(CHANGES.names), **lasts, **values, "change_id": change_id}


def _first_bad_at(
    connection: duckdb.DuckDBPyConnection,
    zone: str,
    dates: Sequence[date],
    seen: Scan,
    change: Change,
) -> datetime:
    """The likeliest first bad hour, in UTC; the start of the day for pairs of counts."""
    fallback = _start_of(dates[change.start], zone)
    if change.key.family in ("paired", "funnel"):
        return fallback
    first = max(change.start - HOURS_BEFORE_DAYS, 0)
    expected = {
        dates[place]: change.part * float(np.nan_to_num(seen.expected[change.series, place]))
        for place in range(first, change.detected + 1)
    }
    before = (dates[max(first - PROFILE_DAYS, 0)], dates[max(first - 1, 0)])
    hours, counted, due = hours_of(connection, change.key, zone, expected, before)
    if not due.sum() or not counted.sum():  # responses of surveys are not counted by hour
        return fallback
    return hours[first_bad_hour(counted, due, change.direction)]


def _shock_rows(
    migration: Migration, volumes: Volumes, shocks: Sequence[Shock], periods: Sequence[Period]
) -> list[Row]:
    """What all sources did alike for some days: told once, not for every source."""
    rows, zone, dates = [], migration.reporting_timezone, volumes.dates
    for shock in shocks:
        if shock.detected is None:
            continue
        start, down = dates[shock.start], shock.direction == "down"
        campaign = next(
            (p.name for p in periods if p.kind == "campaigns" and p.covers(start, None)), None
        )
        cause = "all_sources_fell" if down else "surge"
        share = f"{100 * abs(shock.factor - 1):.0f} % {'fewer' if down else 'more'} events"
        sentence = f"All sources: {share} since {start}, all of them alike."
        if campaign and not down:
            sentence += f" The campaign '{campaign}' ran then."
        rows.append(
            _row(
                metric=FAMILIES["volume"].metric,
                cause=cause,
                direction=shock.direction,
                first_bad_at=_start_of(start, zone),
                detected_at=_end_of(dates[shock.detected], zone),
                ended_at=None if shock.ended is None else _start_of(dates[shock.ended], zone),
                expected=1.0,
                observed=shock.factor,
                severity="warning" if down else "notice",
                sentence=sentence,
                next_step=NEXT_STEPS[cause].format(source="every source"),
            )
        )
    return rows


def _crossing_rows(
    migration: Migration, volumes: Volumes, panel: Panel, seen: Scan, named: Sequence[Change]
) -> list[Row]:
    """Business limits that were crossed and that no change tells of already."""
    limits, zone, dates = (
        migration.detection.thresholds,
        migration.reporting_timezone,
        volumes.dates,
    )
    rows: list[Row] = []
    told: set[tuple[int, int]] = set()
    for each in crossings(
        panel, seen, adoption_drop=limits.adoption_drop, week_on_week=limits.week_on_week
    ):
        key = panel.keys[each.series]
        if _is_told(each, key, named) or any(
            row == each.series and abs(day - each.detected) <= PROFILE_DAYS for row, day in told
        ):
            continue
        told.add((each.series, each.detected))
        fall = f"{100 * (1 - each.now / each.before):.0f} %"
        span = "the week" if each.limit == "week_on_week" else "the four weeks"
        rows.append(
            _row(
                metric="events of a kind per session, by week",
                cause="threshold_crossed",
                source=key.source,
                event_name=key.event,
                direction="down",
                first_bad_at=_start_of(dates[each.start], zone),
                detected_at=_end_of(dates[each.detected], zone),
                ended_at=None if each.ended is None else _start_of(dates[each.ended], zone),
                expected=each.before,
                observed=each.now,
                severity="warning",
                sentence=f"{key.source}: '{key.event}' per session fell by {fall} against"
                f" {span} before, from {each.before:.3f} to {each.now:.3f};"
                f" the limit {each.limit} is {100 * each.share:.0f} %.",
                next_step=NEXT_STEPS["threshold_crossed"].format(event=key.event),
            )
        )
    return rows


def _is_told(crossing: Crossing, key: Key, named: Sequence[Change]) -> bool:
    """Whether a change in the source overlaps the weeks that were compared."""
    return any(
        key.source in change.sources
        # where another event rose or fell, what else a visit holds moves with it
        and change.start <= crossing.detected
        and (change.ended is None or change.ended >= crossing.start - PROFILE_DAYS)
        for change in named
    )


def _detectability(panel: Panel, seen: Scan, minimum_daily: int) -> list[Row]:
    rows = []
    for row, key in enumerate(panel.keys):
        last = np.flatnonzero(np.isfinite(seen.expected[row]))
        if not len(last):
            continue
        day = int(last[-1])
        usual = float(seen.expected[row, day])
        drop: float | None = None
        reason: str | None = None
        if usual < minimum_daily:
            reason = f"fewer than {minimum_daily} events a day"
        elif not seen.ready[row, day]:
            reason = "not enough history"
        else:
            deviation = np.sqrt(seen.variance[row, day : day + 1])
            drop = float(smallest_change(deviation, seen.limit[row : row + 1])[0])
            if drop > 1:
                drop, reason = None, "not even a whole loss would be sure to be seen in 48 hours"
        rows.append(
            {
                "metric": FAMILIES[key.family].metric,
                "event_name": key.event,
                "source": key.source,
                "segment": key.segment,
                "daily_count": usual,
                "baseline": usual / float(panel.reference[row, day]),
                "smallest_drop": drop,
                "reason": reason,
            }
        )
    return rows


def _completeness(volumes: Volumes, panel: Panel, seen: Scan, named: Sequence[Change]) -> list[Row]:
    """A row a source and date: its count, its usual range, and what named losses took of it."""
    counts = volumes.counts.groupby(["source", "day"])["events"].sum()
    by_source = {key.source: row for row, key in enumerate(panel.keys) if key.family == "volume"}
    rows = []
    for source, notes in volumes.notes.items():
        row = by_source.get(source)
        losses = _daily_losses(panel, seen, named, source)
        for place, day in enumerate(volumes.dates):
            note = notes.get(day)
            observed = int(counts.get((source, place), 0))
            if note is not None and observed == 0:
                continue
            ready = row is not None and bool(seen.ready[row, place])
            due = float(seen.expected[row, place]) if ready and row is not None else None
            low = high = None
            if due is not None and row is not None:
                # a log-normal range: counts that are never below 0
                margin = float(np.exp(1.96 * np.sqrt(seen.variance[row, place])))
                low, high = due / margin, due * margin
            lost = float(losses[place])
            if note is None and due is None:
                note = "not enough history"
            rows.append(
                {
                    "source": source,
                    "occurred_on": day,
                    "observed": observed,
                    "expected": due,
                    "expected_low": low,
                    "expected_high": high,
                    "estimated_lost": lost if due is not None or lost else None,
                    "completeness": observed / (observed + lost) if observed + lost else None,
                    "is_open": note is not None and note.startswith("open"),
                    "note": note,
                }
            )
    return rows


def _daily_losses(panel: Panel, seen: Scan, named: Sequence[Change], source: str) -> np.ndarray:
    """Events lost a day by the changes of a source; of nested ones the largest."""
    days = panel.observed.shape[1]
    lost = np.zeros(days)
    for change in named:
        if change.key.source != source or not cause_of(change).startswith("loss"):
            continue
        span = slice(change.start, change.ended if change.ended is not None else days)
        gap = seen.expected[change.series, span] - panel.observed[change.series, span]
        lost[span] = np.maximum(lost[span], np.nan_to_num(np.maximum(gap, 0.0)))
    return lost


def _start_of(day: date, zone: str) -> datetime:
    """The instant a date begins in a zone, in UTC without its mark."""
    at = datetime.combine(day, datetime.min.time(), ZoneInfo(zone))
    return at.astimezone(UTC).replace(tzinfo=None)


def _end_of(day: date, zone: str) -> datetime:
    return _start_of(day + timedelta(days=1), zone)
