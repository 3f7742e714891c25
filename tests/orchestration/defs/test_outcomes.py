"""How a build ended, from Dagster's own log to an incident and an alert."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from orchestration.config import Migration
from orchestration.defs.alerts import alerts_sensor
from orchestration.defs.outcomes import note_outcome
from orchestration.quality.conclusion import conclude
from orchestration.quality.incidents import current_incidents, write_incidents
from orchestration.quality.outcome import keep_outcome, last_outcome
from orchestration.taxonomy.writing import to_yaml
from orchestration.warehouse import writing
from tests.orchestration.quality.alerts.receiver import Receiver
from tests.orchestration.taxonomy.snapshots import dictionary


def made(folder: Path, **settings: Any) -> Migration:
    (folder / "t.yaml").write_text(to_yaml(dictionary()))
    (folder / "exports").mkdir(exist_ok=True)
    source = {"vendor": "mixpanel", "location": folder / "exports", "timezone": "UTC"}
    return Migration(
        home=folder / "home", taxonomy=folder / "t.yaml", sources={"app": source}, **settings
    )


@dg.asset
def broken() -> None:
    raise ValueError("no space left")


@dg.asset
def fine() -> None:
    pass


@dg.asset_check(asset=fine, blocking=True)
def gate() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=False, severity=dg.AssetCheckSeverity.ERROR)


@pytest.mark.parametrize(
    ("assets", "step"), [([broken], "broken"), ([fine], None), ([fine, gate], None)]
)
def test_a_red_gate_is_no_failure_and_an_error_is(
    tmp_path: Path, assets: list[Any], step: str | None
) -> None:
    migration = made(tmp_path)
    with dg.DagsterInstance.ephemeral() as instance:
        run = dg.materialize(assets, instance=instance, raise_on_error=False)
        outcome = note_outcome(migration, instance, run.run_id)
    assert outcome.failed_step == step and last_outcome(migration) == outcome
    if step:
        assert outcome.message == "ValueError: no space left"


def test_a_failed_build_is_told_and_the_next_one_verifies_it(tmp_path: Path) -> None:
    receiver = Receiver()
    migration = made(tmp_path, alerts={"routes": {"all": {"url": receiver.url()}}})
    with dg.DagsterInstance.ephemeral() as instance:
        run = dg.materialize([broken], instance=instance, raise_on_error=False)
        for _ in range(2):
            note_outcome(migration, instance, run.run_id)
            conclude(migration, run.run_id)
    (incident,) = current_incidents(migration)
    assert (incident.facts.cause, incident.facts.severity) == ("build_failed", "critical")
    assert "no space left" in incident.facts.sentence
    (told,) = receiver.taken
    assert told["title"] == "critical: The build failed"
    with writing(migration):
        assert write_incidents(migration, "a later run") == 0
    (incident,) = current_incidents(migration)
    assert incident.status == "verified"
    receiver.close()


def test_what_broke_the_build_does_not_silence_the_alert(tmp_path: Path) -> None:
    receiver = Receiver()
    migration = made(tmp_path, alerts={"routes": {"all": {"url": receiver.url()}}})
    migration.taxonomy.write_text("version: [")
    keep_outcome(migration, "run", "marts_models", "the dictionary cannot be read")
    migration.warehouse_dir.mkdir(parents=True)
    (migration.warehouse_dir / "work.duckdb").write_bytes(b"no database" * 1000)
    with pytest.raises(duckdb.Error):
        conclude(migration, "run")
    assert receiver.taken[0]["title"] == "critical: The build failed"
    receiver.close()


def test_the_sensor_sends_what_waits_and_says_so(tmp_path: Path) -> None:
    receiver = Receiver()
    settings = {"alerts": {"routes": {"all": {"url": receiver.url()}}}}
    quiet = alerts_sensor(made(tmp_path))(dg.build_sensor_context())
    assert isinstance(quiet, dg.SkipReason) and "no route" in str(quiet.skip_message)
    said = alerts_sensor(made(tmp_path, **settings))(dg.build_sensor_context())
    assert isinstance(said, dg.SkipReason)
    assert str(said.skip_message) == "0 sent, 0 wait for their channel, 0 for their time"
    receiver.close()
