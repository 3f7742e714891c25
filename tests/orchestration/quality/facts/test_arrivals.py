"""Silence and volume of deliveries, by simulation: what is found, and how seldom without cause."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from orchestration.quality.facts.arrivals import HOURS, write_arrival_facts
from orchestration.sources import EVENT_VENDORS

START = datetime(2025, 3, 3)  # a Monday
DAYS = 42
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# Events come in sessions of five, mostly by day, and on weekends half as many.
SHAPE = np.array([1, 1, 1, 1, 1, 2, 4, 8, 10, 12, 12, 12, 12, 12, 12, 12, 12, 10, 8, 6, 4, 3, 2, 1])
Keep = Callable[[datetime], float]


@dataclass
class World:
    """One source with one delivery a day; `kept` is the share of an hour's events that came."""

    seed: int = 0
    sessions: float = 2.0  # in an hour, times the shape of the day
    kept: Keep = lambda _: 1.0
    weekend: float = 0.5
    zone: int = 0  # hours by which the deliveries' days begin after midnight UTC
    rows: list[tuple[str, datetime, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        random = np.random.default_rng(self.seed)
        for number in range(24 * DAYS):
            hour = START + number * HOUR
            week = self.weekend if hour.weekday() >= 5 else 1.0
            rate = self.sessions * SHAPE[hour.hour] * week * self.kept(hour)
            events = int(random.poisson(rate)) * 5
            if events:
                self.rows.append((f"{(hour - self.zone * HOUR).date()}", hour, events))


def judged(world: World, landed_at: datetime = START + 99 * DAY) -> dict[str, dict[str, Any]]:
    """The facts of every delivery, by its day."""
    with duckdb.connect() as connection:
        connection.execute("create schema control; create schema staging")
        connection.execute(HOURS)
        for vendor in EVENT_VENDORS:
            connection.execute(
                f"""create table staging.stg_{vendor}__events (delivery_id varchar, source varchar,
                    occurred_at timestamp, record_fate varchar, landed_at timestamp)"""
            )
        deliveries = sorted({delivery for delivery, _, _ in world.rows})
        connection.register(
            "deliveries", pa.table({"d": deliveries, "at": [landed_at] * len(deliveries)})
        )
        names, hours, events = zip(*world.rows, strict=True)
        connection.register("counts", pa.table({"d": names, "hour": hours, "events": events}))
        connection.execute(
            """
            create table control.to_judge as select d as delivery_id, "at" as landed_at
                from deliveries;
            create table control.deliveries as select d as delivery_id, 'app' as source,
                'current' as state, "at" as landed_at from deliveries;
            create table control.files as select d as delivery_id, d || '.json' as file_name
                from deliveries;
            insert into staging.stg_mixpanel__events
                select counts.d, 'app', hour, null, "at"
                from counts join deliveries using (d), range(counts.events)
            """
        )
        with NamedTemporaryFile(suffix=".parquet") as file:
            write_arrival_facts(connection, Path(file.name))
            rows = connection.execute("select * from read_parquet(?)", [file.name])
            found = rows.to_arrow_table().to_pylist()
    return {row["delivery_id"]: row for row in found}


def day(number: int) -> str:
    return (START + number * DAY).date().isoformat()


def told(found: dict[str, dict[str, Any]], what: str) -> dict[str, int]:
    return {name: row[what] for name, row in found.items() if row[what]}


def silent(start: datetime, end: datetime) -> Keep:
    return lambda hour: 0.0 if start <= hour < end else 1.0


NINE = START + 25 * DAY + 9 * HOUR  # a Friday


def test_silent_hours_within_a_delivery_are_found_named_and_sized() -> None:
    found = judged(World(kept=silent(NINE, NINE + 3 * HOUR)))
    assert told(found, "missing_hours") == {day(25): 3}
    assert "from 2025-03-28 09:00 to 2025-03-28 12:00 UTC" in found[day(25)]["hours_told"]
    assert found[day(25)]["hours_lost"] == pytest.approx(3 * 12 * 2 * 5, rel=0.3)
    assert not told(found, "missing_days")


@pytest.mark.parametrize("zone", [0, 8])
def test_a_missing_day_is_found_by_the_delivery_after_it(zone: int) -> None:
    """The days of an export are those of its own zone, and need not be days of UTC."""
    start = START + 25 * DAY + zone * HOUR
    found = judged(World(kept=silent(start, start + DAY), zone=zone))
    assert told(found, "missing_days") == {day(26): 1}
    assert f"{start:%Y-%m-%d %H}" in found[day(26)]["days_told"]
    assert not told(found, "missing_hours")


def test_a_source_that_rests_on_weekends_is_not_silent() -> None:
    found = judged(World(weekend=0.0))
    assert not told(found, "missing_days") and not told(found, "missing_hours")
    gone = judged(World(weekend=0.0, kept=silent(START + 22 * DAY, START + 23 * DAY)))
    assert told(gone, "missing_days") == {day(23): 1}


def test_hours_of_a_quiet_source_say_nothing() -> None:
    found = judged(World(sessions=0.05, kept=silent(NINE, NINE + 3 * HOUR)))
    assert not told(found, "missing_hours")


def test_half_of_a_day_is_told_once_and_a_campaign_on_its_first_day() -> None:
    half = judged(World(kept=lambda h: 0.4 if h >= START + 30 * DAY else 1.0))
    assert list(told(half, "days_outside")) == [day(30)]
    assert half[day(30)]["volume_lost"] > 0
    spike = judged(World(kept=lambda h: 8.0 if 30 <= (h - START).days < 33 else 1.0))
    assert list(told(spike, "days_outside")) == [day(30)]


def test_a_holiday_and_a_campaign_are_within_the_band() -> None:
    share = {30: 0.65, 37: 3.5}  # and a campaign
    found = judged(World(kept=lambda h: share.get((h - START).days, 1.0)))
    assert not told(found, "days_outside")


def test_the_first_deliveries_have_no_history() -> None:
    found = judged(World())
    assert [found[day(n)]["known_days"] for n in (0, 6, 7)] == [0, 6, 7]
    assert [found[day(n)]["judged_days"] for n in (0, 20, 22)] == [0, 0, 1]


def test_the_current_day_is_open() -> None:
    """It is noon, and half of the day has not happened."""
    noon = START + 35 * DAY + 12 * HOUR
    world = World(kept=lambda h: 1.0 if h < noon else 0.0)
    found = judged(world, landed_at=noon)
    assert found[day(35)]["judged_days"] == 0
    assert not told(found, "days_outside") and not told(found, "missing_hours")


def test_earlier_days_are_judged_as_if_nothing_had_come_after_them() -> None:
    """A backfill gives for each day what that day would have been told of it."""
    fault = silent(NINE, NINE + 3 * HOUR)
    whole = judged(World(kept=fault))
    until = START + 27 * DAY
    world = World(kept=fault)
    world.rows = [row for row in world.rows if row[1] < until]
    then = judged(world)
    names = [name for name in then if name < day(26)]
    assert len(names) == 26
    assert [whole[name] for name in names] == [then[name] for name in names]


def test_clean_weeks_seldom_alarm() -> None:
    """Six weeks of one source, twenty times: at most one alarm in ten clean months."""
    alarms = [
        (seed, what, name)
        for seed in range(20)
        for what in ("missing_hours", "missing_days", "days_outside")
        for name in told(judged(World(seed=seed, sessions=[0.2, 1.0, 4.0][seed % 3])), what)
    ]
    assert len(alarms) <= 3, alarms
