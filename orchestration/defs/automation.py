"""Jobs, the schedule of the migration, and the sensor for new deliveries."""

import time
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import dagster as dg

from orchestration.config import Migration
from orchestration.defs.fetching import fetched_key
from orchestration.defs.landing import landing_key
from orchestration.defs.reports import CONCLUDED_RUN, MODELS, ON_CALL
from orchestration.defs.warehouse import DERIVED_RANGE
from orchestration.landing.arrivals import arrive, since
from orchestration.landing.catalog import export_files
from orchestration.landing.manifest import manifests
from orchestration.migration.waves import keep_scope
from orchestration.partitions import deliveries_of
from orchestration.source_config import SourceConfig

BUILD_JOB = "build_warehouse"
CONCLUSION_JOB = "conclude_run"
DOCS_JOB = "document_models"
RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"
# An export still being written grows; one that has not changed for a minute is taken for whole.
SETTLED_SECONDS = 60
# A first load may span years. All of it is built; days further back are only not marked as such,
# since Dagster takes its time for every partition.
MARKED_DAYS = timedelta(days=100)

_CONCLUSION = dg.AssetSelection.assets(ON_CALL)
_DOCS = dg.AssetSelection.assets(MODELS)


def landing_job_name(source: str) -> str:
    """The job that lands deliveries of one source."""
    return f"land_{source}"


def landing_job(source: str) -> Any:
    """Land deliveries of one source and judge them."""
    return dg.define_asset_job(
        landing_job_name(source), selection=dg.AssetSelection.assets(landing_key(source))
    )


def build_job(sources: Sequence[str], fetched: Sequence[str] = ()) -> Any:
    """Everything after landing, for a range of days in one run."""
    before = (*map(landing_key, sources), *map(fetched_key, fetched))
    landing = dg.AssetSelection.assets(*before)
    return dg.define_asset_job(
        BUILD_JOB, selection=dg.AssetSelection.all() - landing - _CONCLUSION - _DOCS
    )


def conclusion_job() -> Any:
    """What follows every build: its report."""
    return dg.define_asset_job(CONCLUSION_JOB, selection=_CONCLUSION)


def docs_job() -> Any:
    """dbt's docs: ten seconds and more that no run should wait for, nor fail by."""
    return dg.define_asset_job(DOCS_JOB, selection=_DOCS)


def docs_schedule(migration: Migration) -> dg.ScheduleDefinition:
    """dbt's docs once a day; where nothing changed they stay as they are."""
    return dg.ScheduleDefinition(
        name="daily_docs",
        job_name=DOCS_JOB,
        cron_schedule="45 5 * * *",
        execution_timezone=migration.reporting_timezone,
        description="Makes dbt's docs anew if the project or the dictionary changed.",
    )


def conclusion_sensors(
    build: Any, conclusion: Any, landing: Sequence[Any] = ()
) -> list[dg.SensorDefinition]:
    """Conclude every build that ended, also one that failed or that a red gate stopped.

    A fetch or a landing that failed is concluded as well: no build need follow it.
    """

    def sensor(status: dg.DagsterRunStatus, jobs: Sequence[Any]) -> dg.SensorDefinition:
        @dg.run_status_sensor(
            run_status=status,
            name=f"conclude_run_after_{status.value.lower()}",
            monitored_jobs=list(jobs),
            request_job=conclusion,
            default_status=dg.DefaultSensorStatus.RUNNING,
            description="Writes the report of a build that ended.",
        )
        def concluded(context: dg.RunStatusSensorContext) -> dg.RunRequest:
            run_id = context.dagster_run.run_id
            return dg.RunRequest(run_key=run_id, tags={CONCLUDED_RUN: run_id})

        return concluded

    return [
        sensor(dg.DagsterRunStatus.SUCCESS, [build]),
        sensor(dg.DagsterRunStatus.FAILURE, [build, *landing]),
    ]


def build_tags(migration: Migration) -> dict[str, str]:
    """Tags of a build over the dates of all that is landed (a day more on both sides for zones)."""
    days = sorted(
        day
        for source in migration.sources
        for manifest in manifests(migration.landing_dir, source)
        for day in manifest.dated
    )
    today = date.today()
    first, last = (days[0], days[-1]) if days else (today, today)
    last = min(last + timedelta(days=1), today)
    first = max(first - timedelta(days=1), last - MARKED_DAYS)
    return {
        RANGE_START: min(first, last).isoformat(),
        RANGE_END: last.isoformat(),
        DERIVED_RANGE: "true",
    }


def new_deliveries_sensor(migration: Migration, source: str) -> dg.SensorDefinition:
    """Land what is new in a source's export folder, once its files have settled."""

    @dg.sensor(
        name=f"new_deliveries_of_{source}",
        job_name=landing_job_name(source),
        minimum_interval_seconds=60,
        description=f"Lands new deliveries of {source}.",
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        if not _settled(source, migration.sources[source]):
            return dg.SkipReason(f"files of {source} are still being written")
        waiting = arrive(migration, source)
        if not waiting:
            return dg.SkipReason(f"nothing new in {migration.sources[source].location}")
        return dg.SensorResult(
            run_requests=[
                # a delivery may wait a second time: each time is a run of its own
                dg.RunRequest(
                    run_key=f"{delivery} {since(migration, source, delivery)}",
                    partition_key=delivery,
                )
                for delivery in waiting
            ],
            dynamic_partitions_requests=[deliveries_of(source).build_add_request(waiting)],
        )

    return sensor


def _settled(source: str, config: SourceConfig) -> bool:
    newest = max((path.stat().st_mtime for path in export_files(source, config)), default=0.0)
    return time.time() - newest >= SETTLED_SECONDS


def migration_schedule(migration: Migration) -> dg.ScheduleDefinition:
    """Build what was landed, every hour; an hour in which nothing came costs little."""

    @dg.schedule(
        job_name=BUILD_JOB,
        cron_schedule="15 * * * *",
        execution_timezone=migration.reporting_timezone,
        description="Builds the warehouse from what was landed.",
    )
    def hourly_build(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        keep_scope(migration)
        return dg.RunRequest(tags=build_tags(migration))

    return hourly_build
