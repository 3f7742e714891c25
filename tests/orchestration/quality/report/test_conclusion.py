"""What a concluded run leaves: its page, its line in the index, and the verb that finds them."""

import json
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from orchestration.cli import main
from orchestration.config import Migration
from orchestration.defs.reports import CONCLUDED_RUN, on_call_report
from orchestration.errors import CannotFinish, ConfigurationError
from orchestration.quality.conclusion import conclude
from orchestration.quality.outcome import keep_outcome
from orchestration.quality.report import history
from orchestration.quality.report.history import find_run, keep, page_of, past_runs, reports_dir
from tests.orchestration.quality.report.states import past
from tests.orchestration.quality.report.warehouses import build, judged, migration_in, result


@pytest.fixture
def migration(tmp_path: Path) -> Migration:
    made = migration_in(tmp_path)
    build(made)
    judged(made, result())
    return made


def test_nothing_to_report_before_a_build(tmp_path: Path) -> None:
    assert conclude(migration_in(tmp_path), "run-1") is None


def test_a_build_that_broke_before_the_first_marts_has_a_page(tmp_path: Path) -> None:
    migration = migration_in(tmp_path)
    keep_outcome(migration, "run-1", "staging_models", "No space left on device")
    page = conclude(migration, "run-1")
    assert page is not None
    assert "No space left on device" in page.read_text()
    assert past_runs(migration)[0].verdict == "failed"


def test_a_run_leaves_its_page_and_those_beside_it(migration: Migration) -> None:
    page = conclude(migration, "run-1")
    assert page == page_of(migration, "run-1")
    folder = reports_dir(migration)
    assert {path.name for path in folder.glob("*.html")} == {
        "index.html",
        "runbooks.html",
        "weekly.html",
    }
    assert "runs/run-1.html" in (folder / "index.html").read_text()
    assert [run.verdict for run in past_runs(migration)] == ["first"]


def test_the_second_run_is_no_first_one_and_writing_again_adds_none(migration: Migration) -> None:
    conclude(migration, "run-1")
    conclude(migration, "run-2")
    conclude(migration, "run-2")
    assert [(run.run_id, run.verdict) for run in past_runs(migration)] == [
        ("run-2", "green"),
        ("run-1", "first"),
    ]


def test_the_failure_of_another_run_is_not_told_of_this_one(migration: Migration) -> None:
    keep_outcome(migration, "run-1", "marts_models", "disk full")
    assert conclude(migration, "run-2") is not None
    assert past_runs(migration)[0].verdict == "first"


def test_only_so_many_runs_are_kept(migration: Migration, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "KEPT", 3)
    for number in range(5, 0, -1):  # the oldest first
        run = past(number)
        page_of(migration, run.run_id).parent.mkdir(parents=True, exist_ok=True)
        page_of(migration, run.run_id).write_text("page")
        keep(migration, run)
    assert [run.run_id for run in past_runs(migration)] == ["run-1", "run-2", "run-3"]
    assert not page_of(migration, "run-4").exists() and page_of(migration, "run-3").exists()


def test_a_run_is_found_by_the_beginning_of_its_id(migration: Migration) -> None:
    for run_id in ("abc-1", "abd-2"):
        keep(migration, replace(past(1), run_id=run_id))
    assert find_run(migration, "abc").run_id == "abc-1"
    for wrong in ("ab", "xyz"):
        with pytest.raises(ConfigurationError, match="--run"):
            find_run(migration, wrong)


def test_an_id_cannot_leave_the_folder(migration: Migration) -> None:
    assert page_of(migration, "../../etc/x").parent == reports_dir(migration) / "runs"


def test_a_broken_file_is_named(migration: Migration) -> None:
    path = keep(migration, past(1))
    path.write_text("{}")
    with pytest.raises(CannotFinish, match="does not tell of a run"):
        past_runs(migration)


def test_the_asset_shows_where_the_page_is(migration: Migration) -> None:
    asset = on_call_report(migration)
    with dg.DagsterInstance.ephemeral() as instance:
        outcome = dg.materialize([asset], instance=instance, tags={CONCLUDED_RUN: "run-1"})
    [event] = outcome.get_asset_materialization_events()
    assert event.materialization.metadata["path"].value == str(page_of(migration, "run-1"))


def test_a_broken_step_is_told_in_the_page_of_its_run(migration: Migration) -> None:
    @dg.op
    def broken() -> None:
        raise OSError("No space left on device")

    @dg.job
    def build_job() -> None:
        broken()

    with dg.DagsterInstance.ephemeral() as instance:
        built = build_job.execute_in_process(instance=instance, raise_on_error=False)
        tags = {CONCLUDED_RUN: built.run_id}
        dg.materialize([on_call_report(migration)], instance=instance, tags=tags)
    assert "No space left on device" in page_of(migration, built.run_id).read_text()


@pytest.fixture
def waybill(
    migration: Migration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> Any:
    config = tmp_path / "migration.yaml"
    fields = migration.model_dump(mode="json", include={"home", "taxonomy"})
    sources = "".join(
        f"  {name}: {{vendor: {each.vendor}, location: {each.location}, timezone: UTC}}\n"
        for name, each in migration.sources.items()
    )
    config.write_text(
        f"home: {fields['home']}\ntaxonomy: {fields['taxonomy']}\nsources:\n{sources}"
    )

    def run(*typed: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["waybill", *typed, "--config", str(config)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run


def test_the_verb_prints_the_path_of_the_last_run(migration: Migration, waybill: Any) -> None:
    assert waybill("report")[0] == 3  # no run yet
    conclude(migration, "run-1")
    conclude(migration, "run-2")
    assert waybill("report") == (
        0,
        f"{page_of(migration, 'run-2')}\n",
        "Every gate is green. All 90 records are accounted for.\n",
    )
    assert waybill("report", "--run", "run-1")[1] == f"{page_of(migration, 'run-1')}\n"
    code, said, _ = waybill("report", "--json")
    told = json.loads(said)
    assert (code, told["verdict"], told["read"]) == (0, "green", 90)
    assert waybill("report", "--run", "nonsense")[0] == 2


def test_the_verb_writes_the_weekly_page(migration: Migration, waybill: Any) -> None:
    code, said, _ = waybill("report", "--weekly")
    assert (code, said.strip()) == (0, str(reports_dir(migration) / "weekly.html"))
    assert "cart_opened" in Path(said.strip()).read_text()
    assert waybill("report", "--weekly", "--run", "x")[0] == 2


def test_the_index_is_by_time(migration: Migration) -> None:
    keep(migration, past(2))
    keep(migration, replace(past(1), finished_at=past(2).finished_at - timedelta(days=9)))
    assert [run.run_id for run in past_runs(migration)] == ["run-2", "run-1"]
