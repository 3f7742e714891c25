"""The three gates of a run: measure, judge, keep the judgement."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq

from expectations.rules import Limits, RuleResult
from expectations.suites import rules_for
from orchestration.config import Migration
from orchestration.landing.catalog import Landed
from orchestration.landing.manifest import Manifest
from orchestration.quality.delivery_figures import write_delivery_figures
from orchestration.quality.drift.judging import write_drift
from orchestration.quality.facts import (
    MARTS_VIEWS,
    landing_facts,
    staging_views,
    write_staging_facts,
)
from orchestration.quality.gate_results import write_results
from orchestration.sql import literal
from orchestration.warehouse import marts_file, open_work, work_file


def limits(migration: Migration) -> Limits:
    """The configured shares above which rules block."""
    return Limits(
        unreadable_share=migration.gates.unreadable_share,
        unmapped_share=migration.gates.unmapped_share,
        violations={str(kind): share for kind, share in migration.gates.violation_share.items()},
        gone_share=migration.gates.lost_share,
    )


def judge_landing(
    migration: Migration, run_id: str, deliveries: Sequence[Manifest]
) -> list[RuleResult]:
    """Judge landed deliveries: whole, readable, of the known shape, both counts equal."""
    from expectations.checkpoints import run_gate  # imports Great Expectations: seconds

    if not deliveries:
        return []
    facts = _facts_file(migration, "landing")
    pq.write_table(landing_facts(migration, deliveries), facts)
    results = run_gate(
        "landing",
        rules_for("landing", limits(migration)),
        {"gate_landing": f"select * from read_parquet({literal(str(facts))})"},
        {},
        _docs_dir(migration),
    )
    write_results(migration.gates_dir, "landing", run_id, results)
    return results


def judge_staging(migration: Migration, run_id: str, landed: Sequence[Landed]) -> list[RuleResult]:
    """Judge the deliveries of `control.to_judge`: keys, clocks, taxonomy, what a re-export lost."""
    from expectations.checkpoints import run_gate

    facts, drift = _facts_file(migration, "staging"), _facts_file(migration, "drift")
    with open_work(migration) as connection:
        events = write_staging_facts(connection, landed, facts)
        write_delivery_figures(connection, migration)
        write_drift(connection, drift)
    if pq.read_metadata(facts).num_rows == 0:
        return []
    views = staging_views(facts)
    views["gate_drift"] = f"select * from read_parquet({literal(str(drift))})"
    if (
        events == 0
    ):  # deliveries of identity records, surveys or nothing readable: no event to judge
        del views["gate_events"]
    rules = [rule for rule in rules_for("staging", limits(migration)) if rule.view in views]
    results = run_gate(
        "staging", rules, views, {"work": work_file(migration)}, _docs_dir(migration)
    )
    write_results(migration.gates_dir, "staging", run_id, results)
    return results


def judge_marts(migration: Migration, run_id: str) -> list[RuleResult]:
    """Judge the marts as a whole: do they reconcile to what landed, do they obey their laws."""
    from expectations.checkpoints import run_gate

    results = run_gate(
        "marts",
        rules_for("marts", limits(migration)),
        MARTS_VIEWS,
        {"warehouse": marts_file(migration)},
        _docs_dir(migration),
    )
    write_results(migration.gates_dir, "marts", run_id, results)
    return results


def _facts_file(migration: Migration, stage: str) -> Path:
    folder = migration.gates_dir / "facts"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{stage}.parquet"


def _docs_dir(migration: Migration) -> Path:
    return migration.home / "reports" / "data_docs"
