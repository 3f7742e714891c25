"""Gaps in the numbers that a vendor's SDK counts its events by."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from orchestration.quality.drift.findings import Finding, percent
from orchestration.quality.drift.history import departures
from orchestration.quality.drift.reading import SourceFigures, platform_cells, with_all
from orchestration.quality.drift.thresholds import FEWEST_ROWS


def find_counters(figures: SourceFigures) -> Iterator[Finding]:
    """Findings of `counter_gaps`: more numbers than usual never came, on all platforms or on one.

    Ad blockers, lost phones and late uploads leave gaps every day: only a share that rises is told.
    """
    counter = figures.of("counter", "platform")
    if not counter.keys:
        return
    went = counter.counts
    missed = np.nan_to_num(counter.values) * went
    counts, totals = with_all(missed), with_all(went)
    found = departures(counts, totals, figures.weekend, figures.judged)
    rose = (found.moved == 1) & (totals >= FEWEST_ROWS)
    for day, place, platform in platform_cells(found.usual, rose, counter.keys):
        share, usual = counts[day, place] / totals[day, place], found.usual[day, place]
        yield Finding(
            cause="counter_gaps",
            source=figures.source,
            day=figures.days[day],
            until=figures.days[day],
            platform=platform or None,
            what=f"{percent(share)} of the numbers that its SDK counted"
            f"{f' on {platform}' if platform else ''} never came, usually {percent(usual)}:"
            " events were sent and lost on the way",
            records=int((share - usual) * totals[day, place]),
            observed=float(share),
            expected=float(usual),
            next_step="Ask what lies between the app and {source}: a proxy, a blocker, a filter of"
            " the vendor, a limit of its plan; have the dates exported again.",
        )
