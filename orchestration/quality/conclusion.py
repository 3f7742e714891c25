"""What follows every run, red, green or failed: people are told."""

from __future__ import annotations

import logging
from pathlib import Path

from orchestration.config import Migration
from orchestration.quality.alerts import deliver_alerts
from orchestration.quality.incidents import write_incidents
from orchestration.quality.outcome import last_outcome
from orchestration.warehouse import writing

logger = logging.getLogger(__name__)


def conclude(migration: Migration, run_id: str) -> Path | None:
    """Write the report of a run; returns its page, None where there is nothing to report yet.

    A build that failed never came to the marts gate, so its incident is written here. Alerts go out
    last, when all they point to is written.
    """
    outcome = last_outcome(migration)
    if outcome is not None and outcome.run_id == run_id and outcome.failed_step is not None:
        with writing(migration):
            write_incidents(migration, run_id)
    for route, answer in deliver_alerts(migration, run_id).failures.items():
        logger.warning("alerts wait for route %s: %s", route, answer)
    return None
