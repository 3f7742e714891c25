"""Properties: one that falls empty or is renamed, changes type, or becomes constant."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from orchestration.quality.drift.events import same_name
from orchestration.quality.drift.findings import Finding, percent, shown
from orchestration.quality.drift.history import Floats, before, departures, past_days
from orchestration.quality.drift.reading import Counted, SourceFigures, cells
from orchestration.quality.drift.thresholds import (
    FEWEST_DAYS,
    FEWEST_RECORDS,
    FEWEST_ROWS,
    SMALLEST_MOVE,
    WINDOW,
)


def find_properties(figures: SourceFigures) -> Iterator[Finding]:
    """Findings of `property_missing`, `property_type_changed` and `constant_value`."""
    yield from _missing(figures)
    yield from _types(figures)
    yield from _constants(figures)


def totals_of(figures: SourceFigures, counted: Counted) -> Floats:
    """Sampled rows of the event of each series, whose first key is the event."""
    sampled = figures.of("sampled", "event")
    return np.column_stack([sampled.column(key[0]) for key in counted.keys])


def _missing(figures: SourceFigures) -> Iterator[Finding]:
    filled = figures.of("kind", "event", "item")
    if not filled.keys:
        return
    totals = totals_of(figures, filled)
    found = departures(filled.counts, totals, figures.weekend, figures.judged)
    fell = (found.moved == -1) & (totals >= FEWEST_ROWS)
    shares = filled.counts / np.maximum(totals, 1)
    for day, place in cells(found.usual, fell):
        event, name = filled.keys[place]
        lost = float(found.usual[day, place] - shares[day, place])
        platform = _platform(figures, event, name, day)
        new = _successor(figures, filled, shares, day, place, lost)
        yield Finding(
            cause="property_missing",
            source=figures.source,
            day=figures.days[day],
            until=figures.days[day],
            event=event,
            item=shown(name),
            platform=platform,
            what=f"{shown(name)} of {event} is filled in {percent(shares[day, place])} of the"
            f" events, usually in {percent(found.usual[day, place])}"
            f"{f', lost on {platform}' if platform else ''}"
            f"{f'; {shown(new)} came in its place' if new else ''}",
            records=int(lost * totals[day, place] * figures.scaled(event)[day]),
            observed=float(shares[day, place]),
            expected=float(found.usual[day, place]),
            next_step=f"Name {shown(new)} as the new name of {shown(name)} under the event's"
            " properties in taxonomy.yaml, then run again."
            if new
            else "Ask the owner of the event why {source} no longer fills it; whatever is cut by"
            " it lacks these events.",
        )


def _platform(figures: SourceFigures, event: str, name: str, day: int) -> str | None:
    """The only platform on which a property fell; none where more than one did."""
    filled = figures.of("kind", "event", "item", "platform")
    sampled = figures.of("sampled", "event", "platform")
    fell, measured = [], 0
    for place in sampled.under(event):
        platform = sampled.keys[place][1]
        rows = sampled.counts[:, place]
        with np.errstate(invalid="ignore", divide="ignore"):
            share = (filled.column(event, name, platform) / rows)[:, None]
        if rows[day] < FEWEST_RECORDS:
            continue
        measured += 1
        if share[day, 0] < before(share, day)[0] - max(SMALLEST_MOVE, 2 / np.sqrt(rows[day])):
            fell.append(platform)
    return fell[0] or None if len(fell) == 1 and measured > 1 else None


def _successor(
    figures: SourceFigures, filled: Counted, shares: Floats, day: int, place: int, lost: float
) -> str | None:
    """A property of the event, not seen before, that gained what this one lost, of like values."""
    event, name = filled.keys[place]
    history = before(shares, day)
    candidates = []
    for other in filled.under(event):
        gain = shares[day, other]
        if np.nan_to_num(history[other]) > 0.005 or gain < SMALLEST_MOVE:
            continue
        if abs(gain - lost) > 0.35 * max(gain, lost):
            continue
        new = filled.keys[other][1]
        likeness = _likeness(figures, event, name, new, day)
        if likeness > 0 or same_name(name, new):
            candidates.append((same_name(name, new), likeness, new))
    return max(candidates)[2] if candidates else None


def _likeness(figures: SourceFigures, event: str, name: str, new: str, day: int) -> float:
    """The share of a new property's values that the old one had: by value, else by size."""
    for figure, least in (("value", 0.3), ("size", 0.8)):
        counted = figures.of(figure, "event", "item", "detail")
        past = slice(max(0, day - WINDOW), day)
        known = {
            counted.keys[p][2] for p in counted.under(event, name) if counted.counts[past, p].any()
        }
        of_new = counted.under(event, new)
        total = counted.counts[day, of_new].sum()
        same = sum(counted.counts[day, p] for p in of_new if counted.keys[p][2] in known)
        if total and same / total >= least:
            return float(same / total)
    return 0.0


