"""From landed records to marts: dbt does the building, Python decides what is to be built.

Days are partitions of the rebuild set alone: what a run builds is decided there, for all models at
once. Dagster keeps two events a partition and asset; for each of 23 models that cost more than the
build itself (1,200 days: minutes).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import (
    DagsterDbtTranslator,
    DagsterDbtTranslatorSettings,
    dbt_assets,
)

from orchestration import pipeline
from orchestration.config import Migration
from orchestration.dbt import BuiltModel, run_dbt
from orchestration.defs.freshness import with_freshness
from orchestration.defs.landing import landing_key
from orchestration.evidence.schemas import MARTS as EVIDENCE
from orchestration.partitions import daily
from orchestration.sources import REGISTRY
from orchestration.stages import INTERMEDIATE, LANDING, MARTS, QUALITY
from orchestration.warehouse import take_snapshot, writing

BuildEvents = Iterator[Any]
POOL = "warehouse"
SETTINGS = dg.AssetKey(["control", "settings"])
REBUILD_SET = dg.AssetKey([INTERMEDIATE, "rebuild_set"])
# control tables that staging reads
EARLY = (
    *("sources", "identity_keys", "denied_ids", "timezones", "to_stage", "deliveries"),
    *("event_aliases", "event_rewrites", "event_types", "event_properties", "dictionary"),
)
# Runs that a command or a schedule starts cover the dates of what is new; a run without this tag
# was asked for by a person for its dates, and rebuilds them even if nothing changed.
DERIVED_RANGE = "waybill/range_follows_deliveries"


class WaybillTranslator(DagsterDbtTranslator):
    """Stages as groups; control tables as the two assets that write them."""

    def __init__(self) -> None:
        super().__init__(
            settings=DagsterDbtTranslatorSettings(
                enable_duplicate_source_asset_keys=True, enable_asset_checks=False
            )
        )

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """[stage, model]; landing sources by vendor; control tables by who writes them."""
        props = dbt_resource_props
        if props["resource_type"] != "source":
            return dg.AssetKey([props["config"]["schema"], props["name"]])
        if props["source_name"] == LANDING:
            return dg.AssetKey([LANDING, props["name"]])
        return SETTINGS if props["name"] in EARLY else REBUILD_SET

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """The stage."""
        return str(dbt_resource_props["config"].get("schema") or LANDING)


def landed_records(migration: Migration) -> dg.AssetsDefinition:
    """Views over the landed records that staging has to make, one per vendor."""
    specs = [
        dg.AssetSpec(
            key=[LANDING, vendor],
            description=f"Landed records of {vendor}: an explicit list of current deliveries.",
            group_name=LANDING,
            kinds={"duckdb"},
            deps=[
                landing_key(name)
                for name, config in migration.sources.items()
                if config.vendor == vendor
            ],
        )
        for vendor in REGISTRY
    ]
    settings = dg.AssetSpec(
        key=SETTINGS,
        description="Configuration and taxonomy as tables, and which deliveries to stage.",
        group_name=LANDING,
        kinds={"duckdb"},
    )

    @dg.multi_asset(specs=[*specs, settings], name="landed_records", pool=POOL)
    def records(context: dg.AssetExecutionContext) -> BuildEvents:
        with writing(migration):
            to_stage = pipeline.plan_staging(migration)
        context.log.info(f"{len(to_stage)} deliveries to stage")
        yield from _materialized(context)

    return records


def staging_models(migration: Migration, manifest: Path) -> dg.AssetsDefinition:
    """dbt's staging models: types, UTC, one shape for all vendors."""

    @dbt_assets(
        manifest=manifest,
        select="tag:staging",
        name="staging_models",
        dagster_dbt_translator=WaybillTranslator(),
        pool=POOL,
    )
    def models(context: dg.AssetExecutionContext) -> BuildEvents:
        built: Sequence[BuiltModel] = ()
        with writing(migration):
            if arguments := pipeline.staging_models(migration):
                built = run_dbt(migration, "run", *arguments, tell=context.log.info)
                pipeline.note_staged(migration)
        yield from _materialized(context, built)

    return models


def rebuild_set(migration: Migration, staging_keys: Sequence[dg.AssetKey]) -> dg.AssetsDefinition:
    """Who is who, and which events and person-days are to be built."""

    @dg.asset(
        key=REBUILD_SET,
        description="Identity of what changed, and the keys and person-days to rebuild.",
        group_name=INTERMEDIATE,
        kinds={"python", "duckdb"},
        partitions_def=daily,
        backfill_policy=dg.BackfillPolicy.single_run(),
        deps=list(staging_keys),
        pool=POOL,
    )
    def planned(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        with writing(migration):
            plan = pipeline.plan_marts(migration, _asked_dates(context))
        return dg.MaterializeResult(
            metadata={
                "full refresh": plan.full_refresh,
                "deliveries added": plan.added,
                "deliveries removed": plan.removed,
                "keys": plan.keys,
            }
        )

    return planned


def marts_models(migration: Migration, manifest: Path) -> dg.AssetsDefinition:
    """dbt's intermediate, marts and quality models, in one invocation."""

    @dbt_assets(
        manifest=manifest,
        select="tag:intermediate tag:marts tag:quality",
        name="marts_models",
        dagster_dbt_translator=WaybillTranslator(),
        pool=POOL,
    )
    def models(context: dg.AssetExecutionContext) -> BuildEvents:
        with writing(migration):
            is_due, full_refresh = pipeline.build_is_due(migration)
            select = pipeline.EVERYTHING if is_due else pipeline.ALWAYS
            refresh = ["--full-refresh"] if full_refresh else []
            built = run_dbt(migration, "run", "--select", select, *refresh, tell=context.log.info)
            if is_due:
                pipeline.note_built(migration)
        yield from _materialized(context, built)

    return with_freshness(models, migration.freshness)


def snapshot(migration: Migration) -> dg.AssetsDefinition:
    """The file analysts open: marts and quality as of the last green marts gate."""

    @dg.asset(
        key=[MARTS, "snapshot"],
        description="Marts and quality for readers, swapped in whole after a green marts gate.",
        group_name=MARTS,
        kinds={"duckdb"},
        deps=[
            dg.AssetKey([QUALITY, "fct_ledger"]),
            dg.AssetKey([QUALITY, "fct_changes"]),
            *(dg.AssetKey([MARTS, name]) for name in EVIDENCE),
        ],
        pool=POOL,
    )
    def taken() -> dg.MaterializeResult[None]:
        with writing(migration):
            path = take_snapshot(migration)
        return dg.MaterializeResult(metadata={"path": dg.MetadataValue.path(str(path))})

    return taken


def _materialized(
    context: dg.AssetExecutionContext, built: Sequence[BuiltModel] = ()
) -> BuildEvents:
    """The run's assets in the order of their dependencies: built now, or right as they are."""
    seconds = {dg.AssetKey([model.stage, model.name]): model.seconds for model in built}
    deps = context.assets_def.asset_deps
    for key in TopologicalSorter({key: deps[key] for key in deps}).static_order():
        if key in context.selected_asset_keys:
            metadata = {"seconds": seconds[key]} if key in seconds else {}
            yield dg.MaterializeResult(asset_key=key, metadata=metadata)


def _asked_dates(context: dg.AssetExecutionContext) -> tuple[date, date] | None:
    if context.run.tags.get(DERIVED_RANGE):
        return None
    window = context.partition_key_range
    return date.fromisoformat(window.start), date.fromisoformat(window.end)
