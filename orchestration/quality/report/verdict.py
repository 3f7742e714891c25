"""From figures to words: the verdict, what is red, what it means for whom, what to do first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from orchestration.pages import thousands
from orchestration.quality.report.model import (
    Fact,
    Figures,
    Incident,
    Reach,
    RuleHistory,
    Step,
    VerdictKind,
)

MOST_STEPS = 3

MARTS: Mapping[str, tuple[str, ...]] = {
    "fct_micro_conversion_daily": ("marketing strategist", "executive"),
    "fct_funnel_steps": ("product analyst",),
    "fct_sessions": ("operations",),
    "fct_macro_conversions": ("executive", "marketing strategist"),
}
"""Marts that events reach, and who opens them first."""
SURVEY_MARTS: Mapping[str, tuple[str, ...]] = {
    "fct_survey_answers": ("product analyst", "customer success director")
}


@dataclass(frozen=True)
class Verdict:
    """One word for colour and shape, one sentence, and the reasons, a sentence each."""

    kind: VerdictKind
    title: str
    sentence: str
    reasons: tuple[tuple[str, str], ...]  # (rule or cause, sentence)


TITLES: dict[VerdictKind, str] = {
    "green": "Green",
    "warned": "Green, with warnings",
    "held": "Held",
    "red": "Red",
    "failed": "Failed",
    "first": "First run",
}

LOSING = "Green, but losing events"


def verdict_of(figures: Figures) -> Verdict:
    """The worst that holds: failed, red marts, held deliveries, then warnings."""
    blocking = [f for f in figures.facts if f.severity == "block" and f.accepted is None]
    red = [fact for fact in blocking if fact.stage == "marts"]
    held = [fact for fact in blocking if fact.stage != "marts"]
    warnings = _warnings(figures)
    kind: VerdictKind = "green"
    if figures.failure is not None:
        kind, sentence = "failed", f"The run did not finish. {_readers_keep(figures)}"
    elif red:
        kind = "red"
        sentence = f"The marts break {_count(red, 'rule')}, so they are not published. "
        sentence += _readers_keep(figures)
    elif held:
        kind = "held"
        deliveries = {fact.delivery_id for fact in held}
        sources = sorted({fact.source or "all sources" for fact in held})
        sentence = (
            f"{_number(len(deliveries), 'delivery', 'deliveries').capitalize()} of "
            f"{_listed(sources)} "
            f"{'is' if len(deliveries) == 1 else 'are'} held back; all else is loaded and "
            "published."
        )
    elif not figures.earlier:
        kind, sentence = "first", _first(figures)
    elif warnings:
        kind = "warned"
        sentence = (
            "Every gate let the data through and they are published; "
            f"{_number(len(warnings), 'thing', 'things')} to look at."
        )
    else:
        sentence = f"Every gate is green. {_all_accounted(figures)}"
    reasons = [("build_failed", figures.failure)] if figures.failure else []
    reasons += [(fact.rule, _told(fact)) for fact in [*red, *held]]
    if kind in ("warned", "first", "green"):
        reasons += warnings
    title = LOSING if kind == "warned" and _is_losing(figures) else TITLES[kind]
    return Verdict(kind, title, sentence, tuple(reasons))


def _is_losing(figures: Figures) -> bool:
    """Whether something that lasts costs events: nobody can export them later."""
    open_ones = [each for each in figures.incidents or () if each.is_open]
    lasting = [change for change in figures.changes if change.ended_at is None]
    losses = [each.lost for each in open_ones] + [change.lost for change in lasting]
    return any(lost is not None and lost > 0 for lost in losses)


def _first(figures: Figures) -> str:
    unjudged = sum(rule.outcome == "unjudged" for rule in figures.rules)
    said = _number(unjudged, "rule", "rules").capitalize()
    waiting = f" {said} cannot judge yet, for want of history." if unjudged else ""
    done = "The first run is loaded and published. " if figures.flows else ""
    return f"{done}{_all_accounted(figures)}{waiting}"


def _all_accounted(figures: Figures) -> str:
    read = sum(flow.read for flow in figures.flows)
    pending = sum(flow.fates.get("pending", 0) for flow in figures.flows)
    if not read:
        return "No record has come yet."
    if pending:
        return f"Of {thousands(read)} records, {thousands(pending)} are pending."
    return f"All {thousands(read)} records are accounted for."


def _readers_keep(figures: Figures) -> str:
    if figures.snapshot_at is None:
        return "There is no snapshot yet, so readers have nothing to open."
    return "Readers keep the last good snapshot."


def _warnings(figures: Figures) -> list[tuple[str, str]]:
    """What is to be looked at though nothing stops: incidents where they are kept, else findings.

    Not one a delivery and rule, which would flood whoever reads it: one a rule.
    """
    if figures.incidents:
        open_ones = [each for each in figures.incidents if each.is_open]
        return [(each.cause, each.sentence or each.title) for each in open_ones]
    changes = [
        (change.cause, change.sentence)
        for change in figures.changes
        if change.ended_at is None and change.severity != "notice"
    ]
    return changes + [
        (rule.rule, _rule_told(rule)) for rule in figures.rules if rule.outcome == "warned"
    ]


def _rule_told(rule: RuleHistory) -> str:
    where = f" and {rule.failed - 1:,} more" if rule.failed > 1 else ""
    return f"{rule.observed}{where}"


def _told(fact: Fact) -> str:
    return f"{fact.source}: {fact.observed}" if fact.source else fact.observed


def steps_of(figures: Figures) -> tuple[Step, ...]:
    """At most three things to do, the gravest first."""
    if figures.failure is not None:
        retry = Step(
            figures.failure,
            "Mend what the message names, then run again: a run goes on where it stopped.",
            "waybill run",
            "build_failed",
        )
        return (retry, *_steps(figures)[: MOST_STEPS - 1])
    return _steps(figures)[:MOST_STEPS]


def reasons_left(verdict: Verdict, steps: Sequence[Step]) -> tuple[tuple[str, str], ...]:
    """The reasons that no thing to do tells already."""
    told = {step.what for step in steps}
    return tuple(reason for reason in verdict.reasons if reason[1] not in told)


def _steps(figures: Figures) -> tuple[Step, ...]:
    open_ones = [each for each in figures.incidents or () if each.is_open]
    if open_ones:
        return tuple(map(_of_incident, open_ones))
    blocking = [f for f in figures.facts if f.severity == "block" and f.accepted is None]
    if blocking:
        return tuple(Step(_told(f), f.next_step, command_in(f.next_step), f.rule) for f in blocking)
    changes = [c for c in figures.changes if c.ended_at is None and c.severity != "notice"]
    told = [Step(c.sentence, c.next_step, command_in(c.next_step), c.cause) for c in changes]
    return tuple(told + [_of_text(text, figures.facts) for text in figures.todo])


def _of_incident(incident: Incident) -> Step:
    command = command_in(incident.next_step)
    if command == STATUS:
        command = f"waybill incidents show {incident.incident_id}"
    return Step(incident.sentence or incident.title, incident.next_step, command, incident.cause)


def _of_text(text: str, facts: Iterable[Fact]) -> Step:
    """A thing to do as `status` words it: what was found, then what to do."""
    fact = next((f for f in facts if f.next_step and text.endswith(f.next_step)), None)
    if fact is not None:
        what = text.removesuffix(fact.next_step).strip()
        return Step(what, fact.next_step, command_in(fact.next_step), fact.rule)
    what, _, step = text.partition(". ")
    anchor = "quarantine" if "quarantined" in what else "unplanned_event"
    return Step(f"{what}.", step, command_in(step), anchor)


STATUS = "waybill status"


def command_in(text: str) -> str:
    """The first command that a text names; a plain run where it says to run again.

    To accept is never the first thing to do where something can be mended. `waybill status` where
    no command is named.

    >>> command_in("Run `waybill verify`, then look."), command_in("Copy it, then run again.")
    ('waybill verify', 'waybill run')
    """
    quoted = re.search(r"`(waybill [^`]+)`", text)
    if quoted:
        return quoted[1]
    if re.search(r"\brun again\b", text, re.IGNORECASE):
        return "waybill run"
    bare = re.search(r'waybill run --accept [^"]+"[^"]*"', text)
    return bare[0] if bare else STATUS


def reach_of(figures: Figures) -> tuple[Reach, ...]:
    """What the findings mean for which marts, and who reads those."""
    blocking = [f for f in figures.facts if f.severity == "block" and f.accepted is None]
    if figures.failure is not None or any(fact.stage == "marts" for fact in blocking):
        has_snapshot = figures.snapshot_at is not None
        kept = "All marts are as of the last green run" if has_snapshot else "Nothing is published"
        return (_reach(kept, {**MARTS, **SURVEY_MARTS}),)
    effects: dict[str, Reach] = {}
    for source, dates in figures.held.items():
        span = " to ".join(dict.fromkeys(f"{day}" for day in (dates[:1] + dates[-1:])))
        told = f"{source} is incomplete on {span or 'dates not known'}, with is_complete = false"
        effects[told] = _reach(told, _marts_of(source, figures))
    for change in figures.changes:
        if change.ended_at is None and change.severity != "notice":
            told = _effect(change.source, change.segment)
            effects[told] = _reach(told, _marts_of(change.source, figures))
    return tuple(effects.values())


def _reach(effect: str, marts: Mapping[str, tuple[str, ...]]) -> Reach:
    readers = dict.fromkeys(reader for each in marts.values() for reader in each)
    return Reach(effect, tuple(marts), tuple(readers))


def _effect(source: str | None, segment: str | None) -> str:
    where = f"{source or 'all sources'}{f' ({segment})' if segment else ''}"
    return f"Figures of {where} are not to be compared with the time before"


def _marts_of(source: str | None, figures: Figures) -> Mapping[str, tuple[str, ...]]:
    return SURVEY_MARTS if source in figures.survey_sources else MARTS


def _count(facts: Sequence[Fact], what: str) -> str:
    rules = {fact.rule for fact in facts}
    return _number(len(rules), what, f"{what}s")


def _number(count: int, one: str, many: str) -> str:
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    said = words[count] if count < len(words) else f"{count:,}"
    return f"{said} {one if count == 1 else many}"


def _listed(names: Sequence[str]) -> str:
    shown = list(names[:3])
    if len(names) > len(shown):
        shown.append(f"{len(names) - len(shown)} more")
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
