"""Findings: everything that is wrong at present, in one shape, whoever found it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from expectations.rules import RuleResult
from orchestration.landing.manifest import Manifest
from orchestration.quality.decisions import Decision
from orchestration.quality.gate_results import Judgement

Severity = Literal["critical", "warning", "notice"]
BUILD_FAILED = "build_failed"


def rank(severity: str) -> int:
    """0 for critical, 1 for warning, 2 for notice. Raises ValueError for another word."""
    return ("critical", "warning", "notice").index(severity)


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong. Times are UTC.

    `is_arrival` tells what time it lives in: what is wrong with a file or a judgement is over when
    a later judgement says so; what is wrong with the data on some days (a change) is over when the
    data say so, at `ended_at`. `bad_until` is the last moment known to be bad. `events` are the
    events it is about, `records` how many records it concerns.
    """

    cause: str
    source: str | None
    severity: Severity
    sentence: str
    next_step: str
    detected_at: datetime
    seen_at: datetime
    runbook: str
    is_arrival: bool = True
    first_bad_at: datetime | None = None
    bad_until: datetime | None = None
    ended_at: datetime | None = None
    segment: str | None = None
    metric: str | None = None
    events: tuple[str, ...] = ()
    platform: str | None = None
    app_version: str | None = None
    direction: str | None = None
    delivery_id: str | None = None
    holds: bool = False
    expected: float | None = None
    observed: float | None = None
    lost: float | None = None
    lost_low: float | None = None
    lost_high: float | None = None
    records: int | None = None
    accepted: Decision | None = None

    @property
    def size(self) -> float | None:
        """Events lost, else records concerned; None where nobody knows."""
        return self.lost if self.lost is not None else self.records

    @property
    def key(self) -> tuple[str, str | None, str | None, str | None]:
        """What an incident is about: cause, source, segment and, of a change, its event."""
        event = self.events[0] if self.events and not self.is_arrival else None
        return (self.cause, self.source, self.segment, event)


STRAGGLERS = 0.1
"""A date with less than this share of the fullest date's records only has stragglers in a file."""


@dataclass(frozen=True)
class Days:
    """The first and the last date on which something was seen."""

    first: date
    last: date

    @property
    def start(self) -> datetime:
        """The first moment, by the vendor's own clock."""
        return _midnight(self.first)

    @property
    def end(self) -> datetime:
        """The moment after the last."""
        return _midnight(self.last + timedelta(days=1))


def days_of(manifest: Manifest) -> Days | None:
    """The dates a delivery is about; None where none could be read.

    Late events, and those with a wrong clock, carry dates far from those of the export.
    """
    records = manifest.dated
    if not records:
        return None
    days = [day for day, n in records.items() if n >= STRAGGLERS * max(records.values())]
    return Days(min(days), max(days))


def from_judgement(
    judgement: Judgement,
    result: RuleResult,
    days: Days | None,
    accepted: Decision | None,
    events: tuple[str, ...] = (),
) -> Finding:
    """A failed rule, and the days it is about. `accepted` is the decision that covers it.

    A delivery could have been judged when the last of its days was over, the marts when the first
    was. So a backfill of past days is not said to have been wrong for years before anybody looked.
    """
    judged_at = datetime.fromisoformat(judgement.judged_at)
    known_at = judged_at
    if days is not None:
        is_whole = result.delivery_id is not None
        known_at = min(judged_at, days.end if is_whole else days.start + timedelta(days=1))
    blocks = result.severity == "block"
    severity: Severity = "critical" if blocks else "warning"
    return Finding(
        cause=result.rule,
        source=result.source,
        severity=severity,
        sentence=result.observed,
        next_step=result.next_step,
        detected_at=known_at,
        seen_at=judged_at,
        runbook=result.rule,
        first_bad_at=days.start if days else None,
        bad_until=days.end if days else None,
        events=events,
        delivery_id=result.delivery_id,
        holds=blocks and accepted is None and result.delivery_id is not None,
        records=result.records,
        accepted=accepted,
    )


def as_spell(finding: Finding, good_from: datetime | None) -> Finding:
    """The same as something wrong with the data of some days, over where they are good again."""
    return replace(finding, is_arrival=False, ended_at=good_from)


def from_change(row: dict[str, Any], newest: datetime, now: datetime) -> Finding:
    """A row of `quality.fct_changes`. `newest` is the end of the source's data, UTC."""
    ended = _utc(row["ended_at"])
    severity: Severity = row["severity"]
    detected = _utc(row["detected_at"]) or now
    first_bad = _utc(row["first_bad_at"])
    return Finding(
        cause=row["cause"],
        source=row["source"],
        severity=severity,
        sentence=row["sentence"] or row["cause"].replace("_", " "),
        next_step=row["next_step"] or "See the runbook.",
        detected_at=detected,
        seen_at=now,
        runbook=row["cause"],
        is_arrival=False,
        first_bad_at=first_bad,
        bad_until=ended or max(newest, first_bad or newest),
        ended_at=ended,
        segment=row["segment"],
        metric=row["metric"],
        events=(row["event_name"],) if row["event_name"] else (),
        platform=row["platform"],
        app_version=row["app_version"],
        direction=row["direction"],
        expected=row["expected"],
        observed=row["observed"],
        lost=row["estimated_lost"],
        lost_low=row["lost_low"],
        lost_high=row["lost_high"],
    )


def from_failure(step: str, message: str, at: datetime) -> Finding:
    """A build that ended in an error: readers keep the last good snapshot until one runs through.

    What depends on the data is not told here; it is in the error itself.
    """
    first_line = message.strip().splitlines()[0] if message.strip() else "no reason was given"
    return Finding(
        cause=BUILD_FAILED,
        source=None,
        severity="critical",
        sentence=f"The build failed in {step}: {first_line[:300]}",
        next_step="Run `waybill run` again; if it fails the same way, mend what the error names.",
        detected_at=at,
        seen_at=at,
        runbook=BUILD_FAILED,
        first_bad_at=at,
        bad_until=at,
    )


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)
