"""dbt's docs: made once, and anew only where they would say something else."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from orchestration.cli import main
from orchestration.config import Migration
from orchestration.defs import automation
from orchestration.defs.reports import models_page
from orchestration.pages import models
from orchestration.pages.models import write_models
from orchestration.taxonomy import dbt_docs


@pytest.fixture
def asked(migration: Migration, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The commands that dbt is given; it writes a page that counts them."""
    told: list[str] = []

    def run(_: Migration, *arguments: str) -> None:
        told.append(" ".join(arguments))
        page = migration.dbt_dir / "target" / "static_index.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(f"page {len(told)}")

    monkeypatch.setattr(models, "run_dbt", run)
    return told


@pytest.fixture
def migration(tmp_path: Path) -> Migration:
    source = {"vendor": "mixpanel", "location": tmp_path / "exports", "timezone": "UTC"}
    return Migration(home=tmp_path / "home", taxonomy=tmp_path / "t.yaml", sources={"app": source})


def test_it_is_made_once(migration: Migration, asked: list[str]) -> None:
    assert write_models(migration)
    assert asked == ["parse", "docs generate --static --no-compile"]
    assert migration.models_page.read_text() == "page 2"
    assert not write_models(migration)
    assert len(asked) == 2


def test_it_is_made_anew_for_another_dictionary_or_setting_or_without_a_page(
    migration: Migration, asked: list[str]
) -> None:
    assert write_models(migration)
    (migration.dbt_docs_dir / dbt_docs.FILE).parent.mkdir(parents=True)
    (migration.dbt_docs_dir / dbt_docs.FILE).write_text("another")
    assert write_models(migration)
    assert write_models(migration.model_copy(update={"reporting_timezone": "Asia/Tokyo"}))
    assert write_models(migration)
    migration.models_page.unlink()
    assert write_models(migration)
    assert len(asked) == 10


def test_a_failure_leaves_the_page_and_is_tried_again(
    migration: Migration, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert write_models(migration)
    changed = migration.model_copy(update={"reporting_timezone": "Asia/Tokyo"})

    def fail(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patched, pytest.raises(RuntimeError):
        patched.setattr(models, "run_dbt", fail)
        write_models(changed)
    assert migration.models_page.read_text() == "page 2"
    assert write_models(changed)


def test_the_asset_is_of_a_job_of_its_own(migration: Migration, asked: list[str]) -> None:
    migration.warehouse_dir.mkdir(parents=True)
    asset = models_page(migration)

    @dg.asset(key=["marts", "fct"])
    def other() -> None: ...

    with dg.DagsterInstance.ephemeral() as instance:
        (event,) = dg.materialize([asset], instance=instance).get_asset_materialization_events()
    assert event.materialization.metadata["path"].value == str(migration.models_page)
    assert event.materialization.metadata["made anew"].value is True
    defs = dg.Definitions(
        assets=[asset, dg.AssetSpec(["reports", "on_call"]), other],
        jobs=[automation.build_job([]), automation.docs_job()],
    )
    jobs = {
        name: set(defs.resolve_job_def(name).asset_layer.executable_asset_keys)
        for name in (automation.BUILD_JOB, automation.DOCS_JOB)
    }
    assert jobs == {automation.BUILD_JOB: {other.key}, automation.DOCS_JOB: {asset.key}}


def test_before_a_first_run_there_is_nothing_to_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "t.yaml").write_text("version: 1.0.0\nevents: {}\n")
    config = tmp_path / "migration.yaml"
    config.write_text("home: h\ntaxonomy: t.yaml\nsources: {a: {vendor: amplitude, location: e}}\n")
    monkeypatch.setattr("sys.argv", ["waybill", "docs", "--config", str(config)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 3
    assert "start with `waybill run`" in capsys.readouterr().err
