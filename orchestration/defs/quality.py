"""What Python finds in the marts, before the gate judges them."""

import dagster as dg

from orchestration.config import Migration
from orchestration.quality.changes import write_changes
from orchestration.quality.freshness import write_freshness
from orchestration.stages import MARTS, QUALITY
from orchestration.warehouse import writing

CHANGES = dg.AssetKey([QUALITY, "fct_changes"])


def changes(migration: Migration) -> dg.AssetsDefinition:
    """Volumes and rates held against what was to be expected."""

    @dg.asset(
        key=CHANGES,
        description="Changes in volumes and rates, the segment that explains them, and the loss.",
        group_name=QUALITY,
        kinds={"python", "duckdb"},
        deps=[
            dg.AssetKey([MARTS, "fct_events"]),
            dg.AssetKey([MARTS, "fct_micro_conversion_daily"]),
            dg.AssetKey([QUALITY, "fct_ledger"]),
        ],
        pool="warehouse",
    )
    def found() -> dg.MaterializeResult[None]:
        with writing(migration):
            late = write_freshness(migration)
            return dg.MaterializeResult(
                metadata={"changes": write_changes(migration), "late": late}
            )

    return found
