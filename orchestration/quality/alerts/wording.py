"""What an alert says: short enough for a telephone, with the one thing to do."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from orchestration.config import Migration
from orchestration.privacy import EMAIL, PHONE
from orchestration.quality.alerts.due import News
from orchestration.quality.incidents.findings import rank
from orchestration.quality.incidents.grouping import Facts

SHOWN = 6  # incidents of one message, the first of them in full; the rest are counted
LONGEST = 240  # characters of a sentence

_PERSONAL = re.compile(f"{EMAIL}|{PHONE}")
_COMMAND = re.compile(r"`(waybill [^`]+)`")


def title_of(news: Sequence[News]) -> str:
    """One line: what happened, worst first."""
    ordered = in_order(news)
    if len(ordered) == 1:
        return _safe(f"{_word(ordered[0])}: {ordered[0].incident.facts.title}")
    counts = Counter(_word(each) for each in ordered)
    told = ", ".join(f"{count} {word}" for word, count in counts.items())
    return f"Waybill: {len(ordered)} incidents ({told})"


def body_of(news: Sequence[News], migration: Migration, key: str, now: datetime) -> str:
    """The text: each incident in a few lines, what is left out counted, and the message's key."""
    ordered = in_order(news)
    parts = [
        _told(each, migration, now) if each is ordered[0] else _in_short(each)
        for each in ordered[:SHOWN]
    ]
    if len(ordered) > SHOWN:
        parts.append(f"And {len(ordered) - SHOWN} more: waybill incidents")
    run_id = ordered[0].event.run_id
    if run_id is not None:
        parts.append(f"Report: {report_of(migration, f'runs/{run_id}.html')}")
    return "\n\n".join([*parts, f"[waybill {key}]"])


def in_order(news: Sequence[News]) -> list[News]:
    """What is wrong before what is good again, the most severe first."""
    return sorted(news, key=lambda n: (n.is_good, rank(n.incident.facts.severity), n.event.at))


def report_of(migration: Migration, page: str) -> str:
    """Where a page of the reports is: below `alerts.report_url`, else the file."""
    if (served := migration.alerts.report_url) is not None:
        return f"{served.rstrip('/')}/{page}"
    return str((migration.home / "reports").absolute() / page)


def _told(news: News, migration: Migration, now: datetime) -> str:
    incident, facts = news.incident, news.incident.facts
    zone = ZoneInfo(migration.reporting_timezone)
    short = incident.incident_id[:8]
    if news.is_good:
        fixed = incident.fixed_at or incident.verified_at or now
        lines = [
            f"{_word(news).upper()} {facts.title}",
            f"Good again since {fixed.astimezone(zone):%Y-%m-%d %H:%M} {zone.key}."
            + (f" Lost meanwhile: {_loss(news)}." if facts.lost else ""),
            f"Owner: {incident.team}. More: waybill incidents show {short}",
        ]
        return "\n".join(map(_safe, lines))
    figures = [
        f"metric {facts.metric}" if facts.metric else "",
        f"expected {_number(facts.expected)}" if facts.expected is not None else "",
        f"observed {_number(facts.observed)}" if facts.observed is not None else "",
        _first_bad(facts, zone),
        facts.segment or "",
        f"lost {_loss(news)}" if facts.lost else "",
    ]
    command = _COMMAND.search(facts.next_step)
    lines = [
        f"{_word(news).upper()} {facts.title}",
        facts.sentence[:LONGEST],
        ", ".join(filter(None, figures)),
        f"First: {facts.next_step[:LONGEST]}",
        f"Run: {command[1] if command else f'waybill incidents show {short}'}",
        f"Owner: {incident.team}. Runbook: {report_of(migration, facts.runbook)}",
    ]
    return "\n".join(_safe(line) for line in lines if line)


def _in_short(news: News) -> str:
    incident, facts = news.incident, news.incident.facts
    head = f"{_word(news).upper()} {facts.title}"
    more = f"{facts.sentence[:LONGEST]} ({incident.team}, {incident.incident_id[:8]})"
    return "\n".join(map(_safe, [head] if news.is_good else [head, more]))


def _first_bad(facts: Facts, zone: ZoneInfo) -> str:
    if facts.first_bad_at is None:
        return ""
    if facts.is_arrival:  # of a file only the dates are known, by the clock of its vendor
        return f"first bad day {facts.first_bad_at:%Y-%m-%d}"
    return f"first bad {facts.first_bad_at.astimezone(zone):%Y-%m-%d %H:%M} {zone.key}"


def _word(news: News) -> str:
    if news.is_good:
        return "good again"
    severity = news.incident.facts.severity
    if news.is_reminder:
        return f"still {severity}"
    return {"reopened": f"again {severity}", "escalated": f"now {severity}"}.get(
        news.event.kind, severity
    )


def _loss(news: News) -> str:
    facts = news.incident.facts
    known = facts.lost_low is not None and facts.lost_high is not None
    interval = f" ({facts.lost_low:,.0f} to {facts.lost_high:,.0f})" if known else ""
    return f"about {facts.lost or 0:,.0f} events{interval}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _safe(text: str) -> str:
    """One line without personal values; names come from data."""
    return _PERSONAL.sub("(personal)", " ".join(text.split()))
