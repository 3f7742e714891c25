"""Which micro-conversions come before macro-conversions, and the few that tell most.

Rows are groups of persons alike: what they did before the cut (0 or 1 a micro-conversion), what is
held constant (strata), how many they are and how many of them converted after the cut. Nothing
after the cut is a feature and nothing before it an outcome, so no outcome leaks into its cause.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, isfinite, nan

import numpy as np
import pandas as pd
import statsmodels.api as sm

from orchestration.analysis.evidence.experiments import (
    Difference,
    corrected,
    share_difference,
)
from orchestration.analysis.evidence.sequential import ALPHA, Floats

FEWEST, MOST = 3, 5
KEPT = 0.9
"""Share of the information of all micro-conversions that the smallest set must keep."""
RIDGE = 1e-3
"""Weight of the prior in a selection's fits, so that one lone pattern has a finite fit."""
RESAMPLES = 100
LEAST_CONVERSIONS = 20
GRADES = ("none", "correlated", "survives controls", "moved by an experiment")


@dataclass(frozen=True)
class Association:
    """One micro-conversion against one macro-conversion.

    `difference` is that of the shares converting with and without it; `odds` the odds ratio with
    the other micro-conversions and the strata held constant, with its interval; `p` is corrected by
    Holm over the micro-conversions.
    """

    event: str
    persons: int
    converted: int
    others: int
    others_converted: int
    difference: Difference
    odds: float
    odds_low: float
    odds_high: float
    p: float

    def grade(self, moved: bool = False) -> str:
        """One of GRADES, the strongest that holds; `moved` where an experiment moved both."""
        correlated = self.difference.low > 0 or self.difference.high < 0
        if moved:
            return GRADES[3]
        if correlated and self.p < ALPHA:
            return GRADES[2]
        return GRADES[1] if correlated else GRADES[0]


@dataclass(frozen=True)
class Selection:
    """The smallest set, in the order of what each adds, and how much of the information it keeps.

    `stability` is, for every candidate, the share of resamples in whose set it is.
    """

    events: tuple[str, ...]
    kept: float
    stability: dict[str, float]


def associations(groups: pd.DataFrame, events: Sequence[str]) -> list[Association]:
    """Each micro-conversion's association, raw and adjusted.

    `groups` has a 0/1 column an event, `persons`, `converted`, and any further columns as strata
    (categories). The adjusted figures are nan with fewer than LEAST_CONVERSIONS of either outcome.
    """
    adjusted = _adjusted(groups, events)
    holm, _ = corrected([adjusted[event][3] for event in events])
    found = []
    for event, p in zip(events, holm, strict=True):
        did = groups[event] == 1
        persons, converted = _sums(groups[did])
        others, others_converted = _sums(groups[~did])
        difference = share_difference((others_converted, others), (converted, persons))
        odds, low, high, _ = adjusted[event]
        found.append(
            Association(
                event, persons, converted, others, others_converted, difference, odds, low, high, p
            )
        )
    return found


def _sums(groups: pd.DataFrame) -> tuple[int, int]:
    return int(groups["persons"].sum()), int(groups["converted"].sum())


