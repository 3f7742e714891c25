"""Incidents: one for each cause, from the gates' results and the changes found."""

from __future__ import annotations

from datetime import UTC, datetime

from orchestration.config import Migration
from orchestration.quality.incidents import log
from orchestration.quality.incidents.findings import BUILD_FAILED, from_failure
from orchestration.quality.incidents.gathering import findings_of, owners_of
from orchestration.quality.incidents.grouping import Owners, observe
from orchestration.quality.incidents.lifecycle import transitions
from orchestration.quality.incidents.telling import current_incidents, write_tables
from orchestration.quality.outcome import last_outcome

__all__ = ["current_incidents", "note_failure", "write_incidents", "write_tables"]


def write_incidents(migration: Migration, run_id: str) -> int:
    """Log what this run changes about incidents and replace their tables; how many are open.

    Called after the marts gate has judged, red or green, and before the snapshot is taken: a build
    that comes so far verifies the failure of one before it. Called twice it changes nothing. The
    caller is the one writer.
    """
    now = datetime.now(UTC)
    observed = observe(findings_of(migration, now), owners_of(migration))
    known = log.incidents_of(log.history(migration))
    log.write(migration, transitions(known, observed, now, run_id))
    write_tables(migration, now)
    return sum(each.is_open for each in current_incidents(migration))


def note_failure(migration: Migration, run_id: str) -> bool:
    """Log the incident of a build that failed; whether it did. It needs no writer.

    Nothing else is looked at: what broke the build, such as a dictionary that cannot be read, may
    break that too. A build that came to its gate has verified the failure of the one before.
    """
    outcome = last_outcome(migration)
    if outcome is None or outcome.run_id != run_id or outcome.failed_step is None:
        return False
    at = datetime.fromisoformat(outcome.at)
    observed = observe([from_failure(outcome.failed_step, outcome.message or "", at)], Owners())
    known = {
        incident_id: each
        for incident_id, each in log.incidents_of(log.history(migration)).items()
        if each.facts.cause == BUILD_FAILED
    }
    log.write(migration, transitions(known, observed, datetime.now(UTC), run_id))
    return True
