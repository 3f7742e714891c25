"""How records of a name behave beside those of an event, from the small tables of `records`.

Each measure is 0 where nothing is known, and is shrunk where there are few records.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.spatial.distance import jensenshannon

from orchestration.taxonomy.suggestion.records import Records

_HALF_TRUST = 20.0  # records of a name at which its measures count half
_LEAST_SEEN = 20.0  # records both sources could have seen, below which twins are not looked at
_LEAST_DAYS = 7
_CHANCE = 0.05  # share of twins that people's quick acts bring about by chance
_BEYOND_CHANCE, _BEYOND_DOUBT = 2.0, 6.0  # standard errors
_NEVER_CHANGES = 1e-12
Counts = Mapping[str, float]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Behaviour:
    """How a name behaves beside an event; in [0, 1], but `paths`, `hours`, `volume` in [-1, 1].

    `twins` is the share of its records that another source has as the event, by the same person at
    the same time; `no_twins` is 1 where that source has the event, and not for these records.
    `handover` says how exactly the name took over what the event lost in the same source, or the
    event what the name lost, on `handover_on`. `side_by_side` is the share of the name's days on
    which the event arrives in the same source too, without such a hand-over. `paths` and `hours`
    say how much more alike than other events are what comes before and after, and the times of
    day; `volume` is the correlation of daily shares in two sources, `level` how near they are.
    """

    twins: float = 0.0
    twins_in: str | None = None
    no_twins: float = 0.0
    handover: float = 0.0
    handover_on: str | None = None
    share_before: float = 0.0
    share_after: float = 0.0
    side_by_side: float = 0.0
    paths: float = 0.0
    hours: float = 0.0
    volume: float = 0.0
    level: float = 0.0


@dataclass(frozen=True)
class _Split:
    day: str
    ends: bool
    here: Set[str]
    total_here: float
    total_there: float
    mine: float


@dataclass(frozen=True)
class _Handover:
    degree: float = 0.0
    day: str | None = None
    before: float = 0.0
    after: float = 0.0


class Behaviours:
    """The measures over one warehouse; tables are split by source and label once."""

    def __init__(self, records: Records) -> None:
        self._days = _by_label(records.days, "day")
        self._hours = _Distributions(_by_label(records.hours, "place"))
        self._paths = _Distributions(_by_label(records.neighbours, "place"))
        self._seen: dict[tuple[str, str], dict[str, float]] = {}
        self._twins: dict[tuple[str, str, str, str], float] = {}
        for row in records.twins.itertuples():
            source, name, other = str(row.source), str(row.name), str(row.other)
            self._seen.setdefault((source, name), {})[other] = float(str(row.records))
            self._twins[source, name, other, str(row.label)] = float(str(row.twins))
        self._totals: dict[str, dict[str, float]] = {}
        for (source, _), counts in self._days.items():
            totals = self._totals.setdefault(source, {})
            for day, number in counts.items():
                totals[day] = totals.get(day, 0.0) + number

    @cached_property
    def events(self) -> tuple[str, ...]:
        """The canonical events that have records."""
        return tuple(sorted({label for _, label in self._days if not label.startswith("?")}))

    def of(self, source: str, name: str) -> dict[str, Behaviour]:
        """The measures of an unmapped name beside every event that has records."""
        own = self._days.get((source, f"?{name}"), {})
        if not own:
            return {}
        trust = sum(own.values()) / (sum(own.values()) + _HALF_TRUST)
        splits = self._splits(source, own)
        paths = self._paths.more_alike(source, name, self.events)
        hours = self._hours.more_alike(source, name, self.events)
        volumes = self._volumes(source, own)
        found: dict[str, Behaviour] = {}
        for event in self.events:
            twins, twins_in, no_twins = self._twinned(source, name, event)
            there = self._days.get((source, event), {})
            handover = self._handed_over(splits, there)
            volume, level = volumes.get(event, (0.0, 0.0))
            together = sum(day in there for day in own) / len(own)
            found[event] = Behaviour(
                twins=_rounded(trust * twins),
                twins_in=twins_in,
                no_twins=no_twins,
                handover=_rounded(trust * handover.degree),
                handover_on=handover.day,
                share_before=handover.before,
                share_after=handover.after,
                side_by_side=_rounded(trust * together * (1 - handover.degree)),
                paths=_rounded(trust * paths.get(event, 0.0)),
                hours=_rounded(trust * hours.get(event, 0.0)),
                volume=_rounded(trust * volume),
                level=_rounded(trust * level),
            )
        return found

    def _twinned(self, source: str, name: str, event: str) -> tuple[float, str | None, float]:
        best, missing = 0.0, 0.0
        best_in: str | None = None
        for other, seen in self._seen.get((source, name), {}).items():
            if seen < _LEAST_SEEN or (other, event) not in self._days:
                continue
            twins = self._twins.get((source, name, other, event), 0.0) / seen
            missing = max(missing, float(twins < _CHANCE))
            if twins > best:
                best, best_in = twins, other
        return best, best_in, missing if best < _CHANCE else 0.0

    def _splits(self, source: str, own: Counts) -> list[_Split]:
        """The source's days with the name and without it, where it begins and where it ends."""
        totals, found = self._totals[source], []
        for edge, ends in ((min(own), False), (max(own), True)):
            early = {day for day in totals if day < edge or (ends and day == edge)}
            late = set(totals) - early
            if early and late:
                here, there = (early, late) if ends else (late, early)
                total_here, total_there = (sum(totals[day] for day in p) for p in (here, there))
                mine = sum(own.get(day, 0.0) for day in here) / total_here
                found.append(_Split(edge, ends, here, total_here, total_there, mine))
        return found

    def _handed_over(self, splits: list[_Split], theirs: Counts) -> _Handover:
        """How exactly one took over from the other.

        Looked for where the name begins or ends inside the source's days. A share is that of the
        source's records; the change of the event's must be beyond chance (2 standard errors) and
        about as large as the name's share.
        """
        best = _Handover()
        every = sum(theirs.values())
        for split in splits:
            number = sum(theirs.get(day, 0.0) for day in split.here)
            with_name, without = number / split.total_here, (every - number) / split.total_there
            pooled = every / (split.total_here + split.total_there)
            error = math.sqrt(
                pooled * (1 - pooled) * (1 / split.total_here + 1 / split.total_there)
            )
            moved = without - with_name
            if error == 0 or moved / error < _BEYOND_CHANCE:
                continue
            exact = max(0.0, 1 - abs(moved - split.mine) / split.mine)
            surety = min(1.0, moved / error / _BEYOND_DOUBT)
            if exact * surety > best.degree:
                before, after = (with_name, without) if split.ends else (without, with_name)
                best = _Handover(exact * surety, split.day, _rounded(before), _rounded(after))
        return best

    def _volumes(self, source: str, own: Counts) -> dict[str, tuple[float, float]]:
        """Correlation and nearness of daily shares on the same days of another source, the best."""
        days = sorted(own)
        mine = np.array([own[day] / self._totals[source][day] for day in days])
        best: dict[str, tuple[float, float]] = {}
        for (other, event), counts in self._days.items():
            totals = self._totals[other]
            if other == source or event.startswith("?"):
                continue
            theirs = np.array([counts.get(day, 0.0) / totals.get(day, 1.0) for day in days])
            both = theirs > 0
            if both.sum() < _LEAST_DAYS:
                continue
            found = _correlation(mine[both], theirs[both])
            near = math.exp(-2 * abs(math.log(mine[both].mean() / theirs[both].mean())))
            known = best.get(event, (0.0, 0.0))
            if max(found, 0) + near > max(known[0], 0) + known[1]:
                best[event] = (found, near)
        return best


