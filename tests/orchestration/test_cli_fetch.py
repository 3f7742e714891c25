"""`waybill fetch`: its table, its JSON, its exit codes, and what it asks for."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import dagster as dg
import pytest

from orchestration.cli import main
from orchestration.config import Migration, load_migration
from orchestration.defs.fetching import fetched_key
from orchestration.defs.runs import instance_of
from tests.orchestration.fetch.servers import serving, status
from tests.orchestration.fetch.worlds import MixpanelWorld

CONFIG = """\
home: home
taxonomy: taxonomy.yaml
sources:
  app:
    vendor: mixpanel
    timezone: UTC
    fetch: {{from: 2025-03-01, to: 2025-03-03, user_env: ACCOUNT, token_env: TOKEN,
            project_id: "42", requests_per_minute: 100000, base_url: "{url}"}}
  other: {{vendor: amplitude, location: exports}}
"""
Typed = Callable[..., tuple[int, str, str]]


@pytest.fixture
def world() -> MixpanelWorld:
    return MixpanelWorld()


@pytest.fixture
def config(world: MixpanelWorld, tmp_path: Path) -> Iterator[Path]:
    with serving(world) as url:
        (tmp_path / "taxonomy.yaml").write_text("version: 1\nevents: {}\n")
        (tmp_path / "migration.yaml").write_text(CONFIG.format(url=url))
        yield tmp_path / "migration.yaml"


@pytest.fixture
def typed(
    config: Path,
    world: MixpanelWorld,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Typed:
    monkeypatch.setenv("ACCOUNT", "account")
    monkeypatch.setenv("TOKEN", world.token)
    monkeypatch.setenv("DAGSTER_HOME", str(config.parent / "dagster"))

    def _typed(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["waybill", "fetch", *arguments, "--config", str(config)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return _typed


def test_a_table_and_then_nothing_to_do(typed: Typed, config: Path) -> None:
    code, out, _ = typed()
    assert code == 0
    assert all(len(line) <= 80 for line in out.splitlines())
    row = next(line for line in out.splitlines() if line.startswith("app"))
    assert row.split()[1:4] == ["3", "3", "·"]
    code, out, _ = typed("app")
    assert code == 0 and next(x for x in out.splitlines() if x.startswith("app")).split()[1] == "·"
    migration = load_migration(config)
    with instance_of(migration) as instance:  # the UI shows it
        events = instance.get_materialized_partitions(fetched_key("app"))
    assert events == {"2025-03-01", "2025-03-02", "2025-03-03"}


def test_one_object_on_standard_output(typed: Typed) -> None:
    code, out, _ = typed("--json", "--from", "2025-03-02", "--to", "2025-03-02")
    assert code == 0
    (source,) = json.loads(out)["sources"]
    assert source["source"] == "app" and source["asked"] == source["new"] == 1
    assert source["failed"] == [] and source["bytes"] > 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["ap"], "did you mean 'app'?"),
        (["other"], "sources.other: has no `fetch:`"),
        (["--from", "yesterday"], "is no date"),
        (["--from", "2025-03-02", "--to", "2025-03-01"], "swap them"),
    ],
)
def test_wrong_usage(typed: Typed, arguments: list[str], told: str) -> None:
    code, out, err = typed(*arguments)
    assert (code, out) == (2, "") and told in err


def test_a_secret_that_is_not_set(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOKEN")
    code, _, err = typed()
    assert code == 2 and "sources.app.fetch.token_env: the environment has no TOKEN" in err


def test_what_was_not_fetched_is_told(typed: Typed, world: MixpanelWorld) -> None:
    world.faults = [status(429, retry_after="100000")] * 100
    code, out, err = typed()
    assert code == 3
    assert "asks to come back in 100000 s" in err and "run the same command again" in err
    assert world.token not in err + out


def test_dagster_fetches_a_range_of_days(typed: Typed, config: Path, world: MixpanelWorld) -> None:
    from orchestration.defs.fetching import RANGE_END, RANGE_START, fetched_asset

    migration = load_migration(config)
    job = dg.Definitions(
        assets=[fetched_asset(migration, "app")],
        jobs=[dg.define_asset_job("fetch_them", selection="*")],
    ).resolve_job_def("fetch_them")
    tags = {RANGE_START: "2025-03-01", RANGE_END: "2025-03-02"}
    with instance_of(migration) as instance:
        done = job.execute_in_process(tags=tags, instance=instance)
        assert done.success
    assert sorted(r.params["from_date"] for r in world.requests) == ["2025-03-01", "2025-03-02"]


def test_a_run_fetches_what_it_is_about(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    second = "  second: {vendor: amplitude, location: s3://bucket/prefix}\n"
    waves = "waves: {only: {sources: [app, other], from: 2025-03-01, to: 2025-03-02}}\n"
    config.write_text(config.read_text() + second + waves)
    asked: list[list[str]] = []

    def fetch_and_note(_: Migration, chosen: list[str]) -> tuple[list[object], list[object]]:
        asked.append(chosen)
        return [], []

    # the package names its verbs as their modules
    fetch, run = (import_module(f"orchestration.cli.{verb}") for verb in ("fetch", "run"))
    monkeypatch.setattr(fetch, "fetch_and_note", fetch_and_note)
    migration = load_migration(config)
    for source, wave in ((None, None), ("second", None), (None, "only"), ("other", None)):
        run._fetch(migration, source, wave)
    assert asked == [["app", "second"], ["second"], ["app"]]  # `other` lies in a folder
