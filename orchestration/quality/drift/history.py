"""How far a day's count is from its history: medians, spreads and binomial floors, on matrices.

Matrices have a row a day, in order of time, and a column a series. Pure functions over numpy.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from orchestration.quality.drift.thresholds import (
    FEWEST_DAYS,
    FEWEST_OF_A_CLASS,
    IMPROBABLE,
    SHORT_HISTORY,
    SMALLEST_MOVE,
    SPREAD_QUANTILE,
    WINDOW,
)

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

# The standard normal at that quantile of its absolute value: 1.2816 for 0.8.
_NORMAL_AT_QUANTILE = 1.2815515655446004
# And of itself: 0.8416 for 0.8.
_NORMAL_BELOW_QUANTILE = 0.8416212335729143


@dataclass(frozen=True)
class Departures:
    """Of each day and series: standard deviations from history, the share history had, and a word.

    `z` is 0 where a day cannot be judged and `usual` is nan there. `z` is scaled so that
    `IMPROBABLE` is the limit whatever the length of the history. `moved` is -1 where a share fell,
    1 where it rose and 0 where it is usual: a move is improbable and large enough to matter.
    """

    z: Floats
    usual: Floats
    moved: npt.NDArray[np.int8]


def departures(
    counts: Floats,
    totals: Floats,
    weekend: Bools,
    judged: Bools,
    at_most: Floats | None = None,
) -> Departures:
    """Hold the share of each day's count in its total against the days before it.

    `totals` of 0 or nan mean that the series was not there to be measured. A day is compared with
    all days of the window and with those of its own kind and of the other (a holiday is like a
    weekend); what any of them explains is no departure. `at_most` bounds the totals that counts are
    expected of; only falls can then be told. Only rows of `judged` are computed, in order of time,
    and a day on which a series moved is no history of it while there is enough without: a fault
    does not become usual before it fills most of the window.
    """
    days, series = counts.shape
    z = np.zeros((days, series))
    usual = np.full((days, series), np.nan)
    told = np.zeros((days, series), dtype=np.int8)
    present = np.nan_to_num(totals) > 0
    bound = totals if at_most is None else at_most
    for day in np.flatnonzero(judged):
        window = slice(max(0, day - WINDOW), day)
        sound = present[window] & usable(told[window] != 0, present[window])
        if not sound.any():
            continue
        known = np.where(sound, totals[window], np.nan)
        groups = [np.ones(len(known), dtype=bool)]
        kinds = weekend[window]
        groups += [g for g in (kinds, ~kinds) if FEWEST_OF_A_CLASS <= g.sum() < len(g)]
        scored = [
            _scores(
                counts[day],
                bound[day],
                counts[window][group],
                known[group],
                None if at_most is None else at_most[window][group],
                FEWEST_DAYS if group.all() else FEWEST_OF_A_CLASS,
            )
            for group in groups
        ]
        enough = (sound.sum(axis=0) >= FEWEST_DAYS) & present[day]
        scale = 1 + SHORT_HISTORY / np.maximum(sound.sum(axis=0), 1)
        z[day] = np.where(enough, _smallest(np.array([s for s, _ in scored])) / scale, 0.0)
        usual[day] = np.where(enough, scored[0][1], np.nan)
        told[day] = _moved(counts[day], totals[day], z[day], usual[day])
    return Departures(z, usual, told)


def usable(flagged: Bools, present: Bools) -> Bools:
    """Days of a window that are history: those not flagged, or all where too few are left."""
    left = (present & ~flagged).sum(axis=0) >= FEWEST_DAYS
    found: Bools = ~flagged | ~left
    return found


def _smallest(scores: Floats) -> Floats:
    """The score nearest to 0 of each series; 0 where they disagree on the direction."""
    with np.errstate(invalid="ignore"):
        low, high = np.fmin.reduce(scores), np.fmax.reduce(scores)
    low, high = np.nan_to_num(low), np.nan_to_num(high)
    return np.where(low > 0, low, np.where(high < 0, high, 0.0))


def _scores(
    count: Floats,
    total: Floats,
    counts: Floats,
    totals: Floats,
    at_most: Floats | None,
    fewest: int,
) -> tuple[Floats, Floats]:
    """Scores of one day (nan where history is too short), and the usual shares."""
    days = np.isfinite(totals).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        share, all_rows = _usual_share(counts, totals)
        floor = 0.25  # half a record: a share of 0 or 1 has no variance of its own
        bound = totals if at_most is None else np.fmin(totals, at_most)
        spread = (counts - bound * share) / np.sqrt(bound * share * (1 - share) + floor)
        if at_most is None:
            own = quantile(np.abs(spread)) / _NORMAL_AT_QUANTILE
        else:  # only falls are looked for, and only falls of the past are their measure
            own = -quantile(spread, 1 - SPREAD_QUANTILE) / _NORMAL_BELOW_QUANTILE
        # Scatter that most series share is the source's way; none is trusted to be calmer.
        excess = np.maximum.reduce([np.ones_like(own), own, np.full_like(own, _typical(own))])
        variance = total * share * (1 - share) * (1 + total / all_rows) + floor
        score = (count - total * share) / (np.sqrt(variance) * excess)
    return np.where(days >= fewest, score, np.nan), share


def _usual_share(counts: Floats, totals: Floats) -> tuple[Floats, Floats]:
    """The median share, or where counts are too few for one the pooled share; and all rows."""
    seen = np.isfinite(totals)
    all_rows = np.where(seen, totals, 0).sum(axis=0)
    pooled = np.where(seen, counts, 0).sum(axis=0) / np.maximum(all_rows, 1)
    middle = _median(np.where(seen, counts / totals, np.nan))
    few = _median(totals * pooled) < 5
    edge = 0.5 / (all_rows + 1)
    return np.clip(np.where(few, pooled, middle), edge, 1 - edge), np.maximum(all_rows, 1)


def _median(values: Floats) -> Floats:
    return quantile(values, 0.5)


def quantile(values: Floats, at: float = SPREAD_QUANTILE) -> Floats:
    """Of each column, without its nans; nan for a column of nothing else.

    By one sort of the whole matrix, to whose end nans go: numpy's own takes column by column.
    """
    ordered = np.sort(values, axis=0)
    known = np.isfinite(values).sum(axis=0)
    place = np.maximum(known - 1, 0) * at
    low = np.floor(place).astype(np.int64)
    high = np.ceil(place).astype(np.int64)
    column = np.arange(values.shape[1])
    below, above = ordered[low, column], ordered[high, column]
    return np.where(known > 0, below + (place - low) * (above - below), np.nan)


def _typical(values: Floats) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if finite.size else 1.0


def _moved(count: Floats, total: Floats, z: Floats, usual: Floats) -> npt.NDArray[np.int8]:
    with np.errstate(invalid="ignore", divide="ignore"):
        move = count / total - usual
        told = (
            (np.abs(z) >= IMPROBABLE)
            & (np.abs(move) >= SMALLEST_MOVE)
            & (np.sign(move) == np.sign(z))
        )
    return np.where(told, np.sign(z), 0).astype(np.int8)


def past_days(
    day: int, flagged: Collection[int] = (), present: Bools | None = None
) -> npt.NDArray[np.int64]:
    """Days of the window that are a day's history: `present`, and not `flagged` by a finding.

    All that are present where too few are left.
    """
    window = np.arange(max(0, day - WINDOW), day)
    if present is not None:
        window = window[present[window]]
    kept = window[~np.isin(window, list(flagged))]
    return kept if len(kept) >= FEWEST_DAYS else window


def before(values: Floats, day: int, at: float = 0.5) -> Floats:
    """The quantile of each series over the window before a day; nan where there is none."""
    window = values[max(0, day - WINDOW) : day]
    if not len(window):
        return np.full(values.shape[1], np.nan)
    return quantile(window, at)
