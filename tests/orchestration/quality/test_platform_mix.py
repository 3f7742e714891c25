"""A platform that loses events is found and named, by simulation: how often, and how often not."""

from __future__ import annotations

from datetime import date

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from orchestration.quality.facts import MARTS_VIEWS

DAYS = np.arange(28)
USUAL = {"web": 500, "android": 300, "ios": 200}  # events a day
BREAK = 14


def judged(counts: dict[str, np.ndarray]) -> dict[str, tuple[date, int, bool]]:
    """By platform: since when, events lost, suspicious. `counts` are events a day."""
    rows = [(d, p, int(n)) for p, daily in counts.items() for d, n in zip(DAYS, daily, strict=True)]
    days, platforms, events = zip(*rows, strict=True)
    table = pa.table({"day": days, "platform": platforms, "events": events})
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as warehouse")
        connection.execute("create schema warehouse.marts")
        connection.register("simulated", table)
        connection.execute(
            """create table warehouse.marts.fct_events as
            select 'app' as source, platform, date '2025-03-01' + day::integer as occurred_on
            from simulated, range(events)"""
        )
        found = connection.execute(
            f"select platform, since, lost, suspicious from ({MARTS_VIEWS['gate_platform_mix']})"
        ).fetchall()
    return {platform: (since, lost, bool(bad)) for platform, since, lost, bad in found}


def drawn(seed: int, kept: float = 1.0, season: float = 1.0) -> dict[str, np.ndarray]:
    """Poisson counts; android keeps a share, and all platforms follow a season, since the break."""
    random = np.random.default_rng(seed)
    level = np.where(DAYS >= BREAK, season, 1.0)
    android = np.where(DAYS >= BREAK, kept, 1.0)
    return {
        p: random.poisson(n * level * (android if p == "android" else 1.0))
        for p, n in USUAL.items()
    }


def test_a_loss_of_12_percent_is_found_dated_and_sized() -> None:
    found = [judged(drawn(seed, kept=0.88))["android"] for seed in range(40)]
    seen = [(since, lost) for since, lost, bad in found if bad]
    assert len(seen) >= 34, "found in most of 40 draws"
    off = [abs((since - date(2025, 3, 15)).days) for since, _ in seen]
    assert np.median(off) <= 2
    assert np.median([lost for _, lost in seen]) == pytest.approx(300 * 0.12 * 14, rel=0.25)


@pytest.mark.parametrize("season", [0.5, 1.0, 3.0])
def test_what_all_platforms_share_is_no_loss(season: float) -> None:
    alarms = [
        platform
        for seed in range(40)
        for platform, (_, _, bad) in judged(drawn(seed, season=season)).items()
        if bad
    ]
    assert len(alarms) <= 2, "of 120 platforms that lost nothing"


def test_a_platform_that_falls_silent_is_found() -> None:
    found = judged(drawn(1, kept=0.0))
    since, lost, bad = found["android"]
    assert bad and since == date(2025, 3, 15)
    assert lost == pytest.approx(300 * 14, rel=0.1)
    assert not found["web"][2] and not found["ios"][2]


def test_few_events_say_nothing() -> None:
    counts = {platform: daily // 10 for platform, daily in drawn(1, kept=0.0).items()}
    assert judged(counts) == {}
