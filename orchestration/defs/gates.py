"""The gates after staging and after the marts, as blocking asset checks."""

import dagster as dg

from orchestration import pipeline
from orchestration.config import Migration
from orchestration.defs.quality import CHANGES
from orchestration.quality.alerts import write_alert_deliveries
from orchestration.quality.decisions import read_decisions
from orchestration.quality.gate_results import blocking
from orchestration.quality.gate_tables import write_gate_results
from orchestration.quality.gates import judge_marts, judge_staging
from orchestration.quality.incidents import write_incidents
from orchestration.quality.warned_rows import warn_published, write_warned_rows
from orchestration.stages import STAGING
from orchestration.warehouse import writing


def staging_gate(migration: Migration) -> dg.AssetChecksDefinition:
    """Judge the deliveries just staged; a red one is held, the others go on."""

    @dg.asset_check(
        asset=dg.AssetKey([STAGING, "stg_identity_evidence"]),
        name="staging_gate",
        blocking=True,
        description="Keys, clocks, taxonomy, and what a re-export lost.",
    )
    def gate(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        with writing(migration):
            results = judge_staging(migration, context.run.run_id, pipeline.all_landed(migration))
        red = blocking(results, read_decisions(migration.decisions_dir))
        held = sorted({str(result.delivery_id) for result in red})
        return dg.AssetCheckResult(
            passed=not held,
            # admission holds a red delivery back; stopping the run would hold the others too
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"held": ", ".join(held) or "none", "results": len(results)},
        )

    return gate


def marts_gate(migration: Migration) -> dg.AssetChecksDefinition:
    """Judge the marts as a whole; red keeps the last good snapshot."""

    @dg.asset_check(
        asset=CHANGES,
        name="marts_gate",
        blocking=True,
        description="Do the marts reconcile to what landed; do rates and funnels obey their laws?",
    )
    def gate(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        with writing(migration):
            results = judge_marts(migration, context.run.run_id)
            write_gate_results(migration)
            write_incidents(migration, context.run.run_id)
            write_warned_rows(migration)
            write_alert_deliveries(migration)
            red = blocking(results, read_decisions(migration.decisions_dir))
            if red:  # no snapshot is taken: readers of the last one are warned in it
                warn_published(migration)
        return dg.AssetCheckResult(
            passed=not red,
            severity=dg.AssetCheckSeverity.ERROR,
            metadata={
                "red": ", ".join(sorted({r.rule for r in red})) or "none",
                "results": len(results),
            },
        )

    return gate
