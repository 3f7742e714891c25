"""The whole job as a user starts it, with where its time went by Dagster's own event log."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from benchmarks.exports import REPO, SOURCE
from benchmarks.processes import Measured, measure

# Names of the steps in Dagster's log, in the order of the run.
STAGES = {
    f"landing__sources__{SOURCE}": "landing",
    f"landing__sources__{SOURCE}_landing_gate": "landing gate",
    "landed_records": "control tables",
    "staging__stg_identity_evidence_staging_gate": "staging gate",
    "intermediate__rebuild_set": "identity and rebuild set",
    "quality__fct_changes": "changes",
    "quality__fct_changes_marts_gate": "marts gate",
    "marts__snapshot": "snapshot",
}
DBT_STEPS = ("staging_models", "marts_models")
START_UP, DBT_START, REST = "start-up, bytes kept", "dbt start-up", "Dagster, the rest"
GATES = ("landing gate", "staging gate", "marts gate")


@dataclass(frozen=True)
class Job:
    """One `waybill run`: wall time, peak memory, rows in the mart, and seconds of each part.

    `stages` and `models` together are the whole wall time.
    """

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    loaded: int
    stages: dict[str, float]
    models: dict[str, float]

    @property
    def work_seconds(self) -> float:
        """Landing, plans, models and snapshot: all but start-ups, Dagster and the gates."""
        apart = (START_UP, DBT_START, REST, *GATES)
        parts = (seconds for name, seconds in self.stages.items() if name not in apart)
        return sum(parts) + sum(self.models.values())


def run_job(config: Path, *, limit_seconds: float = 3600) -> Job:
    """Run the migration and read its log. Raises ProcessFailed when it does not end green."""
    waybill = Path(sys.executable).with_name("waybill")
    measured = measure(
        [waybill, "run", "--config", config, "--json"], cwd=REPO, limit_seconds=limit_seconds
    )
    ledger = measured.answer()["ledger"][SOURCE]
    home = config.parent / "home"
    stages, models = _parts(home / "dagster", measured)
    return Job(
        measured.seconds,
        measured.cpu_seconds,
        measured.peak_bytes,
        int(ledger["loaded"]),
        stages,
        models,
    )


def _parts(dagster_home: Path, measured: Measured) -> tuple[dict[str, float], dict[str, float]]:
    """Seconds of the stages and of dbt's models, of the Dagster runs that this process started."""
    stages, models = dict.fromkeys([START_UP, *STAGES.values()], 0.0), dict[str, float]()
    in_dbt = 0.0
    with dg.DagsterInstance.from_config(str(dagster_home)) as instance:
        records = [
            record
            for record in instance.get_run_records(ascending=True)
            if record.create_timestamp.timestamp() >= measured.started_at
        ]
        for record in records:
            run_id = record.dagster_run.run_id
            for step in instance.get_run_step_stats(run_id):
                took = (step.end_time or 0.0) - (step.start_time or 0.0)
                if step.step_key in DBT_STEPS:
                    in_dbt += took
                else:
                    stages[STAGES.get(step.step_key, step.step_key)] = took
            models |= dict(_model_times(instance, run_id))
        starts = [record.start_time for record in records if record.start_time is not None]
    stages[START_UP] = min(starts) - measured.started_at
    stages[DBT_START] = in_dbt - sum(models.values())
    stages[REST] = measured.seconds - sum(stages.values()) - sum(models.values())
    return stages, models


def _model_times(instance: dg.DagsterInstance, run_id: str) -> Iterator[tuple[str, float]]:
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION):
        event = entry.dagster_event
        assert event is not None  # an entry of this type has one
        materialization = event.step_materialization_data.materialization
        duration = materialization.metadata.get("seconds")
        if duration is not None:
            seconds = duration.value
            assert isinstance(seconds, float)
            yield materialization.asset_key.path[-1], seconds
