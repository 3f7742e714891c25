"""Run the assets from the command line, on the same instance the UI shows."""

import io
import os
import warnings
from collections.abc import Callable
from contextlib import redirect_stdout
from datetime import date
from pathlib import Path

import dagster as dg

from orchestration.config import Migration
from orchestration.defs.automation import (
    BUILD_JOB,
    CONCLUSION_JOB,
    RANGE_END,
    RANGE_START,
    build_tags,
    landing_job_name,
)
from orchestration.defs.outcomes import failure_in
from orchestration.defs.reports import CONCLUDED_RUN
from orchestration.errors import CannotFinish
from orchestration.landing.arrivals import arrive
from orchestration.partitions import deliveries_of
from orchestration.whole_files import write_whole

Tell = Callable[[str], None]

INSTANCE_SETTINGS = Path(__file__).parent.parent / "dagster.yaml"


def run_migration(
    migration: Migration,
    *,
    only_source: str | None = None,
    dates: tuple[date, date] | None = None,
    tell: Tell = lambda _: None,
) -> None:
    """Land what is new, then build: two kinds of Dagster runs, in this process.

    A gate that turns red does not raise; its judgement is on file. Raises CannotFinish when a step
    failed for another reason.
    """
    warnings.filterwarnings("ignore", category=dg.BetaWarning)
    warnings.filterwarnings("ignore", category=dg.PreviewWarning)
    tell("loading definitions")
    from orchestration.definitions import build_definitions

    definitions = build_definitions(migration)
    with instance_of(migration) as instance:
        for source in [only_source] if only_source else list(migration.sources):
            tell(f"{source}: looking for new deliveries")
            waiting = arrive(migration, source)
            if waiting:
                tell(f"{source}: landing {len(waiting)} deliveries")
                instance.add_dynamic_partitions(deliveries_of(source).name or "", waiting)
                _land(definitions, instance, source, waiting)
        tell("building staging, marts and quality")
        tags = build_tags(migration)
        if dates is not None:
            tags = {RANGE_START: dates[0].isoformat(), RANGE_END: dates[1].isoformat()}
        built = _execute(definitions, instance, BUILD_JOB, tags)
        tell("writing the report")
        _conclude(definitions, instance, built)
        _refuse_failure(built)


def instance_of(migration: Migration) -> dg.DagsterInstance:
    """The migration's Dagster instance: DAGSTER_HOME, else `<home>/dagster`."""
    home = Path(os.environ.setdefault("DAGSTER_HOME", str(migration.dagster_dir.absolute())))
    settings = home / INSTANCE_SETTINGS.name
    if not settings.exists():
        write_whole(settings, INSTANCE_SETTINGS.read_text(encoding="utf-8"))
    return dg.DagsterInstance.get()


def _land(
    definitions: dg.Definitions, instance: dg.DagsterInstance, source: str, waiting: list[str]
) -> None:
    """Land in ranges of neighbouring partitions: a range is one run, whatever its length."""
    keys = list(instance.get_dynamic_partitions(deliveries_of(source).name or ""))
    positions = sorted(keys.index(delivery) for delivery in waiting)
    first = positions[0]
    for position, following in zip(positions, [*positions[1:], None], strict=True):
        if following != position + 1:
            tags = {RANGE_START: keys[first], RANGE_END: keys[position]}
            landed = _execute(definitions, instance, landing_job_name(source), tags)
            if _failure_of(landed) is not None:  # no build follows that would tell
                _conclude(definitions, instance, landed)
            _refuse_failure(landed)
            first = following if following is not None else first


def _conclude(
    definitions: dg.Definitions, instance: dg.DagsterInstance, ended: dg.ExecuteInProcessResult
) -> None:
    tags = {CONCLUDED_RUN: ended.run_id}
    _refuse_failure(_execute(definitions, instance, CONCLUSION_JOB, tags))


def _execute(
    definitions: dg.Definitions, instance: dg.DagsterInstance, job: str, tags: dict[str, str]
) -> dg.ExecuteInProcessResult:
    # the instance keeps every event; the terminal shows progress and the outcome
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    # standard output is the command's own: what dbt prints goes to the log that Dagster keeps
    with redirect_stdout(io.StringIO()):
        return definitions.resolve_job_def(job).execute_in_process(
            run_config=quiet, instance=instance, tags=tags, raise_on_error=False
        )


def _refuse_failure(result: dg.ExecuteInProcessResult) -> None:
    """Raise CannotFinish where a step failed, other than by a red gate."""
    failed = _failure_of(result)
    if failed is not None:
        raise CannotFinish(": ".join(failed))


def _failure_of(result: dg.ExecuteInProcessResult) -> tuple[str, str] | None:
    return failure_in(event for event in result.all_events if event.is_step_failure)
