"""Marts that Python writes after those of dbt: experiments, moves, seasons, value."""

from collections.abc import Iterator

import dagster as dg

from orchestration.config import Migration
from orchestration.defs.warehouse import POOL, REBUILD_SET, SETTINGS
from orchestration.evidence.schemas import MARTS as EVIDENCE
from orchestration.stages import MARTS
from orchestration.warehouse import writing

KEYS = tuple(dg.AssetKey([MARTS, name]) for name in EVIDENCE)


def evidence_marts(migration: Migration) -> dg.AssetsDefinition:
    """All marts of evidence: they share what they read, so one step writes them."""
    specs = [
        dg.AssetSpec(
            key=[MARTS, name],
            description=mart.comment,
            group_name=MARTS,
            kinds={"python", "duckdb"},
            metadata={"reader": mart.reader, "question": mart.question},
            deps=[
                dg.AssetKey([MARTS, "fct_events"]),
                dg.AssetKey([MARTS, "fct_sessions"]),
                SETTINGS,
                REBUILD_SET,
            ],
        )
        for name, mart in EVIDENCE.items()
    ]

    @dg.multi_asset(specs=specs, name="evidence_marts", pool=POOL)
    def marts() -> Iterator[dg.MaterializeResult[None]]:
        # brings statistics that no other step needs
        from orchestration.evidence.writing import write_evidence

        with writing(migration):
            rows = write_evidence(migration)
        for name, count in rows.items():
            yield dg.MaterializeResult(asset_key=[MARTS, name], metadata={"rows": count})

    return marts
