"""One change for each cause: which segment explains the alarms that come together.

A platform that loses events alarms in its share, its rate, its versions and its events. The segment
whose own factor explains the counts best, by likelihood, is the one that broke; among those about
as good the broadest. What it explains is not told again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from orchestration.analysis.detection.evidence import Evidence, evidence
from orchestration.analysis.detection.panel import Floats, Key, Panel
from orchestration.analysis.detection.scan import Alarm, Direction, Scan

NEAR_DAYS = 4
"""Changes of one source that begin within so many days of each other may have one cause."""
SIZING_DAYS = 7
"""Days of a change that are looked at to name it: more say more, but other things happen."""
AS_GOOD = 3.0
"""Log likelihood below which a segment tells nothing."""
NEARLY = 0.9
MUCH = 18.0
"""A broader segment is named where it explains this part of what the best one does, and where the
log likelihood (Poisson, of counts that come in visits of some six events) is not worse by more than
this: an odd visit or two beside a segment that is nearly all of its source.
"""
BROKEN = 0.5
"""A segment whose part of its source falls below this from one day to the next broke that day."""
LEAST_STEP = 0.4
"""A segment is renamed only to one that changed by this part of what the alarm did."""
CROSSING = 1.5
SURE = 2.0
"""A segment changed for a reason of its own if it did so by more than the first times what another
change brings to it, and the second times its standard deviation."""


@dataclass(frozen=True)
class Change:
    """One change: the series that explains it, its days, and what else it explains.

    `sources` are all sources in which the same event changed alike. `part` is the share that the
    segment of `key` has of the series' counts: below 1 where only a part of a volume broke.
    """

    key: Key
    series: int
    direction: Direction
    start: int
    detected: int
    ended: int | None
    settled: int | None
    score: float
    evidence: Evidence
    explained_share: float
    explains: int
    sources: tuple[str, ...]
    part: float = 1.0


def changes(panel: Panel, scan: Scan) -> list[Change]:
    """The alarms of a scan as changes, in the order of their detection."""
    left = sorted(scan.alarms, key=lambda a: (a.detected, a.series))
    found: list[Change] = []
    while left:
        first = left[0]
        together = [a for a in left if _together(panel, first, a)]
        loudest = _loudest(panel, scan, together)
        best = _drilled(panel, scan, loudest)
        change = _change(panel, scan, together, best)
        change = _narrowed(panel, scan, change, _end(scan, best))
        # the loudest is done with, also where the segment it is laid on does not explain it
        explained = {id(a) for a in together if _explained(panel, scan, change, a)} | {id(loudest)}
        found.append(_with_count(change, len(explained)))
        left = [a for a in left if id(a) not in explained]
    kept = _not_echoes(panel, scan, found)
    return _across_sources([_of_the_less(panel, scan, change) for change in kept])


def _together(panel: Panel, first: Alarm, other: Alarm) -> bool:
    one, two = panel.keys[first.series], panel.keys[other.series]
    sources = {one.source, one.against} & {two.source, two.against} - {None}
    begins_near = abs(other.start - first.start) <= NEAR_DAYS
    seen_near = first.start <= other.detected <= first.detected + SIZING_DAYS
    return bool(sources) and (begins_near or seen_near)


def _end(scan: Scan, alarm: Alarm) -> int:
    last = scan.expected.shape[1] if alarm.ended is None else max(alarm.ended, alarm.start + 1)
    return min(last, max(alarm.detected + 1, alarm.start + SIZING_DAYS))


def _loudest(panel: Panel, scan: Scan, together: Sequence[Alarm]) -> Alarm:
    """The alarm whose series tells most of a change."""
    start = min(a.start for a in together if a.detected == together[0].detected)
    weighed = []
    for alarm in together:
        begin = max(start, alarm.start - NEAR_DAYS)
        found = evidence(panel, scan, alarm.series, min(begin, alarm.start), _end(scan, alarm))
        own = evidence(panel, scan, alarm.series, alarm.start, _end(scan, alarm))
        weighed.append((max(found.gain, own.gain), alarm))
    # a pair tells that something broke, not which side: it names a change only if nothing else does
    direct = [w for w in weighed if panel.keys[w[1].series].family not in ("paired", "funnel")]
    usable = direct or weighed
    return max(usable, key=lambda w: w[0])[1]


def _drilled(panel: Panel, scan: Scan, best: Alarm) -> Alarm:
    """The same change on the segment, broader or narrower, whose one factor explains most.

    Counts per session add up over segments and events, so they compare by the Poisson likelihood
    of one factor for the segment and none for the rest; a broader one wins where it explains nearly
    as much. So events that fall together are one part of the source that lost them. Where sessions
    themselves are missing they tell nothing.
    """
    key = panel.keys[best.series]
    family = "event" if key.event is not None else "activity"
    own = evidence(panel, scan, best.series, best.start, _end(scan, best)).step
    weighed = []
    for row, other in enumerate(panel.keys):
        nested = other.inside(key) or key.inside(other)
        alike = other.family == family and other.event == key.event and nested
        of_all_events = other.family == "activity" and not other.conflicts(key)
        if not (alike or of_all_events):
            continue
        found = evidence(panel, scan, row, best.start, _end(scan, best))
        if found.expected > 0 and found.step * own > 0:
            weighed.append((found.likelihood, len(other.parts), row, abs(found.step)))
    if not weighed:
        return best
    most = max(weighed)[0]
    good = [each for each in weighed if _as_good(each[0], most)]
    _, _, row, step = min(good, key=lambda each: (each[1], -each[0]))
    return best if step < LEAST_STEP * abs(own) else replace(best, series=row)


def _as_good(likelihood: float, most: float) -> bool:
    return likelihood >= max(NEARLY * most, most - MUCH)


def _change(panel: Panel, scan: Scan, together: Sequence[Alarm], best: Alarm) -> Change:
    key = panel.keys[best.series]
    same = [
        a
        for a in together
        if a.direction == best.direction
        and a.detected >= best.start
        and not panel.keys[a.series].conflicts(key)
    ]
    end = scan.expected.shape[1] if best.ended is None else best.ended
    told = evidence(panel, scan, best.series, best.start, max(end, best.start + 1))
    return Change(
        key,
        best.series,
        best.direction,
        best.start,
        min(a.detected for a in same) if same else best.detected,
        best.ended,
        best.settled,
        best.score,
        told,
        _explained_share(panel, scan, best, told),
        1,
        (key.source,),
    )


def _narrowed(panel: Panel, scan: Scan, change: Change, end: int) -> Change:
    """A loss of volume laid on the version or platform that stopped, where that explains it best.

    Where sessions go missing with their events, no rate tells it. What a segment should have had is
    the part it had on the day before it broke, of what the source should have had; what was lost
    stays the source's loss, for a version that rolls out has more of it every day.
    """
    if change.key.family != "volume" or change.direction != "down":
        return change
    # the first days of a change may be whole: sums begin before what they find
    days, lasting = slice(change.detected, end), slice(change.start, change.ended)
    lately = slice(max(change.start - NEAR_DAYS, 0), change.detected + 1)
    whole = np.maximum(panel.observed[change.series, lately], 1.0)
    own = evidence(panel, scan, change.series, change.detected, end)
    weighed = [(own.likelihood, change)]
    for row, key in enumerate(panel.keys):
        if key.family != "activity" or key.source != change.key.source or not key.parts:
            continue
        part = _part_before(np.nan_to_num(panel.observed[row, lately] / whole))
        due, seen = part * own.expected, float(np.nansum(panel.observed[row, days]))
        if seen < due:
            likelihood = replace(own, observed=seen, expected=due).likelihood
            told = float(np.nansum(panel.observed[row, lasting]))
            named = replace(
                change,
                key=replace(key, family="volume"),
                evidence=replace(
                    change.evidence, observed=told, expected=told + max(change.evidence.lost, 0.0)
                ),
                part=part,
            )
            weighed.append((likelihood, named))
    most = max(likelihood for likelihood, _ in weighed)
    good = [each for each in weighed if _as_good(each[0], most)]
    return min(good, key=lambda each: (len(each[1].key.parts), -each[0]))[1]


def _part_before(parts: Floats) -> float:
    """A segment's part on the day before it fell by half, else on the day before the last.

    An old version that people leave loses its part little by little, and is not what broke.
    """
    before: float
    for before, after in pairwise(parts.tolist()):
        if after < BROKEN * before:
            return before
    return float(parts[-2]) if len(parts) > 1 else 0.0


def _with_count(change: Change, explains: int) -> Change:
    return replace(change, explains=explains)


def _explained_share(panel: Panel, scan: Scan, best: Alarm, told: Evidence) -> float:
    """The part of the loss that lies in the segment, of that in all segments of its kind."""
    key = panel.keys[best.series]
    sign = 1.0 if best.direction == "down" else -1.0
    elsewhere = 0.0
    for row, other in enumerate(panel.keys):
        alike = other.family == key.family and other.parts.keys() == key.parts.keys()
        if row == best.series or not alike or other.source != key.source:
            continue
        found = evidence(panel, scan, row, best.start, _end(scan, best))
        if found.gain > AS_GOOD and sign * found.lost > 0:
            elsewhere += sign * found.lost
    size = evidence(panel, scan, best.series, best.start, _end(scan, best))
    here = max(sign * size.lost, 0.0)
    return here / (here + elsewhere) if here > 0 else 0.0


def _explained(panel: Panel, scan: Scan, change: Change, alarm: Alarm) -> bool:
    """Whether a change explains an alarm beside it."""
    if alarm.detected < change.start:
        return False  # what was seen before a change began is not its doing
    days = (alarm.start, _end(scan, alarm))
    return _follows(panel, scan, alarm.series, alarm.direction, days, change)


def _follows(
    panel: Panel,
    scan: Scan,
    row: int,
    direction: Direction,
    days: tuple[int, int],
    change: Change,
) -> bool:
    """Whether a series moves like this because of a change: it holds a part of it, or its rest."""
    key = panel.keys[row]
    if key.family == "paired":
        return change.key.source in (key.source, key.against) and _may_share(change.key, key)
    if key.source != change.key.source:
        return False
    if key.family == "funnel":
        return True
    opposite = direction != change.direction
    if key.conflicts(change.key):
        # where one part falls, the shares of the others rise
        return opposite
    if opposite:
        return key.family == "share"
    if key.inside(change.key):
        return True
    own = evidence(panel, scan, row, *days)
    deviation = abs(own.step) / math.sqrt(2 * own.gain) if own.gain > 0 else 0.0
    return abs(own.change) <= CROSSING * _brought(panel, scan, row, days, change) + SURE * deviation


def _brought(panel: Panel, scan: Scan, row: int, days: tuple[int, int], change: Change) -> float:
    """The relative change that a change brings to a broader segment, or to one that crosses it."""
    key = panel.keys[row]
    lost = abs(evidence(panel, scan, change.series, *days).lost)
    whole = (
        [row]
        if change.key.inside(key)
        else [
            other
            for other, each in enumerate(panel.keys)
            if each.family in ("activity", "volume")
            and each.source == key.source
            and not each.parts
        ]
    )
    expected = max((evidence(panel, scan, each, *days).expected for each in whole), default=0.0)
    return lost / expected if expected > 0 else 0.0


def _may_share(one: Key, other: Key) -> bool:
    """Whether some event may belong to both, whatever its source."""
    shared = one.parts.keys() & other.parts.keys()
    return all(one.parts[name] == other.parts[name] for name in shared)


def _sizing(scan: Scan, change: Change) -> tuple[int, int]:
    last = scan.expected.shape[1] if change.ended is None else max(change.ended, change.start + 1)
    return change.start, min(last, max(change.detected + 1, change.start + SIZING_DAYS))


def _not_echoes(panel: Panel, scan: Scan, found: list[Change]) -> list[Change]:
    """Without what begins while an earlier, broader or equal change of the source still lasts.

    The end of a change, or a later step of it, alarms in the opposite direction or once more.
    """
    kept: list[Change] = []
    for change in sorted(found, key=lambda c: (c.detected, -c.evidence.gain)):
        size = change.evidence.change
        echo = any(
            _follows(panel, scan, change.series, change.direction, _sizing(scan, change), other)
            and abs(size) <= CROSSING * abs(other.evidence.change)
            and other.start <= change.detected
            and (other.ended is None or change.start <= other.ended + NEAR_DAYS)
            and (other.settled is None or change.start <= other.settled)
            for other in kept
        )
        if not echo:
            kept.append(change)
    return kept


def _of_the_less(panel: Panel, scan: Scan, change: Change) -> Change:
    """A pair of which one side has more is told as the other side's loss: that is what happens.

    What comes twice is seen in its own source too, and is not told by its pair.
    """
    key, found = change.key, change.evidence
    if key.family != "paired" or key.against is None or change.direction != "up":
        return change
    end = scan.expected.shape[1] if change.ended is None else change.ended
    days = slice(change.start, max(end, change.start + 1))
    there = np.isfinite(panel.observed[change.series, days])
    theirs = float(panel.reference[change.series, days][there].sum())
    # they would have had their part of what the one side has; more of that is less to be expected
    dues = (found.expected, found.observed + found.high, found.observed + found.low)
    lost, low, high = (theirs * (found.observed / max(due, 1.0) - 1) for due in dues)
    return replace(
        change,
        key=replace(key, source=key.against, against=key.source),
        direction="down",
        sources=(key.against,),
        evidence=Evidence(found.gain, theirs, theirs + lost, lost, low, high),
    )


def _across_sources(found: list[Change]) -> list[Change]:
    """An event that changes alike in several sources is one change: people, not one tracker."""
    kept: list[Change] = []
    for change in found:
        twin = next(
            (
                i
                for i, other in enumerate(kept)
                if change.key.event is not None
                and change.key.parts == other.key.parts
                and change.direction == other.direction
                and abs(change.start - other.start) <= NEAR_DAYS
            ),
            None,
        )
        if twin is None:
            kept.append(change)
        else:
            other = kept[twin]
            sources = tuple(sorted({*other.sources, *change.sources}))
            kept[twin] = replace(other, sources=sources)
    return kept
