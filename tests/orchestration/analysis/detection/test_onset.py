"""The first bad hour, by hand and by simulation."""

from __future__ import annotations

import numpy as np
import pytest

from orchestration.analysis.detection.onset import first_bad_hour, hour_profile


def test_a_profile_sums_to_one_and_follows_the_counts() -> None:
    profile = hour_profile(np.array([0.0] * 12 + [100.0] * 12))
    assert profile.sum() == pytest.approx(1)
    assert profile[20] > 100 * profile[3]


def test_an_outage_is_dated_to_its_hour() -> None:
    expected = np.full(48, 20.0)
    observed = np.where(np.arange(48) >= 29, 0.0, 20.0)
    assert first_bad_hour(observed, expected, "down") == 29


def test_a_surge_is_dated_to_its_hour() -> None:
    expected = np.full(48, 20.0)
    observed = np.where(np.arange(48) >= 7, 60.0, 20.0)
    assert first_bad_hour(observed, expected, "up") == 7


def test_half_of_the_events_is_dated_within_hours() -> None:
    random = np.random.default_rng(3)
    expected = np.full(72, 40.0)
    kept = np.where(np.arange(72) >= 40, 0.5, 1.0)
    errors = [
        abs(first_bad_hour(random.poisson(expected * kept).astype(float), expected, "down") - 40)
        for _ in range(50)
    ]
    assert np.median(errors) <= 1
