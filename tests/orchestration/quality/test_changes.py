"""The quality tables of a small warehouse: a loss is named, a planned end is not one."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from orchestration.config import Migration, load_migration
from orchestration.quality.changes import write_changes
from orchestration.warehouse import marts_file, open_work

FIRST = date(2025, 1, 6)
DAYS = 60
BREAK = 45
PLATFORMS = {"web": 480.0, "android": 360.0, "ios": 240.0}


def migration(tmp_path: Path, more: str = "") -> Migration:
    (tmp_path / "taxonomy.yaml").write_text(
        "version: 1\nevents:\n  opened: {description: Opened., kind: micro}\n"
        "  paid: {description: Paid., kind: macro}\n"
    )
    columns = "{event: event, occurred_at: at, user_id: user}"
    sources = "".join(
        f"  {name}: {{vendor: tabular, location: {name}, timezone: UTC, columns: {columns}}}\n"
        for name in ("app", "shop")
    )
    path = tmp_path / "migration.yaml"
    path.write_text(
        f"home: home\ntaxonomy: taxonomy.yaml\nreporting_timezone: America/New_York\n"
        f"sources:\n{sources}{more}"
    )
    return load_migration(path)


def fill(
    migration: Migration, lost: dict[str, tuple[str, int, float]], ends: dict[str, int]
) -> None:
    """Hourly counts of two sources; from an hour of the break on some of a platform is lost.

    `lost` is by source (platform, hour of the day, share kept); `ends` the day a source stops.
    """
    random = np.random.default_rng(11)
    with open_work(migration) as connection:
        connection.execute("create schema if not exists control")
        connection.execute("create schema if not exists warehouse.marts")
        connection.execute("create table control.incomplete_dates (occurred_on date)")
        connection.execute(
            """create table warehouse.marts.fct_event_volumes (occurred_on date,
            occurred_hour timestamp, source varchar, event_name varchar, source_event_name varchar,
            platform varchar, app_version varchar, events bigint, persons bigint)"""
        )
        rows: list[tuple[Any, ...]] = []
        sessions: list[tuple[Any, ...]] = []
        for source in ("app", "shop"):
            for day in range(ends.get(source, DAYS)):
                on = FIRST + timedelta(days=day)
                for platform, daily in PLATFORMS.items():
                    broken, hour_of, kept = lost.get(source, ("", 0, 1.0))
                    visits = int(random.poisson(daily / 4))
                    sessions.append((on, source, platform, "1.0", visits * 4, visits, visits))
                    for event in ("opened", "paid"):
                        hours = random.poisson(visits * 2 / 24, 24)
                        for hour, count in enumerate(hours):
                            bad = platform == broken and (day, hour) >= (BREAK, hour_of)
                            seen = int(random.binomial(count, kept)) if bad else int(count)
                            # New York is five hours behind UTC in these weeks
                            at = datetime.combine(on, datetime.min.time()) + timedelta(
                                hours=hour + 5
                            )
                            if seen:
                                rows.append(
                                    (on, at, source, event, None, platform, "1.0", seen, seen)
                                )
        _insert(connection, "fct_event_volumes", rows)
        connection.execute(
            """create table warehouse.marts.fct_segment_activity (occurred_on date, source varchar,
            platform varchar, app_version varchar, events bigint, persons bigint,
            sessions bigint)"""
        )
        _insert(connection, "fct_segment_activity", sessions)


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: list[tuple[Any, ...]]) -> None:
    if rows:
        frame = pd.DataFrame(rows)
        connection.register("given", frame)
        connection.execute(f"insert into warehouse.marts.{table} select * from given")
        connection.unregister("given")


def rows(migration: Migration, query: str) -> list[dict[str, Any]]:
    with open_work(migration, read_only=True) as connection:
        found = connection.execute(query)
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def test_a_loss_on_one_platform_is_one_change_dated_to_the_hour(tmp_path: Path) -> None:
    made = migration(tmp_path)
    fill(made, {"app": ("android", 14, 0.4)}, {})
    assert write_changes(made) == 1
    (change,) = rows(made, "select * from warehouse.quality.fct_changes")
    assert change["cause"] == "loss_on_platform"
    assert (change["source"], change["segment"]) == ("app", "platform=android")
    broke = datetime.combine(FIRST + timedelta(days=BREAK), datetime.min.time())
    assert abs(change["first_bad_at"] - (broke + timedelta(hours=19))) <= timedelta(hours=3)
    assert change["detected_at"] <= broke + timedelta(days=2, hours=5)
    lost = 360 * 0.6 * (DAYS - BREAK - 14 / 24)
    assert change["lost_low"] < lost < change["lost_high"]
    assert change["ended_at"] is None and change["is_current"]
    assert "app: " in change["sentence"] and "platform=android" in change["sentence"]

    complete = rows(
        made,
        f"""select * from warehouse.quality.fct_completeness
        where source = 'app' and occurred_on = date '{FIRST + timedelta(days=DAYS - 2)}'""",
    )
    assert complete[0]["completeness"] == pytest.approx(1 - 0.6 / 3, abs=0.06)
    known = rows(
        made,
        """select smallest_drop from warehouse.quality.fct_detectability
        where source = 'shop' and segment = 'platform=web'
            and metric = 'events per session' and event_name is null""",
    )
    assert 0.05 < known[0]["smallest_drop"] < 0.8


def test_nothing_lost_is_nothing_told_and_again_the_same(tmp_path: Path) -> None:
    made = migration(tmp_path)
    fill(made, {}, {})
    assert write_changes(made) == 0
    first = rows(made, "select * from warehouse.quality.fct_detectability")
    assert write_changes(made) == 0
    assert rows(made, "select * from warehouse.quality.fct_detectability") == first


def test_a_source_that_falls_silent_is_an_outage(tmp_path: Path) -> None:
    made = migration(tmp_path)
    fill(made, {}, {"app": BREAK})
    write_changes(made)
    (change,) = rows(made, "select * from warehouse.quality.fct_changes where direction = 'down'")
    assert (change["cause"], change["source"], change["severity"]) == (
        "loss_of_source",
        "app",
        "critical",
    )
    assert change["observed"] == 0


def forget_after(migration: Migration, day: int, source: str = "") -> None:
    """As if nothing had come after a day, of all sources or of one."""
    with open_work(migration) as connection:
        for table in ("fct_event_volumes", "fct_segment_activity"):
            connection.execute(
                f"delete from warehouse.marts.{table}"
                f" where occurred_on > date '{FIRST + timedelta(days=day)}'"
                f" and source like '%{source}'"
            )


def after_days(
    tmp_path: Path, delay: int, last: int, missing: int = 0
) -> list[tuple[date, str, str]]:
    """What the last of some daily builds tells, where app comes `delay` days after shop."""
    told = []
    made = migration(tmp_path)
    for day in range(last - 4, last + 1):
        marts_file(made).unlink(missing_ok=True)
        with open_work(made) as connection:
            connection.execute("drop table if exists control.incomplete_dates")
        fill(made, {}, {})
        forget_after(made, day)
        forget_after(made, day - delay - (missing if day == last else 0), "app")
        write_changes(made)
        told = rows(made, "select * from warehouse.quality.fct_changes where direction = 'down'")
    return [(each["first_bad_at"].date(), each["cause"], each["source"]) for each in told]


@pytest.mark.parametrize("delay", [0, 1, 3])
def test_a_day_that_comes_as_late_as_always_is_no_loss(tmp_path: Path, delay: int) -> None:
    assert after_days(tmp_path, delay, 50) == []


@pytest.mark.parametrize("delay", [0, 1])
def test_a_day_that_always_came_by_now_is_lost(tmp_path: Path, delay: int) -> None:
    lost = FIRST + timedelta(days=50 - delay)
    assert after_days(tmp_path, delay, 50, missing=1) == [(lost, "loss_of_source", "app")]


def test_a_survey_that_gets_no_responses_any_more_is_told(tmp_path: Path) -> None:
    made = migration(tmp_path)
    fill(made, {}, {})
    with open_work(made) as connection:
        connection.execute(
            f"""create table warehouse.marts.fct_survey_answers as
            select 'poll' as source, date '{FIRST}' + day::integer as occurred_on,
                'r' || day || '-' || n as response_id
            from range({BREAK}) as days(day), range(30) as responses(n), range(2) as questions"""
        )
    write_changes(made)
    (change,) = rows(made, "select * from warehouse.quality.fct_changes where direction = 'down'")
    assert (change["cause"], change["source"]) == ("loss_of_source", "poll")
    assert change["first_bad_at"].date() == FIRST + timedelta(days=BREAK)


@pytest.mark.parametrize("how", ["wave", "closure"])
def test_a_source_that_ends_by_plan_is_none(tmp_path: Path, how: str) -> None:
    last = FIRST + timedelta(days=BREAK - 1)
    more = f"waves:\n  pilot: {{sources: [app], from: {FIRST}, to: {last}}}\n"
    if how == "closure":
        (tmp_path / "closures.csv").write_text(
            f"name,from,to,source\nretired,{last + timedelta(days=1)},,app\n"
        )
        more = "context: {closures: closures.csv}\n"
    made = migration(tmp_path, more)
    fill(made, {}, {"app": BREAK})
    assert write_changes(made) == 0


def test_the_open_date_and_incomplete_dates_never_alarm(tmp_path: Path) -> None:
    made = migration(tmp_path)
    fill(made, {"app": ("android", 0, 0.0)}, {})
    with open_work(made) as connection:
        connection.execute(
            "insert into control.incomplete_dates select date '2025-01-06' + n::integer"
            f" from range({BREAK}, {DAYS}) as days(n)"
        )
    assert write_changes(made) == 0
    noted = rows(
        made,
        """select distinct note from warehouse.quality.fct_completeness
        where occurred_on >= date '2025-03-01'""",
    )
    assert noted == [{"note": "a delivery is held"}]


def test_no_events_make_empty_tables(tmp_path: Path) -> None:
    made = migration(tmp_path)
    fill(made, {}, {"app": 0, "shop": 0})
    assert write_changes(made) == 0
    assert rows(made, "select * from warehouse.quality.fct_completeness") == []
