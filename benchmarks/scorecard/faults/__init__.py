"""Every named fault and control, by its name."""

from __future__ import annotations

from benchmarks.scorecard.faults import (
    clock,
    controls,
    drift,
    duplication,
    identity,
    loss,
    money,
    structural,
    survey,
)
from benchmarks.scorecard.faults.base import Fault, Moment, Size

FAULTS: dict[str, Fault] = {
    fault.name: fault
    for module in (
        structural,
        loss,
        drift,
        identity,
        duplication,
        clock,
        survey,
        money,
        controls,
    )
    for fault in module.FAULTS
}
SMALL_FORM = (
    "truncated_gzip",
    "missing_day",
    "platform_outage",
    "renamed_event",
    "login_stops",
    "seconds_for_milliseconds",
    "survey_stops",
    "clean_week",
)
"""One of each kind, for a quick look and for tests: in one size each, on a small product."""

__all__ = ["FAULTS", "SMALL_FORM", "Fault", "Moment", "Size"]
