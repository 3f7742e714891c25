"""What follows every run, red, green or failed: people are told."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path

from orchestration.config import Migration
from orchestration.quality.alerts import deliver_alerts
from orchestration.quality.incidents import note_failure, write_tables
from orchestration.warehouse import writing

logger = logging.getLogger(__name__)


def conclude(migration: Migration, run_id: str) -> Path | None:
    """Write the report of a run; returns its page, None where there is nothing to report yet.

    A build that failed never came to the marts gate, so its incident is written here. Alerts go out
    last, when all they point to is written, and also where it could not be.
    """
    has_failed = note_failure(migration, run_id)
    try:
        if has_failed:
            with writing(migration):
                write_tables(migration, datetime.now(UTC))
    finally:
        for route, answer in deliver_alerts(migration, run_id).failures.items():
            logger.warning("alerts wait for route %s: %s", route, answer)
    return None
