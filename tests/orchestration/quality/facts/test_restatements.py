"""Dates that readers have, and that a run changed."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.config import Migration
from orchestration.quality.facts import write_restatements
from orchestration.warehouse import marts_file, snapshot_file

MARCH = [date(2025, 3, day) for day in range(1, 6)]


@pytest.fixture
def migration(tmp_path: Path) -> Migration:
    source = {"vendor": "mixpanel", "location": tmp_path / "exports", "timezone": "UTC"}
    found = Migration(home=tmp_path / "home", taxonomy=tmp_path / "t.yaml", sources={"app": source})
    found.warehouse_dir.mkdir(parents=True)
    return found


def write(path: Path, *counts: int) -> None:
    with duckdb.connect(path) as connection:
        connection.execute("create schema if not exists marts")
        connection.execute(
            "create or replace table marts.fct_events (source varchar, occurred_on date)"
        )
        for day, count in zip(MARCH, counts, strict=False):
            connection.execute(
                "insert into marts.fct_events select 'app', ? from range(?)", [day, count]
            )


def restated(migration: Migration) -> list[tuple[Any, ...]]:
    with duckdb.connect(marts_file(migration), read_only=True) as connection:
        return connection.execute("select * from quality.fct_restatements order by all").fetchall()


def test_before_the_first_snapshot_nothing_is_restated(migration: Migration) -> None:
    write(marts_file(migration), 3, 3)
    write_restatements(migration, "r1")
    assert restated(migration) == []


def test_changed_and_emptied_dates_are_listed_once_a_run(migration: Migration) -> None:
    """Not the newest published one, which was filling, nor what comes after it."""
    write(snapshot_file(migration), 5, 5, 5, 2)
    write(marts_file(migration), 5, 6, 0, 9, 4)
    for _ in range(2):
        write_restatements(migration, "r1")
    expected = [("r1", MARCH[1], "app", 5, 6), ("r1", MARCH[2], "app", 5, 0)]
    assert restated(migration) == expected
    write_restatements(migration, "r2")
    assert restated(migration) == [*expected, *(("r2", *row[1:]) for row in expected)]


def test_dates_before_the_first_published_one_are_new(migration: Migration) -> None:
    write(snapshot_file(migration), 0, 5, 5)
    write(marts_file(migration), 4, 5, 5)
    write_restatements(migration, "r1")
    assert restated(migration) == []
