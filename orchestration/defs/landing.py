"""Landing: an asset per source, a partition per delivery, and the gate that may hold deliveries."""

import dagster as dg

from orchestration.config import Migration
from orchestration.defs.fetching import fetched_key
from orchestration.defs.freshness import freshness_policy
from orchestration.landing.arrivals import land_arrivals
from orchestration.partitions import deliveries_of
from orchestration.pipeline import unjudged
from orchestration.quality.gates import judge_landing
from orchestration.stages import LANDING


def landing_key(source: str) -> dg.AssetKey:
    """The asset of a source's landed deliveries."""
    return dg.AssetKey([LANDING, "sources", source])


def landing_asset(migration: Migration, source: str) -> dg.AssetsDefinition:
    """Deliveries of one source, landed verbatim with their manifests."""
    config = migration.sources[source]
    fetched = [dg.AssetDep(fetched_key(source), partition_mapping=dg.AllPartitionMapping())]

    @dg.asset(
        key=landing_key(source),
        # a day's files are landed as deliveries: which is of which day is for the files to say
        deps=fetched if config.fetch is not None else [],
        description=f"Deliveries of {source} ({config.vendor}), verbatim, each with its manifest.",
        group_name=LANDING,
        kinds={"parquet", config.vendor},
        partitions_def=deliveries_of(source),
        backfill_policy=dg.BackfillPolicy.single_run(),
        retry_policy=dg.RetryPolicy(max_retries=2, delay=5),
        op_tags={"stage": LANDING},
        freshness_policy=freshness_policy(config.freshness),
    )
    def landed(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        records = 0
        landing = land_arrivals(migration, source, context.partition_keys)
        for number, manifest in enumerate(landing, start=1):
            records += manifest.records
            names = ", ".join(file.name for file in manifest.files)
            context.log.info(
                f"{number} of {len(context.partition_keys)}: {names}, {manifest.records} records"
            )
        return dg.MaterializeResult(metadata={"dagster/row_count": records})

    return landed


def landing_gate(migration: Migration, source: str) -> dg.AssetChecksDefinition:
    """Judge the deliveries just landed; a red one is held, the others go on."""

    @dg.asset_check(
        asset=landing_key(source),
        name="landing_gate",
        blocking=True,
        description="Is the delivery whole, readable, of the known shape; do two counts agree?",
    )
    def gate(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        judged = unjudged(migration, source)
        results = judge_landing(migration, context.run.run_id, judged)
        held = sorted({str(r.delivery_id) for r in results if r.blocks})
        return dg.AssetCheckResult(
            passed=not held,
            # held deliveries go no further; their source, and the others, do
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"held": ", ".join(held) or "none", "rules": len(results)},
        )

    return gate
