"""Every series, day after day in order, as if each day had arrived on its day.

Nothing of a later day reaches an earlier one: an alarm stands with the day on which it would have
been raised, and stays the same whatever comes after.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from orchestration.analysis.detection.baseline import Baseline, Prediction, relative, scores
from orchestration.analysis.detection.panel import FAMILIES, Bools, Floats, Panel
from orchestration.analysis.detection.thresholds import (
    SHARE_OF_DAY_TEST,
    day_limit,
    days_per_alarm,
    sum_height,
    tuned_shift,
)

Direction = Literal["down", "up"]
TUNED_CHANGE = 0.12
"""The relative change the cumulative sum is tuned for: the middle size of a loss."""
WINSOR = 3.5
"""One day adds at most this score to a sum: a single odd day, a holiday, is not a new level."""
SUSPICION = 0.5
"""From this part of the height on, days under suspicion no longer teach the baseline."""
RECOVERY = 5.0
"""Log likelihood ratio at which a series counts as back to normal."""
SETTLED_DAYS = 28
SHOCK_SCORE = 2.0
SHOCK_SHARE = 2 / 3
SHOCK_DAYS = 3
"""So many days must all sources move alike before it is told; a holiday or a day's fame is less."""
QUIET_DAY = 0.8


@dataclass(frozen=True)
class Limits:
    """What decides whether a change is told; see the settings of the same names."""

    false_alarms_per_month: float = 1.0
    minimum_daily: int = 20
    minimum_history_days: int = 14
    smallest_change: float = 0.05


@dataclass(frozen=True)
class Alarm:
    """A change of one series. Days are columns of the panel; `ended` None means that it lasts.

    `settled` says that it lasted so long that its level became the baseline.
    """

    series: int
    direction: Direction
    start: int
    detected: int
    score: float
    ended: int | None = None
    settled: int | None = None


@dataclass(frozen=True)
class Shock:
    """Days on which all sources moved alike; `factor` is the middle one of observed to expected."""

    direction: Direction
    start: int
    detected: int | None
    ended: int | None
    factor: float


@dataclass(frozen=True)
class Scan:
    """Alarms, and for every series and day what was expected, with its relative variance.

    `known` is the part of the variance that all days of a change share.
    Expected counts of the days of a change are those without it. `limit` is the score of a single
    day that alarms, `ready` whether a series had history enough.
    """

    alarms: list[Alarm]
    shocks: list[Shock]
    expected: Floats
    variance: Floats
    known: Floats
    scores: Floats
    limit: Floats
    ready: Bools


class _Side:
    """The cumulative sums of one direction."""

    def __init__(self, count: int, sign: float) -> None:
        self.sign = sign
        self.sum = np.zeros(count)
        self.start = np.zeros(count, dtype=np.int64)
        self.observed = np.zeros(count)
        self.expected = np.zeros(count)

    def add(
        self, day: int, score: Floats, shift: Floats, counted: Bools, seen: Floats, due: Floats
    ) -> None:
        fresh = self.sum <= 0
        self.start[fresh] = day
        self.observed[fresh] = 0.0
        self.expected[fresh] = 0.0
        gain = shift * self.sign * np.clip(score, -WINSOR, WINSOR) - shift**2 / 2
        self.sum = np.where(counted, np.maximum(self.sum + gain, 0.0), self.sum)
        self.observed += np.where(counted, seen, 0.0)
        self.expected += np.where(counted, due, 0.0)

    def reset(self, rows: Bools) -> None:
        self.sum[rows] = 0.0


