"""Every run's results and every offending row, as tables."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from expectations.checkpoints import run_gate
from expectations.rules import Rule, RuleResult, expect
from orchestration.config import Migration
from orchestration.quality.decisions import record
from orchestration.quality.gate_history import KEPT_DAYS, history_files, keep_history
from orchestration.quality.gate_results import write_results
from orchestration.quality.gate_tables import offenders_folder, write_gate_results
from orchestration.warehouse import marts_file

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
RULE = Rule(
    name="file_is_whole",
    stage="landing",
    view="facts",
    severity="block",
    dimension="completeness",
    claim=expect("ExpectRowCountsToBeZero", columns=["lost"]),
    offenders="lost <> 0",
    observed="concat(lost, ' lost')",
    next_step="Fetch it again.",
    description="A case.",
)


@pytest.fixture
def migration(tmp_path: Path) -> Migration:
    source = {"vendor": "mixpanel", "location": tmp_path / "exports", "timezone": "UTC"}
    return Migration(home=tmp_path / "home", taxonomy=tmp_path / "t.yaml", sources={"app": source})


def facts(*rows: tuple[str, str, int]) -> str:
    values = ", ".join(f"('app', '{delivery}', '{name}', {lost})" for delivery, name, lost in rows)
    return f"select * from (values {values}) as t(source, delivery_id, file_name, lost)"


def judge(
    migration: Migration, run_id: str, view: str, at: datetime = NOON, rule: Rule = RULE
) -> Sequence[RuleResult]:
    folder = offenders_folder(migration.gates_dir, rule.stage, at)
    results = run_gate(rule.stage, [rule], {"facts": view}, {}, offenders_dir=folder)
    keep_history(migration.gates_dir, run_id, at, results)
    write_results(migration.gates_dir, rule.stage, run_id, results, at)
    return results


def rows(migration: Migration, query: str) -> list[tuple[Any, ...]]:
    write_gate_results(migration)
    with duckdb.connect(marts_file(migration), read_only=True) as connection:
        return connection.execute(query).fetchall()


RESULTS = """select run_id, delivery_id, success, is_latest from quality.fct_gate_results
    order by judged_at, delivery_id"""
OFFENDERS = """select run_id, delivery_id, offender from quality.fct_gate_offenders
    order by run_id, delivery_id, offender"""


def test_every_run_is_kept_and_the_latest_of_each_delivery_is_marked(migration: Migration) -> None:
    judge(migration, "r1", facts(("d1", "a", 1), ("d2", "b", 0)))
    judge(migration, "r2", facts(("d1", "a", 0)), NOON + timedelta(hours=1))
    assert rows(migration, RESULTS) == [
        ("r1", "d1", False, False),
        ("r1", "d2", True, True),
        ("r2", "d1", True, True),
    ]


def test_a_run_that_judges_again_replaces_its_own_rows(migration: Migration) -> None:
    for minute in (0, 1):
        judge(migration, "r1", facts(("d1", "a", 1)), NOON + timedelta(minutes=minute))
    assert rows(migration, RESULTS) == [("r1", "d1", False, True)]
    assert rows(migration, RESULTS) == [("r1", "d1", False, True)], "writing it again adds nothing"


def test_results_carry_dimension_runbook_records_and_acceptance(migration: Migration) -> None:
    judge(migration, "r1", facts(("d1", "a", 1)))
    judge(migration, "r2", facts(("d1", "a", 1)), NOON + timedelta(days=1))
    record(
        migration.decisions_dir,
        kind="accept",
        rule="file_is_whole",
        delivery_id="d1",
        by="ada",
        why="known",
    )
    query = """select distinct dimension, runbook, records, accepted_by, accepted_why
        from quality.fct_gate_results"""
    assert rows(migration, query) == [("completeness", "file_is_whole", None, "ada", "known")]


def test_history_is_bounded_and_what_is_latest_outlives_it(migration: Migration) -> None:
    judge(migration, "old", facts(("d1", "a", 1)))
    judge(migration, "new", facts(("d2", "a", 1)), NOON + timedelta(days=KEPT_DAYS + 1))
    assert len(history_files(migration.gates_dir)) == 1
    assert {row[0] for row in rows(migration, RESULTS)} == {"old", "new"}


def test_judgements_without_a_history_are_still_told(migration: Migration) -> None:
    judge(migration, "r1", facts(("d1", "a", 1)))
    for path in history_files(migration.gates_dir):
        path.unlink()
    assert rows(migration, RESULTS) == [("r1", "d1", False, True)]


def test_all_offending_rows_of_the_latest_judgement_are_kept(migration: Migration) -> None:
    """Great Expectations would name 200 of them."""
    many = [("d1", f"f{number}", 1) for number in range(1000)]
    judge(migration, "r1", facts(*many, ("d2", "b", 1)))
    judge(migration, "r2", facts(("d2", "b", 2), ("d2", "c", 0)), NOON + timedelta(hours=1))
    found = rows(migration, OFFENDERS)
    assert len([row for row in found if row[:2] == ("r1", "d1")]) == 1000
    [(run_id, delivery, offender)] = [row for row in found if row[1] == "d2"]
    assert (run_id, delivery) == ("r2", "d2")
    assert json.loads(offender) == {
        "source": "app",
        "delivery_id": "d2",
        "file_name": "b",
        "lost": 2,
    }


def test_what_turned_green_has_no_offenders_and_leaves_no_files(migration: Migration) -> None:
    judge(migration, "r1", facts(("d1", "a", 1)))
    judge(migration, "r2", facts(("d1", "a", 0)), NOON + timedelta(hours=1))
    assert rows(migration, OFFENDERS) == []
    assert not list((migration.gates_dir / "offenders").rglob("*.parquet"))


def test_an_address_in_a_name_is_left_out(migration: Migration) -> None:
    judge(migration, "r1", facts(("d1", "of ada@example.org.json", 1)))
    [(_, _, offender)] = rows(migration, OFFENDERS)
    assert json.loads(offender)["file_name"] == "of masked"


def test_a_home_without_any_gate_has_empty_tables(migration: Migration) -> None:
    assert rows(migration, RESULTS) == []
    assert rows(migration, OFFENDERS) == []
