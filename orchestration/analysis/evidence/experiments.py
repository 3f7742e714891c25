"""Experiments: whether the split was as planned, what a variant changed, and how sure that is.

Arms come as sums over persons, so that a million persons cost what ten do. A person counts in the
variant of the first exposure; persons seen in two variants are left out and counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, nan, sqrt

import numpy as np
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from orchestration.analysis.evidence.sequential import ALPHA, Floats, margins, mixture, p_values

MISMATCH = 0.001
"""A split this unlikely is a mismatch (Fabijan and others, KDD 2019: far below 0.05, for it is
asked of every experiment and every day)."""


@dataclass(frozen=True)
class Arm:
    """Sums over the persons of a variant.

    `y` is the outcome of a person (1 for a conversion), `x` the same before the exposure: persons,
    sum of y, of y squared, of x, of x squared, of x times y.
    """

    n: int
    y: float
    yy: float
    x: float = 0.0
    xx: float = 0.0
    xy: float = 0.0

    @property
    def mean(self) -> float:
        """Mean outcome; nan without persons."""
        return self.y / self.n if self.n else nan

    def variance_of_mean(self, theta: float = 0.0) -> float:
        """Variance of the mean of y less `theta` times x; nan below two persons."""
        if self.n < 2:
            return nan
        total = self.y - theta * self.x
        square = self.yy - 2 * theta * self.xy + theta**2 * self.xx
        return max(square - total**2 / self.n, 0.0) / (self.n - 1) / self.n


@dataclass(frozen=True)
class Difference:
    """Treated less control with its 95 % interval; `p` is two-sided."""

    value: float
    low: float
    high: float
    p: float


def sample_ratio(counts: Sequence[int], shares: Sequence[float]) -> float:
    """P value of Pearson's chi-square: is the split as planned? 1.0 where nobody was assigned.

    `shares` are the planned ones in any unit. Below MISMATCH no result is to be believed.
    """
    total = sum(counts)
    if total == 0 or len(counts) < 2:
        return 1.0
    expected = np.array(shares, dtype=float) / sum(shares) * total
    return float(stats.chisquare(np.array(counts, dtype=float), expected).pvalue)


def share_interval(converted: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share; (nan, nan) without persons."""
    if n == 0:
        return nan, nan
    low, high = proportion_confint(converted, n, ALPHA, method="wilson")
    return float(low), float(high)


def share_difference(control: tuple[int, int], treated: tuple[int, int]) -> Difference:
    """Difference of two shares (converted, persons) with Newcombe's interval.

    Newcombe 1998, method 10. The p value is of the pooled z test; 1.0 where nothing varies.
    """
    (hits, n), (treated_hits, treated_n) = control, treated
    if n == 0 or treated_n == 0:
        return Difference(nan, nan, nan, nan)
    low, high = confint_proportions_2indep(
        treated_hits, treated_n, hits, n, compare="diff", method="newcomb", alpha=ALPHA
    )
    value = treated_hits / treated_n - hits / n
    pooled = (hits + treated_hits) / (n + treated_n)
    error = sqrt(pooled * (1 - pooled) * (1 / n + 1 / treated_n))
    p = float(2 * stats.norm.sf(abs(value) / error)) if error > 0 else 1.0
    return Difference(value, float(low), float(high), p)


def cuped(control: Arm, treated: Arm) -> tuple[Difference, float]:
    """Difference of means with what was known before the exposure taken out; variance kept, 0 to 1.

    Deng, Xu, Kohavi and Walker, WSDM 2013; theta is pooled within the arms, which makes it the
    coefficient of a regression on variant and covariate. Without a varying `x` it is the plain
    difference and keeps 1.0 of the variance.
    """
    arms = (control, treated)
    if min(control.n, treated.n) < 2:
        return Difference(nan, nan, nan, nan), 1.0
    spread = sum(arm.xx - arm.x**2 / arm.n for arm in arms)
    shared = sum(arm.xy - arm.x * arm.y / arm.n for arm in arms)
    theta = shared / spread if spread > 1e-12 else 0.0
    shift = theta * (treated.x / treated.n - control.x / control.n)
    value = treated.mean - control.mean - shift
    variance = sum(arm.variance_of_mean(theta) for arm in arms)
    plain = sum(arm.variance_of_mean() for arm in arms)
    return _normal(value, variance), variance / plain if plain > 0 else 1.0


def always_valid(
    control: Sequence[tuple[int, int]], treated: Sequence[tuple[int, int]]
) -> tuple[Difference, Floats]:
    """Last difference of shares with a time-uniform interval, and the p value after each look.

    Each look is (converted, persons) so far. With it one may look every day and stop at will. Looks
    at which an arm is empty, or nobody or everybody converted, say nothing.
    """
    hits, n = np.array(control, dtype=float).T
    treated_hits, treated_n = np.array(treated, dtype=float).T
    with np.errstate(divide="ignore", invalid="ignore"):
        share, treated_share = hits / n, treated_hits / treated_n
        variance = share * (1 - share) / n + treated_share * (1 - treated_share) / treated_n
        effective = n * treated_n / (n + treated_n)
    said = np.isfinite(variance) & (variance > 0)
    effective = np.where(said, effective, 0.0)
    value = np.where(said, treated_share - share, 0.0)
    deviation = np.sqrt(np.where(said, variance, 0.0) * effective)
    p = p_values(value, effective, deviation, mixture())
    margin = float(margins(effective, deviation, mixture())[-1])
    last = float(value[-1])
    return Difference(last, last - margin, last + margin, float(p[-1])), p


def corrected(p: Sequence[float]) -> tuple[list[float], list[float]]:
    """P values by Holm (any false finding) and by Benjamini and Hochberg (their share).

    Those that are not numbers stay so and are not counted.
    """
    known = [place for place, each in enumerate(p) if isfinite(each)]
    holm, shares = [nan] * len(p), [nan] * len(p)
    raw = np.array([p[place] for place in known])
    order = np.argsort(raw, kind="stable")
    # the smallest counts for all of them, the next for one fewer, and none below the one before
    stepped = np.maximum.accumulate(raw[order] * np.arange(len(raw), 0, -1)).clip(max=1.0)
    for place, each in zip(order, stepped, strict=True):
        holm[known[place]] = float(each)
    for place, each in zip(known, stats.false_discovery_control(raw), strict=True):
        shares[place] = float(each)
    return holm, shares


def _normal(value: float, variance: float) -> Difference:
    if not variance > 0:
        return Difference(value, value, value, nan)
    error = sqrt(variance)
    width = float(stats.norm.isf(ALPHA / 2)) * error
    return Difference(
        value, value - width, value + width, float(2 * stats.norm.sf(abs(value) / error))
    )
