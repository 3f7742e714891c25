"""How the properties of a name agree with those of an event: their names and their values."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import cast

from orchestration.taxonomy.suggestion.records import Records
from orchestration.taxonomy.suggestion.words import stem, words

_SEEN = 0.2  # share of records a property must be in to count as one of the event's
_SAME_VALUES = 0.9  # likeness of two properties of different names with the same values
_FEW_EVENTS = 2
_TOOLS_OWN = 0.75  # share of a tool's events above which a property is the tool's
_OVERLAP = 0.3  # share of common words, or of common values, below which nothing is alike


@dataclass(frozen=True)
class Property:
    """A property and its values, as text; no values where there are many or none are known."""

    name: str
    values: frozenset[str] = field(default=frozenset())

    def key(self) -> tuple[str, ...]:
        """The name without its case and style."""
        return tuple(map(stem, words(self.name)))


@dataclass(frozen=True)
class Agreement:
    """`shared` in [0, 1] is the weight of properties that both have; `strange` of those one has.

    Both are 0 where neither has a property that tells it from others. `pairs` are the properties
    that agree, theirs and ours.
    """

    shared: float = 0.0
    strange: float = 0.0
    pairs: tuple[tuple[str, str], ...] = ()


def seen(records: Records) -> dict[tuple[str, str], tuple[Property, ...]]:
    """Source and label to the properties its records usually have."""
    usual = records.properties[records.properties["share"] >= _SEEN]
    found: dict[tuple[str, str], list[Property]] = {}
    for row in usual.itertuples():
        values = frozenset(str(value) for value in list(cast("list[str]", row.allowed)))
        found.setdefault((str(row.source), str(row.label)), []).append(
            Property(str(row.property), values if len(values) > 1 else frozenset())
        )
    return {label: tuple(each) for label, each in found.items()}


def own(sets: Mapping[str, Iterable[Property]]) -> dict[str, tuple[Property, ...]]:
    """The properties of each event of one tool, without those that most of its events have.

    Such are the tool's, not the event's: the city, the library's version.
    """
    count = _counted(sets.values())
    return {
        name: tuple(
            each
            for each in properties
            if len(sets) <= _FEW_EVENTS or count[each.key()] <= _TOOLS_OWN * len(sets)
        )
        for name, properties in sets.items()
    }


def telling(sets: Iterable[Iterable[Property]]) -> Mapping[tuple[str, ...], float]:
    """How much a property tells, by its key: the fewer have it the more (inverse frequency)."""
    listed = [tuple(each) for each in sets]
    return {key: math.log(1 + len(listed) / n) for key, n in _counted(listed).items()}


def _counted(sets: Iterable[Iterable[Property]]) -> Counter[tuple[str, ...]]:
    return Counter(key for properties in sets for key in {each.key() for each in properties})


def agreement(
    ours: Iterable[Property], theirs: Iterable[Property], weight: Mapping[tuple[str, ...], float]
) -> Agreement:
    """Compare the properties of a name with those of an event."""
    mine, known = tuple(ours), tuple(theirs)
    if not mine and not known:
        return Agreement()
    found = [(each, *_best(each, known)) for each in mine]
    back = [(each, *_best(each, mine)) for each in known]
    total = sum(weight.get(each.key(), 1.0) for each, _, _ in (*found, *back))
    shared = sum(weight.get(each.key(), 1.0) * like for each, _, like in (*found, *back)) / total
    pairs = sorted((each.name, best.name) for each, best, like in found if best and like)
    return Agreement(round(shared, 6), round(1 - shared, 6), tuple(pairs))


def _best(each: Property, others: Iterable[Property]) -> tuple[Property | None, float]:
    ranked = sorted(others, key=lambda other: (-alike(each, other), other.name))
    return (ranked[0], alike(each, ranked[0])) if ranked else (None, 0.0)


def alike(one: Property, other: Property) -> float:
    """How alike two properties are, in [0, 1], by their names' words or by their values."""
    here, there = set(one.key()), set(other.key())
    common = 2 * len(here & there) / (len(here) + len(there)) if here and there else 0.0
    by_name = 1.0 if one.key() == other.key() else 0.7 * common
    if one.values and other.values:
        overlap = len(one.values & other.values) / len(one.values | other.values)
        # Values that do not overlap say that a common name is an accident: `type`, `id`.
        if overlap < _OVERLAP:
            return 0.3 * by_name
        return max(by_name, _SAME_VALUES * overlap)
    return by_name if by_name >= _OVERLAP else 0.0
