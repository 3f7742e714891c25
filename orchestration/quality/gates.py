"""The three gates of a run: measure, judge, keep the judgement."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq

from expectations.rules import Limits, Rule, RuleResult, Stage
from expectations.suites import rules_for
from orchestration.config import Migration
from orchestration.landing.catalog import Landed
from orchestration.landing.manifest import Manifest, manifests
from orchestration.quality.delivery_figures import write_delivery_figures
from orchestration.quality.drift.judging import write_drift
from orchestration.quality.facts import (
    MARTS_VIEWS,
    arrival_views,
    landing_facts,
    restatement_views,
    staging_views,
    write_arrival_facts,
    write_restatements,
    write_staging_facts,
)
from orchestration.quality.gate_history import keep_history
from orchestration.quality.gate_results import write_results
from orchestration.quality.gate_tables import offenders_folder
from orchestration.sql import literal
from orchestration.warehouse import marts_file, open_work, work_file


def limits(migration: Migration) -> Limits:
    """The configured shares above which rules block."""
    return Limits(
        unreadable_share=migration.gates.unreadable_share,
        unmapped_share=migration.gates.unmapped_share,
        violations={str(kind): share for kind, share in migration.gates.violation_share.items()},
        gone_share=migration.gates.lost_share,
        quarantined_share=migration.gates.quarantined_share,
    )


def judge_landing(
    migration: Migration, run_id: str, deliveries: Sequence[Manifest]
) -> list[RuleResult]:
    """Judge landed deliveries: whole, readable, of the known shape, both counts equal."""
    if not deliveries:
        return []
    history = [
        manifest
        for source in sorted({each.source for each in deliveries})
        for manifest in manifests(migration.landing_dir, source)
    ]
    # sources land side by side, each in a process of its own
    facts = _facts_file(migration, f"landing.{os.getpid()}")
    pq.write_table(landing_facts(migration, deliveries, history), facts)
    views = {"gate_landing": f"select * from read_parquet({literal(str(facts))})"}
    rules = rules_for("landing", limits(migration))
    results = _judge(migration, run_id, "landing", rules, views, {})
    facts.unlink()
    return results


def judge_staging(migration: Migration, run_id: str, landed: Sequence[Landed]) -> list[RuleResult]:
    """Judge the deliveries of `control.to_judge`: keys, clocks, taxonomy, what a re-export lost."""
    facts, arrivals, drift = (
        _facts_file(migration, name) for name in ("staging", "arrivals", "drift")
    )
    with open_work(migration) as connection:
        events = write_staging_facts(connection, landed, facts)
        write_arrival_facts(connection, arrivals)
        write_delivery_figures(connection, migration)
        write_drift(connection, drift)
    if pq.read_metadata(facts).num_rows == 0:
        return []
    views = staging_views(facts) | arrival_views(arrivals)
    views["gate_drift"] = f"select * from read_parquet({literal(str(drift))})"
    if (
        events == 0
    ):  # deliveries of identity records, surveys or nothing readable: no event to judge
        del views["gate_events"]
    rules = [rule for rule in rules_for("staging", limits(migration)) if rule.view in views]
    results = _judge(migration, run_id, "staging", rules, views, {"work": work_file(migration)})
    with open_work(migration) as connection:
        connection.execute(
            """delete from control.unjudged
            where delivery_id in (select delivery_id from control.to_judge)"""
        )
    return results


def judge_marts(migration: Migration, run_id: str) -> list[RuleResult]:
    """Judge the marts as a whole: do they reconcile to what landed, do they obey their laws."""
    write_restatements(migration, run_id)
    rules = rules_for("marts", limits(migration))
    views = MARTS_VIEWS | restatement_views(run_id)
    attach = {"warehouse": marts_file(migration), "work": work_file(migration)}
    return _judge(migration, run_id, "marts", rules, views, attach)


def _judge(
    migration: Migration,
    run_id: str,
    stage: Stage,
    rules: Sequence[Rule],
    views: Mapping[str, str],
    attach: Mapping[str, Path],
) -> list[RuleResult]:
    """Run a gate; keep its judgement, its place in the history and every offending row."""
    from expectations.checkpoints import run_gate  # imports Great Expectations: seconds

    judged_at = datetime.now(UTC)
    results = run_gate(
        stage,
        rules,
        views,
        attach,
        migration.data_docs_dir,
        offenders_folder(migration.gates_dir, stage, judged_at),
    )
    keep_history(migration.gates_dir, run_id, judged_at, results)
    # last: what is on file as judged has its offenders and its history
    write_results(migration.gates_dir, stage, run_id, results, judged_at)
    return results


def _facts_file(migration: Migration, stage: str) -> Path:
    folder = migration.gates_dir / "facts"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{stage}.parquet"
