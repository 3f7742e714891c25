"""Cases, and results that are kept; and one case for real, on a small product."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.scorecard import __main__ as command
from benchmarks.scorecard import laboratory
from benchmarks.scorecard.alarms import read_alarms
from benchmarks.scorecard.faults import FAULTS
from benchmarks.scorecard.running import Case, build_base, run_case
from benchmarks.scorecard.scoring import score_all
from benchmarks.scorecard.sources import ALL_SOURCES, rows_of
from benchmarks.scorecard.world import steady


def test_cases_take_the_seeds_in_turn_and_controls_take_all() -> None:
    cases = laboratory.cases_of(
        ["loss_on_platform", "missing_day", "clean_week"], ("whole", "large", "small"), (1, 2)
    )
    assert cases == (
        Case("clean_week", "whole", 1),
        Case("clean_week", "whole", 2),
        Case("loss_on_platform", "large", 1),
        Case("loss_on_platform", "small", 2),
        Case("missing_day", "whole", 1),
    )


def test_known_results_are_not_made_again(tmp_path: Path) -> None:
    case = Case("missing_day", "whole", 11)
    plan = laboratory.Plan((case,), (11,), 50, 7)
    folder = tmp_path / f"{laboratory.fingerprint()}-50x7"
    (folder / "base-11").mkdir(parents=True)
    kept = [{"case": "base/11", "seed": 11, "runs": []}, {"case": case.name, "runs": [1]}]
    text = "\n".join(map(json.dumps, kept))
    (folder / "results.jsonl").write_text(text + '\n{"case": "torn')
    bases, results = laboratory.run(plan, tmp_path, workers=1, tell=pytest.fail)
    assert (bases, results) == (kept[:1], kept[1:])


def test_the_fingerprint_is_of_the_code_that_matters(tmp_path: Path) -> None:
    package = tmp_path / "benchmarks" / "scorecard"
    package.mkdir(parents=True)
    (package / "world.py").write_text("a")
    before = laboratory.fingerprint(tmp_path)
    (package / "scoring.py").write_text("scored differently")
    assert laboratory.fingerprint(tmp_path) == before
    (package / "world.py").write_text("b")
    assert laboratory.fingerprint(tmp_path) != before


def test_unknown_names_are_refused() -> None:
    import typer

    app = typer.Typer()
    app.command()(command.main)
    refused = CliRunner().invoke(app, ["--only", "loss_on_platfrom"])
    assert refused.exit_code == 2


def test_a_day_is_the_same_whatever_else_is_drawn() -> None:
    short, long = steady(5, history_days=7), steady(5)
    assert long.days[-7:] == short.days
    for source in ALL_SOURCES:
        assert rows_of(short, source, short.days[0]).equals(rows_of(long, source, short.days[0]))


def test_a_healthy_home_is_green_and_a_torn_file_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "set by each run, and put back after the test")
    world = steady(11, visits=60, history_days=7)
    base = tmp_path / "base-11"
    told = build_base(base, world)
    assert told["failure"] is None
    assert not [a for a in told["alarms"] if a["severity"] == "critical"]
    written = sum(len(rows_of(world, s, day)) for s in ALL_SOURCES for day in world.days)
    assert _loaded(base) == written
    result = run_case(base, world, Case("truncated_gzip", "whole", 11))
    [found] = score_all([{"seed": 11, "runs": [told]}], [result])
    assert found.detected and found.named and found.first_run
    assert FAULTS["truncated_gzip"].is_on("mixpanel_app", world.days[-1]) is False
    assert read_alarms(base / "home" / "warehouse" / "warehouse.duckdb") is not None


def _loaded(base: Path) -> int:
    import duckdb

    with duckdb.connect(base / "home" / "warehouse" / "warehouse.duckdb", read_only=True) as db:
        row = db.execute("select sum(loaded) from quality.fct_ledger").fetchone()
    assert row is not None
    return int(row[0])
