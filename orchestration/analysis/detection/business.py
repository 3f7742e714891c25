"""Rates that fell by more than the business set as its limit, once that is more than chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.analysis.detection.panel import Floats, Panel
from orchestration.analysis.detection.scan import Scan

WEEK, MONTH = 7, 28


@dataclass(frozen=True)
class Crossing:
    """A limit that was crossed: columns of the panel, rates per session of the two spans."""

    series: int
    limit: str
    start: int
    detected: int
    ended: int | None
    before: float
    now: float
    share: float


def crossings(
    panel: Panel, scan: Scan, *, adoption_drop: float, week_on_week: float
) -> list[Crossing]:
    """Where an event's rate over a week fell below the four weeks, or the week, before it.

    Only events of a whole source are looked at, and each day only with the days up to it.
    """
    found = []
    rows = [
        row
        for row, key in enumerate(panel.keys)
        if key.family == "event" and key.parts.keys() == {"event"}
    ]
    for row in rows:
        spans = (("adoption_drop", MONTH, adoption_drop), ("week_on_week", WEEK, week_on_week))
        for name, span, share in spans:
            found += _of_series(panel, scan, row, name, span, share)
    return found


def _of_series(
    panel: Panel, scan: Scan, row: int, name: str, span: int, share: float
) -> list[Crossing]:
    seen, due = panel.observed[row], panel.reference[row]
    there = np.isfinite(seen) & np.isfinite(due)
    events = _sums(np.where(there, seen, 0.0))
    base = _sums(np.where(there, due, 0.0))
    whole = _sums(there.astype(np.float64))
    found: list[Crossing] = []
    open_at: int | None = None
    for day in range(WEEK + span, len(seen) + 1):
        split = day - WEEK
        full = whole[day] - whole[split - span] == WEEK + span
        now, before = events[day] - events[split], events[split] - events[split - span]
        base_now, base_before = base[day] - base[split], base[split] - base[split - span]
        crossed = False
        if full and min(now, before, base_now, base_before) > 0 and scan.ready[row, day - 1]:
            change = (now / base_now) / (before / base_before) - 1
            noise = scan.variance[row, day - 1] - scan.known[row, day - 1]
            usual = max(scan.expected[row, day - 1], 1.0)
            deviation = np.sqrt(noise * usual * (1 / now + 1 / before))
            crossed = change <= -share and change <= -scan.limit[row] * deviation
        if crossed and open_at is None:
            open_at = day - 1
            found.append(
                Crossing(
                    row, name, split, day - 1, None, before / base_before, now / base_now, share
                )
            )
        elif not crossed and open_at is not None:
            found[-1] = Crossing(**{**vars(found[-1]), "ended": day - 1})
            open_at = None
    return found


def _sums(values: Floats) -> Floats:
    """Sums of the first 0, 1, 2, ... values."""
    return np.concatenate([[0.0], np.cumsum(values)])
