"""From figures to words: the verdict, what is red, what it means for whom, what to do first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orchestration.pages import percent, thousands
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
MOST_REASONS = 5

MARTS = {
    "fct_micro_conversion_daily": "marketing strategist, executive",
    "fct_funnel_steps": "product analyst",
    "fct_sessions": "operations",
    "fct_macro_conversions": "executive, marketing strategist",
}
"""Marts that events reach, and who opens them first."""
SURVEY_MARTS = {"fct_survey_answers": "product analyst, customer success"}


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
            f"{_number(len(deliveries), 'delivery', 'deliveries')} of {_listed(sources)} "
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
    return Verdict(kind, TITLES[kind], sentence, tuple(reasons))


def _first(figures: Figures) -> str:
    unjudged = sum(rule.outcome == "unjudged" for rule in figures.rules)
    said = _number(unjudged, "rule", "rules").capitalize()
    waiting = f" {said} cannot judge yet, for want of history." if unjudged else ""
    return f"The first run is loaded and published. {_all_accounted(figures)}{waiting}"


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
    """The first command that a text names; `waybill status` where it names none.

    >>> command_in('Run `waybill verify`, then look.')
    'waybill verify'
    """
    quoted = re.search(r"`(waybill [^`]+)`", text)
    if quoted:
        return quoted[1]
    bare = re.search(r'waybill [a-z]+(?: --?[\w-]+| [\w./]+)*(?: --why "[^"]*")', text)
    return bare[0] if bare else STATUS


def reach_of(figures: Figures) -> tuple[Reach, ...]:
    """Which marts the findings touch, how, and who reads them."""
    blocking = [f for f in figures.facts if f.severity == "block" and f.accepted is None]
    if figures.failure is not None or any(fact.stage == "marts" for fact in blocking):
        kept = (
            "nothing is published yet"
            if figures.snapshot_at is None
            else "as of the last green run"
        )
        return tuple(
            Reach(mart, readers, kept) for mart, readers in {**MARTS, **SURVEY_MARTS}.items()
        )
    effects: dict[str, list[str]] = {}
    for source, dates in figures.held.items():
        span = f"{dates[0]} to {dates[-1]}" if len(dates) > 1 else f"{dates[0]}" if dates else "-"
        told = f"{source} is incomplete ({span}, is_complete = false)"
        for mart in _marts_of(source, figures):
            effects.setdefault(mart, []).append(told)
    for change in figures.changes:
        if change.ended_at is None and change.severity != "notice":
            for mart in _marts_of(change.source, figures):
                effects.setdefault(mart, []).append(_effect(change.source, change.segment))
    known = {**MARTS, **SURVEY_MARTS}
    return tuple(
        Reach(mart, known[mart], "; ".join(dict.fromkeys(told))) for mart, told in effects.items()
    )


def _effect(source: str | None, segment: str | None) -> str:
    where = f"{source or 'all sources'}{f' ({segment})' if segment else ''}"
    return f"figures of {where} are not to be compared with the time before"


def _marts_of(source: str | None, figures: Figures) -> dict[str, str]:
    return SURVEY_MARTS if source in figures.survey_sources else MARTS


def lost_words(lost: float | None, low: float | None, high: float | None) -> str:
    """An estimated loss with its interval, in words; nothing where there is none."""
    if lost is None or lost <= 0:
        return ""
    band = f" (95 %: {thousands(low)} to {thousands(high)})" if low is not None else ""
    return f"about {thousands(lost)} events lost{band}"


def share_words(observed: float, expected: float | None) -> str:
    """What came of what was expected."""
    if not expected:
        return thousands(observed)
    return f"{thousands(observed)} of {thousands(expected)} ({percent(observed / expected)})"


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
