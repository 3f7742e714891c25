"""A changed dictionary rebuilds what its names touch, and gives what a build from nothing gives."""

import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from orchestration import pipeline
from orchestration.config import Migration, load_migration
from orchestration.dbt import run_dbt
from orchestration.warehouse import work_file
from tests.end_to_end import steps
from tests.end_to_end.scenario import TAXONOMY, deliveries
from tests.end_to_end.test_incremental import deliver, lay_out


def planned(migration: Migration) -> tuple[bool, set[str]]:
    """Whether the next build is from nothing, and the names as sent whose records it looks at.

    Those of one source: in the other, ids are used again and records of two names share a key.
    """
    plan = pipeline.plan_marts(migration)
    with duckdb.connect(work_file(migration), read_only=True) as connection:
        names = connection.execute(
            """select distinct source_event_name from staging.stg_events
            where source = 'mp' and (event_key, occurred_on) in (
                select (event_key, occurred_on) from control.rebuild_keys)"""
        ).fetchall()
    assert not plan.is_empty
    return plan.full_refresh, {name for (name,) in names}


def test_each_change_touches_its_own_names_only(tmp_path: Path) -> None:
    config = lay_out(tmp_path / "changed")
    files = {(file.source, file.name): file for file in deliveries(1)}
    deliver(config, list(files.values())[:8])
    migration = steps.run(config)
    dictionary: dict[str, Any] = yaml.safe_load(TAXONOMY)
    events = dictionary["events"]

    def change() -> tuple[bool, set[str]]:
        (config.parent / "taxonomy.yaml").write_text(yaml.safe_dump(dictionary))
        changed = load_migration(config)
        full, names = planned(changed)
        run_dbt(
            changed, "run", "--select", pipeline.EVERYTHING, *(["--full-refresh"] if full else [])
        )
        pipeline.note_built(changed)
        return full, names

    events["opened"]["aliases"]["mp"] = ["Open", "other"]
    assert change() == (False, {"other"})
    events["saved"]["description"] = "Put away."
    events["saved"]["owner"] = "design"
    assert change() == (False, set())
    events["paid"]["primary"] = {}
    assert change() == (False, {"paid"})
    events["saved"]["properties"] = {"plan": {"type": "integer", "required": True}}
    events["saved"]["enforcement"] = {"missing_required": "quarantine"}
    assert change() == (False, {"saved"})
    dictionary["enforcement"] = {"unplanned_event": "quarantine"}
    assert change()[0]

    fresh = tmp_path / "fresh"
    shutil.copytree(config.parent, fresh, ignore=shutil.ignore_patterns("home"))
    again = steps.run(fresh / "migration.yaml")
    assert steps.fingerprints(migration) == steps.fingerprints(again)
    assert steps.ledger(migration) == steps.ledger(again)


@pytest.mark.parametrize("mode", ["strip", "quarantine"])
def test_a_mode_that_comes_later_gives_what_it_would_have_given(mode: str, tmp_path: Path) -> None:
    """Without the change that rebuilds everything: the incremental marts alone."""
    config = lay_out(tmp_path / "changed")
    files = {(file.source, file.name): file for file in deliveries(1)}
    deliver(config, list(files.values())[:8])
    steps.run(config)
    dictionary: dict[str, Any] = yaml.safe_load(TAXONOMY)
    dictionary["events"]["saved"]["properties"] = {"n": {"enum": [-1]}, "plan": {"enum": ["no"]}}
    dictionary["events"]["saved"]["enforcement"] = {"bad_value": mode, "extra_property": mode}
    (config.parent / "taxonomy.yaml").write_text(yaml.safe_dump(dictionary))
    changed = steps.run(config)
    fresh = tmp_path / "fresh"
    shutil.copytree(config.parent, fresh, ignore=shutil.ignore_patterns("home"))
    again = steps.run(fresh / "migration.yaml")
    assert steps.fingerprints(changed) == steps.fingerprints(again)
    assert steps.ledger(changed) == steps.ledger(again)
    with duckdb.connect(work_file(again), read_only=True) as connection:
        found = connection.execute(
            "select count(*) from staging.stg_violations where enforcement = ?", [mode]
        ).fetchone()
    assert found is not None and found[0] > 0