def _adjusted(
    groups: pd.DataFrame, events: Sequence[str]
) -> dict[str, tuple[float, float, float, float]]:
    """Odds ratio, interval and p of each event in one logistic regression on all of them."""
    converted, persons = groups["converted"].sum(), groups["persons"].sum()
    unknown = (nan, nan, nan, nan)
    varying = [e for e in events if groups[e].nunique() > 1]
    if min(converted, persons - converted) < LEAST_CONVERSIONS or not varying:
        return dict.fromkeys(events, unknown)
    strata = groups.drop(columns=[*events, "persons", "converted"])
    dummies = [
        pd.get_dummies(strata[name].astype(str), drop_first=True, dtype=float) for name in strata
    ]
    features = pd.concat([groups[varying].astype(float), *dummies], axis=1).to_numpy()
    design = np.column_stack([np.ones(len(groups)), features])
    outcome = np.column_stack([groups["converted"], groups["persons"] - groups["converted"]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a separated event shows as an infinite interval
        fit = sm.GLM(outcome, design, sm.families.Binomial()).fit()
    found = dict.fromkeys(events, unknown)
    for place, event in enumerate(varying, start=1):
        low, high = (float(each) for each in fit.conf_int(ALPHA)[place])
        if isfinite(low) and high - low < 50:
            step = float(fit.params[place])
            found[event] = (exp(step), exp(low), exp(high), float(fit.pvalues[place]))
        else:
            found[event] = (nan, 0.0, inf, 1.0)
    return found


def smallest_set(
    groups: pd.DataFrame, events: Sequence[str], seed: int = 0, resamples: int = RESAMPLES
) -> Selection | None:
    """The FEWEST to MOST events that keep at least KEPT of the predictive information.

    Information is the log likelihood of a logistic regression above that of the strata-free mean.
    Events are added one by one, the one that adds most first. Resamples draw persons with
    replacement. None with too few conversions or fewer than FEWEST events; the same seed gives the
    same answer.
    """
    totals = groups.groupby(list(events), as_index=False)[["persons", "converted"]].sum()
    hits = totals["converted"].to_numpy(dtype=float)
    misses = totals["persons"].to_numpy(dtype=float) - hits
    if len(events) < FEWEST or min(hits.sum(), misses.sum()) < LEAST_CONVERSIONS:
        return None
    features = totals[list(events)].to_numpy(dtype=float)
    chosen, kept = _forward(features, hits, misses)
    rng = np.random.default_rng(seed)
    cells = np.r_[hits, misses]
    count = np.zeros(len(events))
    for _ in range(resamples):
        drawn = rng.multinomial(int(cells.sum()), cells / cells.sum()).astype(float)
        again, _ = _forward(features, drawn[: len(hits)], drawn[len(hits) :])
        count[again] += 1
    shares = count / resamples if resamples else np.full(len(events), nan)
    return Selection(
        tuple(events[place] for place in chosen),
        kept,
        {event: float(share) for event, share in zip(events, shares, strict=True)},
    )


def _forward(features: Floats, hits: Floats, misses: Floats) -> tuple[list[int], float]:
    everything = list(range(features.shape[1]))
    nothing = information(features[:, :0], hits, misses)
    whole = max(information(features, hits, misses) - nothing, 1e-12)
    chosen: list[int] = []
    kept = 0.0
    while len(chosen) < min(MOST, len(everything)):
        gains = {
            place: information(features[:, [*chosen, place]], hits, misses)
            for place in everything
            if place not in chosen
        }
        best = max(gains, key=lambda place: gains[place])
        chosen.append(best)
        kept = min((gains[best] - nothing) / whole, 1.0)
        if len(chosen) >= FEWEST and kept >= KEPT:
            break
    return chosen, kept


def information(features: Floats, hits: Floats, misses: Floats) -> float:
    """Log likelihood of the best logistic regression (Newton's method), a row a group.

    Own code because a resampled selection fits thousands of small ones; tests hold it against two
    libraries.
    """
    design = np.column_stack([np.ones(len(hits)), features])
    persons = hits + misses
    prior = np.full(design.shape[1], RIDGE)
    prior[0] = 0.0
    steps = np.zeros(design.shape[1])
    steps[0] = np.log((hits.sum() + 0.5) / (misses.sum() + 0.5))
    for _ in range(25):
        share = 1 / (1 + np.exp(-np.clip(design @ steps, -30, 30)))
        slope = design.T @ (hits - persons * share) - prior * steps
        curve = (design * (persons * share * (1 - share))[:, None]).T @ design + np.diag(prior)
        move = np.linalg.solve(curve + 1e-9 * np.eye(len(steps)), slope)
        steps = steps + np.clip(move, -4, 4)
        if np.abs(move).max() < 1e-6:
            break
    score = np.clip(design @ steps, -30, 30)
    return float(hits @ -np.logaddexp(0, -score) + misses @ -np.logaddexp(0, score))
