"""The scan by hand-made series and by laws: nothing of the future, nothing of the order of rows."""

from __future__ import annotations

import numpy as np
import pytest

from orchestration.analysis.detection.panel import FamilyName, Key, Panel
from orchestration.analysis.detection.scan import Alarm, Limits, scan

DAYS = 84
BREAK = 56


def panel(counts: np.ndarray, family: FamilyName = "event", keys: list[Key] | None = None) -> Panel:
    """A panel of plain counts, shape (series, days)."""
    series, days = counts.shape
    names = keys or [
        Key(family, f"app{n}" if family == "volume" else "app", event=f"e{n}")
        for n in range(series)
    ]
    return Panel(
        names,
        counts.astype(np.float64),
        np.ones((series, days)),
        np.full((series, days), np.inf),
        np.ones((series, days), dtype=np.bool_),
        np.arange(days) % 7,
        np.zeros(days, dtype=np.bool_),
    )


def clustered(seed: int, series: int, days: int, mean: float, spread: float = 3.0) -> np.ndarray:
    """Negative binomial counts whose variance is `spread` times their mean."""
    random = np.random.default_rng(seed)
    return random.poisson(random.gamma(mean / (spread - 1), spread - 1, (series, days)))


def of(found: list[Alarm], series: int) -> list[tuple[str, int, int]]:
    return [(a.direction, a.start, a.detected) for a in found if a.series == series]


def test_half_is_seen_on_its_first_day_and_ends_when_it_is_back() -> None:
    counts = np.full((1, DAYS), 1000)
    counts[0, BREAK : BREAK + 10] = 500
    alarms = scan(panel(counts), Limits()).alarms
    assert [(a.direction, a.start, a.detected, a.ended) for a in alarms] == [
        ("down", BREAK, BREAK, BREAK + 10)
    ]


def test_what_stays_becomes_the_usual_level_after_four_weeks() -> None:
    counts = np.full((1, 150), 1000)
    counts[0, BREAK:] = 500
    counts[0, 120:] = 240
    alarms = scan(panel(counts), Limits()).alarms
    assert [(a.start, a.settled) for a in alarms] == [(BREAK, BREAK + 28), (120, 148)]


def test_little_history_raises_nothing() -> None:
    counts = np.full((1, 20), 1000)
    counts[0, 12:] = 100
    assert not [a for a in scan(panel(counts), Limits()).alarms if a.detected < 14]


def test_few_events_raise_nothing() -> None:
    counts = np.full((1, DAYS), 15)
    counts[0, BREAK:] = 0
    assert scan(panel(counts), Limits()).alarms == []


def test_weekdays_are_no_change() -> None:
    week = np.array([1000, 1000, 1000, 1000, 900, 300, 250])
    counts = np.tile(week, 12)[None, :]
    assert scan(panel(counts, "volume"), Limits()).alarms == []


def test_missing_days_say_nothing() -> None:
    counts = np.full((1, DAYS), 1000.0)
    made = panel(counts)
    made.observed[0, 40:45] = np.nan
    assert scan(made, Limits()).alarms == []


def test_a_day_that_all_sources_share_is_no_loss_of_any() -> None:
    counts = clustered(1, 4, DAYS, 2000.0)
    counts[:, BREAK] = counts[:, BREAK] * 6 // 10
    found = scan(panel(counts, "volume"), Limits())
    assert [a for a in found.alarms if a.detected == BREAK] == []
    assert [(s.direction, s.start, s.detected) for s in found.shocks] == [("down", BREAK, None)]


def test_a_source_that_breaks_on_a_shared_quiet_day_is_found_all_the_same() -> None:
    counts = clustered(2, 4, DAYS, 2000.0)
    counts[:, BREAK] = counts[:, BREAK] * 7 // 10
    counts[0, BREAK:] = 0
    assert ("down", BREAK, BREAK) in of(scan(panel(counts, "volume"), Limits()).alarms, 0)


def test_no_alarm_knows_the_future() -> None:
    counts = clustered(3, 20, DAYS, 300.0)
    counts[:5, BREAK:] //= 2
    whole = panel(counts)
    everything = scan(whole, Limits(false_alarms_per_month=20))
    assert everything.alarms
    for days in (50, BREAK + 1, 70):
        some = scan(whole.until(days), Limits(false_alarms_per_month=20))
        assert [(a.series, *of([a], a.series)) for a in some.alarms] == [
            (a.series, *of([a], a.series)) for a in everything.alarms if a.detected < days
        ]
        np.testing.assert_array_equal(some.expected, everything.expected[:, :days])


def test_the_order_of_series_does_not_matter() -> None:
    counts = clustered(4, 12, DAYS, 300.0)
    counts[:4, BREAK:] //= 2
    whole = panel(counts)
    order = np.random.default_rng(5).permutation(12)
    shuffled = scan(whole.rows(list(order)), Limits()).alarms
    assert sorted((int(order[a.series]), a.start, a.detected) for a in shuffled) == sorted(
        (a.series, a.start, a.detected) for a in scan(whole, Limits()).alarms
    )


def test_a_campaign_does_not_shape_the_baseline() -> None:
    counts = clustered(6, 1, DAYS, 2000.0)
    made = panel(counts, "volume")
    before = scan(made, Limits()).expected[0, -1]
    made.observed[0, 50:56] *= 3
    made.learns[0, 50:56] = False
    assert scan(made, Limits()).expected[0, -1] == pytest.approx(before, rel=0.02)


@pytest.mark.parametrize("spread", [1.5, 4.0])
def test_false_alarms_stay_near_what_is_granted(spread: float) -> None:
    raised, months = 0, 0.0
    for seed in range(12):
        random = np.random.default_rng(seed)
        means = random.choice([50.0, 300.0, 2000.0], (30, 1))
        counts = random.poisson(random.gamma(means / (spread - 1), spread - 1, (30, 104)))
        raised += len(scan(panel(counts), Limits()).alarms)
        months += 3.0
    assert raised / months <= 1.6, "one a month is granted; draws scatter"


@pytest.mark.parametrize(
    ("mean", "kept", "within", "least"),
    [(100, 0.5, 7, 0.9), (500, 0.5, 2, 1.0), (500, 0.88, 14, 0.8), (2000, 0.88, 7, 0.9)],
)
def test_losses_are_found_in_time(mean: float, kept: float, within: int, least: float) -> None:
    seen = 0
    for seed in range(6):
        counts = clustered(100 + seed, 30, DAYS, mean, spread=2.0)
        random = np.random.default_rng(seed)
        counts[:5, BREAK:] = random.binomial(counts[:5, BREAK:], kept)
        alarms = scan(panel(counts), Limits()).alarms
        seen += sum(
            any(
                a.series == n and a.direction == "down" and 0 <= a.detected - BREAK < within
                for a in alarms
            )
            for n in range(5)
        )
    assert seen / 30 >= least
