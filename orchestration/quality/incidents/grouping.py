"""From findings to one observation for each cause."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any, Self, TypeVar

from orchestration.quality.decisions import Decision
from orchestration.quality.incidents.causes import (
    CAUSAL_ORDER,
    PRESENT_STATE,
    Explanation,
    Shared,
    matches,
    title_of,
)
from orchestration.quality.incidents.findings import Finding, rank

SAME_EPISODE = timedelta(days=7)
"""Bad spells of one cause with less than this between them are one incident."""
EXPLAINED_AT_MOST = 2.0
"""A cause explains a loss of at most so many times the records it is known to concern."""
NEARLY = timedelta(days=3)
"""So far off may be when a change is said to begin or end: it is estimated from daily counts."""
LISTED = 20  # deliveries and explained findings named with an incident; more are counted

Key = tuple[str, str | None, str | None, str | None]
K = TypeVar("K", bound=Hashable)
_TIMES = ("first_bad_at", "bad_until", "detected_at")


@dataclass(frozen=True)
class Facts:
    """What is known of an incident at present. Times are UTC; `lost` is events."""

    cause: str
    source: str | None
    segment: str | None
    event_name: str | None
    severity: str
    title: str
    sentence: str
    next_step: str
    runbook: str
    owner: str
    is_arrival: bool
    detected_at: datetime
    first_bad_at: datetime | None = None
    bad_until: datetime | None = None
    metric: str | None = None
    platform: str | None = None
    app_version: str | None = None
    direction: str | None = None
    expected: float | None = None
    observed: float | None = None
    lost: float | None = None
    lost_low: float | None = None
    lost_high: float | None = None
    records: int | None = None
    delivery_ids: tuple[str, ...] = ()
    findings: int = 1
    explains: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        """What the incident is about."""
        return (self.cause, self.source, self.segment, self.event_name)

    def to_json(self) -> dict[str, Any]:
        """The fields by name, times as ISO 8601."""
        told = asdict(self)
        for name in _TIMES:
            told[name] = told[name].isoformat() if told[name] else None
        return told

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Self:
        """The reverse of `to_json`; raises TypeError where a needed field is missing."""
        known = {each.name for each in fields(cls)}
        values = {name: value for name, value in told.items() if name in known}
        for name in _TIMES:
            values[name] = datetime.fromisoformat(values[name]) if values.get(name) else None
        for name in ("delivery_ids", "explains"):
            values[name] = tuple(values.get(name) or ())
        return cls(**values)


@dataclass(frozen=True)
class Observation:
    """One cause as it shows now.

    `ended_at` is when the data were good again, None while they are not. `seen_at` is the newest
    judgement that saw it. `explained` are the keys of what it explains.
    """

    facts: Facts
    seen_at: datetime
    ended_at: datetime | None = None
    accepted: Decision | None = None
    explained: frozenset[Key] = field(default_factory=frozenset)


def observe(findings: Iterable[Finding], owners: Owners) -> list[Observation]:
    """One observation for each cause, source, segment and spell of bad days."""
    live = _present(list(findings))
    roots = _roots(live)
    own: dict[Key, list[Finding]] = defaultdict(list)
    explained: dict[int, list[Finding]] = defaultdict(list)
    for finding in live:
        root = roots[id(finding)]
        if root is finding:
            own[finding.key].append(finding)
        else:
            explained[id(root)].append(finding)
    return [
        _observation(spell, [e for f in spell for e in explained[id(f)]], owners)
        for group in own.values()
        for spell in _spells(group)
    ]


@dataclass(frozen=True)
class Owners:
    """Who is asked: the owner of the event, else of the source, else `data`."""

    by_event: dict[str, str] = field(default_factory=dict)
    by_source: dict[str, str] = field(default_factory=dict)

    def of(self, finding: Finding) -> str:
        """The team a finding belongs to."""
        owners = {self.by_event[event] for event in finding.events if event in self.by_event}
        if len(owners) == 1:
            return owners.pop()
        return self.by_source.get(finding.source or "", "data")


def _present(findings: Sequence[Finding]) -> list[Finding]:
    """Findings without judgements of past deliveries that the marts show to be out of date."""
    now = {(finding.cause, finding.source) for finding in findings}
    return [
        finding
        for finding in findings
        if finding.cause not in PRESENT_STATE
        or (PRESENT_STATE[finding.cause], finding.source) in now
    ]


def _roots(findings: Sequence[Finding]) -> dict[int, Finding]:
    """For each finding (by identity) the one it comes from in the end; itself where none does."""
    by_source = _grouped(findings, lambda each: each.source)
    parents: dict[int, Finding] = {}
    for source, group in by_source.items():
        # what is judged over all sources suffers from each of them, and is a cause for all
        reached = findings if source is None else [*group, *by_source.get(None, ())]
        for explanation in CAUSAL_ORDER:
            causes = [f for f in group if _may_cause(explanation, f)]
            if not causes:
                continue
            by_key = _grouped(causes, lambda each: each.key)
            by_delivery = _grouped(causes, lambda each: each.delivery_id)
            is_narrow = "delivery" in explanation.within
            for finding in reached:
                if id(finding) in parents or not matches(finding.cause, explanation.effects):
                    continue
                near = by_delivery.get(finding.delivery_id, []) if is_narrow else causes
                found = (c for c in near if _explains(explanation, c, finding, by_key[c.key]))
                cause = next(found, None)
                if cause is not None and _end(cause, parents) is not finding:
                    parents[id(finding)] = cause
        _fold_into_present(group, parents)
    return {id(finding): _end(finding, parents) for finding in findings}


def _grouped(findings: Iterable[Finding], by: Callable[[Finding], K]) -> dict[K, list[Finding]]:
    groups: dict[K, list[Finding]] = defaultdict(list)
    for finding in findings:
        groups[by(finding)].append(finding)
    return groups


def _fold_into_present(group: Sequence[Finding], parents: dict[int, Finding]) -> None:
    """Judgements of deliveries belong to the rule over the marts that counts the same records."""
    for finding in group:
        if finding.cause in PRESENT_STATE and id(finding) not in parents:
            present = PRESENT_STATE[finding.cause]
            parents[id(finding)] = next(f for f in group if f.cause == present)


def _end(finding: Finding, parents: dict[int, Finding]) -> Finding:
    while id(finding) in parents:
        finding = parents[id(finding)]
    return finding


def _may_cause(explanation: Explanation, finding: Finding) -> bool:
    return (finding.holds or not explanation.if_held) and matches(finding.cause, explanation.causes)


def _explains(
    explanation: Explanation, cause: Finding, effect: Finding, alike: Sequence[Finding]
) -> bool:
    if cause is effect or cause.key == effect.key:
        return False
    if not all(_share(each, cause, effect, alike) for each in explanation.within):
        return False
    if cause.holds or cause.size is None or effect.size is None:
        return True
    return effect.size <= EXPLAINED_AT_MOST * cause.size


def _share(what: Shared, cause: Finding, effect: Finding, alike: Sequence[Finding]) -> bool:
    if what == "delivery":
        return cause.delivery_id is not None and cause.delivery_id == effect.delivery_id
    if what == "event":
        return any(each in cause.events or _names(cause, each) for each in effect.events)
    if what == "dates":
        if cause.delivery_id is None and not cause.is_arrival:
            if effect.delivery_id is not None:  # told of each delivery of the days that changed
                return _at(effect.first_bad_at, [cause]) and _at(effect.bad_until, [cause])
            begin_together = _near(cause.first_bad_at, effect.first_bad_at)
            return begin_together and _near(cause.bad_until, effect.bad_until)
        return _at(effect.first_bad_at, [cause]) and _at(effect.bad_until, alike)
    narrow = "platform" if what == "platform" else "app_version"
    own, other = getattr(cause, narrow), getattr(effect, narrow)
    return own is None or other is None or own == other


def _names(finding: Finding, event: str) -> bool:
    """Whether its sentence has the name as a word: a rule tells of events in no other way."""
    return re.search(rf"(?<![\w.-]){re.escape(event)}(?![\w-])", finding.sentence) is not None


def _near(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and other is not None and abs(one - other) <= NEARLY


def _at(moment: datetime | None, findings: Sequence[Finding]) -> bool:
    """Whether one of them was bad then, or nearly; not where the moment is not known."""
    return moment is not None and any(
        (each.first_bad_at is None or each.first_bad_at - NEARLY <= moment)
        and (each.bad_until is None or moment <= each.bad_until + NEARLY)
        for each in findings
    )


def _touch(one: Finding, other: Finding, gap: timedelta) -> bool:
    """Whether their bad times meet; a time that is not known meets every other."""
    for first, second in ((one, other), (other, one)):
        if first.first_bad_at and second.bad_until and second.bad_until + gap < first.first_bad_at:
            return False
    return True


def _spells(group: list[Finding]) -> list[list[Finding]]:
    """Changes by spells of bad days; what is wrong with files is one thing to mend."""
    if group[0].is_arrival:
        return [group]
    ordered = sorted(group, key=lambda f: f.first_bad_at or f.detected_at)
    spells = [[ordered[0]]]
    for finding in ordered[1:]:
        if any(_touch(each, finding, SAME_EPISODE) for each in spells[-1]):
            spells[-1].append(finding)
        else:
            spells.append([finding])
    return spells


def _observation(own: list[Finding], effects: list[Finding], owners: Owners) -> Observation:
    known = [f for f in own if f.accepted is None] or own
    lead = min(known, key=_weight)
    everything = [*known, *effects]
    is_accepted = all(f.accepted is not None for f in own)
    is_over = all(f.ended_at is not None for f in own)
    deliveries = dict.fromkeys(f.delivery_id for f in known if f.delivery_id)
    records = [f.records for f in known if f.records is not None]
    losing = max(everything, key=lambda f: f.lost or 0.0)  # they overlap, so they do not add up
    sentence = lead.sentence if len(known) == 1 else _and_more(lead.sentence, len(known) - 1)
    severity = min((f.severity for f in known), key=rank)
    where = ", ".join(filter(None, (lead.source, lead.segment, ", ".join(lead.events[:1]))))
    title = title_of(lead.cause, lead.is_arrival)
    facts = Facts(
        cause=lead.cause,
        source=lead.source,
        segment=lead.segment,
        event_name=lead.key[3],
        severity="notice" if is_accepted else severity,
        title=f"{title}: {where}" if where else title,
        sentence=sentence,
        next_step=lead.next_step,
        runbook=f"runbooks.html#{lead.runbook}",
        owner=owners.of(lead),
        is_arrival=lead.is_arrival,
        detected_at=min(f.detected_at for f in known),
        first_bad_at=min((f.first_bad_at for f in known if f.first_bad_at), default=None),
        bad_until=max((f.bad_until for f in known if f.bad_until), default=None),
        metric=lead.metric,
        platform=lead.platform,
        app_version=lead.app_version,
        direction=lead.direction,
        expected=lead.expected,
        observed=lead.observed,
        lost=losing.lost,
        lost_low=losing.lost_low,
        lost_high=losing.lost_high,
        records=sum(records) if records else None,
        delivery_ids=tuple(deliveries)[:LISTED],
        findings=len(everything),
        explains=tuple(sorted({_named(f) for f in effects}))[:LISTED],
    )
    return Observation(
        facts,
        seen_at=max(f.seen_at for f in known),
        ended_at=max(f.ended_at for f in own if f.ended_at) if is_over else None,
        accepted=own[-1].accepted if is_accepted else None,
        explained=frozenset(f.key for f in effects),
    )


def _and_more(sentence: str, more: int) -> str:
    return f"{sentence.rstrip('.')}. And {more:,} more like it."


def _weight(finding: Finding) -> tuple[int, float, str, str]:
    size = finding.size or 0.0
    when = finding.first_bad_at or finding.detected_at
    return (rank(finding.severity), -size, when.isoformat(), finding.delivery_id or "")


def _named(finding: Finding) -> str:
    about = ", ".join(filter(None, (finding.segment, *finding.events[:1])))
    return f"{finding.cause} ({about})" if about else finding.cause
