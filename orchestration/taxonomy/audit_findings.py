"""What an inventory of what arrives says against the dictionary, most important first."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from rapidfuzz import fuzz, process

from orchestration.taxonomy.audit import FoundName, FoundProperty, Inventory
from orchestration.taxonomy.model import Taxonomy
from orchestration.taxonomy.properties import PropertyRule
from orchestration.taxonomy.words import rule_words

FindingKind = Literal[
    "unmapped_name",
    "type_conflict",
    "violation",
    "naming_drift",
    "same_words",
    "different_rules",
    "never_seen",
]
ORDER: tuple[FindingKind, ...] = get_args(FindingKind)

# Per cent of likeness from which two names, or two descriptions, are taken to mean one thing:
# `order_paid` and `orders_paid` are, `order_paid` and `order_placed` are not.
NAMES_ALIKE = 92
DESCRIPTIONS_ALIKE = 88


@dataclass(frozen=True)
class Finding:
    """One thing to look at; `records` are the events it concerns, over all dates."""

    kind: FindingKind
    what: str
    where: str
    mend: str
    records: int = 0


def findings(inventory: Inventory, taxonomy: Taxonomy) -> list[Finding]:
    """Everything to look at, by kind in the order of `ORDER`, then by the records concerned."""
    found = [
        *_unmapped(inventory.names),
        *_type_conflicts(inventory.names, taxonomy),
        *_violations(inventory),
        *_drift(inventory.names),
        *_same_words(taxonomy, _records_by_event(inventory.names)),
        *_different_rules(taxonomy, _records_by_event(inventory.names)),
        *_never_seen(inventory.names, taxonomy),
    ]
    return sorted(found, key=lambda each: (ORDER.index(each.kind), -each.records, each.what))


def folded(name: str) -> str:
    """A name without case, blanks and punctuation: what its spellings share."""
    return re.sub(r"[\W_]+", "", name.casefold()) or name


def _records_by_event(names: Iterable[FoundName]) -> dict[str, int]:
    records: dict[str, int] = defaultdict(int)
    for name in names:
        if name.event is not None:
            records[name.event] += name.records
    return records


def _unmapped(names: Iterable[FoundName]) -> Iterator[Finding]:
    for name in names:
        if name.event is None:
            yield Finding(
                "unmapped_name",
                f"'{name.name}' is in no definition",
                name.source,
                "add it as an alias of its event, or the event",
                name.records,
            )


def _type_conflicts(names: Iterable[FoundName], taxonomy: Taxonomy) -> Iterator[Finding]:
    """A property of one event with values of different types, null apart."""
    seen: dict[tuple[str, str], dict[str, dict[str, int]]] = {}
    for name in names:
        if name.event is None:
            continue
        canonical = _canonical_names(taxonomy, name.event, name.source)
        for each in name.properties:
            at = (name.event, canonical.get(each.name, each.name))
            types = seen.setdefault(at, {}).setdefault(name.source, defaultdict(int))
            for kind, records in _families(each).items():
                types[kind] += records
    for (event, name_of), by_source in seen.items():
        totals: dict[str, int] = defaultdict(int)
        for types in by_source.values():
            for kind, records in types.items():
                totals[kind] += records
        if len(totals) > 1:
            told = "; ".join(
                f"{source}: " + ", ".join(f"{kind} {n:,}" for kind, n in _most(types))
                for source, types in sorted(by_source.items())
                if types
            )
            yield Finding(
                "type_conflict",
                f"{event}.{name_of} has {' and '.join(kind for kind, _ in _most(totals))}",
                told,
                "settle one type, and have the others' senders changed",
                sum(totals.values()) - max(totals.values()),
            )


def _canonical_names(taxonomy: Taxonomy, event: str, source: str) -> dict[str, str]:
    if event not in taxonomy.events:
        return {}
    return {
        old: name
        for name, rule in taxonomy.rules_of(event).items()
        for old in rule.renames.get(source, ())
    }


def _families(found: FoundProperty) -> dict[str, int]:
    """Records by type; a whole number is a number, and null is of every type."""
    families: dict[str, int] = defaultdict(int)
    for kind, records in found.types.items():
        if kind != "null":
            families["number" if kind == "integer" else kind] += records
    return families


def _most(types: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(types.items(), key=lambda each: (-each[1], each[0]))


def _violations(inventory: Inventory) -> Iterator[Finding]:
    """Broken rules; names that nobody planned are told as unmapped."""
    by_rule: dict[tuple[str, str, str | None], dict[str, int]] = {}
    for each in inventory.violations:
        if each.kind != "unplanned_event":
            sources = by_rule.setdefault((each.kind, each.event, each.property), {})
            sources[each.source] = sources.get(each.source, 0) + each.records
    for (kind, event, name), sources in by_rule.items():
        yield Finding(
            "violation",
            f"{event}{f'.{name}' if name else ''}: {kind.replace('_', ' ')}",
            "; ".join(f"{source} {records:,}" for source, records in _most(sources)),
            "have the sender changed, or the rule",
            sum(sources.values()),
        )


def _drift(names: Iterable[FoundName]) -> Iterator[Finding]:
    """Spellings of one name within a source; of one property within an event of a source."""
    spellings: dict[tuple[str, str], dict[str, int]] = {}
    members: dict[tuple[str, str, str], dict[str, int]] = {}
    for name in names:
        found = spellings.setdefault((name.source, folded(name.name)), {})
        found[name.name] = found.get(name.name, 0) + name.records
        for each in name.properties:
            at = (name.source, name.event or name.name, folded(each.name))
            found = members.setdefault(at, {})
            found[each.name] = found.get(each.name, 0) + each.present
    for (source, _), found in spellings.items():
        yield from _drifted(found, source, "the event")
    for (source, event, _), found in members.items():
        yield from _drifted(found, f"{source}: {event}", "the property")


def _drifted(spellings: dict[str, int], where: str, what: str) -> Iterator[Finding]:
    if len(spellings) > 1:
        (first, _), *others = _most(spellings)
        yield Finding(
            "naming_drift",
            f"{what} '{first}' is also spelled "
            + ", ".join(f"'{name}' ({records:,})" for name, records in others),
            where,
            "have the sender settle one; until then map them all",
            sum(records for _, records in others),
        )


def _same_words(taxonomy: Taxonomy, records: dict[str, int]) -> Iterator[Finding]:
    """Events of different owners whose names, aliases or descriptions are all but the same."""
    events = taxonomy.events
    told: dict[tuple[str, str], str] = {}
    by_word: dict[str, list[str]] = defaultdict(list)
    for name, event in events.items():
        aliases = (alias.name for each in event.aliases.values() for alias in each)
        for word in {folded(each) for each in (name, event.display_name or name, *aliases)}:
            by_word[word].append(name)
    for word, sharing in by_word.items():
        for number, one in enumerate(sharing):
            for other in sharing[number + 1 :]:
                told.setdefault((one, other), f"both are called '{word}'")
    plain = {name: name.replace("_", " ").casefold() for name in events}
    described = {name: e.description.casefold() for name, e in events.items() if e.description}
    for texts, limit, words in (
        (plain, NAMES_ALIKE, "their names are alike"),
        (described, DESCRIPTIONS_ALIKE, "their descriptions are alike"),
    ):
        for pair in _alike(texts, limit):
            told.setdefault(pair, words)
    for (one, other), words in told.items():
        owners = events[one].owner, events[other].owner
        if None not in owners and owners[0] != owners[1]:
            yield Finding(
                "same_words",
                f"{one} and {other}: {words}",
                f"{owners[0]}: {events[one].description} | "
                f"{owners[1]}: {events[other].description}",
                "keep one (replaced_by), or say how they differ",
                records.get(one, 0) + records.get(other, 0),
            )


def _alike(texts: dict[str, str], limit: int) -> Iterator[tuple[str, str]]:
    names, values = list(texts), list(texts.values())
    if len(values) < 2:
        return
    scores = process.cdist(values, values, scorer=fuzz.token_sort_ratio, score_cutoff=limit)
    for one, other in zip(*scores.nonzero(), strict=True):
        if one < other:
            yield names[int(one)], names[int(other)]


def _different_rules(taxonomy: Taxonomy, records: dict[str, int]) -> Iterator[Finding]:
    """A property that different events rule differently, side by side."""
    by_name: dict[str, dict[str, list[str]]] = {}
    for event in taxonomy.events:
        for name, rule in taxonomy.rules_of(event).items():
            by_name.setdefault(name, {}).setdefault(_whole_rule(rule), []).append(event)

    def owned(event: str) -> str:
        return f"{event} ({taxonomy.events[event].owner or 'nobody'})"

    for name, variants in by_name.items():
        if len(variants) > 1:
            side_by_side = sorted(variants.items(), key=lambda each: (-len(each[1]), each[0]))
            yield Finding(
                "different_rules",
                f"property {name} has {len(variants)} rules",
                " | ".join(
                    f"{rule}: {', '.join(map(owned, events[:3]))}"
                    + (f" and {len(events) - 3} more" if len(events) > 3 else "")
                    for rule, events in side_by_side
                ),
                "share one rule by a property group, or rename one",
                sum(records.get(event, 0) for events in variants.values() for event in events),
            )


def _whole_rule(rule: PropertyRule) -> str:
    pii = [f"personal: {rule.pii}"] if rule.pii else []
    return "; ".join([rule_words(rule) or "anything", *pii])


def _never_seen(names: Iterable[FoundName], taxonomy: Taxonomy) -> Iterator[Finding]:
    seen = {name.event for name in names}
    for name, event in taxonomy.events.items():
        if event.maps and event.status != "retired" and name not in seen:
            yield Finding(
                "never_seen",
                f"{name} never arrived",
                event.owner or "nobody",
                "check its aliases and whether it is built; else retire it",
            )
