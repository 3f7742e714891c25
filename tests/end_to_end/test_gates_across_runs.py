"""A red gate of an earlier run, and the runs that a schedule starts after it: real Dagster."""

from __future__ import annotations

import gzip
import io
import json
import os
import time
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from orchestration.config import Migration, load_migration
from orchestration.definitions import build_definitions
from orchestration.defs.automation import (
    BUILD_JOB,
    RANGE_END,
    RANGE_START,
    landing_job_name,
    migration_schedule,
    new_deliveries_sensor,
)
from orchestration.defs.runs import instance_of
from orchestration.quality.decisions import record
from orchestration.quality.replay import prepare_replay
from orchestration.quality.status import status_of
from orchestration.warehouse import marts_file, snapshot_file

CONFIG = """
home: home
taxonomy: taxonomy.yaml
sources:
  app: {vendor: mixpanel, location: exports, timezone: UTC}
"""
TAXONOMY = """
version: 1
events:
  saved: {description: Saved., kind: micro, owner: product}
"""
NOON = 1740830400  # 2025-03-01 12:00 UTC
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class Runs:
    """The runs of one migration, each as the sensor or the schedule asks for it."""

    def __init__(self, migration: Migration, instance: dg.DagsterInstance) -> None:
        self.migration, self.instance = migration, instance
        self.definitions = build_definitions(migration)

    def deliver(self, name: str, content: bytes) -> None:
        path = self.migration.sources["app"].location / name
        path.write_bytes(content)
        at = time.time() - 3600 + len(content) / 1e6
        os.utime(path, (at, at))

    def tick_sensor(self) -> list[dg.ExecuteInProcessResult]:
        sensor = new_deliveries_sensor(self.migration, "app")
        asked = sensor(dg.build_sensor_context(instance=self.instance))
        if isinstance(asked, dg.SkipReason):
            return []
        assert isinstance(asked, dg.SensorResult)
        for request in asked.dynamic_partitions_requests or ():
            self.instance.add_dynamic_partitions(
                request.partitions_def_name, list(request.partition_keys)
            )
        return [
            self._run(landing_job_name("app"), {}, partition_key=request.partition_key)
            for request in asked.run_requests or ()
        ]

    def tick_schedule(self) -> dg.ExecuteInProcessResult:
        schedule = migration_schedule(self.migration)
        asked = schedule(dg.build_schedule_context(instance=self.instance))
        assert isinstance(asked, dg.RunRequest)
        return self._run(BUILD_JOB, dict(asked.tags))

    def rebuild(self, day: str) -> dg.ExecuteInProcessResult:
        return self._run(BUILD_JOB, {RANGE_START: day, RANGE_END: day})

    def _run(self, job: str, tags: dict[str, str], **named: Any) -> dg.ExecuteInProcessResult:
        with redirect_stdout(io.StringIO()):
            return self.definitions.resolve_job_def(job).execute_in_process(
                run_config=QUIET,
                instance=self.instance,
                tags=tags,
                raise_on_error=False,
                **named,
            )

    def ledger(self) -> dict[str, int]:
        found = status_of(self.migration).ledger["app"]
        return {fate: count for fate, count in found.items() if count}

    def red(self) -> set[str]:
        gates = status_of(self.migration).gates
        return {item["rule"] for gate in gates for item in gate["failed"] if "accepted" not in item}

    def published(self) -> int:
        return rows(snapshot_file(self.migration), "select count(*) from marts.fct_events")[0][0]


def failures(run: dg.ExecuteInProcessResult) -> list[str]:
    """What failed of a run and why; a red gate that stops a run fails it too."""
    told = [
        f"{event.step_key}: {event.step_failure_data.error}"
        for event in run.all_events
        if event.is_step_failure
    ]
    return told or ([] if run.success else ["the run failed without a step's failure"])


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(path, read_only=True) as connection:
        return connection.execute(query).fetchall()


def events(first: int, count: int, day: int, names: int = 0) -> bytes:
    """A gzipped export of `count` events of a day, big enough to be torn in the middle.

    They are known, or of so many unknown names.
    """
    lines = []
    for number in range(first, first + count):
        own = {
            "time": NOON + 86400 * day + number,
            "distinct_id": f"u{number}",
            "$insert_id": f"i{number}",
            "note": os.urandom(40).hex(),
        }
        name = f"event {number % names}" if names else "saved"
        lines.append(json.dumps({"event": name, "properties": own}))
    return gzip.compress(("\n".join(lines) + "\n").encode())


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runs]:
    (tmp_path / "exports").mkdir()
    (tmp_path / "migration.yaml").write_text(CONFIG)
    (tmp_path / "taxonomy.yaml").write_text(TAXONOMY)
    migration = load_migration(tmp_path / "migration.yaml")
    monkeypatch.setenv("DAGSTER_HOME", str(migration.dagster_dir))
    with instance_of(migration) as instance:
        yield Runs(migration, instance)


