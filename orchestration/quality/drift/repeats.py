"""Repeats: a delivery sent again under other ids, more duplicates than usual, double firing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from orchestration.quality.drift.findings import Finding, percent
from orchestration.quality.drift.history import departures
from orchestration.quality.drift.reading import SourceFigures, cells
from orchestration.quality.drift.thresholds import FEWEST_RECORDS, FEWEST_ROWS, REPLAYED


def find_repeats(figures: SourceFigures) -> Iterator[Finding]:
    """Findings of `replayed_delivery`, `duplicates` and `double_firing`."""
    replayed = set()
    for finding in _replays(figures):
        replayed.add(finding.day)
        yield finding
    yield from (f for f in _duplicates(figures) if f.day not in replayed)
    yield from (f for f in _double_firing(figures) if f.day not in replayed)


def _replays(figures: SourceFigures) -> Iterator[Finding]:
    """A delivery most of whose contents another had; `value` counts its contents compared."""
    repeats = figures.of("repeats", "item")
    for day in figures.judged_days():
        for place in np.flatnonzero(repeats.counts[day]):
            n, compared = repeats.counts[day, place], repeats.values[day, place]
            earlier = repeats.keys[place][0]
            if not earlier or n < FEWEST_RECORDS or n < REPLAYED * compared:
                continue
            yield Finding(
                cause="replayed_delivery",
                source=figures.source,
                day=figures.days[day],
                until=figures.days[day],
                item=earlier,
                what=f"{percent(n / compared)} of a delivery repeats what delivery {earlier} had"
                " already brought",
                records=round(n / compared * figures.rows[day] / 2),
                observed=float(n / compared),
                expected=0.0,
                next_step="Remove the repeated file from the export folder of {source}, or accept"
                " it if ids of the vendor tell its rows apart; rows under new ids count twice.",
            )


def _duplicates(figures: SourceFigures) -> Iterator[Finding]:
    same = figures.of("same_key")
    again = figures.of("repeats")
    rows = figures.rows[:, None]
    compared = figures.of("compared").counts
    for counts, totals, told in (
        (same.counts, rows, "come twice in their delivery"),
        (again.counts, compared, "came in an earlier delivery already"),
    ):
        if counts.shape[1] == 0:
            continue
        found = departures(counts, totals, figures.weekend, figures.judged)
        rose = (found.moved == 1) & (counts >= FEWEST_RECORDS)
        for day, _ in cells(found.usual, rose):
            share = counts[day, 0] / totals[day, 0]
            yield Finding(
                cause="duplicates",
                source=figures.source,
                day=figures.days[day],
                until=figures.days[day],
                what=f"{percent(share)} of the events {told},"
                f" usually {percent(found.usual[day, 0])}",
                records=int(share * rows[day, 0]),
                observed=float(share),
                expected=float(found.usual[day, 0]),
                next_step="Repeats with the vendor's id are dropped; ask whether {source} was"
                " exported twice or its senders retry, and watch the ledger's duplicates.",
            )


def _double_firing(figures: SourceFigures) -> Iterator[Finding]:
    """`n` counts acts within a second of the same person's same act."""
    events = figures.of("event", "event")
    doubles = figures.of("double", "event")
    if not doubles.keys:
        return
    totals = np.column_stack([events.column(*key) for key in doubles.keys])
    found = departures(doubles.counts, totals, figures.weekend, figures.judged)
    rose = (found.moved == 1) & (totals >= FEWEST_ROWS)
    for day, place in cells(found.usual, rose & (doubles.counts >= FEWEST_RECORDS)):
        [event] = doubles.keys[place]
        share = doubles.counts[day, place] / totals[day, place]
        yield Finding(
            cause="double_firing",
            source=figures.source,
            day=figures.days[day],
            until=figures.days[day],
            event=event,
            what=f"{percent(share)} of {event} follow the same act of the same person within a"
            f" second, usually {percent(found.usual[day, place])}",
            records=int(doubles.counts[day, place]),
            observed=float(share),
            expected=float(found.usual[day, place]),
            next_step="Ask the owner of the event whether it is sent by two handlers or tags of"
            " {source}; its counts are too high from that day on.",
        )
