"""What is missing in a dictionary, what clashes over events, and what can never be met."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from orchestration.taxonomy.authority import unknown_sources
from orchestration.taxonomy.lint_rules import Definition, Remark
from orchestration.taxonomy.model import Event, Taxonomy
from orchestration.yaml_documents import YamlPath
from orchestration.yaml_models import unknown

_STRICT_BOUNDS = (
    ("exclusive_minimum", "maximum"),
    ("exclusive_minimum", "exclusive_maximum"),
    ("minimum", "exclusive_maximum"),
)
SEASON_FOCUS = 5
"""Micro-conversions that people can look at together; more are no focus."""

_NUMBERS = ("integer", "number")
_MEANT_FOR: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("pattern", "format", "min_length", "max_length"), ("string",)),
    **dict.fromkeys(("minimum", "maximum", "exclusive_minimum", "exclusive_maximum"), _NUMBERS),
    "multiple_of": _NUMBERS,
    **dict.fromkeys(("items", "min_items", "max_items"), ("array",)),
    "properties": ("object",),
}


@dataclass(frozen=True)
class Arrivals:
    """`records` of an event that came from `source` on `day`, in the reporting time zone."""

    event: str
    source: str
    day: date
    records: int


def gaps(taxonomy: Taxonomy, properties: Iterable[Definition]) -> Iterator[Remark]:
    """No owner, no description, no kind."""
    for name, event in taxonomy.events.items():
        at = ("events", name)
        if event.owner is None:
            yield Remark("missing-owner", "warning", "nobody owns it; name a team in owner", at)
        if not event.description:
            yield Remark("missing-description", "warning", "say in description what it is", at)
        if event.kind is None:
            yield Remark(
                "missing-kind", "warning", "proposed without kind: micro, macro or system", at
            )
    for each in properties:
        if not each.rule.description and not each.name.endswith("[]"):
            yield Remark("missing-description", "warning", "say in description what it is", each.at)


def lifecycle(taxonomy: Taxonomy) -> Iterator[Remark]:
    """Deprecated and retired events say since when, and what to use instead."""
    for name, event in taxonomy.events.items():
        at = ("events", name)
        if event.status in ("deprecated", "retired"):
            key = f"{event.status}_on"
            if getattr(event, key) is None:
                yield Remark("undated-status", "warning", f"{event.status} without {key}", at)
            if event.replaced_by is None:
                yield Remark(
                    "missing-replacement",
                    "warning",
                    f"{event.status} without replaced_by; name the event to use instead",
                    at,
                )
        if event.replaced_by is not None:
            yield from _dead_replacement(name, event.replaced_by, taxonomy.events)


def _dead_replacement(name: str, target: str, events: Mapping[str, Event]) -> Iterator[Remark]:
    found = events.get(target)
    if target == name:
        problem = "it is replaced by itself"
    elif found is not None and found.status in ("retired", "proposed"):
        problem = f"{target} is {found.status}"
    else:
        return
    yield Remark(
        "dead-replacement",
        "error",
        f"{problem}; name an event that is in use",
        ("events", name, "replaced_by"),
    )


def still_arriving(taxonomy: Taxonomy, arrivals: Iterable[Arrivals]) -> Iterator[Remark]:
    """Records of deprecated and retired events since their day; where they have none, of any."""
    by_event: dict[str, list[Arrivals]] = defaultdict(list)
    for each in arrivals:
        event = taxonomy.events.get(each.event)
        if event is not None and event.status in ("deprecated", "retired"):
            since = event.deprecated_on or event.retired_on
            if since is None or each.day >= since:
                by_event[each.event].append(each)
    for name, found in by_event.items():
        records, last = sum(each.records for each in found), max(each.day for each in found)
        sources = ", ".join(sorted({each.source for each in found}))
        yield Remark(
            "still-arriving",
            "warning",
            f"{taxonomy.events[name].status}, yet {records:,} records came since, the last on "
            f"{last}, from {sources}",
            ("events", name),
        )


def sources(
    taxonomy: Taxonomy, configured: Sequence[str], vendors: Sequence[str]
) -> Iterator[Remark]:
    """Keys by source that no source has; `primary` knows sources only, the others vendors too."""
    known = {*configured, *vendors}
    keys: list[tuple[str, YamlPath]] = []
    place: YamlPath
    for name, event in taxonomy.events.items():
        keys += [(key, ("events", name, "aliases", key)) for key in event.aliases]
        for key in event.primary:
            if key not in configured:
                vendor = f"'{key}' is a vendor; primary goes by source"
                said = vendor if key in vendors else unknown("source", key, configured)
                yield Remark("unknown-source", "error", said, ("events", name, "primary", key))
        for key, rule in event.properties.items():
            at = ("events", name, "properties", key)
            keys += [(each, (*at, "renames", each)) for each in rule.renames]
            keys += [(each, (*at, "values", each)) for each in rule.values]
    for group, rules in taxonomy.property_groups.items():
        for key, rule in rules.items():
            keys += [(s, ("property_groups", group, key, "renames", s)) for s in rule.renames]
            keys += [(s, ("property_groups", group, key, "values", s)) for s in rule.values]
    for said, place in unknown_sources(taxonomy, configured):
        yield Remark("unknown-source", "error", said, place)
    for key, place in keys:
        if key not in known:
            yield Remark("unknown-source", "error", unknown("source or vendor", key, known), place)


def clashes(properties: Iterable[Definition]) -> Iterator[Remark]:
    """Properties of one name that have another type, or other values, than most have."""
    by_path: dict[tuple[str, ...], list[Definition]] = defaultdict(list)
    for each in properties:
        by_path[each.path].append(each)
    for path, found in by_path.items():
        if len(found) > 1:
            name = ".".join(path)
            typed = [(_types(each), each) for each in found if _types(each)]
            for own, most, each, other in _outliers(typed):
                here, there = (" or ".join(sorted(kinds)) for kinds in (own, most))
                message = f"'{name}' is {here} here and {there} elsewhere"
                yield Remark("type-clash", "warning", message, each.at, also=other.at)
            listed = [
                (frozenset(map(repr, each.rule.enum)), each) for each in found if each.rule.enum
            ]
            for own, most, each, other in _outliers(listed):
                only = f"{_listed('only here', own - most)}{_listed('only there', most - own)}"
                message = f"'{name}' allows other values than elsewhere{only}"
                yield Remark("enum-clash", "warning", message, each.at, also=other.at)


def _types(each: Definition) -> frozenset[str]:
    return frozenset(each.rule.type or ()) - {"null"}


def _listed(what: str, values: Iterable[str]) -> str:
    shown = sorted(values)
    more = f" and {len(shown) - 3} more" if len(shown) > 3 else ""
    return f"; {what}: {', '.join(shown[:3])}{more}" if shown else ""


def _outliers(
    found: Sequence[tuple[frozenset[str], Definition]],
) -> Iterator[tuple[frozenset[str], frozenset[str], Definition, Definition]]:
    """What differs from the most common: its value, the common one, and where both stand first."""
    counts = Counter(value for value, _ in found)
    if len(counts) > 1:
        most, first = max(found, key=lambda each: counts[each[0]])  # max takes the first of them
        for value, each in found:
            if value != most:
                yield value, most, each, first


def rules(
    properties: Sequence[Definition], unreadable: Callable[[str], str | None]
) -> Iterator[Remark]:
    """Rules that no value can meet or that do nothing; `unreadable` says why a pattern is."""
    reasons: dict[str, str | None] = {}
    for each in properties:
        rule = each.rule
        if rule.pattern is not None:
            if rule.pattern not in reasons:
                reasons[rule.pattern] = unreadable(rule.pattern)
            if reason := reasons[rule.pattern]:
                yield Remark("unreadable-pattern", "error", reason, (*each.at, "pattern"))
        # the model refuses these in events that map; groups and proposals it leaves to us
        if len(each.path) == 1 and (each.is_proposed or each.at[0] == "property_groups"):
            for problem in rule.contradictions():
                yield Remark("contradiction", "warning", problem.message, (*each.at, *problem.at))
        for low, high in _STRICT_BOUNDS:
            least, most = getattr(rule, low), getattr(rule, high)
            if least is not None and most is not None and least >= most:
                message = f"no number is past {low} {least} and within {high} {most}"
                yield Remark("contradiction", "error", message, (*each.at, low))
        if rule.type is not None and "null-free" not in rule.type:
            for key in rule.model_fields_set & _MEANT_FOR.keys():
                if not {*rule.type} & {*_MEANT_FOR[key]} and getattr(rule, key):
                    named = " or ".join(rule.type)
                    yield Remark(
                        "idle-rule",
                        "warning",
                        f"means nothing for type {named}; remove it or mend the type",
                        (*each.at, key),
                    )
        if rule.required and rule.meta.get("deprecated") is True:
            yield Remark(
                "required-deprecated",
                "warning",
                "required and marked deprecated; let it be absent first",
                each.at,
            )


def focus(taxonomy: Taxonomy) -> Iterator[Remark]:
    """Seasons in which more micro-conversions are critical than anybody can look at together."""
    seasons: dict[str, list[str]] = defaultdict(list)
    for name, event in taxonomy.events.items():
        if event.kind == "micro":
            for season in dict.fromkeys(event.critical_in):
                seasons[season].append(name)
    for season, names in seasons.items():
        if len(names) > SEASON_FOCUS:
            yield Remark(
                "crowded-season",
                "warning",
                f"{len(names)} micro-conversions are critical in {season}; "
                f"keep the {SEASON_FOCUS} that matter most",
                ("events", names[SEASON_FOCUS], "critical_in"),
            )
