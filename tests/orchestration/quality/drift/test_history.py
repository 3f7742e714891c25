"""Departures: what is told, what is not, how often by chance, and what a fault does to history."""

from __future__ import annotations

import numpy as np
import pytest

from orchestration.quality.drift.history import Bools, Floats, departures, past_days, quantile
from orchestration.quality.drift.thresholds import FEWEST_DAYS

DAYS = 60
WEEKEND = np.arange(DAYS) % 7 >= 5
ALL: Bools = np.ones(DAYS, dtype=bool)


def drawn(seed: int, series: int = 100) -> tuple[Floats, Floats]:
    """Shares of sessions, more scattered than coin tosses, that differ on weekends; a campaign of a
    week trebles the rows, and a holiday is like a weekend."""
    draw = np.random.default_rng(seed)
    quiet = WEEKEND | (np.arange(DAYS) == 45)
    rows = draw.poisson(np.where(quiet, 500, 1000)[:, None], (DAYS, series)).astype(float)
    rows[30:37] *= 3
    share = draw.uniform(0.02, 0.98, series) * np.where(quiet, 0.85, 1.0)[:, None]
    scatter = draw.beta(share * 150, (1 - share) * 150)
    return draw.binomial(rows.astype(int), scatter).astype(float), rows


def test_clean_months_are_quiet() -> None:
    alarms = 0
    for seed in range(20):
        counts, totals = drawn(seed)
        alarms += int((departures(counts, totals, WEEKEND, ALL).moved != 0).sum())
    # 20 seeds of 100 series over two months: 4,000 months of a series
    assert alarms <= 20, f"{alarms} alarms of 120,000 judgements"


@pytest.mark.parametrize(("kept", "found"), [(0.5, 0.99), (0.88, 0.9)])
def test_a_share_that_falls_is_found_on_its_day(kept: float, found: float) -> None:
    draw = np.random.default_rng(3)
    totals = draw.poisson(4000, (DAYS, 200)).astype(float)
    share = np.where(np.arange(DAYS) >= 50, 0.6 * kept, 0.6)[:, None]
    counts = draw.binomial(totals.astype(int), np.broadcast_to(share, totals.shape)).astype(float)
    moved = departures(counts, totals, WEEKEND, ALL).moved
    assert (moved[50] == -1).mean() >= found
    assert (moved[:50] != 0).sum() == 0
    # and on the days after it, for a fault is no history of itself
    assert (moved[55] == -1).mean() >= found


def test_a_change_that_stays_becomes_usual() -> None:
    totals = np.full((120, 1), 1000.0)
    counts = np.where(np.arange(120) < 40, 900.0, 500.0)[:, None]
    week = np.arange(120) % 7 >= 5
    moved = departures(counts, totals, week, np.ones(120, dtype=bool)).moved[:, 0]
    assert moved[40] == -1
    assert not moved[80:].any()


def test_without_a_week_of_history_nothing_is_told() -> None:
    totals = np.full((FEWEST_DAYS, 1), 1000.0)
    counts = np.zeros_like(totals)
    counts[:-1] = 1000
    found = departures(counts, totals, WEEKEND[:FEWEST_DAYS], ALL[:FEWEST_DAYS])
    assert not found.moved.any()
    assert np.isnan(found.usual).all()


def test_a_constant_share_may_lose_three_percent() -> None:
    totals = np.full((DAYS, 1), 1000.0)
    counts = totals.copy()
    counts[50:] = 970
    assert departures(counts, totals, WEEKEND, ALL).moved[50, 0] == -1


def test_days_that_were_not_there_are_no_zeros() -> None:
    totals = np.full((DAYS, 1), 1000.0)
    totals[10:40] = 0
    counts = totals * 0.5
    assert not departures(counts, totals, WEEKEND, ALL).moved.any()


def test_strangers_are_no_lost_log_in() -> None:
    """Rows treble while known users stay: held against a usual day's rows, nothing fell."""
    totals = np.full((DAYS, 1), 1000.0)
    counts = totals * 0.6
    totals[50] = 3000
    assert departures(counts, totals, WEEKEND, ALL).moved[50, 0] == -1
    bounded = departures(counts, totals, WEEKEND, ALL, at_most=np.full_like(totals, 1000.0))
    assert bounded.moved[50, 0] == 0


def test_quantile_agrees_with_numpy() -> None:
    values = np.random.default_rng(0).normal(size=(23, 40))
    values[values > 1.2] = np.nan
    values[:, 3] = np.nan
    expected = np.array(
        [np.nanquantile(c, 0.8) if np.isfinite(c).any() else np.nan for c in values.T]
    )
    np.testing.assert_allclose(quantile(values, 0.8), expected)


def test_flagged_days_are_left_out_while_enough_are_left() -> None:
    assert past_days(10, {3, 4}).tolist() == [0, 1, 2, 5, 6, 7, 8, 9]
    assert past_days(8, {3, 4}).tolist() == list(range(8))
