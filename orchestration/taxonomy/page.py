"""The dictionary as one page for everybody: what each event means, and how it does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import duckdb

from orchestration.config import Migration
from orchestration.funnel_config import Funnel
from orchestration.pages import render
from orchestration.taxonomy import dbt_docs
from orchestration.taxonomy.model import Event, Taxonomy, load_taxonomy
from orchestration.taxonomy.properties import PropertyRule
from orchestration.taxonomy.traffic import DAYS, EventTraffic, Traffic, traffic_of
from orchestration.taxonomy.words import alias_words, rule_words
from orchestration.warehouse import has_table, readable_file
from orchestration.whole_files import write_whole

WIDTH, HEIGHT = DAYS - 1, 22  # of a sparkline, in the units of its picture

_OF_ALL = ("marts.fct_events", "marts.fct_sessions", "marts.dim_event_types")
MARTS: Mapping[str, tuple[str, ...]] = {
    "micro": (*_OF_ALL, "marts.fct_micro_conversions", "marts.fct_micro_conversion_daily"),
    "macro": (*_OF_ALL, "marts.fct_macro_events", "marts.fct_macro_conversions"),
    "system": _OF_ALL,
}
"""The marts that an event's records reach, by its kind; funnels come on top."""


@dataclass(frozen=True)
class ShownProperty:
    """A property as the page has it; `empty` is the share null or absent, None without data."""

    name: str
    rule: str
    is_required: bool
    pii: str | None
    description: str
    renames: list[str]
    empty: float | None


@dataclass(frozen=True)
class ShownEvent:
    """An event as the page has it. Health is a word for its colour, and what to say."""

    name: str
    event: Event
    aliases: list[tuple[str, str, str]]
    primary: list[str]
    properties: list[ShownProperty]
    traffic: EventTraffic | None
    health: tuple[str, str]
    sparks: list[tuple[str, int, str]]
    marts: tuple[str, ...]
    funnels: list[str]
    replaces: list[str]


def dictionary_html(
    taxonomy: Taxonomy,
    funnels: Mapping[str, Funnel],
    traffic: Traffic | None,
    *,
    written: datetime,
) -> str:
    """The page's text; without `traffic` it says that there is no data yet."""
    replaces: dict[str, list[str]] = {}
    for name, event in taxonomy.events.items():
        if event.replaced_by is not None:
            replaces.setdefault(event.replaced_by, []).append(name)
    events = [
        _shown(name, taxonomy, funnels, traffic, replaces.get(name, []))
        for name in sorted(taxonomy.events)
    ]
    return render(
        "dictionary.html.j2",
        title="Event dictionary",
        version=taxonomy.version,
        events=events,
        owners=sorted({event.owner for event in taxonomy.events.values() if event.owner}),
        last_on=traffic.last_on if traffic is not None else None,
        days=DAYS,
        width=WIDTH,
        height=HEIGHT,
        written=f"{written:%Y-%m-%d %H:%M}",
    )


def write_dictionary(
    migration: Migration, path: Path, *, taxonomy: Path | None = None
) -> Traffic | None:
    """Write the page, with figures where there is a snapshot.

    Of the migration's own dictionary, the first page of dbt's docs is written too. Returns what the
    page shows of the snapshot. Raises ConfigurationError for a dictionary that cannot be read.
    """
    taxonomy = taxonomy or migration.taxonomy
    dictionary = load_taxonomy(taxonomy)
    snapshot, traffic = readable_file(migration), None
    if snapshot.exists():
        with duckdb.connect(snapshot, read_only=True) as connection:
            # Before the first build the file is there, without tables.
            if has_table(connection, "quality", "fct_taxonomy_violations", snapshot.stem):
                traffic = traffic_of(connection, dictionary)
    text = dictionary_html(dictionary, migration.funnels, traffic, written=datetime.now(UTC))
    pages = {path: text}
    if taxonomy.absolute() == migration.taxonomy.absolute():
        pages[migration.dbt_docs_dir / dbt_docs.FILE] = dbt_docs.overview(dictionary)
    for target, content in pages.items():
        write_whole(target, content)
    return traffic


def sparkline(counts: Sequence[int]) -> str:
    """An SVG path over the days, one unit a day, from 0 at the bottom to the largest at the top."""
    top = max(*counts, 1)
    heights = [HEIGHT - 1 - round((HEIGHT - 2) * count / top) for count in counts]
    steps = " ".join(f"1 {after - before}" for before, after in pairwise(heights))
    return f"M0 {heights[0]}l{steps}"


def health(event: Event, traffic: Traffic | None, found: EventTraffic | None) -> tuple[str, str]:
    """How an event does, as a class (`good`, `warn`, `bad`, `soft`) and in words."""
    if not event.maps:
        return "soft", "not built yet"
    if traffic is None:
        return "soft", "no data yet"
    if found is None:
        return ("soft" if event.status == "retired" else "warn"), "never arrived"
    if event.status == "retired":
        return ("bad", "still arrives") if found.records else ("soft", "arrives no more")
    if not found.records:
        return "bad", f"silent for {DAYS} days"
    broken = sum(found.violations.values())
    return ("warn", f"{broken:,} violations") if broken else ("good", "healthy")


def _shown(
    name: str,
    taxonomy: Taxonomy,
    funnels: Mapping[str, Funnel],
    traffic: Traffic | None,
    replaces: list[str],
) -> ShownEvent:
    event = taxonomy.events[name]
    found = traffic.events.get(name) if traffic is not None else None
    return ShownEvent(
        name=name,
        event=event,
        aliases=[
            (source, alias.name, alias_words(alias))
            for source, aliases in event.aliases.items()
            for alias in aliases
        ],
        primary=[
            " ".join(
                [source]
                + ([f"from {days.start}"] if days.start else [])
                + ([f"until {days.until} (exclusive)"] if days.until else [])
            )
            for source, days in event.primary.items()
        ],
        properties=[
            _shown_property(key, rule, found) for key, rule in taxonomy.rules_of(name).items()
        ],
        traffic=found,
        health=health(event, traffic, found),
        sparks=[
            (source, sum(counts), sparkline(counts))
            for source, counts in (found.daily if found is not None else {}).items()
        ],
        marts=MARTS[event.kind] if event.kind is not None and event.maps else (),
        funnels=[
            f"{funnel} (step {number} of {len(each.steps)})"
            for funnel, each in funnels.items()
            for number, step in enumerate(each.steps, start=1)
            if step == name
        ],
        replaces=replaces,
    )


def _shown_property(name: str, rule: PropertyRule, found: EventTraffic | None) -> ShownProperty:
    return ShownProperty(
        name=name,
        rule=rule_words(rule),
        is_required=rule.required,
        pii=rule.pii,
        description=rule.description,
        renames=[f"{old} in {source}" for source, names in rule.renames.items() for old in names],
        empty=found.empty_share(name) if found is not None else None,
    )
