"""How far a day's count is from its history: medians, spreads and binomial floors, on matrices.

Matrices have a row a day, in order of time, and a column a series. Pure functions over numpy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from orchestration.quality.drift.thresholds import (
    FEWEST_DAYS,
    FEWEST_OF_A_CLASS,
    IMPROBABLE,
    SHORT_HISTORY,
    SMALLEST_MOVE,
    SMALLEST_RELATIVE_MOVE,
    SPREAD_QUANTILE,
    WINDOW,
)

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

# The standard normal at that quantile of its absolute value: 1.2816 for 0.8.
_NORMAL_AT_QUANTILE = 1.2815515655446004


@dataclass(frozen=True)
class Departures:
    """Of each day and series: standard deviations from history, and the share history had.

    `z` is 0 where a day cannot be judged, `usual` is nan there, and `days` counts the days of
    history. `z` is scaled so that `IMPROBABLE` is the limit whatever the length of the history.
    """

    z: Floats
    usual: Floats
    days: npt.NDArray[np.int64]


def departures(counts: Floats, totals: Floats, weekend: Bools, judged: Bools) -> Departures:
    """Hold the share of each day's count in its total against the days before it.

    `totals` of 0 or nan mean that the series was not there to be measured. A day is compared with
    all days of the window and with those of its own kind and of the other (a holiday is like a
    weekend); what any of them explains is no departure. Only rows of `judged` are computed.
    """
    days, series = counts.shape
    z = np.zeros((days, series))
    usual = np.full((days, series), np.nan)
    known = np.zeros((days, series), dtype=np.int64)
    present = np.nan_to_num(totals) > 0
    for day in np.flatnonzero(judged):
        window = slice(max(0, day - WINDOW), day)
        if not present[window].any():
            continue
        groups = [np.ones(window.stop - window.start, dtype=bool)]
        kinds = weekend[window]
        groups += [g for g in (kinds, ~kinds) if FEWEST_OF_A_CLASS <= g.sum() < len(g)]
        scores, shares = [], []
        for group in groups:
            score, share = _scores(
                counts[day],
                totals[day],
                counts[window][group],
                np.where(present[window][group], totals[window][group], np.nan),
                FEWEST_DAYS if group.all() else FEWEST_OF_A_CLASS,
            )
            scores.append(score)
            shares.append(share)
        known[day] = present[window].sum(axis=0)
        enough = (known[day] >= FEWEST_DAYS) & present[day]
        z[day] = np.where(enough, _smallest(np.array(scores)), 0.0)
        usual[day] = np.where(enough, shares[0], np.nan)
    return Departures(z, usual, known)


def _smallest(scores: Floats) -> Floats:
    """The score nearest to 0 of each series; 0 where they disagree on the direction."""
    with np.errstate(invalid="ignore"):
        low, high = np.fmin.reduce(scores), np.fmax.reduce(scores)
    low, high = np.nan_to_num(low), np.nan_to_num(high)
    return np.where(low > 0, low, np.where(high < 0, high, 0.0))


def _scores(
    count: Floats, total: Floats, counts: Floats, totals: Floats, fewest: int
) -> tuple[Floats, Floats]:
    """Scaled scores of one day (nan where history is too short), and the usual shares."""
    days = np.isfinite(totals).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        share, all_rows = _usual_share(counts, totals)
        floor = 0.25  # half a record: a share of 0 or 1 has no variance of its own
        spread = np.abs(counts - totals * share) / np.sqrt(totals * share * (1 - share) + floor)
        own = _quantile(spread) / _NORMAL_AT_QUANTILE
        # Scatter that most series share is the source's way; none is trusted to be calmer.
        excess = np.maximum.reduce([np.ones_like(own), own, np.full_like(own, _typical(own))])
        variance = total * share * (1 - share) * (1 + total / all_rows) + floor
        score = (count - total * share) / (np.sqrt(variance) * excess)
        score = score / (1 + SHORT_HISTORY / np.maximum(days, 1))
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
    return _quantile(values, 0.5)


def _quantile(values: Floats, at: float = SPREAD_QUANTILE) -> Floats:
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


def moved(counts: Floats, totals: Floats, found: Departures) -> npt.NDArray[np.int8]:
    """-1 where a share fell, 1 where it rose, 0 where it is usual: improbable and large enough."""
    with np.errstate(invalid="ignore", divide="ignore"):
        move = counts / totals - found.usual
        size = np.maximum(SMALLEST_MOVE, SMALLEST_RELATIVE_MOVE * found.usual)
        told = (np.abs(found.z) >= IMPROBABLE) & (np.abs(move) >= size)
    return np.where(told, np.sign(found.z), 0).astype(np.int8)


def before(values: Floats, day: int, at: float = 0.5) -> Floats:
    """The quantile of each series over the window before a day; nan where there is none."""
    window = values[max(0, day - WINDOW) : day]
    if not len(window):
        return np.full(values.shape[1], np.nan)
    return _quantile(window, at)
