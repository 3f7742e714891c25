"""Proposals: which event of the dictionary an unmapped name is, how surely, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from orchestration.taxonomy.model import Event, Taxonomy
from orchestration.taxonomy.properties import PropertyRule
from orchestration.taxonomy.rows import alias_rows
from orchestration.taxonomy.suggestion import properties as shapes
from orchestration.taxonomy.suggestion.behaviour import Behaviour, Behaviours
from orchestration.taxonomy.suggestion.model import Candidate, probabilities
from orchestration.taxonomy.suggestion.properties import Property
from orchestration.taxonomy.suggestion.records import Records
from orchestration.taxonomy.suggestion.words import closest, contradicts, rarity


@dataclass(frozen=True)
class Arrival:
    """A name that a source sends and no alias knows; `properties` only where no records are."""

    source: str
    name: str
    records: int = 0
    properties: tuple[Property, ...] = ()


@dataclass(frozen=True)
class Judgement:
    """An arrival with every event it may be, most likely first, each with its probability."""

    arrival: Arrival
    ranked: tuple[tuple[Candidate, float], ...]

    @property
    def best(self) -> tuple[Candidate, float]:
        """The most likely event; a dictionary has at least one."""
        return self.ranked[0]

    @property
    def none_of_them(self) -> float:
        """The probability that it is no event of the dictionary."""
        return max(0.0, 1 - sum(sorted(probability for _, probability in self.ranked)))


def candidates(
    taxonomy: Taxonomy, arrivals: Iterable[Arrival], records: Records | None = None
) -> dict[Arrival, tuple[Candidate, ...]]:
    """What was measured of each arrival beside each event that maps, in the dictionary's order.

    Without `records`, only spelling and the arrivals' own properties are compared.
    """
    listed = sorted(arrivals, key=lambda each: (each.source, each.name))
    known = {name: known_names(name, e) for name, e in taxonomy.events.items() if e.maps}
    weight = rarity(name for names in known.values() for name in names[:1])
    behaviours = Behaviours(records) if records is not None else None
    mine, theirs = _properties(taxonomy, listed, records)
    tells = shapes.telling([*mine.values(), *theirs.values()])
    found: dict[Arrival, tuple[Candidate, ...]] = {}
    for arrival in listed:
        behaviour = behaviours.of(arrival.source, arrival.name) if behaviours else {}
        found[arrival] = tuple(
            Candidate(
                event=event,
                likeness=closest(arrival.name, names, weight),
                agreement=shapes.agreement(mine[arrival], theirs[event], tells),
                behaviour=behaviour.get(event, Behaviour()),
                is_opposite=contradicts(arrival.name, names, weight),
            )
            for event, names in known.items()
        )
    return found


def judge(
    taxonomy: Taxonomy, arrivals: Iterable[Arrival], records: Records | None = None
) -> list[Judgement]:
    """Judge arrivals by source and name; the answer depends on no order of them."""
    return [
        Judgement(
            arrival,
            tuple(
                sorted(
                    zip(options, probabilities(options), strict=True),
                    key=lambda each: (-each[1], each[0].event),
                )
            ),
        )
        for arrival, options in candidates(taxonomy, arrivals, records).items()
    ]


def known_names(name: str, event: Event) -> tuple[str, ...]:
    """The names of an event: the canonical one first, what it is shown as, all its aliases."""
    aliases = (alias.name for aliases in event.aliases.values() for alias in aliases)
    return tuple(dict.fromkeys((name, *filter(None, [event.display_name]), *aliases)))


def _properties(
    taxonomy: Taxonomy, arrivals: Iterable[Arrival], records: Records | None
) -> tuple[dict[Arrival, tuple[Property, ...]], dict[str, tuple[Property, ...]]]:
    """The properties of arrivals, and of events by their rules and by their records."""
    by_source: dict[str, dict[str, tuple[Property, ...]]] = {}
    if records is not None:
        for (source, label), each in shapes.seen(records).items():
            by_source.setdefault(source, {})[label] = each
        for labels in records.days.groupby("source")["label"].unique().items():
            source_labels = by_source.setdefault(str(labels[0]), {})
            for label in labels[1]:
                source_labels.setdefault(str(label), ())
    else:
        for arrival in arrivals:
            label = f"?{arrival.name}"
            by_source.setdefault(arrival.source, {})[label] = arrival.properties
    own = {source: shapes.own(sets) for source, sets in by_source.items()}
    mine = {each: own.get(each.source, {}).get(f"?{each.name}", ()) for each in arrivals}
    theirs = {
        name: _joined(
            [
                *_of_rules(taxonomy.rules_of(name)),
                *(p for sets in own.values() for p in sets.get(name, ())),
            ]
        )
        for name, event in taxonomy.events.items()
        if event.maps
    }
    return mine, theirs


def _of_rules(rules: Mapping[str, PropertyRule]) -> Iterable[Property]:
    for name, rule in rules.items():
        values = frozenset(str(value) for value in rule.enum or ())
        yield Property(name, values)
        for theirs in {each for names in rule.renames.values() for each in names}:
            yield Property(theirs, values)


def _joined(found: Iterable[Property]) -> tuple[Property, ...]:
    """Properties of one key as one, with all their values."""
    by_key: dict[tuple[str, ...], list[Property]] = {}
    for each in found:
        by_key.setdefault(each.key(), []).append(each)
    return tuple(
        Property(min(p.name for p in each), frozenset().union(*(p.values for p in each)))
        for _, each in sorted(by_key.items())
    )


def split_arrivals(
    taxonomy: Taxonomy, vendors: Mapping[str, str], names: Mapping[str, Mapping[str, int]]
) -> tuple[list[Arrival], dict[Arrival, str]]:
    """Arrivals to judge, and those left to a person, each with the reason.

    `vendors` is source to vendor, `names` source to name to records without an event. A name that
    the dictionary maps by now is neither: the next run maps it.
    """
    known: dict[tuple[str, str], bool] = {}
    for row in alias_rows(taxonomy, vendors):
        key = (row.source, row.source_event_name)
        known[key] = known.get(key, False) or row.is_plain
    proposed = {
        (key, name): event
        for event, entry in taxonomy.events.items()
        if not entry.maps
        for key, name in [
            *((key, alias.name) for key, aliases in entry.aliases.items() for alias in aliases),
            *((source, event) for source in vendors),
        ]
    }
    judged: list[Arrival] = []
    left: dict[Arrival, str] = {}
    for source, counts in sorted(names.items()):
        for name, records in sorted(counts.items()):
            arrival = Arrival(source, name, records)
            keys = ((source, name), (vendors.get(source, source), name))
            event = next((proposed[key] for key in keys if key in proposed), None)
            if (source, name) in known:
                if not known[source, name]:
                    left[arrival] = (
                        "its aliases have days or conditions that these records do not meet; "
                        "complete them by hand"
                    )
            elif event is not None:
                left[arrival] = f"it is a name of {event}, which is proposed and maps nothing yet"
            else:
                judged.append(arrival)
    return judged, left
