"""Thresholds against exact run lengths by Markov chain, and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from orchestration.analysis.detection.thresholds import (
    day_limit,
    days_per_alarm,
    false_alarm_days,
    smallest_change,
    sum_height,
    tuned_shift,
)


def exact_days(height: float, shift: float, states: int = 400) -> float:
    """Mean run length of the sum, by the Markov chain of Brook and Evans (1972)."""
    width = height / states
    # state i stands for sums around (i + 0.5) * width, state 0 also for a sum of zero
    centres = (np.arange(states) + 0.5) * width
    centres[0] = 0.0
    edges = np.arange(1, states) * width
    below = norm.cdf((edges[None, :] - centres[:, None] + shift**2 / 2) / shift)
    top = norm.cdf((height - centres + shift**2 / 2) / shift)[:, None]
    moves = np.diff(np.hstack([np.zeros((states, 1)), below, top]))
    return float(np.linalg.solve(np.eye(states) - moves, np.ones(states))[0])


@pytest.mark.parametrize("shift", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("height", [3.0, 5.0, 7.0])
def test_run_length_is_that_of_the_markov_chain(shift: float, height: float) -> None:
    approximate = false_alarm_days(np.array([height]), np.array([shift]))[0]
    assert approximate == pytest.approx(exact_days(height, shift), rel=0.15)


@pytest.mark.parametrize("shift", [0.5, 1.3, 2.0])
def test_height_gives_the_wanted_days(shift: float) -> None:
    days = np.array([1_000.0, 50_000.0])
    found = false_alarm_days(sum_height(days, np.full(2, shift)), np.full(2, shift))
    assert found == pytest.approx(days, rel=1e-6)


def test_the_day_test_alarms_as_often_as_granted() -> None:
    limit = day_limit(np.array([1_000.0]))[0]
    assert norm.sf(limit) == pytest.approx(1 / 1_000)


def test_the_budget_is_shared_by_all_series_and_both_directions() -> None:
    assert days_per_alarm(100, 1.0) == 30 * 100 * 2
    assert days_per_alarm(100, 2.0, families=5) == 30 * 100 * 2 * 5 / 2


def test_a_sum_is_tuned_within_bounds() -> None:
    assert tuned_shift(0.12, np.array([1.0, 0.12, 0.001])).tolist() == [0.5, 1.0, 2.0]


def test_the_smallest_drop_is_seen_as_often_as_promised() -> None:
    random = np.random.default_rng(7)
    deviation, limit = np.array([0.05]), np.array([4.0])
    drop = smallest_change(deviation, limit)[0]
    days = random.normal(-drop / deviation[0], 1, (20_000, 2))
    assert (days < -limit[0]).any(axis=1).mean() == pytest.approx(0.8, abs=0.02)
