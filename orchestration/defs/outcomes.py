"""How a build ended, read from Dagster's own log and kept for those who know nothing of Dagster."""

from __future__ import annotations

from collections.abc import Iterable

import dagster as dg

from orchestration.config import Migration
from orchestration.quality.outcome import Outcome, keep_outcome


def note_outcome(migration: Migration, instance: dg.DagsterInstance, run_id: str) -> Outcome:
    """Keep how a run ended: through, red (no failure), or failed in a step.

    A run that Dagster ended without a failed step, such as one whose process was killed, failed as
    a whole.
    """
    run = instance.get_run_by_id(run_id)
    if run is None or run.status != dg.DagsterRunStatus.FAILURE:
        return keep_outcome(migration, run_id)
    logs = instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
    events = [log.dagster_event for log in logs if log.dagster_event is not None]
    if not events and not _was_red(instance, run_id):
        return keep_outcome(migration, run_id, "the run", "it ended before any step did")
    step, message = failure_in(events) or (None, None)
    return keep_outcome(migration, run_id, step, message)


def failure_in(events: Iterable[dg.DagsterEvent]) -> tuple[str, str] | None:
    """The step that failed first and why; None where a red gate alone stopped the run."""
    event = next(iter(events), None)
    if event is None:  # a blocking check was red: told by the gates, not here
        return None
    error = event.step_failure_data.error
    while error is not None and error.cause is not None:
        error = error.cause
    message = error.message.strip() if error is not None else "no reason was given"
    if "check" in message.lower() and "blocking" in message.lower():
        return None
    return str(event.step_key), message


def _was_red(instance: dg.DagsterInstance, run_id: str) -> bool:
    checks = instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    return any(
        not log.dagster_event.asset_check_evaluation_data.passed
        for log in checks
        if log.dagster_event is not None
    )
