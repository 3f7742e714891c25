"""Event names: one that came under another one, and one that a platform or version lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from rapidfuzz import fuzz, process

from orchestration.quality.drift.findings import Finding, percent
from orchestration.quality.drift.history import Bools, Floats, before, departures, past_days, usable
from orchestration.quality.drift.identity import capped
from orchestration.quality.drift.reading import Counted, SourceFigures
from orchestration.quality.drift.thresholds import (
    AS_MANY,
    FEWEST_DAYS,
    FEWEST_RECORDS,
    FEWEST_ROWS,
    IMPROBABLE,
    NEAR_NAME,
    NEW_NAME,
    VANISHED,
    WINDOW,
)
from orchestration.taxonomy.suggestion.words import stem, words


def find_events(figures: SourceFigures) -> Iterator[Finding]:
    """Findings of `event_renamed` and `event_vanished`."""
    renamed = set()
    for finding in _renamed(figures):
        renamed.add((finding.day, finding.event))
        yield finding
    for finding in _vanished(figures):
        if (finding.day, finding.event) not in renamed:
            yield finding


def same_name(one: str, other: str) -> bool:
    """Whether two names differ only in case, punctuation and the forms of their words."""
    return _stems(one) == _stems(other) or _letters(one) == _letters(other)


def near_name(name: str, known: Iterable[str]) -> str | None:
    """The known name that this one most likely is, if any: the same words, else nearly the same."""
    listed = sorted(known)
    for other in listed:
        if same_name(name, other):
            return other
    near = process.extractOne(
        _letters(name), {each: _letters(each) for each in listed}, scorer=fuzz.ratio
    )
    return near[2] if near is not None and near[1] >= NEAR_NAME else None


def _letters(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _stems(name: str) -> tuple[str, ...]:
    return tuple(stem(word) for word in words(name))


def _renamed(figures: SourceFigures) -> Iterator[Finding]:
    events = figures.of("event", "event")
    present = events.counts > 0
    new_on = np.zeros_like(present)  # a name that was told of is not known by having come
    for day in figures.judged_days():
        past = past_days(day)
        if len(past) < FEWEST_DAYS:
            continue
        seen = (present[past] & usable(new_on[past], np.ones_like(new_on[past]))).sum(axis=0)
        known = {events.keys[p][0]: int(p) for p in np.flatnonzero(seen * 2 >= len(past))}
        usual = before(events.counts, day)
        # New is what was hardly there: a release begins on a few phones before its day.
        for place in np.flatnonzero(present[day] & (seen < FEWEST_DAYS)):
            name, n = events.keys[place][0], events.counts[day, place]
            other = near_name(name, (k for k in known if k != name))
            alike = other is not None
            other = other or _replaced(n, known, usual, events.counts[day])
            if other is None:
                continue
            lost = usual[known[other]] - events.counts[day, known[other]]
            if n < max(FEWEST_RECORDS, NEW_NAME * usual[known[other]]):
                continue
            if alike and not same_name(name, other) and lost < n / 2:
                continue  # merely alike: two names that both go on are two events
            new_on[day, place] = True
            where = _where(figures, name, day)
            yield Finding(
                cause="event_renamed",
                source=figures.source,
                day=figures.days[day],
                until=figures.days[day],
                event=other,
                item=name,
                platform=where,
                what=f"{n:,.0f} events came as {name}, never seen before, "
                + (f"which looks like {other}" if alike else f"and {lost:,.0f} {other} are missing")
                + (f", all on {where}" if where else ""),
                records=int(n),
                observed=float(events.counts[day, known[other]]),
                expected=float(usual[known[other]]),
                next_step=f"If {name} is {other}, add it as an alias for {{source}} in"
                " taxonomy.yaml and run again; have the sender keep to one name.",
            )


def _replaced(n: float, known: dict[str, int], usual: Floats, seen: Floats) -> str | None:
    """The one known event that lacks about as many as a new name brought; None if several do."""
    low, high = AS_MANY
    fell = []
    for name, place in known.items():
        lost = usual[place] - seen[place]
        if low * n <= lost <= high * n and lost >= IMPROBABLE * np.sqrt(usual[place]):
            fell.append(name)
    return fell[0] if len(fell) == 1 else None


def _where(figures: SourceFigures, event: str, day: int) -> str | None:
    """Platform and version of most of an event's rows on a day; none where they are spread."""
    cells = figures.of("event", "event", "platform", "item")
    places = cells.under(event)
    counts = cells.counts[day, places]
    if not counts.sum():
        return None
    top = places[int(counts.argmax())]
    if counts.max() >= 0.8 * counts.sum():
        return " ".join(part for part in cells.keys[top][1:] if part) or None
    by_platform = figures.of("event", "event", "platform")
    of_event = by_platform.under(event)
    shares = by_platform.counts[day, of_event] / counts.sum()
    if shares.max() >= 0.8 and len(figures.of("event", "platform").keys) > 1:
        return by_platform.keys[of_event[int(shares.argmax())]][1] or None
    return None


