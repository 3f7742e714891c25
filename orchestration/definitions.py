"""The only Dagster entry point: one migration as assets, gates, jobs, a schedule and sensors."""

from __future__ import annotations

import dagster as dg

from orchestration.config import Migration, load_migration
from orchestration.dbt import parsed_manifest
from orchestration.defs import (
    alerts,
    automation,
    evidence,
    fetching,
    gates,
    landing,
    quality,
    reports,
    warehouse,
)


def build_definitions(migration: Migration) -> dg.Definitions:
    """Everything Dagster knows of a migration."""
    migration.warehouse_dir.mkdir(parents=True, exist_ok=True)
    manifest = parsed_manifest(migration)
    staging = warehouse.staging_models(migration, manifest)
    sources = list(migration.sources)
    fetched = list(migration.fetched)
    build, conclusion = automation.build_job(sources, fetched), automation.conclusion_job()
    landings = [automation.landing_job(source) for source in sources]
    fetches = [fetching.fetch_job(fetched)] if fetched else []
    return dg.Definitions(
        assets=[
            *(fetching.fetched_asset(migration, source) for source in fetched),
            *(landing.landing_asset(migration, source) for source in sources),
            warehouse.landed_records(migration),
            staging,
            warehouse.rebuild_set(migration, sorted(staging.keys)),
            warehouse.marts_models(migration, manifest),
            evidence.evidence_marts(migration),
            quality.changes(migration),
            warehouse.snapshot(migration),
            reports.on_call_report(migration),
            reports.dictionary_page(migration),
            reports.questions_page(migration),
            reports.models_page(migration),
        ],
        asset_checks=[
            *(landing.landing_gate(migration, source) for source in sources),
            gates.staging_gate(migration),
            gates.marts_gate(migration),
        ],
        jobs=[
            *fetches,
            *landings,
            build,
            conclusion,
            automation.docs_job(),
        ],
        schedules=[
            *([fetching.fetch_schedule(migration)] if fetched else []),
            automation.migration_schedule(migration),
            automation.docs_schedule(migration),
        ],
        sensors=[
            *(automation.new_deliveries_sensor(migration, source) for source in sources),
            *automation.conclusion_sensors(build, conclusion, [*fetches, *landings]),
            alerts.alerts_sensor(migration),
        ],
        # DuckDB takes one writing process; parallelism is inside a step
        executor=dg.in_process_executor,
    )


@dg.definitions
def definitions() -> dg.Definitions:
    """The migration that WAYBILL_CONFIG names, else `orchestration/migration.yaml`."""
    return build_definitions(load_migration())
