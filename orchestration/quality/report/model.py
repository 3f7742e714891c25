"""What the report of a run shows, as plain values: read once, judged by pure functions, rendered.

Times are UTC; dates are those of the reporting zone; shares are from 0 to 1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

VerdictKind = Literal["green", "warned", "held", "red", "failed", "first"]
DayState = Literal["full", "low", "missing", "over", "held", "open", "unjudged"]
Outcome = Literal["passed", "warned", "red", "accepted", "unjudged"]


@dataclass(frozen=True)
class Fact:
    """One failed rule that nobody accepted, or one that somebody did."""

    stage: str
    rule: str
    source: str | None
    delivery_id: str | None
    severity: str
    observed: str
    next_step: str
    records: int | None = None
    accepted: str | None = None


@dataclass(frozen=True)
class Step:
    """A thing to do: what, the command to copy, and where the runbook tells more."""

    what: str
    step: str
    command: str
    anchor: str


@dataclass(frozen=True)
class Reach:
    """What to know of some marts, and who reads those first."""

    effect: str
    marts: tuple[str, ...]
    readers: tuple[str, ...]


@dataclass(frozen=True)
class Flow:
    """Records of a source, read and by fate."""

    source: str
    read: int
    fates: dict[str, int]


@dataclass(frozen=True)
class Day:
    """One source on one date. Expected figures are None where history is too short."""

    on: date
    state: DayState
    observed: int
    expected: float | None = None
    low: float | None = None
    high: float | None = None
    lost: float | None = None
    note: str | None = None


@dataclass(frozen=True)
class Freshness:
    """How old an asset is against what was agreed; `sla_hours` None where nothing was."""

    asset: str
    kind: str
    last_event_at: datetime | None
    last_arrival_at: datetime | None
    sla_hours: float | None
    late_by_hours: float | None
    is_late: bool
    daily_events: int | None = None
    min_daily: int | None = None


@dataclass(frozen=True)
class RuleHistory:
    """One rule over all it judges: how many, how many fail, and its outcome in the last runs."""

    stage: str
    rule: str
    dimension: str
    severity: str
    judged: int
    failed: int
    unjudged: int
    accepted: int
    observed: str
    history: tuple[Outcome, ...]

    @property
    def outcome(self) -> Outcome:
        """The worst of the present results."""
        if self.failed > self.accepted:
            return "red" if self.severity == "block" else "warned"
        if self.accepted:
            return "accepted"
        return "unjudged" if self.judged and self.unjudged == self.judged else "passed"


@dataclass(frozen=True)
class Sample:
    """A quarantined record, masked and cut; `shape` where only its form may be shown."""

    source: str
    reason: str
    file_name: str
    record_number: int
    text: str
    is_shape: bool


@dataclass(frozen=True)
class Quarantine:
    """Quarantined records of a source and reason, with some of them."""

    source: str
    reason: str
    records: int
    samples: tuple[Sample, ...] = ()


@dataclass(frozen=True)
class Incident:
    """An incident as `quality.fct_incidents` has it."""

    incident_id: str
    cause: str
    source: str | None
    segment: str | None
    severity: str
    status: str
    first_bad_at: datetime | None
    detected_at: datetime | None
    fixed_at: datetime | None
    verified_at: datetime | None
    owner: str | None
    title: str
    sentence: str
    next_step: str
    lost: float | None
    lost_low: float | None
    lost_high: float | None
    reopened: int = 0

    @property
    def is_open(self) -> bool:
        """Not yet verified by data."""
        return self.status != "verified"

    @property
    def hours_to_fix(self) -> float | None:
        """From when it was detected until good data came again; None while it lasts."""
        ended = self.fixed_at or self.verified_at
        if ended is None or self.detected_at is None:
            return None
        return max(0.0, (ended - self.detected_at).total_seconds() / 3600)


@dataclass(frozen=True)
class Point:
    """A day of a chart: observed, and the band it was expected in where there is one."""

    on: date
    observed: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Change:
    """A change as `quality.fct_changes` has it, with the days around it."""

    cause: str
    metric: str
    source: str | None
    event_name: str | None
    segment: str | None
    severity: str
    direction: str | None
    first_bad_at: datetime | None
    detected_at: datetime | None
    ended_at: datetime | None
    expected: float | None
    observed: float | None
    lost: float | None
    lost_low: float | None
    lost_high: float | None
    sentence: str
    next_step: str
    points: tuple[Point, ...] = ()
    unit: str = "events a day"


@dataclass(frozen=True)
class Detectable:
    """The smallest drop of a metric that would be seen within 48 hours; None with a reason."""

    metric: str
    event_name: str | None
    source: str | None
    segment: str | None
    daily_count: float | None
    smallest_drop: float | None
    reason: str | None


@dataclass(frozen=True)
class PastRun:
    """A run as its small JSON file keeps it."""

    run_id: str
    finished_at: datetime
    verdict: VerdictKind
    sentence: str
    read: int
    pending: int
    red: tuple[str, ...]
    open_incidents: int


@dataclass(frozen=True)
class Figures:
    """All that a report shows of a run, as read."""

    run_id: str
    written_at: datetime
    timezone: str
    failure: str | None
    facts: tuple[Fact, ...] = ()
    rules: tuple[RuleHistory, ...] = ()
    flows: tuple[Flow, ...] = ()
    held: dict[str, tuple[date, ...]] = field(default_factory=dict)
    days: dict[str, tuple[Day, ...]] = field(default_factory=dict)
    freshness: tuple[Freshness, ...] = ()
    quarantine: tuple[Quarantine, ...] = ()
    incidents: tuple[Incident, ...] | None = None
    changes: tuple[Change, ...] = ()
    detectability: tuple[Detectable, ...] = ()
    todo: tuple[str, ...] = ()
    survey_sources: frozenset[str] = frozenset()
    snapshot_at: datetime | None = None
    last_event_on: date | None = None
    earlier: tuple[PastRun, ...] = ()