def scan(panel: Panel, limits: Limits) -> Scan:
    """Scan every series of the panel; the arrays have its shape."""
    count, days = panel.observed.shape
    limit_days = _granted_days(panel, limits)
    limit = day_limit(limit_days)
    expected, variance, known, score = (np.full((count, days), np.nan) for _ in range(4))
    ready = np.zeros((count, days), dtype=np.bool_)
    baseline = Baseline(panel.keys)
    down, up = _Side(count, -1.0), _Side(count, 1.0)
    running = _Running(count)
    history = np.array([FAMILIES[key.family].history for key in panel.keys])
    shared = np.array([key.family == "volume" for key in panel.keys], dtype=np.bool_)
    moves: list[float] = []
    for day in range(days):
        if panel.unsettled[day]:
            baseline.unsettle()
        seen, due = panel.observed[:, day], panel.reference[:, day]
        there = np.isfinite(seen) & np.isfinite(due) & (due > 0)
        seen, due = np.where(there, seen, 0.0), np.where(there, due, 1.0)
        baseline.start(np.where(there, seen, np.nan), due)
        prediction = baseline.predict(
            due, np.where(there, panel.reference_count[:, day], 1.0), int(panel.weekdays[day])
        )
        enough = baseline.days >= limits.minimum_history_days * history
        fit = there & enough & (prediction.expected >= limits.minimum_daily)
        z = scores(seen, prediction)
        move = _common_move(z, relative(seen, prediction.expected), shared & there & enough)
        moves.append(move)
        judged = prediction
        if move:
            factor = np.where(shared, np.exp(move), 1.0)
            # what all share is taken off; that itself is an estimate
            judged = replace(
                prediction,
                expected=prediction.expected * factor,
                variance=prediction.variance * np.where(shared, 2.0, 1.0),
            )
            z = scores(seen, judged)
        expected[:, day] = np.where(there, prediction.expected, np.nan)
        variance[:, day], known[:, day] = prediction.variance, prediction.known
        score[:, day], ready[:, day] = np.where(there, z, np.nan), fit
        shift = tuned_shift(TUNED_CHANGE, np.sqrt(judged.variance))
        height = sum_height(limit_days, shift)
        free = fit & ~running.active
        quiet = shared & (seen >= QUIET_DAY * baseline.lowest_weekday(due))
        for side in (down, up):
            side.add(day, z, shift, free, seen, judged.expected)
            by_sum = free & (side.sum >= height)
            by_day = free & (side.sign * z >= limit) & ~by_sum
            if side is down:
                by_day &= ~quiet
            running.open(day, side, by_sum, by_day, z, (seen, judged.expected), limits)
        running.follow(day, seen, prediction, there)
        # what passes a limit and is yet too small to be told may teach: it is the usual drift
        largest = np.maximum(down.sum, up.sum)
        suspect = (largest > SUSPICION * height) & (largest < height)
        change = np.abs(relative(seen, judged.expected))
        odd = fit & (np.abs(z) >= limit) & (change >= limits.smallest_change)
        teaches = there & panel.learns[:, day] & ~running.active & ~suspect & ~odd
        if move:
            teaches &= ~shared
        baseline.learn(seen, prediction, teaches)
        running.settle(day, baseline)
        for side in (down, up):
            side.reset(running.active)
    return Scan(running.alarms(), _shocks(moves), expected, variance, known, score, limit, ready)


def _granted_days(panel: Panel, limits: Limits) -> Floats:
    """By series, the days between false alarms granted to each test of each direction.

    Only series that ever have the counts to be judged are shared among.
    """
    with np.errstate(all="ignore"):
        usual = np.nan_to_num(np.nanmean(np.where(panel.observed > 0, panel.observed, np.nan), 1))
    names = [key.family for key in panel.keys]
    sizes = {
        name: sum(
            1
            for each, mean in zip(names, usual, strict=True)
            if each == name and mean >= limits.minimum_daily
        )
        for name in set(names)
    }
    granted = {
        name: days_per_alarm(size, limits.false_alarms_per_month, families=len(sizes))
        for name, size in sizes.items()
    }
    return np.array([granted[name] for name in names]) / SHARE_OF_DAY_TEST


def _common_move(score: Floats, ratio: Floats, rows: Bools) -> float:
    """The log factor by which all sources moved on a day, 0 where they did not."""
    enough = max(2.0, SHOCK_SHARE * int(rows.sum()))
    for sign in (-1.0, 1.0):
        if int((rows & (sign * score > SHOCK_SCORE)).sum()) >= enough:
            return float(np.median(ratio[rows]))
    return 0.0


