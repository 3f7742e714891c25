"""The steps of a run, in the order of the data's way. Dagster's assets and tests call these.

Each step reads what the steps before it left on disk and may be repeated at any time. None of
them starts dbt: `stage` and `build` say what dbt has to do, and `staged` and `built` take note.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from orchestration import control
from orchestration.build import BuildPlan, finish_build, plan_build
from orchestration.config import Migration
from orchestration.landing.catalog import Landed, new_deliveries, stale_deliveries, states
from orchestration.landing.land import land
from orchestration.landing.manifest import Manifest, manifests, read_manifest
from orchestration.landing.land import delivery_folder
from orchestration.migration.waves import scopes
from orchestration.quality.decisions import read_decisions
from orchestration.quality.gate_results import held_deliveries
from orchestration.warehouse import open_work


@dataclass(frozen=True)
class StagePlan:
    """Deliveries whose staged rows are to be made, with the fingerprint they will have."""

    deliveries: tuple[tuple[str, str], ...]


def land_source(migration: Migration, source: str) -> Iterator[Manifest]:
    """Land what is new of a source, and again what an older parser or other settings landed."""
    config = migration.sources[source]
    for delivery in stale_deliveries(source, config, migration):
        folder = delivery_folder(migration.landing_dir, source, delivery.id)
        landed_at = read_manifest(folder).landed_at
        yield land(delivery, config, migration.landing_dir, landed_at)
    for delivery in new_deliveries(source, config, migration):
        yield land(delivery, config, migration.landing_dir)


def all_landed(migration: Migration) -> list[Landed]:
    """Every landed delivery of the configured sources with its present state."""
    held = held_deliveries(migration.gates_dir, read_decisions(migration.decisions_dir))
    return [
        landed
        for source in migration.sources
        for landed in states(manifests(migration.landing_dir, source), held)
    ]


def plan_staging(migration: Migration) -> StagePlan:
    """Write the control tables that staging reads, and tell which deliveries it must make."""
    landed = all_landed(migration)
    held_at_landing = _held_at_landing(migration)
    with open_work(migration) as connection:
        control.remember(connection)
        control.write_settings(connection, migration)
        staged = dict(connection.execute("select delivery_id, fingerprint from control.staged").fetchall())
        to_stage = [
            each
            for each in landed
            if each.state in ("current", "held")
            and each.manifest.delivery_id not in held_at_landing
            and staged.get(each.manifest.delivery_id)
            != control.staging_fingerprint(migration, each.manifest.source)
        ]
        control.write_landing_views(connection, migration, to_stage)
        rows = tuple(
            (each.manifest.delivery_id, control.staging_fingerprint(migration, each.manifest.source))
            for each in to_stage
        )
        connection.execute(
            "create or replace table control.to_stage (delivery_id varchar, fingerprint varchar)"
        )
        if rows:
            connection.executemany("insert into control.to_stage values (?, ?)", rows)
    return StagePlan(rows)


def note_staged(migration: Migration) -> None:
    """Remember that dbt staged the deliveries of `control.to_stage`."""
    with open_work(migration) as connection:
        connection.execute(
            """begin transaction;
            delete from control.staged where delivery_id in (select delivery_id from control.to_stage);
            insert into control.staged select * from control.to_stage;
            commit"""
        )


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
        return plan_build(connection, migration, landed, in_scope, dates)


def note_built(migration: Migration) -> None:
    """Remember that every model has been built, and clear the rebuild set."""
    with open_work(migration) as connection:
        finish_build(connection, migration, all_landed(migration), scopes(migration))


def _held_at_landing(migration: Migration) -> set[str]:
    held = held_deliveries(migration.gates_dir, read_decisions(migration.decisions_dir))
    return {
        delivery for delivery, results in held.items() if any(r.stage == "landing" for r in results)
    }
