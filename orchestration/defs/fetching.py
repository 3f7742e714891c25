"""Fetched files: an asset a source with `fetch:`, partitioned by day, and the schedule for them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg

from orchestration.config import Migration
from orchestration.fetch.fetching import Fetched, fetch_source
from orchestration.fetch_config import FETCHABLE, lookback
from orchestration.partitions import daily
from orchestration.stages import LANDING

FETCH_JOB = "fetch_sources"
RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"
#: a run with this tag fetches all that is due, also before its range
ALL_DUE = "waybill/all_that_is_due"
# As after a first load: days further back are fetched, only not marked one by one.
MARKED_DAYS = 100


def fetched_key(source: str) -> dg.AssetKey:
    """The asset of a source's fetched files."""
    return dg.AssetKey([LANDING, "fetched", source])


def fetched_asset(migration: Migration, source: str) -> dg.AssetsDefinition:
    """A source's files, fetched from its vendor's API or an object store."""
    config = migration.sources[source]

    @dg.asset(
        key=fetched_key(source),
        description=f"Files of {source}, fetched as its vendor has them ({config.vendor}).",
        group_name=LANDING,
        kinds={config.vendor},
        partitions_def=daily,
        backfill_policy=dg.BackfillPolicy.single_run(),
        op_tags={"stage": LANDING},
    )
    def fetched(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        window = context.partition_key_range
        first, last = date.fromisoformat(window.start), date.fromisoformat(window.end)
        dates = (None, None) if context.run.tags.get(ALL_DUE) else (first, last)
        result = fetch_source(
            migration,
            source,
            dates=dates,
            tell=lambda _, done, due, doing: context.log.info(f"{done} of {due}: {doing}"),
        )
        result.refuse_failures()
        return dg.MaterializeResult(metadata=metadata_of(result))

    return fetched


def metadata_of(result: Fetched) -> Mapping[str, Any]:
    """What a fetch brought, for Dagster."""
    figures = ("asked", "new", "changed", "same", "empty", "bytes")
    return {
        **{name: getattr(result, name) for name in figures},
        "missing": ", ".join(result.missing[:20]) or "none",
        "seconds": round(result.seconds, 3),
    }


def note_fetched(migration: Migration, results: Sequence[Fetched]) -> None:
    """Show in Dagster's UI what the command line fetched: its days as materialised."""
    from orchestration.defs.runs import instance_of

    with instance_of(migration) as instance:
        for result in results:
            for day in sorted(result.days)[-MARKED_DAYS:]:
                instance.report_runless_asset_event(
                    dg.AssetMaterialization(
                        fetched_key(result.source),
                        partition=day.isoformat(),
                        metadata=dict(metadata_of(result)),
                    )
                )


def fetch_job(sources: Sequence[str]) -> Any:
    """Fetch all sources that are fetched."""
    keys = (fetched_key(source) for source in sources)
    return dg.define_asset_job(FETCH_JOB, selection=dg.AssetSelection.assets(*keys))


def fetch_schedule(migration: Migration) -> dg.ScheduleDefinition:
    """Each day before the working day: all that is due, with the lookback of each vendor."""

    @dg.schedule(
        job_name=FETCH_JOB,
        cron_schedule="0 4 * * *",
        execution_timezone=migration.reporting_timezone,
        description="Fetches what is due from vendors' APIs and object stores.",
    )
    def daily_fetch(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        return dg.RunRequest(tags=fetch_tags(migration, context.scheduled_execution_time))

    return daily_fetch


def fetch_tags(migration: Migration, now: datetime) -> dict[str, str]:
    """Tags of a run that fetches all that is due; the days of the longest lookback are marked."""
    today = now.astimezone(ZoneInfo(migration.reporting_timezone)).date()
    return {
        RANGE_START: (today - timedelta(days=longest_lookback(migration))).isoformat(),
        RANGE_END: today.isoformat(),
        ALL_DUE: "true",
    }


def longest_lookback(migration: Migration) -> int:
    """Days for which some interval may still change, at most what is marked."""
    days = [
        lookback(config.vendor, config.fetch).days
        for config in migration.fetched.values()
        if config.fetch is not None and config.vendor in FETCHABLE
    ]
    return min(max(days, default=0), MARKED_DAYS)
