"""Gathers what is wrong now: from judgements on file, the changes found, and a failed build."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from rapidfuzz import fuzz, process

from expectations.suites import all_rules
from orchestration.config import Migration
from orchestration.landing.catalog import Landed
from orchestration.pipeline import all_landed
from orchestration.quality.decisions import accepted, read_decisions
from orchestration.quality.gate_results import Judgement, read_judgements
from orchestration.quality.incidents.causes import NO_BREAK
from orchestration.quality.incidents.findings import (
    Days,
    Finding,
    as_spell,
    days_of,
    from_change,
    from_judgement,
)
from orchestration.quality.incidents.grouping import Owners
from orchestration.taxonomy.model import Taxonomy, load_taxonomy
from orchestration.warehouse import has_table, open_work

ALIKE = 85.0  # per cent of likeness from which an unplanned name stands for a planned event
CHANGES_VIEW = "gate_changes"  # its rule tells of the same rows as the table of changes
STREAM_VIEWS = frozenset({"gate_arrivals", "gate_drift"})
"""Views whose rules hold a delivery against those before it.

What they find is wrong with what the source sends, not with a file: it is over when a delivery of
later days is good again.
"""


def findings_of(migration: Migration, now: datetime) -> list[Finding]:
    """Everything that is wrong now, accepted or not. Reads files and the working marts."""
    landed = all_landed(migration)
    dictionary = load_taxonomy(migration.taxonomy)
    violations, changes = _from_marts(migration)
    found = list(_judged(migration, landed, violations, dictionary))
    newest = _newest(landed, now)
    latest = max(newest.values(), default=now)  # of what is about all sources
    found += [from_change(row, newest.get(row["source"], latest), now) for row in changes]
    return found


def owners_of(migration: Migration) -> Owners:
    """Teams by event and by source."""
    events = load_taxonomy(migration.taxonomy).events
    return Owners(
        {name: event.owner for name, event in events.items() if event.owner},
        {name: source.owner for name, source in migration.sources.items() if source.owner},
    )


def _judged(
    migration: Migration,
    landed: Iterable[Landed],
    violations: Iterable[dict[str, Any]],
    dictionary: Taxonomy,
) -> Iterator[Finding]:
    """Failed rules of what is current or held; of a superseded delivery nobody need know."""
    days = {
        each.manifest.delivery_id: days_of(each.manifest)
        for each in landed
        if each.state in ("current", "held")
    }
    acceptance = accepted(read_decisions(migration.decisions_dir))
    views = {rule.name: rule.view for rule in all_rules()}
    broken = {(row["source"], row["kind"]): row for row in violations}
    planned = _planned_names(dictionary)
    judgements = [
        each
        for each in read_judgements(migration.gates_dir)
        if each.delivery_id is None or each.delivery_id in days
    ]
    good = _good_days(judgements, days, views)
    for judgement in judgements:
        for result in judgement.results:
            is_told = result.rule in NO_BREAK or views.get(result.rule) == CHANGES_VIEW
            if result.success or is_told:
                continue
            when = days.get(result.delivery_id) if result.delivery_id else None
            events: tuple[str, ...] = ()
            if row := broken.get((result.source, result.rule)):
                when = Days(row["first_on"], row["last_on"])
                events = tuple(sorted({e for n in row["names"] if (e := _meant(n, planned))}))
            found = from_judgement(judgement, result, when, acceptance.of(result), events)
            is_stream = views.get(result.rule) in STREAM_VIEWS and not found.holds
            if is_stream and when is not None:
                after = (day for day in good[result.rule, result.source] if day >= when.end)
                found = as_spell(found, min(after, default=None))
            yield found


def _good_days(
    judgements: Iterable[Judgement],
    days: Mapping[str, Days | None],
    views: Mapping[str, str],
) -> dict[tuple[str, str | None], list[datetime]]:
    """By rule and source, when the days begin on which a delivery was found good."""
    good: dict[tuple[str, str | None], list[datetime]] = defaultdict(list)
    for judgement in judgements:
        when = days.get(judgement.delivery_id or "")
        if when is None:
            continue
        for result in judgement.results:
            if result.status == "passed" and views.get(result.rule) in STREAM_VIEWS:
                good[result.rule, result.source].append(when.start)
    return good


def _planned_names(dictionary: Taxonomy) -> dict[str, str]:
    """Each canonical name and alias, as it is compared, with its event."""
    names = {_plain(name): name for name in dictionary.events}
    for event, definition in dictionary.events.items():
        for aliases in definition.aliases.values():
            names |= {_plain(alias.name): event for alias in aliases}
    return names


def _meant(name: str | None, planned: dict[str, str]) -> str | None:
    """The event whose name this most likely is, if one is near enough."""
    best = process.extractOne(_plain(name or ""), list(planned), scorer=fuzz.ratio)
    return planned[best[0]] if best is not None and best[1] >= ALIKE else None


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _from_marts(migration: Migration) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Violations of the dictionary by source and kind, and the changes found."""
    with open_work(migration) as connection:
        violations: list[dict[str, Any]] = []
        changes: list[dict[str, Any]] = []
        if has_table(connection, "quality", "fct_taxonomy_violations", "warehouse"):
            violations = (
                connection.execute(
                    """select source, kind, min(occurred_on) as first_on,
                        max(occurred_on) as last_on, sum(records)::bigint as records,
                        list(distinct event_name) as names
                    from warehouse.quality.fct_taxonomy_violations group by source, kind"""
                )
                .to_arrow_table()
                .to_pylist()
            )
        if has_table(connection, "quality", "fct_changes", "warehouse"):
            changes = (
                connection.execute("from warehouse.quality.fct_changes")
                .to_arrow_table()
                .to_pylist()
            )
    return violations, changes


def _newest(landed: Iterable[Landed], now: datetime) -> dict[str, datetime]:
    """The end of each source's data; data of the future end now."""
    ends: dict[str, list[datetime]] = defaultdict(list)
    for each in landed:
        if days := days_of(each.manifest):
            ends[each.manifest.source].append(min(days.end, now.astimezone(UTC)))
    return {source: max(moments) for source, moments in ends.items()}
