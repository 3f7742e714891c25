"""Write every mart of evidence: read the working marts once, replace the tables whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite

import duckdb

from orchestration.config import Migration
from orchestration.evidence.attribution import attribution_rows
from orchestration.evidence.effects import findings, intervention_rows, move_rows
from orchestration.evidence.experiments import experiment_rows
from orchestration.evidence.reading import Row, read_days
from orchestration.evidence.schemas import MARTS
from orchestration.evidence.seasons import readiness_rows
from orchestration.evidence.value import value_rows
from orchestration.quality.tables import replace_table
from orchestration.sql import literal, quoted
from orchestration.stages import MARTS as STAGE
from orchestration.warehouse import open_work


def write_evidence(migration: Migration) -> dict[str, int]:
    """Replace every mart of `schemas.MARTS`; how many rows each has. All are there without events.

    Part of every build, after the marts that dbt makes and before the marts gate.
    """
    with open_work(migration) as connection:
        rows = evidence(connection, migration.reporting_timezone)
    written = {
        name: replace_table(migration, name, mart.schema, finite(rows[name]), STAGE)
        for name, mart in MARTS.items()
    }
    with open_work(migration) as connection:
        for name, mart in MARTS.items():
            connection.execute(
                f"comment on table warehouse.{STAGE}.{quoted(name)} is {literal(mart.comment)}"
            )
    return written


def evidence(connection: duckdb.DuckDBPyConnection, zone: str) -> dict[str, Sequence[Row]]:
    """Rows by mart, from `warehouse.marts` and `control`; the connection must take temp tables.

    `zone` is the reporting zone.
    """
    days = read_days(connection, zone)
    if days is None:
        return dict.fromkeys(MARTS, ())
    experiments = experiment_rows(connection, days)
    moved = findings(connection, days)
    return {
        "fct_experiments": experiments,
        "fct_move_effects": move_rows(moved, days),
        "fct_interventions": intervention_rows(connection, moved, days),
        "fct_season_readiness": readiness_rows(connection, days),
        "fct_micro_value": value_rows(connection, days, experiments),
        "fct_attribution": attribution_rows(connection, days),
    }


def finite(rows: Sequence[Row]) -> list[Mapping[str, object]]:
    """Rows for a table: what is not known is null; NaN would compare as the largest number."""
    return [
        {
            name: None if isinstance(value, float) and not isfinite(value) else value
            for name, value in row.items()
        }
        for row in rows
    ]