def _shocks(moves: list[float]) -> list[Shock]:
    """Runs of days with a common move in one direction."""
    found: list[Shock] = []
    start = 0
    for day in range(1, len(moves) + 1):
        if day < len(moves) and np.sign(moves[day]) == np.sign(moves[start]):
            continue
        if moves[start]:
            long = day - start >= SHOCK_DAYS
            found.append(
                Shock(
                    "down" if moves[start] < 0 else "up",
                    start,
                    start + SHOCK_DAYS - 1 if long else None,
                    day if day < len(moves) else None,
                    float(np.exp(np.mean(moves[start:day]))),
                )
            )
        start = day
    return found


class _Running:
    """Changes that last: when they end, and when they have become the usual."""

    def __init__(self, count: int) -> None:
        self.active: Bools = np.zeros(count, dtype=np.bool_)
        self.since: npt.NDArray[np.int64] = np.zeros(count, dtype=np.int64)
        self.observed = np.zeros(count)
        self.expected = np.zeros(count)
        self.recovery = np.zeros(count)
        self.recovering: npt.NDArray[np.int64] = np.zeros(count, dtype=np.int64)
        self.place = np.zeros(count, dtype=np.int64)
        self.found: list[Alarm] = []
        self.opened: Bools = np.zeros(count, dtype=np.bool_)

    def open(
        self,
        day: int,
        side: _Side,
        by_sum: Bools,
        by_day: Bools,
        score: Floats,
        counts: tuple[Floats, Floats],
        limits: Limits,
    ) -> None:
        """Raise the alarms of a day, where the change is one worth telling."""
        seen = np.where(by_sum, side.observed, counts[0])
        due = np.where(by_sum, side.expected, counts[1])
        change = side.sign * (seen / np.maximum(due, 1e-9) - 1)
        raised = (by_sum | by_day) & ~self.active & (change >= limits.smallest_change)
        for row in np.flatnonzero(raised):
            start = int(side.start[row]) if by_sum[row] else day
            self.found.append(
                Alarm(int(row), "down" if side.sign < 0 else "up", start, day, float(score[row]))
            )
            self.place[row] = len(self.found) - 1
        self.active = self.active | raised
        self.since[raised] = day
        self.observed[raised] = seen[raised]
        self.expected[raised] = due[raised]
        self.recovery[raised] = 0.0

    def follow(self, day: int, seen: Floats, prediction: Prediction, there: Bools) -> None:
        """End what is back to normal: likelihood of no change against that of the change so far."""
        judged = self.active & there & (self.since < day)
        step = relative(self.observed, self.expected)
        now = relative(seen, prediction.expected)
        gain = np.clip((step**2 - 2 * now * step) / (2 * prediction.variance), -WINSOR, WINSOR)
        fresh = judged & (self.recovery <= 0)
        self.recovering[fresh] = day
        self.recovery = np.where(judged, np.maximum(self.recovery + gain, 0.0), self.recovery)
        still = judged & (self.recovery <= 0)
        self.observed += np.where(still, seen, 0.0)
        self.expected += np.where(still, prediction.expected, 0.0)
        for row in np.flatnonzero(judged & (self.recovery >= RECOVERY)):
            place = int(self.place[row])
            self.found[place] = replace(self.found[place], ended=int(self.recovering[row]))
            self.active[row] = False

    def settle(self, day: int, baseline: Baseline) -> None:
        """After four weeks a change is the new level; a later one is found against it."""
        rows = self.active & (day - self.since >= SETTLED_DAYS)
        if rows.any():
            baseline.move(rows, relative(self.observed, self.expected))
            for row in np.flatnonzero(rows):
                place = int(self.place[row])
                self.found[place] = replace(self.found[place], settled=day)
            self.active[rows] = False

    def alarms(self) -> list[Alarm]:
        """Everything found, in the order of the days."""
        return self.found
