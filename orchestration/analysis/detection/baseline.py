"""What to expect of every series on the next day, from the days before it alone.

A dynamic model of counts (West and Harrison 1997, chapters 4, 6 and 14), all series at once: the
log of a count over its reference is a level that drifts plus an effect of the weekday, and the
scatter around it (the dispersion: events come in sessions) is learned from the series itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import betainc, betaincc, ndtri, stdtr

from orchestration.analysis.detection.panel import FAMILIES, Bools, Floats, Key

REMEMBERED_DAYS = 40.0
CAUTION = 1.12
"""Days under suspicion do not teach, so the scatter that is learned is a little too small."""
LARGEST_SURPRISE = 3.0
"""A score beyond this teaches as much as this: one odd day must not move a baseline."""
CONTINUITY = 0.5
LEAST_CLUSTERED = 1.02
"""Variance over mean above which counts are taken as negative binomial."""
WEEKDAY_DISCOUNT = 0.998
PHASE_SHARE = 1.0
"""How much of a weekday effect's spread the level is allowed to jump by in a new season phase."""


@dataclass
class Prediction:
    """Of one day: counts to expect, their relative variance, and degrees of freedom behind it.

    `known` is the part of the variance that is about the level: all days of a change share it.
    """

    expected: Floats
    variance: Floats
    known: Floats
    freedom: Floats
    weekday: int


class Baseline:
    """The state of the model of some series; `predict` a day, then `learn` it."""

    def __init__(self, keys: Sequence[Key]) -> None:
        families = [FAMILIES[key.family] for key in keys]
        count = len(keys)
        self.noise = np.array([f.noise**2 for f in families])
        self.discount = np.array([f.discount for f in families])
        self.weekday_sd = np.array([f.weekday_sd for f in families])
        self.has_prior = np.array([f.level_sd < 1 for f in families], dtype=bool)
        self.mean = np.zeros((count, 8))
        self.spread = np.zeros((count, 8, 8))
        self.spread[:, 0, 0] = [f.level_sd**2 for f in families]
        for day in range(1, 8):
            self.spread[:, day, day] = self.weekday_sd**2
        self.dispersion = np.array([f.dispersion for f in families])
        self.evidence = np.array([f.doubt for f in families])
        self.days = np.zeros(count)

    def unsettle(self) -> None:
        """A season phase begins: the level may have jumped."""
        self.spread[:, 0, 0] += (PHASE_SHARE * self.weekday_sd) ** 2

    def start(self, observed: Floats, reference: Floats) -> None:
        """Series that were never seen take their level from their first day."""
        with np.errstate(divide="ignore", invalid="ignore"):
            level = np.log((observed + CONTINUITY) / reference)
        new = (self.days == 0) & ~self.has_prior & np.isfinite(level)
        self.mean[new, 0] = level[new]

    def predict(self, reference: Floats, reference_count: Floats, weekday: int) -> Prediction:
        """Counts to expect on a day of this weekday (0 is Monday), given that day's references."""
        self.spread[:, 0, 0] /= self.discount
        for day in range(1, 8):
            self.spread[:, day, day] /= WEEKDAY_DISCOUNT
        place = weekday + 1
        expected = np.exp(self.mean[:, 0] + self.mean[:, place]) * reference
        known = self.spread[:, 0, 0] + self.spread[:, place, place] + 2 * self.spread[:, 0, place]
        counts = 1 / np.maximum(expected, CONTINUITY) + 1 / np.maximum(reference_count, CONTINUITY)
        variance = known + CAUTION * self.dispersion * (counts + self.noise)
        return Prediction(expected, variance, known, self.evidence.copy(), weekday)

    def learn(self, observed: Floats, prediction: Prediction, teaches: Bools) -> None:
        """Take a day into the baseline where it `teaches`."""
        deviation = np.sqrt(prediction.variance)
        # not its log, whose mean lies below 0 where counts are few: the baseline would sink
        surprise = observed / np.maximum(prediction.expected, CONTINUITY) - 1
        limit = LARGEST_SURPRISE * deviation
        kept = np.clip(np.where(teaches, surprise, 0.0), -limit, limit)
        place = prediction.weekday + 1
        gain = (self.spread[:, :, 0] + self.spread[:, :, place]) / prediction.variance[:, None]
        gain = np.where(teaches[:, None], gain, 0.0)
        self.mean += gain * kept[:, None]
        self.spread -= prediction.variance[:, None, None] * gain[:, :, None] * gain[:, None, :]
        square = CAUTION * kept**2 / prediction.variance
        scale = (self.evidence + square) / (self.evidence + 1)
        # a first day sets the level and says nothing about the scatter around it
        scatters = teaches & (self.days > 0)
        self.dispersion = np.where(scatters, self.dispersion * scale, self.dispersion)
        self.evidence = np.where(
            scatters, np.minimum(self.evidence + 1, REMEMBERED_DAYS), self.evidence
        )
        self.days += teaches

    def move(self, rows: Bools, step: Floats) -> None:
        """A change has become the new level of these series."""
        self.mean[rows, 0] += step[rows]
        self.spread[rows, 0, 0] += self.weekday_sd[rows] ** 2

    def lowest_weekday(self, reference: Floats) -> Floats:
        """Counts to expect on the quietest day of the week."""
        lowest: Floats = np.exp(self.mean[:, 0] + self.mean[:, 1:].min(axis=1)) * reference
        return lowest


def relative(observed: Floats, expected: Floats) -> Floats:
    """The log of observed over expected; half a count keeps nothing from being minus infinity."""
    ratio: Floats = np.log((observed + CONTINUITY) / (expected + CONTINUITY))
    return ratio


def scores(observed: Floats, prediction: Prediction) -> Floats:
    """How many standard deviations a day lies off, standard normal while nothing changes.

    The place of the count in its negative binomial distribution (mid-p, so that whole numbers do
    not matter), which has the skew of few events that come in sessions; counts that scatter less
    than Poisson's use deviance residuals (Pierce and Schafer 1986). The dispersion is itself an
    estimate, so scores follow Student's t, which is carried over to the normal scale.
    """
    expected = np.maximum(prediction.expected, CONTINUITY)
    spread = expected * prediction.variance
    clustered = spread > LEAST_CLUSTERED
    shape = expected / (np.maximum(spread, LEAST_CLUSTERED) - 1)
    chance = shape / (shape + expected)
    count = np.floor(observed)
    below = np.where(count > 0, betainc(shape, np.maximum(count, 1.0), chance), 0.0)
    above = betaincc(shape, count + 1, chance)
    one = 1 - below - above
    lower, upper = below + one / 2, above + one / 2
    # whichever tail is smaller is the one that is known to all its digits
    tail = np.where(
        lower < upper, ndtri(np.maximum(lower, 1e-300)), -ndtri(np.maximum(upper, 1e-300))
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(observed > 0, observed * np.log(observed / expected), 0.0)
    deviance = np.sqrt(np.maximum(2 * (logs - observed + expected), 0.0) / spread)
    residual = np.where(clustered, tail, np.sign(observed - expected) * deviance)
    beyond = np.clip(stdtr(prediction.freedom, -np.abs(residual)), 1e-300, 0.5)
    score: Floats = np.sign(residual) * -ndtri(beyond)
    return score
