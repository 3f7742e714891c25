"""Clocks: a whole shift of hours, a wrong unit, future rows, one platform that drifts."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from orchestration.quality.drift.findings import Finding, percent
from orchestration.quality.drift.history import Floats, before, departures, past_days
from orchestration.quality.drift.reading import (
    SourceFigures,
    cells,
    platform_cells,
    with_all,
)
from orchestration.quality.drift.thresholds import (
    CLOCK_SECONDS,
    EPOCH_SHARE,
    FEWEST_DAYS,
    FEWEST_FOR_HOURS,
    FEWEST_OF_A_CLASS,
    FEWEST_RECORDS,
    FEWEST_ROWS,
    IMPROBABLE,
    SHIFT_GAIN,
    SHIFT_KNOWN,
    SHIFT_TOTAL_GAIN,
    SMALLEST_SHIFT,
    WINDOW,
)


def find_clocks(figures: SourceFigures) -> Iterator[Finding]:
    """Findings of `zone_shift`, `epoch_unit`, `future_rows` and `clock_drift`."""
    shifts = list(_shifts(figures))
    yield from shifts
    yield from _units(figures)
    yield from _future(figures)
    yield from _drifts(figures, {finding.day for finding in shifts})


@dataclass(frozen=True)
class Shape:
    """The hours of the day of some days: log shares under each shift, and how far days are off.

    `known` are the shifts that fit those days best; 0 where a shape tells its own hour.
    """

    shifted: Floats
    known: npt.NDArray[np.int64]
    misfit: float

    def misfits(self, counts: Floats) -> Floats:
        """Nats a row between a day's 24 counts and the shape under each of 24 shifts."""
        part = counts / counts.sum()
        entropy = float((part[part > 0] * np.log(part[part > 0])).sum())
        return np.asarray(entropy - self.shifted @ part, dtype=np.float64)


def shape_of(history: Floats) -> Shape | None:
    """The shape of some days of 24 counts each; None where there are too few to tell.

    It is the median share of each hour, smoothed by one row an hour and day. A day fits that is no
    further off than the days of the history are.
    """
    kept = history[history.sum(axis=1) >= FEWEST_FOR_HOURS]
    if len(kept) < FEWEST_OF_A_CLASS:
        return None
    shares = kept / kept.sum(axis=1, keepdims=True)
    shape = np.median(shares, axis=0) + 1 / kept.sum(axis=1).mean()
    shape /= shape.sum()
    shifted = np.log(np.array([np.roll(shape, hours) for hours in range(24)]))
    found = Shape(shifted, np.zeros(0, dtype=np.int64), 0.0)
    misfits = np.array([found.misfits(day) for day in kept])
    return Shape(shifted, misfits.argmin(axis=1), float(misfits[:, 0].max()))