class _Distributions:
    """Distributions over places by source and label, and by event over all sources, as a matrix."""

    def __init__(self, counts: Mapping[tuple[str, str], Counts]) -> None:
        places = sorted({place for each in counts.values() for place in each})
        at = {place: number for number, place in enumerate(places)}
        self._row = {key: number for number, key in enumerate(counts)}
        self._table = np.zeros((len(counts), len(places)))
        for row, each in enumerate(counts.values()):
            for place, number in each.items():
                self._table[row, at[place]] = number
        self._of_event: dict[str, list[int]] = {}
        for (_, label), row in self._row.items():
            self._of_event.setdefault(label, []).append(row)

    def more_alike(self, source: str, name: str, events: tuple[str, ...]) -> dict[str, float]:
        """How much more alike a name's distribution is to an event's than to others'.

        One less the Jensen-Shannon distance (base 2: 0 for the same, 1 for disjoint ones), less its
        median over like events. Records of one tool are more alike than those of two, so an event
        that arrives in the source is held against those that do, any other against the others.
        """
        row = self._row.get((source, f"?{name}"))
        known = [event for event in events if event in self._of_event]
        if row is None or not known:
            return {}
        here = np.array([(source, event) in self._row for event in known])
        theirs = np.array(
            [
                self._table[self._row[source, event]]
                if is_here
                else self._table[self._of_event[event]].sum(axis=0)
                for event, is_here in zip(known, here, strict=True)
            ]
        )
        own = np.broadcast_to(self._table[row], theirs.shape)
        alike = 1 - np.nan_to_num(jensenshannon(own, theirs, 2, axis=1))
        for part in (here, ~here):
            if part.any():
                alike[part] -= np.median(alike[part])
        return dict(zip(known, map(float, alike), strict=True))


def _correlation(one: Floats, other: Floats) -> float:
    """Pearson's; 0 where one of them never changes."""
    a, b = one - one.mean(), other - other.mean()
    size = math.sqrt(float(a @ a) * float(b @ b))
    return float(a @ b) / size if size > _NEVER_CHANGES else 0.0


def _by_label(table: pd.DataFrame, key: str) -> dict[tuple[str, str], dict[str, float]]:
    found: dict[tuple[str, str], dict[str, float]] = {}
    for source, label, place, number in zip(
        *(table[column] for column in ("source", "label", key, "records")), strict=True
    ):
        found.setdefault((str(source), str(label)), {})[str(place)] = float(number)
    return found


def _rounded(value: float) -> float:
    """Sums of fractions may differ in their last digits with the order of rows; these do not."""
    return round(float(value), 6)
