"""What a dated move or campaign did: a daily series against what its controls say was due.

The control is synthetic (Abadie, Diamond and Hainmueller, JASA 2010): the mixture of control series
with weights of 0 or more that fits best on days on which nothing was going on. A quasi-Poisson
regression on it has a step for each period, so that a move and the answer to it are told apart.
Placebo dates (same length, on quiet days) say how often this would have told of an effect that was
not there; where they scatter more than the standard errors allow, the intervals are widened by as
much.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from math import expm1, inf, isfinite, nan, sqrt

import numpy as np
import numpy.typing as npt
import statsmodels.api as sm
from scipy.optimize import nnls
from scipy.stats import t

from orchestration.analysis.evidence.sequential import ALPHA, Floats, margins, mixture

Bools = npt.NDArray[np.bool_]

LEAST_QUIET_DAYS = 14
LEAST_PLACEBOS = 5
LAG_DAYS = 7
"""Days over which neighbouring days may go together (Newey and West)."""
PLANNED_DAYS = 14.0
"""Days after a move at which the question "how fast" is sharpest."""


@dataclass(frozen=True)
class Effect:
    """Relative change of the series while a period lasts: -0.25 is a quarter less.

    `low` and `high` are its 95 % interval, `p` two-sided. `due` and `seen` are what was to be
    expected without it and what came, summed over the period. `first_seen` is the place of the day
    at the end of which one could be sure, looking every day; None where never.
    """

    value: float
    low: float
    high: float
    p: float
    due: float
    seen: float
    first_seen: int | None


@dataclass(frozen=True)
class Placebos:
    """Effects at dates on which nothing happened, and the factor they widen intervals by."""

    dates: int
    told: int
    widening: float

    @property
    def false_positive_rate(self) -> float:
        """Share of placebo dates whose interval, as published, leaves 0 out; nan without dates."""
        return self.told / self.dates if self.dates else nan


@dataclass(frozen=True)
class Estimate:
    """Effects by period, the placebo dates, and the share of each control in the mixture."""

    effects: dict[str, Effect]
    placebos: Placebos
    weights: Floats


def estimate(
    observed: Floats,
    controls: Floats,
    periods: Mapping[str, Bools],
    *,
    weekdays: npt.NDArray[np.int64] | None = None,
    blocked: Bools | None = None,
) -> Estimate | None:
    """Effects of all periods on one daily series at once; None with too few quiet days.

    `observed` has a value a day (counts, or sums of 0 or more), `controls` a row a day and a column
    a control series; without columns the level before is the control, by weekday (0 to 6) where
    given. `periods` are days each. `blocked` days are left out: incomplete or closed. Quiet days
    are those of no period; LEAST_QUIET_DAYS are needed, and a period needs a usable day.
    """
    usable = np.isfinite(observed) & np.isfinite(controls).all(axis=1)
    if blocked is not None:
        usable &= ~blocked
    quiet = usable & ~np.any([*periods.values(), np.zeros(len(observed), bool)], axis=0)
    if quiet.sum() < LEAST_QUIET_DAYS or observed[quiet].sum() <= 0:
        return None
    due, weights = _mixture(observed, controls, quiet)
    usable &= due > 0
    quiet &= usable
    asked = {name: days & usable for name, days in periods.items() if (days & usable).any()}
    by_weekday = weekdays if not controls.shape[1] else None
    if not asked:
        return None
    placebos = _placebos(
        observed, due, quiet, by_weekday, min(int(d.sum()) for d in asked.values())
    )
    fit = _fit(observed, due, usable, asked, by_weekday)
    effects = {}
    for name, days in asked.items():
        step, error = fit.steps[name]
        due_days = fit.expected / np.exp(np.where(days, step, 0.0))
        effects[name] = Effect(
            *_interval(step, error * placebos.widening, int(quiet.sum())),
            due=float(due_days[days].sum()),
            seen=float(observed[days].sum()),
            first_seen=_first_seen(observed, due_days, quiet, days),
        )
    return Estimate(effects, placebos, weights)


def _mixture(observed: Floats, controls: Floats, quiet: Bools) -> tuple[Floats, Floats]:
    """What the controls say is due on each day, and the share of each in it."""
    if not controls.shape[1]:
        return np.ones(len(observed)), np.zeros(0)
    scale = np.maximum(controls[quiet].mean(axis=0), 1e-12)
    weights, _ = nnls(controls[quiet] / scale, observed[quiet])
    if weights.sum() <= 0:  # nothing goes with it: the controls together, as they are
        weights = np.full(len(scale), observed[quiet].mean() / len(scale))
    due: Floats = controls / scale @ weights
    return due, weights / weights.sum()


@dataclass(frozen=True)
class _Fit:
    steps: dict[str, tuple[float, float]]
    expected: Floats


def _fit(
    observed: Floats,
    due: Floats,
    used: Bools,
    periods: Mapping[str, Bools],
    weekdays: npt.NDArray[np.int64] | None,
) -> _Fit:
    columns = [np.ones(len(observed)), *(days.astype(float) for days in periods.values())]
    if weekdays is not None:
        present = np.unique(weekdays[used])[1:]
        columns += [(weekdays == day).astype(float) for day in present]
    design = np.column_stack(columns)
    offset = np.log(np.where(used, due, 1.0))
    model = sm.GLM(observed[used], design[used], sm.families.Poisson(), offset=offset[used])
    lags = min(LAG_DAYS, int(used.sum()) // 4)
    with warnings.catch_warnings():
        # a period without a single event has no finite step; its error says so
        warnings.simplefilter("ignore")
        found = model.fit(cov_type="HAC", cov_kwds={"maxlags": lags})
        scaled = model.fit(scale="X2")
    errors = np.maximum(found.bse, scaled.bse)
    steps = {
        name: (float(found.params[1 + place]), float(errors[1 + place]))
        for place, name in enumerate(periods)
    }
    return _Fit(steps, np.exp(design @ found.params + offset))


def _interval(step: float, error: float, days: int) -> tuple[float, float, float, float]:
    """Value, low, high and p of a step of the logarithm."""
    if not (isfinite(step) and isfinite(error)) or error <= 0:
        return expm1(step), -1.0, inf, 1.0
    spread = t(days - 2)  # the scatter is known from the quiet days
    width = float(spread.isf(ALPHA / 2)) * error
    p = float(2 * spread.sf(abs(step) / error))
    return expm1(step), expm1(step - width), expm1(min(step + width, 700.0)), p


def _placebos(
    observed: Floats,
    due: Floats,
    quiet: Bools,
    weekdays: npt.NDArray[np.int64] | None,
    length: int,
) -> Placebos:
    """Steps at quiet dates, next to each other, each as long as the period; quiet days before."""
    days = np.flatnonzero(quiet)
    length = max(1, min(length, (len(days) - LEAST_QUIET_DAYS) // LEAST_PLACEBOS))
    scores = []
    for start in range(LEAST_QUIET_DAYS // 2, len(days) - length + 1, length):
        asked = np.zeros(len(observed), bool)
        asked[days[start : start + length]] = True
        step, error = _fit(observed, due, quiet, {"placebo": asked}, weekdays).steps["placebo"]
        if isfinite(step) and error > 0:
            scores.append(step / error)
    if len(scores) < LEAST_PLACEBOS:
        return Placebos(len(scores), 0, 1.0)
    found = np.array(scores)
    widening = max(1.0, sqrt(float((found**2).mean())))
    limit = float(t(len(days) - 2).isf(ALPHA / 2)) * widening
    return Placebos(len(found), int((np.abs(found) > limit).sum()), widening)


def _first_seen(observed: Floats, due: Floats, quiet: Bools, days: Bools) -> int | None:
    """The first day of the period after which a confidence sequence of the log ratio leaves 0."""

    def surprise(places: npt.NDArray[np.int64]) -> Floats:
        found: Floats = np.log((observed[places] + 0.5) / (due[places] + 0.5))
        return found

    before = surprise(np.flatnonzero(quiet))
    places = np.flatnonzero(days)
    number = np.arange(1, len(places) + 1)
    mean = np.cumsum(surprise(places) - before.mean()) / number
    deviation = float(before.std(ddof=1)) * sqrt(1 + PLANNED_DAYS / len(before))
    limit = margins(number.astype(float), np.full(len(number), deviation), mixture(PLANNED_DAYS))
    sure = np.flatnonzero(np.abs(mean) > limit)
    return int(places[sure[0]]) if len(sure) else None


@dataclass(frozen=True)
class Return:
    """What an intervention brought for what it cost, in the currency of the cost.

    `ratio` is (revenue - cost) / cost; nan without a cost.
    """

    extra: float
    revenue: float
    revenue_low: float
    revenue_high: float
    ratio: float
    ratio_low: float
    ratio_high: float


def return_on(effect: Effect, cost: float, value_of_one: float) -> Return:
    """Extra outcomes against what was due, times what one of them is worth, against the cost.

    By hand: 1,000 due, 1,200 came, each worth 10, for 500: revenue 2,000, ratio 3.
    """
    revenue, low, high = (
        effect.due * share * value_of_one for share in (effect.value, effect.low, effect.high)
    )
    ratios = [(each - cost) / cost if cost > 0 else nan for each in (revenue, low, high)]
    return Return(effect.due * effect.value, revenue, low, high, *ratios)