def best_shift(today: Floats, shape: Shape) -> int:
    """By how many hours (-11 to 12) a day's counts lie after a shape, 0 for none.

    A shift is told when it fits better than none by `SHIFT_GAIN` nats a row, when with it the day
    fits as well as days of the history do, and when those tell their own hour by the same measure,
    to half the shift: flat or erratic days say nothing.
    """
    rows = today.sum()
    if rows < FEWEST_FOR_HOURS:
        return 0
    misfits = shape.misfits(today)
    best = int(misfits.argmin())
    gain = float(misfits[0] - misfits[best])
    tells = (_hours(shape.known) <= _hours(np.array(best)) // 2).mean() >= SHIFT_KNOWN
    fits = misfits[best] <= shape.misfit
    if not tells or not fits or gain < SHIFT_GAIN or gain * rows < SHIFT_TOTAL_GAIN:
        return 0
    shift = best if best <= 12 else best - 24
    return shift if abs(shift) >= SMALLEST_SHIFT else 0


def _hours(shifts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """How many hours round the clock, in the nearer direction."""
    nearer: npt.NDArray[np.int64] = np.minimum(shifts, 24 - shifts)
    return nearer


def _shift_of(
    counts: Floats, day: int, alike: npt.NDArray[np.int64], others: npt.NDArray[np.int64]
) -> int:
    """The shift against days of the same kind; 0 where the others explain it: a holiday."""
    shape, other = shape_of(counts[alike]), shape_of(counts[others])
    if shape is None or not (shift := best_shift(counts[day], shape)):
        return 0
    if other is not None and other.misfits(counts[day])[0] <= other.misfit:
        return 0
    return shift


def _shifts(figures: SourceFigures) -> Iterator[Finding]:
    hours = figures.of("hour", "detail", "item")
    clocks = {
        zone: np.column_stack([hours.column(zone, str(hour)) for hour in range(24)])
        for zone in ("utc", "wall")
    }
    shifted: set[int] = set()
    for day in figures.judged_days():
        past = past_days(day, shifted)
        alike = figures.weekend[past] == figures.weekend[day]
        # Summer time moves one of the two clocks; a wrong zone moves both alike.
        found = {_shift_of(counts, day, past[alike], past[~alike]) for counts in clocks.values()}
        if len(found) != 1 or not (hours_off := found.pop()):
            continue
        shifted.add(day)
        later = "later" if hours_off > 0 else "earlier"
        rows = int(figures.rows[day])
        yield Finding(
            cause="zone_shift",
            source=figures.source,
            day=figures.days[day],
            until=figures.days[day],
            what=f"all events lie {abs(hours_off)} hours {later} in the day than usual, as if their"
            " clock were written in another time zone",
            records=rows,
            observed=float(hours_off),
            expected=0.0,
            next_step="Ask who exports {source} whether its zone changed; set `timezone:`, or have"
            " the file exported again, then run again. If the hours are right: {accept}",
        )


def _units(figures: SourceFigures) -> Iterator[Finding]:
    reasons = figures.of("reason", "item", "detail")
    rows = reasons.counts.sum(axis=1)
    for (reason, digits), column in reasons.places.items():
        early = reason == "time_before_2000" and digits in ("9", "10")
        late = reason in ("future_dated", "unreadable_time") and digits in ("13", "16")
        if not (early or late):
            continue
        told = (
            "seconds were read as milliseconds"
            if early
            else f"{'micro' if digits == '16' else 'milli'}seconds were read as seconds"
        )
        for day in figures.judged_days():
            n = reasons.counts[day, column]
            if n < FEWEST_RECORDS or n < EPOCH_SHARE * rows[day]:
                continue
            yield Finding(
                cause="epoch_unit",
                source=figures.source,
                day=figures.days[day],
                until=figures.days[day],
                what=f"the times of {percent(n / rows[day])} of the records are in another unit"
                f" ({told}) and are quarantined",
                records=int(n),
                observed=float(n / rows[day]),
                expected=0.0,
                next_step="Have {source} exported with the unit of its earlier files, then run"
                " again; its records stay pending. To load the rest without them: {accept}",
            )


def _future(figures: SourceFigures) -> Iterator[Finding]:
    reasons = figures.of("reason", "item")
    counts = reasons.column("future_dated")[:, None]
    totals = reasons.counts.sum(axis=1, keepdims=True)
    found = departures(counts, totals, figures.weekend, figures.judged)
    rose = found.moved == 1
    for day, _ in cells(counts, rose & (counts >= FEWEST_RECORDS)):
        share = counts[day, 0] / totals[day, 0]
        yield Finding(
            cause="future_rows",
            source=figures.source,
            day=figures.days[day],
            until=figures.days[day],
            what=f"{percent(share)} of the records are dated in the future and are quarantined",
            records=int(counts[day, 0]),
            observed=float(share),
            next_step="Look at quality.fct_quarantine for {source} by platform and version: a"
            " device clock or a release sets wrong times.",
        )


def _drifts(figures: SourceFigures, shifted: Collection[date]) -> Iterator[Finding]:
    """A platform's clock by its median lag, else the part of its events that strayed."""
    medians = list(_moved_lags(figures))
    yield from medians
    of_day = {(finding.day, finding.platform) for finding in medians}
    for finding in _strays(figures):
        same = {(finding.day, finding.platform), (finding.day, None)}
        if finding.day not in shifted and not same & of_day:
            yield finding


def _moved_lags(figures: SourceFigures) -> Iterator[Finding]:
    lags = figures.of("lag", "platform")
    if not lags.keys:
        return
    # Medians that move with those of all platforms are the upload's delay, not a clock.
    seen = np.where(lags.counts >= FEWEST_RECORDS, lags.values, np.nan)
    for day in figures.judged_days():
        past = seen[max(0, day - WINDOW) : day]
        days = np.isfinite(past).sum(axis=0)
        usual = before(seen, day)
        spread = before(np.abs(seen - usual), day, 0.9)
        change = seen[day] - usual
        for place, (platform,) in enumerate(lags.keys):
            others = np.delete(change, place)
            others = others[np.isfinite(others)]
            aside = change[place] - (np.median(others) if others.size else 0.0)
            limit = max(CLOCK_SECONDS, IMPROBABLE * np.nan_to_num(spread[place]))
            if days[place] < FEWEST_DAYS or not abs(change[place]) > limit < abs(aside):
                continue
            rows = figures.of("event", "platform").column(platform)[day]
            if rows < FEWEST_ROWS:
                continue
            direction = "late" if change[place] < 0 else "early"
            yield Finding(
                cause="clock_drift",
                source=figures.source,
                day=figures.days[day],
                until=figures.days[day],
                platform=platform or None,
                what=f"the clock of {platform or 'all events'} runs"
                f" {abs(change[place]):,.0f} seconds {direction} against the time of receipt",
                records=int(rows),
                observed=float(seen[day, place]),
                expected=float(usual[place]),
                next_step="Compare versions of that platform of {source}: one of them sets times"
                " by a wrong clock, or sends late.",
            )


def _strays(figures: SourceFigures) -> Iterator[Finding]:
    """More events than ever far from their time of receipt: of some devices the median stays.

    Where all platforms moved alike it may be summer time misread, or an upload that was held up.
    """
    astray = figures.of("astray", "platform")
    if not astray.keys:
        return
    timed = figures.of("timed", "platform")
    counts, totals = with_all(astray.counts), with_all(timed.counts)
    found = departures(counts, totals, figures.weekend, figures.judged)
    rose = (found.moved == 1) & (counts >= FEWEST_ROWS)
    for day, place, platform in platform_cells(found.usual, rose, astray.keys):
        share, usual = counts[day, place] / totals[day, place], found.usual[day, place]
        yield Finding(
            cause="clock_drift",
            source=figures.source,
            day=figures.days[day],
            until=figures.days[day],
            platform=platform or None,
            what=f"{percent(share)} of the events{f' of {platform}' if platform else ''} lie more"
            f" than ten minutes from their time of receipt, usually {percent(usual)}",
            records=int(counts[day, place] - usual * totals[day, place]),
            observed=float(share),
            expected=float(usual),
            next_step="Compare devices and versions of {source}: some set times by a wrong clock,"
            " or send late.",
        )
