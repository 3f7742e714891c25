"""Seasons by hand: which phase is held against which, and what the figures say."""

from datetime import date

import numpy as np
import pytest

from orchestration.analysis.evidence.seasons import Phase, comparisons, readiness

PHASES = [
    Phase("preparation", date(2024, 3, 1), date(2024, 3, 30)),
    Phase("peak", date(2024, 3, 31), date(2024, 4, 20)),
    Phase("preparation", date(2025, 3, 10), date(2025, 4, 10)),
    Phase("peak", date(2025, 4, 11), date(2025, 5, 1)),
]


def test_the_same_phase_to_the_same_day() -> None:
    found = comparisons(PHASES, today=date(2025, 3, 19))
    last = found[-1]
    assert [each.phase for each in found] == PHASES[:3]
    assert (last.before, last.days) == (PHASES[0], 10)
    assert (last.then, last.days_left, last.is_over) == (PHASES[3], 23, False)


def test_a_longer_phase_is_counted_to_the_length_of_the_shorter() -> None:
    last = comparisons(PHASES, today=date(2025, 4, 10))[-1]
    assert (last.days, last.is_over) == (30, True)


def test_a_first_season_has_nothing_to_be_held_against() -> None:
    assert comparisons(PHASES, today=date(2024, 3, 5))[0].before is None
    assert readiness((50, 100), None).signal == "unknown"


@pytest.mark.parametrize(
    ("now", "before", "signal"),
    [
        ((180, 1_000), (50, 1_000), "ahead"),
        ((50, 1_000), (180, 1_000), "behind"),
        ((52, 1_000), (50, 1_000), "level"),
        ((10, 20), (50, 1_000), "unknown"),
        ((0, 0), (0, 0), "unknown"),
    ],
)
def test_signals(now: tuple[int, int], before: tuple[int, int], signal: str) -> None:
    assert readiness(now, before).signal == signal


def test_the_difference_is_that_of_the_shares() -> None:
    found = readiness((180, 1_000), (50, 1_000))
    assert found.difference.value == pytest.approx(0.13)
    assert found.difference.low < 0.13 < found.difference.high


def test_two_like_seasons_are_seldom_told_apart() -> None:
    rng = np.random.default_rng(9)
    hits = rng.binomial(500, 0.1, (2_000, 2))
    told = sum(readiness((int(a), 500), (int(b), 500)).signal != "level" for a, b in hits)
    assert told / 2_000 <= 0.06