def _types(figures: SourceFigures) -> Iterator[Finding]:
    kinds = figures.of("kind", "event", "item", "detail")
    if not kinds.keys:
        return
    filled = figures.of("kind", "event", "item")
    totals = np.column_stack([filled.column(*key[:2]) for key in kinds.keys])
    found = departures(kinds.counts, totals, figures.weekend, figures.judged)
    rose = found.moved == 1
    for day, place in cells(found.usual, rose & (kinds.counts >= FEWEST_RECORDS)):
        event, name, kind = kinds.keys[place]
        siblings = kinds.under(event, name)
        usual = kinds.keys[siblings[int(np.nan_to_num(found.usual[day, siblings]).argmax())]][2]
        if usual == kind:
            continue
        share = kinds.counts[day, place] / totals[day, place]
        yield Finding(
            cause="property_type_changed",
            source=figures.source,
            day=figures.days[day],
            until=figures.days[day],
            event=event,
            item=shown(name),
            what=f"{percent(share)} of the values of {shown(name)} of {event} are {kind},"
            f" usually they are {usual}",
            records=int(kinds.counts[day, place] * figures.scaled(event)[day]),
            observed=float(share),
            expected=float(found.usual[day, place]),
            next_step="Have the owner of the event send one type; until then sums and filters by"
            f" {shown(name)} leave these events out.",
        )


def _constants(figures: SourceFigures) -> Iterator[Finding]:
    values = figures.of("value", "event", "item", "detail")
    filled = figures.of("kind", "event", "item")
    for event, name in filled.keys:
        places = values.under(event, name)
        if len(places) < 3:  # a property of two values may well show one of them only
            continue
        rows = filled.column(event, name)
        with np.errstate(invalid="ignore", divide="ignore"):
            shares = values.counts[:, places] / rows[:, None]
        top = np.nan_to_num(shares).max(axis=1)
        flagged: set[int] = set()
        for day in figures.judged_days():
            past = top[past_days(day, flagged, rows >= FEWEST_ROWS)]
            if len(past) < FEWEST_DAYS or rows[day] < 2 * FEWEST_ROWS:
                continue
            # Half at most on all days before, so that a lucky day is out of the question.
            if top[day] < 0.98 or past.max() > 0.5:
                continue
            flagged.add(day)
            value = values.keys[places[int(np.nan_to_num(shares[day]).argmax())]][2]
            yield Finding(
                cause="constant_value",
                source=figures.source,
                day=figures.days[day],
                until=figures.days[day],
                event=event,
                item=shown(name),
                what=f"{shown(name)} of {event} is always {shown(value)!r}, usually its most"
                f" frequent value is on {percent(float(np.median(past)))}",
                records=int(rows[day] * figures.scaled(event)[day]),
                observed=float(top[day]),
                expected=float(np.median(past)),
                next_step="Ask the owner of the event whether {source} sends a default for it.",
            )
