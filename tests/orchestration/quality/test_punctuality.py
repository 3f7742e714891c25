"""What a source's habit is, from the dates on which it was seen to be late or not."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from orchestration.quality.punctuality import REMEMBERED_DAYS, note_delays, usual_delays

TODAY = date(2025, 3, 1)


@pytest.fixture
def connection(tmp_path: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(tmp_path / "work.duckdb")
    connection.execute("create schema control")
    return connection


def note(connection: duckdb.DuckDBPyConnection, days_ago: int, behind: int) -> None:
    newest = TODAY - timedelta(days=days_ago)
    note_delays(connection, {"app": newest - timedelta(days=behind), "shop": newest})


def test_no_habit_is_known_before_three_dates(connection: duckdb.DuckDBPyConnection) -> None:
    assert usual_delays(connection, TODAY) == {}
    for days_ago in (2, 1):
        note(connection, days_ago, 0)
        note(connection, days_ago, 0)  # a second build of the same date is no second date
    assert usual_delays(connection, TODAY) == {}
    note(connection, 3, 0)
    assert usual_delays(connection, TODAY) == {"app": 0, "shop": 0}


def test_a_date_keeps_the_most_that_was_seen_of_it(connection: duckdb.DuckDBPyConnection) -> None:
    for days_ago in (3, 2, 1):
        note(connection, days_ago, 1)
        note(connection, days_ago, 0)
    assert usual_delays(connection, TODAY) == {"app": 1, "shop": 0}


def test_one_delay_in_many_is_no_habit_and_today_teaches_nothing(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    for days_ago in range(11, 0, -1):
        note(connection, days_ago, 2 if days_ago == 5 else 0)
    note(connection, 0, 9)
    assert usual_delays(connection, TODAY)["app"] == 0


def test_what_is_long_ago_is_forgotten(connection: duckdb.DuckDBPyConnection) -> None:
    for days_ago in range(REMEMBERED_DAYS + 3, REMEMBERED_DAYS, -1):
        note(connection, days_ago, 3)
    for days_ago in (3, 2, 1):
        note(connection, days_ago, 0)
    assert usual_delays(connection, TODAY)["app"] == 0
    assert connection.execute("select count(*) from control.source_delays").fetchone() == (8,)
