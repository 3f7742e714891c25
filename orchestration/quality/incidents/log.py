"""What happened to incidents, in order: what Waybill saw, and what people decided.

What Waybill saw is appended to `<home>/quality/incidents.jsonl`, what people decided to
`<home>/decisions/decisions.jsonl`. An incident is what these lines say of it: nothing else is kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from orchestration.config import Migration
from orchestration.errors import ConfigurationError
from orchestration.quality import json_lines
from orchestration.quality.decisions import ABOUT_INCIDENTS, Decision, read_decisions
from orchestration.quality.incidents.grouping import Facts

FILE_NAME = "incidents.jsonl"
WAYBILL = "waybill"

Status = Literal["open", "acknowledged", "assigned", "resolved", "verified"]
Kind = Literal[
    "opened",
    "updated",
    "escalated",
    "accepted",
    "verified",
    "reopened",
    "merged",
    "acknowledge",
    "assign",
    "resolve",
    "note",
]
SEEN = frozenset({"opened", "updated", "escalated", "accepted", "verified", "reopened", "merged"})


@dataclass(frozen=True)
class Transition:
    """One thing that happened to an incident `at` a time (UTC), `by` somebody, and why.

    `facts` are what was known from then on. `fixed_at` comes with `verified`: the first good moment
    of the data, or the judgement that found it good. `to` is the new owner (`assign`) or the
    incident that explains this one (`merged`).
    """

    incident_id: str
    kind: Kind
    at: datetime
    by: str = WAYBILL
    why: str = ""
    run_id: str | None = None
    facts: Facts | None = None
    fixed_at: datetime | None = None
    to: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The fields by name, without those that say nothing."""
        told = {
            "incident_id": self.incident_id,
            "kind": self.kind,
            "at": self.at.isoformat(),
            "by": self.by,
            "why": self.why,
            "run_id": self.run_id,
            "fixed_at": self.fixed_at.isoformat() if self.fixed_at else None,
            "to": self.to,
            "facts": self.facts.to_json() if self.facts else None,
        }
        return {name: value for name, value in told.items() if value not in (None, "")}


@dataclass(frozen=True)
class Incident:
    """An incident as its log says it is. `number` counts its transitions, the opening is 1.

    `opened_at` is by the clock of Waybill, `facts.detected_at` by that of the data.
    """

    incident_id: str
    facts: Facts
    status: Status
    opened_at: datetime
    detected_at: datetime
    number: int = 1
    run_id: str | None = None
    owner: str | None = None
    acknowledged_at: datetime | None = None
    resolved_at: datetime | None = None
    bad_until_when_resolved: datetime | None = None
    fixed_at: datetime | None = None
    verified_at: datetime | None = None
    is_accepted: bool = False
    merged_into: str | None = None
    reopened_at: tuple[datetime, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether there is still something to do, or to be proved."""
        return self.status != "verified" and self.merged_into is None and not self.is_accepted

    @property
    def team(self) -> str:
        """Who it was assigned to, else who owns the event or the source."""
        return self.owner or self.facts.owner


def write(migration: Migration, transitions: Sequence[Transition]) -> int:
    """Append what Waybill saw; it is on the disk when this returns."""
    return json_lines.append(path_of(migration), (each.to_json() for each in transitions))


def path_of(migration: Migration) -> Path:
    """The file of what Waybill saw."""
    return migration.home / "quality" / FILE_NAME


def history(migration: Migration) -> list[Transition]:
    """Every transition, Waybill's and people's, in the order they happened.

    Raises ConfigurationError, with file and line, on a line that is none.
    """
    seen = [_transition(line, where) for where, line in json_lines.read(path_of(migration))]
    decided = [
        _of_decision(decision)
        for decision in read_decisions(migration.decisions_dir)
        if decision.kind in ABOUT_INCIDENTS
    ]
    return sorted([*seen, *decided], key=lambda each: each.at)


def incidents_of(transitions: Iterable[Transition]) -> dict[str, Incident]:
    """Each incident by its id, in the order they were opened; decisions on no incident are lost."""
    found: dict[str, Incident] = {}
    for transition in transitions:
        known = found.get(transition.incident_id)
        if known is not None:
            found[known.incident_id] = apply(known, transition)
        elif transition.kind == "opened" and transition.facts is not None:
            found[transition.incident_id] = Incident(
                incident_id=transition.incident_id,
                facts=transition.facts,
                status="open",
                opened_at=transition.at,
                detected_at=transition.facts.detected_at,
                run_id=transition.run_id,
            )
    return found


def apply(incident: Incident, event: Transition) -> Incident:
    """The incident after one more transition."""
    facts = event.facts or incident.facts
    now = replace(incident, facts=facts, number=incident.number + 1)
    match event.kind:
        case "acknowledge":
            status: Status = "acknowledged" if incident.status == "open" else incident.status
            first = incident.acknowledged_at or event.at
            return replace(now, status=status, acknowledged_at=first)
        case "assign":
            status = "assigned" if incident.status in ("open", "acknowledged") else incident.status
            first = incident.acknowledged_at or event.at
            return replace(now, status=status, acknowledged_at=first, owner=event.to)
        case "resolve" | "accepted":
            if incident.status == "verified":
                return now
            return replace(
                now,
                status="resolved",
                resolved_at=event.at,
                bad_until_when_resolved=facts.bad_until,
                is_accepted=event.kind == "accepted",
            )
        case "verified":
            return replace(
                now,
                status="verified",
                verified_at=event.at,
                fixed_at=event.fixed_at or event.at,
                is_accepted=False,
            )
        case "reopened":
            return replace(
                now,
                status="open",
                acknowledged_at=None,
                resolved_at=None,
                fixed_at=None,
                verified_at=None,
                is_accepted=False,
                merged_into=None,
                run_id=event.run_id,
                reopened_at=(*incident.reopened_at, event.at),
            )
        case "merged":
            return replace(now, merged_into=event.to)
        case _:
            return now


def _transition(line: bytes, where: str) -> Transition:
    try:
        told = json.loads(line)
        facts, fixed_at = told.pop("facts", None), told.pop("fixed_at", None)
        if told["kind"] not in SEEN:
            raise ValueError(f"unknown kind {told['kind']!r}")
        return Transition(
            **told | {"at": datetime.fromisoformat(told["at"])},
            facts=Facts.from_json(facts) if facts else None,
            fixed_at=datetime.fromisoformat(fixed_at) if fixed_at else None,
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ConfigurationError(
            f"{where}: not a line about an incident ({error}); mend or remove the line"
        ) from error


def _of_decision(decision: Decision) -> Transition:
    kinds: dict[str, Kind] = {
        "acknowledge": "acknowledge",
        "assign": "assign",
        "resolve": "resolve",
        "note": "note",
    }
    return Transition(
        incident_id=str(decision.incident_id),
        kind=kinds[decision.kind],
        at=datetime.fromisoformat(decision.at),
        by=decision.by,
        why=decision.why,
        to=decision.to,
    )
