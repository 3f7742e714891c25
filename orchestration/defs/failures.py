"""Which step of a run broke, other than by a red gate."""

from __future__ import annotations

from collections.abc import Iterable

import dagster as dg


def broken_step(events: Iterable[dg.DagsterEvent]) -> tuple[str, str] | None:
    """The first failed step and the innermost message; None where a red gate stopped the run."""
    for event in events:
        if not event.is_step_failure:
            continue
        error = event.step_failure_data.error
        while error is not None and error.cause is not None:
            error = error.cause
        message = error.message.strip() if error is not None else "no reason was given"
        if "check" in message.lower() and "blocking" in message.lower():
            return None
        return event.step_key or "a step", message
    return None


def broken_step_of(instance: dg.DagsterInstance, run_id: str) -> tuple[str, str] | None:
    """The same of a run that the instance keeps."""
    entries = instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
    return broken_step(entry.get_dagster_event() for entry in entries)
