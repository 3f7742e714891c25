"""Values: members that a closed list did not have, and numbers of another size."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from orchestration.quality.drift.findings import Finding, percent, shown
from orchestration.quality.drift.history import Floats, past_days
from orchestration.quality.drift.reading import Counted, SourceFigures
from orchestration.quality.drift.thresholds import (
    CLOSED_COVER,
    CLOSED_LIST,
    FEWEST_DAYS,
    FEWEST_RECORDS,
    FEWEST_ROWS,
    IMPROBABLE,
    SIZE_JUMP,
    SMALLEST_MOVE,
    USUAL_SIZE,
)

# What is meant to change: campaigns come and go, versions are released, and vendors' own fields.
_OPEN = re.compile(
    r"^\$|campaign|utm|promo|channel|referr|source|medium|version|experiment|variant|flag|url|path"
    r"|page|title|query|(^|[_ ])ids?$|token|hash|time|date|lib|locale|country|region|city|device",
    re.IGNORECASE,
)


def find_values(figures: SourceFigures) -> Iterator[Finding]:
    """Findings of `unseen_values` and `numeric_scale`."""
    values = figures.of("value", "event", "item", "detail")
    sizes = figures.of("size", "event", "item", "detail")
    filled = figures.of("kind", "event", "item")
    for event, name in filled.keys:
        rows = filled.column(event, name)
        scale = list(_sizes(figures, sizes, event, name, rows))
        yield from scale
        told = {finding.day for finding in scale}
        if not _OPEN.search(name.removeprefix("column:")):
            yield from (f for f in _unseen(figures, values, event, name, rows) if f.day not in told)


def _unseen(
    figures: SourceFigures, values: Counted, event: str, name: str, rows: Floats
) -> Iterator[Finding]:
    places = values.under(event, name)
    counts = values.counts[:, places]
    flagged: set[int] = set()
    for day in figures.judged_days():
        past = past_days(day, flagged, rows >= FEWEST_RECORDS)
        if len(past) < FEWEST_DAYS or rows[day] < FEWEST_ROWS:
            continue
        history = counts[past]
        listed = (history > 0).any(axis=0)
        covered = history.sum() / max(rows[past].sum(), 1)
        if listed.sum() > CLOSED_LIST or covered < CLOSED_COVER:
            continue
        # A list that grew of late is no closed one.
        recent = history[FEWEST_DAYS:]
        grew = (recent > 0).any(axis=0) & ~(history[:FEWEST_DAYS] > 0).any(axis=0)
        often = (recent[:, grew] > 0).sum(axis=0) if grew.any() else np.zeros(0)
        unseen = (history > 0).sum(axis=0) < 3
        n = float(counts[day][unseen].sum())
        if n < max(FEWEST_RECORDS, SMALLEST_MOVE * rows[day]) or (often >= 3).sum() > 1:
            continue
        if history[:, unseen].sum(axis=1).max(initial=0.0) > n / 2:
            continue
        flagged.add(day)
        top = [p for p in np.argsort(-counts[day] * unseen)[:3] if counts[day, p] * unseen[p]]
        told = ", ".join(repr(shown(values.keys[places[p]][2])) for p in top)
        yield Finding(
            cause="unseen_values",
            source=figures.source,
            day=figures.days[day],
            until=figures.days[day],
            event=event,
            item=shown(name),
            what=f"{percent(n / rows[day])} of the values of {shown(name)} of {event} were never"
            f" seen before (most of them {told})",
            records=int(n * figures.scaled(event)[day]),
            observed=n / float(rows[day]),
            expected=0.0,
            next_step="If they are new, list them in the event's definition in taxonomy.yaml; if"
            " an old value was renamed there, map it back, or have {source} mend it.",
        )


def _sizes(
    figures: SourceFigures, sizes: Counted, event: str, name: str, rows: Floats
) -> Iterator[Finding]:
    places = sizes.under(event, name)
    if not places:
        return
    bins = np.array([int(sizes.keys[p][2]) for p in places])
    counts = sizes.counts[:, places]
    logs = np.nan_to_num(sizes.values[:, places])
    numbers = counts.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = (counts * logs).sum(axis=1) / numbers
    flagged: set[int] = set()
    for day in figures.judged_days():
        past = past_days(day, flagged, numbers >= FEWEST_RECORDS)
        if len(past) < FEWEST_DAYS or numbers[day] < FEWEST_ROWS:
            continue
        history = counts[past]
        share = history.sum(axis=0) / history.sum()
        usual = bins[share >= USUAL_SIZE]
        if not usual.size:
            continue
        # One half decade beside the usual ones is their tail.
        far = (bins < usual.min() - 1) | (bins > usual.max() + 1)
        n = float(counts[day][far].sum())
        old = float((history * logs[past]).sum() / history.sum())
        jumped = far
        if (
            n < max(FEWEST_RECORDS, SMALLEST_MOVE * numbers[day])
            or n / numbers[day] < 3 * share[far].sum()
        ):
            past_means = means[past]
            limit = (
                IMPROBABLE * 1.4826 * float(np.median(np.abs(past_means - np.median(past_means))))
            )
            if abs(means[day] - old) < max(SIZE_JUMP, limit):
                continue
            jumped, n = np.ones_like(far), float(numbers[day])
        flagged.add(day)
        moved = counts[day] * jumped
        factor = 10 ** (float((moved * logs[day]).sum() / moved.sum()) - old)
        yield Finding(
            cause="numeric_scale",
            source=figures.source,
            day=figures.days[day],
            until=figures.days[day],
            event=event,
            item=shown(name),
            what=f"{percent(n / numbers[day])} of the values of {shown(name)} of {event} are"
            f" {times(factor)} what is usual",
            records=int(n * figures.scaled(event)[day]),
            observed=factor,
            expected=1.0,
            next_step="Ask the owner of the event whether its unit or currency changed (cents for"
            f" units are a factor of 100); sums of {shown(name)} are wrong from that day on.",
        )


def times(factor: float) -> str:
    """A factor in words, as the power of ten it is near to: `about 100 times`, `a tenth of`.

    Near is within a factor of 2.2, as the values themselves are spread.
    """
    power = round(np.log10(factor))
    near = abs(np.log10(factor) - power) <= 0.35 and power != 0
    ratio = 10.0 ** abs(power) if near else max(factor, 1 / factor)
    told = f"{ratio:,.0f}" if ratio >= 9.5 else f"{ratio:.1f}"
    return f"about {told} times" if factor > 1 else f"about 1/{told} of"
