"""Faults over staged events, measured and judged as the gate does: each is found, by its name."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from expectations.suites.drift import CAUSES
from orchestration.quality.delivery_figures import write_delivery_figures
from orchestration.quality.drift.events import near_name
from orchestration.quality.drift.findings import Finding
from orchestration.quality.drift.judging import find_all, write_drift
from orchestration.quality.drift.reading import platform_cells, read_figures
from orchestration.quality.drift.values import times
from tests.orchestration.quality.drift import world
from tests.orchestration.quality.drift.faults import FAULTS

MIGRATION: Any = SimpleNamespace(
    reporting_timezone="America/New_York", sources={"app": SimpleNamespace(vendor="amplitude")}
)
FIRST = 14  # two weeks before the campaign
BEGUN = world.START + timedelta(days=world.FAULTY)
# Without need of history, or told of a day that a copy bears.
ELSEWHERE = {"replayed_delivery", "epoch_unit"}


@pytest.fixture(scope="module")
def clean() -> pd.DataFrame:
    """Clean weeks with a campaign and a holiday; faults are put into copies of them."""
    table = world.events(1).assign(amount_text=False)
    return table[table["number"] >= FIRST].reset_index(drop=True)


def found(connection: duckdb.DuckDBPyConnection) -> list[Finding]:
    write_delivery_figures(connection, MIGRATION)
    return [finding for figures in read_figures(connection) for finding in find_all(figures)]


def test_clean_days_are_quiet(clean: pd.DataFrame) -> None:
    assert [finding.sentence for finding in found(world.stage(clean))] == []


@pytest.mark.parametrize("name", FAULTS)
def test_a_large_fault_is_found_on_its_day_and_named(name: str, clean: pd.DataFrame) -> None:
    fault, cause, sizes = FAULTS[name]
    broken = fault(clean, world.hit(clean, sizes[0], 1), np.random.default_rng(5))
    told = found(world.stage(broken[broken["number"] <= world.FAULTY]))
    assert cause in {finding.cause for finding in told}
    [first, *_] = sorted((f for f in told if f.cause == cause), key=lambda f: f.day)
    if cause not in ELSEWHERE:
        assert first.day == BEGUN
    assert first.records > 0
    assert first.sentence.startswith("app: ")
    assert first.sentence.endswith(" records).")


MIDDLE = [
    *("epoch unit", "future rows", "one user id for many", "device ids vanish", "cents for units"),
    *("property renamed", "number becomes text", "enum value renamed", "event renamed"),
    *(
        "double firing",
        "device ids made anew",
        "duplicates",
        "one device id for many",
        "property dropped",
    ),
    "clocks of some devices",
]


@pytest.mark.parametrize("name", MIDDLE)
def test_a_fault_of_12_percent_is_found(name: str, clean: pd.DataFrame) -> None:
    fault, cause, _ = FAULTS[name]
    broken = fault(clean, world.hit(clean, "middle", 1), np.random.default_rng(5))
    told = found(world.stage(broken[broken["number"] <= world.FAULTY + 2]))
    assert cause in {finding.cause for finding in told}


@pytest.mark.parametrize("platform", ["android", "ios", "web"])
def test_events_that_a_platform_loses_are_no_lack_of_ids(
    platform: str, clean: pd.DataFrame
) -> None:
    late = (clean["number"] >= world.FAULTY).to_numpy()
    gone = late & (clean["platform"] == platform).to_numpy()
    gone &= np.random.default_rng(8).random(len(clean)) < 0.8
    told = {f.cause for f in found(world.stage(clean[~gone].reset_index(drop=True)))}
    assert not told & {
        "login_stopped",
        "anonymous_id_lost",
        "anonymous_visitors_lost",
        "ids_reset",
    }


def test_users_whose_device_id_is_made_anew_are_told(clean: pd.DataFrame) -> None:
    fault, cause, _ = FAULTS["device ids made anew"]
    broken = fault(clean, world.hit(clean, "small", 1), np.random.default_rng(5))
    told = found(world.stage(broken[broken["number"] <= world.FAULTY + 2]))
    [first, *_] = [f for f in told if f.cause == cause]
    assert first.day == BEGUN
    assert "users came with more than one device id" in first.sentence


def test_days_measured_before_a_figure_was_there_are_no_history_of_it(clean: pd.DataFrame) -> None:
    late = np.random.default_rng(6).random(len(clean)) < 0.1
    late_always = clean.copy()
    late_always.loc[late, "occurred_at"] -= pd.Timedelta(hours=3)
    connection = world.stage(late_always)
    write_delivery_figures(connection, MIGRATION)
    connection.execute(
        """delete from control.delivery_figures where day < ?
            and figure in ('timed', 'astray', 'users', 'split_users')""",
        [BEGUN],
    )
    told = [f for figures in read_figures(connection) for f in find_all(figures)]
    assert [f.sentence for f in told if f.cause in ("clock_drift", "ids_reset")] == []


def test_a_new_name_of_a_property_is_told(clean: pd.DataFrame) -> None:
    fault, cause, _ = FAULTS["property renamed"]
    broken = fault(clean, world.hit(clean, "large", 1), np.random.default_rng(5))
    [told, *_] = [f for f in found(world.stage(broken)) if f.cause == cause]
    assert (told.event, told.item) == ("order_paid", "amount")
    assert "amount_usd came in its place" in told.sentence


def counted(table: pd.DataFrame, lost: np.ndarray) -> duckdb.DuckDBPyConnection:
    """Staged events numbered by their devices, of which some then never came."""
    ordered = table.sort_values(["device_id", "occurred_at"], kind="stable")
    number = ordered.groupby("device_id").cumcount().reindex(table.index)
    connection = world.stage(table.assign(key=table["key"] + "#" + number.astype(str))[~lost])
    numbers = table.assign(number=number, name=table["key"] + "#" + number.astype(str))
    connection.register("numbers", numbers[["name", "number"]])
    connection.execute(
        """update staging.stg_events set properties = json_merge_patch(properties,
            json_object('$amplitude', json_object('event_id', numbers.number)))::varchar
        from numbers where event_key = md5(numbers.name)"""
    )
    return connection


def test_numbers_that_a_counter_skips_are_events_that_were_lost(clean: pd.DataFrame) -> None:
    random = np.random.default_rng(9)
    usual = random.random(len(clean)) < 0.03  # what never comes on any day
    broken = (random.random(len(clean)) < 0.2) & (clean["number"] >= world.FAULTY).to_numpy()
    broken &= (clean["platform"] == "android").to_numpy()
    assert "counter_gaps" not in {f.cause for f in found(counted(clean, usual))}
    told = [f for f in found(counted(clean, usual | broken)) if f.cause == "counter_gaps"]
    assert {f.platform for f in told} == {"android"}
    assert min(f.day for f in told) == BEGUN


def with_forms_opened(table: pd.DataFrame) -> pd.DataFrame:
    """Who uploads a form has opened it, and has looked at a page before."""
    uploads = table[table["event"] == "form_uploaded"]
    before = [
        uploads.assign(
            event=name,
            key=f"{name} " + uploads["key"],
            occurred_at=uploads["occurred_at"] - pd.Timedelta(seconds=seconds),
        )
        for name, seconds in (("form_opened", 30), ("page_seen", 60))
    ]
    return pd.concat([table, *before], ignore_index=True)


@pytest.mark.parametrize(
    ("gone", "event"), [({"form_opened"}, "form_opened"), ({"form_opened", "page_seen"}, None)]
)
def test_acts_that_come_without_their_companion_tell_that_it_is_lost(
    gone: set[str], event: str | None, clean: pd.DataFrame
) -> None:
    table = with_forms_opened(clean)
    random = np.random.default_rng(4)
    lost = table["event"].isin(gone).to_numpy() & (table["platform"] == "android").to_numpy()
    lost &= (table["number"] >= world.FAULTY).to_numpy() & (random.random(len(table)) < 0.12)
    assert not [f for f in found(world.stage(table)) if f.cause == "companion_missing"]
    broken = table[~lost].reset_index(drop=True)
    told = [f for f in found(world.stage(broken)) if f.cause == "companion_missing"]
    assert {f.platform for f in told} == {"android"}
    # on a day of few people only one of several may be seen
    assert event in {f.event for f in told} <= {event, *gone}
    assert min(f.day for f in told) <= BEGUN + timedelta(days=1)


def test_a_companion_that_stops_altogether_is_missed(clean: pd.DataFrame) -> None:
    table = with_forms_opened(clean)
    stops = (table["event"] == "form_opened") & (table["number"] >= world.FAULTY)
    [told] = [
        f
        for f in found(world.stage(table[~stops].reset_index(drop=True)))
        if f.cause == "companion_missing"
    ]
    assert (told.day, told.event, told.observed) == (BEGUN, "form_opened", 1.0)


def test_two_parts_that_moved_without_the_whole_are_both_told() -> None:
    moved = np.array([[False, True, True], [True, True, True], [True, False, True]])
    platforms = [("android",), ("ios",)]
    assert list(platform_cells(np.ones((3, 3)), moved, platforms)) == [
        (0, 1, "android"),
        (0, 2, "ios"),
        (1, 0, ""),
        (2, 2, "ios"),
    ]


def test_numbers_at_random_are_no_counter(clean: pd.DataFrame) -> None:
    connection = world.stage(clean)
    connection.execute(
        """update staging.stg_events set properties = json_merge_patch(properties,
            json_object('$amplitude', json_object('event_id', hash(event_key) % 900000000)))"""
    )
    write_delivery_figures(connection, MIGRATION)
    spanned = connection.execute(
        "select count(*) from control.delivery_figures where figure = 'counter' and n > 30"
    ).fetchone()
    assert spanned == (0,)


def test_what_a_robot_does_is_told(clean: pd.DataFrame) -> None:
    fault, cause, _ = FAULTS["robot"]
    broken = fault(clean, world.hit(clean, "whole", 1), np.random.default_rng(5))
    robots = broken["device_id"] == "d999999"
    broken.loc[robots, "device_id"] = [f"robot-{n % 3}" for n in range(int(robots.sum()))]
    told = found(world.stage(broken[broken["number"] <= world.FAULTY]))
    assert any("all of them " in f.sentence for f in told if f.cause == cause)


def test_one_file_of_all_days_is_judged_day_by_day(clean: pd.DataFrame) -> None:
    fault, cause, _ = FAULTS["number becomes text"]
    broken = fault(clean, world.hit(clean, "large", 1), np.random.default_rng(5))
    [told] = [f for f in found(world.stage(broken.assign(delivery="all"))) if f.cause == cause]
    assert told.day == BEGUN


def test_a_fault_that_lasts_is_dated_by_its_first_day_in_later_runs(
    clean: pd.DataFrame, tmp_path: Path
) -> None:
    fault, cause, _ = FAULTS["property dropped"]
    broken = fault(clean, world.hit(clean, "large", 1), np.random.default_rng(5))
    connection = world.stage(broken[broken["number"] <= world.FAULTY + 3])
    write_delivery_figures(connection, MIGRATION)
    measured = connection.execute("select count(*) from control.delivery_figures").fetchone()
    last = f"day{world.FAULTY + 3:03d}"
    connection.execute("delete from control.to_judge where delivery_id <> ?", [last])
    write_delivery_figures(connection, MIGRATION)
    again = connection.execute("select count(*) from control.delivery_figures").fetchone()
    assert again == measured, "measuring one delivery again changes nothing"
    write_drift(connection, tmp_path / "drift.parquet")
    rows = duckdb.execute(
        "select delivery_id, since from read_parquet(?) where verdict = 'drift' and cause = ?",
        [str(tmp_path / "drift.parquet"), cause],
    ).fetchall()
    assert rows == [(last, BEGUN)]


def test_every_delivery_is_told_of_by_every_cause(clean: pd.DataFrame, tmp_path: Path) -> None:
    connection = world.stage(clean[clean["number"] < FIRST + 9])
    write_delivery_figures(connection, MIGRATION)
    write_drift(connection, tmp_path / "drift.parquet")
    verdicts = duckdb.execute(
        """select delivery_id, verdict, count(*) from read_parquet(?)
        where cause not in ('epoch_unit', 'replayed_delivery') group by all order by all""",
        [str(tmp_path / "drift.parquet")],
    ).fetchall()
    causes = len(CAUSES) - 2
    assert verdicts == [
        (f"day{FIRST + n:03d}", "no_history" if n < 7 else "steady", causes) for n in range(9)
    ]


def test_what_blocks_is_told_of_each_delivery(clean: pd.DataFrame, tmp_path: Path) -> None:
    fault, cause, _ = FAULTS["zone shift"]
    broken = fault(clean, world.hit(clean, "whole", 1), np.random.default_rng(5))
    connection = world.stage(broken[broken["number"] <= world.FAULTY + 1])
    write_delivery_figures(connection, MIGRATION)
    write_drift(connection, tmp_path / "drift.parquet")
    held = duckdb.execute(
        """select delivery_id from read_parquet(?) where cause = ? and verdict = 'drift'
        order by delivery_id""",
        [str(tmp_path / "drift.parquet"), cause],
    ).fetchall()
    assert held == [("day050",), ("day051",)]


def responses(scores: list[list[int]], who: str | None = None) -> pd.DataFrame:
    """A response a score, the scores of a day in one list."""
    rows = [
        {
            "delivery": f"s{n:03d}",
            "day": world.START + timedelta(days=n),
            "who": who or f"p{n}-{k}",
            "document": f'{{"Q1":"{score}","text":"fine"}}',
        }
        for n, day in enumerate(scores)
        for k, score in enumerate(day)
    ]
    return pd.DataFrame(rows)


USUAL = [[0, 4, 8, 9, 10, 7], [9, 10, 6], [8, 9, 2, 10], [5, 9, 10, 10, 8]] * 4


@pytest.mark.parametrize(
    ("last", "cause"),
    [
        ([9, 8, 10], None),
        ([9] * 40, "survey_flood"),
        ([1, 2, 3, 4, 5] * 4, "score_scale"),
        ([0, 55, 100, 90] * 6, "score_scale"),
        ([9, 8, 47], "impossible_scores"),
    ],
)
def test_surveys(clean: pd.DataFrame, last: list[int], cause: str | None) -> None:
    connection = world.stage(clean[clean["number"] < FIRST + 1], responses([*USUAL, last]))
    causes = {finding.cause for finding in found(connection)}
    assert (cause in causes) if cause else not causes


@pytest.mark.parametrize("days", [8, 45])
def test_a_score_that_nobody_gave_yet_is_no_impossible_one(clean: pd.DataFrame, days: int) -> None:
    first = [[5, 8, 9, 10, 7, 6]] * days
    connection = world.stage(clean[clean["number"] < FIRST + 1], responses([*first, [2, 9, 10]]))
    assert not found(connection)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("Tax_Reminder_On", "tax_reminder_on"),
        ("formUploaded", "form_uploaded"),
        ("order_payed", "order_paid"),
        ("newsletter_opened", None),
    ],
)
def test_near_names(name: str, near: str | None) -> None:
    assert near_name(name, ["tax_reminder_on", "form_uploaded", "order_paid", "opened"]) == near


@pytest.mark.parametrize(
    ("factor", "told"),
    [(101.0, "about 100 times"), (0.011, "about 1/100 of"), (4.0, "about 4.0 times")],
)
def test_factors_in_words(factor: float, told: str) -> None:
    assert times(factor) == told
