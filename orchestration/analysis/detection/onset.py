"""The first bad hour of a change, by the likelihood of a break between two hours."""

from __future__ import annotations

import numpy as np

from orchestration.analysis.detection.panel import Floats
from orchestration.analysis.detection.scan import Direction

HOURS = 24


def hour_profile(before: Floats) -> Floats:
    """Each of 24 hours' part of a day, from counts by hour of earlier days (shape (24,))."""
    # half a count an hour: an hour that never had any may still have some
    smoothed = before + 0.5
    profile: Floats = smoothed / smoothed.sum()
    return profile


def first_bad_hour(observed: Floats, expected: Floats, direction: Direction) -> int:
    """The hour from which counts are lower (or higher) than expected, as a place in the arrays.

    The place that makes the counts after it likeliest under one factor of their own, while those
    before it are as expected (Hinkley 1970). Both arrays are by hour and reach from before the
    change to the end of the day it was seen.
    """
    seen = np.cumsum(observed[::-1])[::-1]
    due = np.maximum(np.cumsum(expected[::-1])[::-1], 1e-9)
    factor = np.maximum(seen, 0.5) / due
    gain = seen * np.log(factor) - (seen - due)
    right = factor < 1 if direction == "down" else factor > 1
    return int(np.argmax(np.where(right, gain, -np.inf)))