def _vanished(figures: SourceFigures) -> Iterator[Finding]:
    cells = figures.of("event", "event", "platform")
    rows = figures.of("event", "platform")
    if not cells.keys:
        return
    totals = np.column_stack([rows.column(platform) for _, platform in cells.keys])
    bound = capped(totals, figures.weekend)
    found = departures(cells.counts, totals, figures.weekend, figures.judged, at_most=bound)
    expected = np.nan_to_num(found.usual * bound)
    gone = (
        (expected >= FEWEST_ROWS) & (cells.counts <= VANISHED * expected) & (found.z <= -IMPROBABLE)
    )
    for day in figures.judged_days():
        for place in np.flatnonzero(gone[day]):
            event, platform = cells.keys[place]
            # Where the whole platform fell silent, volumes tell of it, once for all events.
            if totals[day, place] <= VANISHED * before(totals, day)[place]:
                continue
            yield _vanishing(
                figures, day, event, platform, cells.counts[day, place], expected[day, place]
            )
        yield from _lost_by_version(figures, cells, found.usual, gone, day)


def _lost_by_version(
    figures: SourceFigures, cells: Counted, usual: Floats, gone: Bools, day: int
) -> Iterator[Finding]:
    """Versions that send everything but an event that their platform's other versions send."""
    by_version = figures.of("event", "event", "platform", "item")
    of_version = figures.of("event", "platform", "item")
    past = slice(max(0, day - WINDOW), day)
    for platform, version in of_version.keys:
        rows = of_version.column(platform, version)
        if not version or rows[day] < FEWEST_ROWS:
            continue
        for place, (event, of_platform) in enumerate(cells.keys):
            if of_platform != platform or gone[day, place] or np.isnan(usual[day, place]):
                continue
            expected = usual[day, place] * rows[day]
            n = by_version.column(event, platform, version)
            if expected < FEWEST_ROWS or n[day] > VANISHED / 2 * expected:
                continue
            had = n[past].sum() / max(rows[past].sum(), 1)
            if rows[past].sum() >= FEWEST_ROWS and had < 0.5 * usual[day, place]:
                continue  # this version never sent it
            yield _vanishing(figures, day, event, f"{platform} {version}", n[day], expected)


def _vanishing(
    figures: SourceFigures, day: int, event: str, where: str, n: float, expected: float
) -> Finding:
    return Finding(
        cause="event_vanished",
        source=figures.source,
        day=figures.days[day],
        until=figures.days[day],
        event=event,
        platform=where or None,
        what=f"{event} {'vanished' if n == 0 else 'all but vanished'}"
        f"{f' on {where}' if where else ''}: {n:,.0f} came where {expected:,.0f} are usual"
        f" ({percent(1 - n / expected)} less)",
        records=int(expected - n),
        observed=float(n),
        expected=float(expected),
        next_step="Ask the owner of the event what was released there; what {source} did not send"
        " cannot be replayed, so say since when it lacks.",
    )
