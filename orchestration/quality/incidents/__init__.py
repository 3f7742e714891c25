"""Incidents: one for each cause, from the gates' results and the changes found."""

from __future__ import annotations

from datetime import UTC, datetime

from orchestration.config import Migration
from orchestration.quality.incidents import log
from orchestration.quality.incidents.gathering import findings_of, owners_of
from orchestration.quality.incidents.grouping import observe
from orchestration.quality.incidents.lifecycle import transitions
from orchestration.quality.incidents.telling import current_incidents, write_tables

__all__ = ["current_incidents", "write_incidents"]


def write_incidents(migration: Migration, run_id: str) -> int:
    """Log what this run changes about incidents and replace their tables; how many are open.

    Called after the marts gate has judged, red or green, and before the snapshot is taken; again
    after a build that failed. Called twice it changes nothing. The caller is the one writer.
    """
    now = datetime.now(UTC)
    observed = observe(findings_of(migration, run_id, now), owners_of(migration))
    known = log.incidents_of(log.history(migration))
    log.write(migration, transitions(known, observed, now, run_id))
    write_tables(migration, now)
    return sum(each.is_open for each in current_incidents(migration))