def test_a_red_gate_stops_the_runs_after_it_until_it_is_mended(runs: Runs) -> None:
    runs.deliver("1.json.gz", events(0, 50, day=0))
    assert not any(failures(run) for run in runs.tick_sensor())
    assert failures(runs.tick_schedule()) == []
    assert (runs.ledger(), runs.published()) == ({"read": 50, "loaded": 50}, 50)

    # a torn delivery is held by the run that landed it; the schedule goes on without it
    whole = events(50, 300, day=1)
    runs.deliver("2.json.gz", whole[: len(whole) // 2])
    runs.deliver("3.json.gz", events(500, 10, day=2))
    assert len(runs.tick_sensor()) == 2
    assert runs.tick_sensor() == [], "what is held is not landed again by itself"
    assert failures(runs.tick_schedule()) == []
    assert runs.red() == {"file_is_whole"}
    ledger = runs.ledger()
    assert ledger["loaded"] == 60 and ledger["pending"] > 0
    assert runs.published() == 60, "the other delivery is loaded and published"
    assert rows(
        marts_file(runs.migration),
        """select distinct is_complete from marts.fct_micro_conversion_daily
        where occurred_on = date '2025-03-02' or occurred_on = date '2025-03-03'""",
    ) == [(False,)]

    # the whole file comes, what was quarantined is read again, and the schedule loads it
    runs.deliver("2.json.gz", whole)
    prepare_replay(runs.migration)
    assert not any(failures(run) for run in runs.tick_sensor())
    assert failures(runs.tick_schedule()) == []
    assert runs.red() == set()
    assert runs.ledger()["loaded"] == 360 and "pending" not in runs.ledger()
    assert runs.published() == 360

    # a mart that lost a row is red in every run until its date is rebuilt; readers keep the rest
    with duckdb.connect(marts_file(runs.migration)) as connection:
        connection.execute(
            """delete from marts.fct_events where event_id = (
                select min(event_id) from marts.fct_events where occurred_on = date '2025-03-01')"""
        )
    for _ in range(2):
        assert failures(runs.tick_schedule())
        assert {"ledger_balances", "persons_reconcile", "segments_sum_to_totals"} & runs.red()
        assert runs.published() == 360
        assert rows(
            snapshot_file(runs.migration),
            "select count(*) > 0 from quality.fct_incidents where is_open",
        ) == [(True,)], "readers of the last snapshot are warned in it"
    runs.rebuild("2025-03-01")
    assert runs.red() == set()
    assert runs.published() == 360
    history = rows(
        marts_file(runs.migration),
        """select success, count(distinct run_id), count(*) filter (is_latest) > 0
        from quality.fct_gate_results where rule = 'ledger_balances' group by all order by all""",
    )
    assert history == [(False, 2, False), (True, 4, True)]


def test_an_acceptance_lets_a_held_delivery_into_the_next_scheduled_run(runs: Runs) -> None:
    whole = events(0, 300, day=0)
    runs.deliver("1.json.gz", whole[: len(whole) // 2])
    runs.tick_sensor()
    [gate] = [gate for gate in status_of(runs.migration).gates if not gate["success"]]
    [red] = gate["failed"]
    record(
        runs.migration.decisions_dir,
        kind="accept",
        rule=red["rule"],
        delivery_id=red["delivery_id"],
        by="ada",
        why="the vendor has no more",
    )
    assert failures(runs.tick_schedule()) == []
    ledger = runs.ledger()
    assert ledger["loaded"] > 0 and "pending" not in ledger
    assert runs.published() == ledger["loaded"]


def test_the_first_run_over_an_unknown_export_floods_nobody(runs: Runs) -> None:
    """Nothing is known: no name is in the dictionary, no delivery has one before it."""
    for day in range(3):
        runs.deliver(f"{day}.json.gz", events(100 * day, 90, day=day, names=30))
    assert not any(failures(run) for run in runs.tick_sensor())
    assert failures(runs.tick_schedule()) == []
    status = status_of(runs.migration)
    assert status.is_green and runs.published() == 270
    assert len(status.todo) <= 3
    assert status.todo[0].startswith("app: 30 names are not in the taxonomy")
    untold = rows(
        marts_file(runs.migration),
        """select distinct rule from quality.fct_gate_results
        where status = 'not enough history' and source = 'app'""",
    )
    assert {"hours_are_present", "days_are_present", "volume_is_in_band"} <= {r for (r,) in untold}
    assert "known_columns_are_present" in {r for (r,) in untold}
