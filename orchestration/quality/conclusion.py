"""What follows every run, red, green or failed: people are told."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path

from expectations.context import write_docs
from orchestration.config import Migration
from orchestration.quality.alerts import deliver_alerts
from orchestration.quality.incidents import note_failure, write_tables
from orchestration.quality.outcome import last_outcome
from orchestration.quality.report.figures import read_figures
from orchestration.quality.report.history import (
    index_html,
    keep,
    page_of,
    past_run_of,
    past_runs,
    reports_dir,
)
from orchestration.quality.report.page import run_html
from orchestration.quality.report.weekly import write_weekly
from orchestration.quality.runbooks import runbooks_html
from orchestration.warehouse import marts_file, writing
from orchestration.whole_files import write_whole

logger = logging.getLogger(__name__)


def conclude(migration: Migration, run_id: str) -> Path | None:
    """Write the report of a run; returns its page, None where there is nothing to report yet.

    Again for the same run it is written anew, from what holds now. The index, the weekly review,
    the runbooks and the Data Docs of its gates are written with it. A build that failed never came
    to the marts gate, so its incident is written here. Alerts go out last, when all they point to
    is written, and also where it could not be. Raises CannotFinish when a judgement on file is
    broken.
    """
    has_failed = note_failure(migration, run_id)
    try:
        if has_failed:
            with writing(migration):
                write_tables(migration, datetime.now(UTC))
        outcome = last_outcome(migration)
        failure = outcome.message if outcome is not None and outcome.run_id == run_id else None
        if failure is None and not marts_file(migration).exists():
            return None
        with writing(migration):
            page = write_report(migration, run_id, failure)
        write_docs(migration.data_docs_dir)
        return page
    finally:
        for route, answer in deliver_alerts(migration, run_id).failures.items():
            logger.warning("alerts wait for route %s: %s", route, answer)


def write_report(migration: Migration, run_id: str, failure: str | None = None) -> Path:
    """Write the page of a run and those beside it; returns the page of the run."""
    earlier = [run for run in past_runs(migration) if run.run_id != run_id]
    figures = read_figures(migration, run_id, failure=failure, earlier=earlier)
    page = page_of(migration, run_id)
    write_whole(page, run_html(figures))
    keep(migration, past_run_of(figures))
    folder = reports_dir(migration)
    write_whole(
        folder / "index.html", index_html(past_runs(migration), migration.reporting_timezone)
    )
    write_whole(folder / "runbooks.html", runbooks_html())
    write_weekly(migration)
    return page
