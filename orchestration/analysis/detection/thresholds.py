"""From a wanted rate of false alarms to the thresholds of one series, and back to its power.

The cumulative sum (Page 1954; Lorden 1971) of likelihood ratios between no change and a change that
moves a day's score by `shift` standard deviations restarts at zero. Its mean time to a false alarm
follows from Siegmund's approximation (Sequential Analysis, 1985, chapter X); a test of the single
day beside it sees an outage on its first day. Each test gets half of what a series may spend.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

Floats = npt.NDArray[np.float64]

OVERSHOOT = 1.166
"""Twice 0.583, the mean overshoot of a normal random walk (Siegmund 1985)."""
SMALLEST_SHIFT, LARGEST_SHIFT = 0.5, 2.0
"""The shifts a cumulative sum is tuned for, in standard deviations of a day.

Below the first it would need months of the same level, above the second one day tells anyway.
"""
SHARE_OF_DAY_TEST = 0.5


def tuned_shift(change: float, deviation: Floats) -> Floats:
    """The shift of the daily score that a relative `change` (0.12) makes, within what is usable.

    `deviation` is the relative standard deviation of a day.
    """
    shift: Floats = np.clip(change / deviation, SMALLEST_SHIFT, LARGEST_SHIFT)
    return shift


def false_alarm_days(height: Floats, shift: Floats) -> Floats:
    """Mean days to a false alarm of a one-sided sum of log likelihood ratios of this height."""
    width = height + OVERSHOOT * shift
    days: Floats = (np.exp(width) - width - 1) / (shift**2 / 2)
    return days


def sum_height(days: Floats, shift: Floats) -> Floats:
    """The height at which the sum alarms falsely once in so many days: the reverse of the above."""
    wanted = days * shift**2 / 2
    width = np.log(wanted + 1)
    for _ in range(20):
        width = np.log(wanted + width + 1)
    height: Floats = np.maximum(width - OVERSHOOT * shift, 1.0)
    return height


def day_limit(days: Floats) -> Floats:
    """The score of a single day that chance passes, on one side, once in so many days."""
    limit: Floats = -ndtri(1 / np.maximum(days, 2.0))
    return limit


def days_per_alarm(series: int, false_alarms_per_month: float, *, families: int = 1) -> float:
    """Days between false alarms that one side of one test of one series is granted.

    The wanted rate is shared out (Bonferroni) over families, their series, and both directions, so
    a few broad series are not made blind by the many narrow ones of another family.
    """
    return 30.0 * max(series, 1) * 2 * families / false_alarms_per_month


def smallest_change(
    deviation: Floats, limit: Floats, *, days: int = 2, probability: float = 0.8
) -> Floats:
    """The smallest relative drop one of `days` single-day tests sees with this probability.

    The tests of the days are independent, so each must see it with 1 - (1 - p)^(1 / days).
    Above 1 no drop would be seen.
    """
    each = 1 - (1 - probability) ** (1 / days)
    drop: Floats = deviation * (limit + ndtri(each))
    return drop
