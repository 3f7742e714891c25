"""The steps of a run, in the order of the data's way. Dagster's assets and tests call these.

Each step reads what the steps before it left on disk and may be repeated at any time. None of
them starts dbt: `staging_models` and `build_is_due` say what dbt has to do, and `note_staged` and
`note_built` take note.
"""

from __future__ import annotations

from datetime import date, datetime

from orchestration import control
from orchestration.build import BuildPlan, finish_build, plan_build
from orchestration.config import Migration
from orchestration.landing.catalog import Landed, states
from orchestration.landing.land import delivery_folder
from orchestration.landing.manifest import MANIFEST, Manifest, manifests
from orchestration.migration.waves import scopes
from orchestration.quality.decisions import read_decisions
from orchestration.quality.gate_results import held_deliveries, read_judgements
from orchestration.sources import REGISTRY, STAGED_AS
from orchestration.warehouse import open_work

# What dbt builds after the rebuild set is planned, as its selectors: all of it, or, with nothing to
# build, what is made anew in every run (the ledger, and which date is still open).
EVERYTHING = "tag:intermediate tag:marts tag:quality"
ALWAYS = "tag:quality tag:dated"


def all_landed(migration: Migration) -> list[Landed]:
    """Every landed delivery of the configured sources with its present state."""
    held = held_deliveries(migration.gates_dir, read_decisions(migration.decisions_dir))
    return [
        landed
        for source in migration.sources
        for landed in states(manifests(migration.landing_dir, source), held)
    ]


def unjudged(migration: Migration, source: str) -> list[Manifest]:
    """Landed deliveries the landing gate has not judged since, or holds: it may let them go."""
    held = _held_at_landing(migration)
    judged_at = {
        judgement.delivery_id: datetime.fromisoformat(judgement.judged_at).timestamp()
        for judgement in read_judgements(migration.gates_dir)
        if judgement.stage == "landing"
    }
    return [
        manifest
        for manifest in manifests(migration.landing_dir, source)
        if manifest.delivery_id in held
        or judged_at.get(manifest.delivery_id, 0.0)
        < (delivery_folder(migration.landing_dir, source, manifest.delivery_id) / MANIFEST)
        .stat()
        .st_mtime
    ]


def plan_staging(migration: Migration) -> list[str]:
    """Write the control tables that staging reads; the deliveries whose rows it must make."""
    landed = all_landed(migration)
    held_at_landing = _held_at_landing(migration)
    with open_work(migration) as connection:
        control.remember(connection)
        control.write_settings(connection, migration)
        staged = dict(
            connection.execute("select delivery_id, fingerprint from control.staged").fetchall()
        )
        prints = control.staging_fingerprints(migration, landed)
        to_stage = [
            each
            for each in landed
            if each.state in ("current", "held")
            and each.manifest.delivery_id not in held_at_landing
            and staged.get(each.manifest.delivery_id) != prints[each.manifest.delivery_id]
        ]
        control.write_landing_views(connection, migration, to_stage)
        control.write_deliveries(connection, migration, landed)
        control.write_to_stage(connection, to_stage, prints)
        # a held delivery is judged again in every run: taxonomy, limits or clock may have changed;
        # and one that was staged by a run that died before its gate
        unjudged = {row[0] for row in connection.execute("from control.unjudged").fetchall()}
        to_judge = [
            each
            for each in landed
            if (each.state == "held" or each.manifest.delivery_id in unjudged)
            and each.state in ("current", "held")
            and each.manifest.delivery_id in staged
            and each.manifest.delivery_id not in held_at_landing
        ]
        control.write_to_judge(connection, [*to_stage, *to_judge])
    return [each.manifest.delivery_id for each in to_stage]


def note_staged(migration: Migration) -> None:
    """Remember that dbt staged the deliveries of `control.to_stage`, and by which models."""
    with open_work(migration) as connection:
        connection.execute(
            """begin transaction;
            update control.staged set fingerprint = to_stage.fingerprint
            from control.to_stage as to_stage
            where staged.delivery_id = to_stage.delivery_id;
            insert into control.unjudged select delivery_id from control.to_stage;
            delete from control.staging_code"""
        )
        connection.execute("insert into control.staging_code values (?)", [control.staging_code()])
        connection.execute("commit")


def staging_models(migration: Migration) -> list[str]:
    """What dbt is to run for the deliveries of `control.to_stage`, as arguments; none without any.

    The models of their vendors alone; all models and from nothing when one of them was changed,
    since the tables that an older one made may lack a column.
    """
    with open_work(migration, read_only=True) as connection:
        vendors = connection.execute(
            """select distinct vendor
            from control.to_stage join control.deliveries using (delivery_id) order by vendor"""
        ).fetchall()
        known = connection.execute("select fingerprint from control.staging_code").fetchall()
    if known != [(control.staging_code(),)]:  # also where all that came is held at landing
        return ["--select", "tag:staging", "--full-refresh"]
    if not vendors:
        return []
    models = [f"stg_{vendor}__{STAGED_AS[REGISTRY[vendor].kind]}" for (vendor,) in vendors]
    return ["--select", *models, "stg_identity_evidence"]


def plan_marts(migration: Migration, dates: tuple[date, date] | None = None) -> BuildPlan:
    """Write the control tables and the rebuild set that the models read."""
    landed = all_landed(migration)
    in_scope = scopes(migration)
    with open_work(migration) as connection:
        control.remember(connection)
        control.write_settings(connection, migration)
        control.write_deliveries(connection, migration, landed)
        control.write_admitted(connection, landed, in_scope)
        control.write_held_unreadable(connection, migration, landed)
        plan = plan_build(connection, migration, landed, in_scope, dates)
        connection.execute(
            "create or replace table control.plan (full_refresh boolean, is_empty boolean)"
        )
        connection.execute(
            "insert into control.plan values (?, ?)", [plan.full_refresh, plan.is_empty]
        )
    return plan


def build_is_due(migration: Migration) -> tuple[bool, bool]:
    """(whether there is anything to build, whether from nothing), as last planned."""
    with open_work(migration, read_only=True) as connection:
        row = connection.execute("select not is_empty, full_refresh from control.plan").fetchone()
    return (bool(row[0]), bool(row[1])) if row else (True, False)


def note_built(migration: Migration) -> None:
    """Remember that every model has been built, and clear the rebuild set."""
    with open_work(migration) as connection:
        finish_build(connection, migration, all_landed(migration), scopes(migration))


def _held_at_landing(migration: Migration) -> set[str]:
    held = held_deliveries(migration.gates_dir, read_decisions(migration.decisions_dir))
    return {
        delivery for delivery, results in held.items() if any(r.stage == "landing" for r in results)
    }
