"""Incidents as rows of the quality tables, and as people are shown them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from orchestration.config import Migration
from orchestration.quality.incidents.findings import rank
from orchestration.quality.incidents.log import (
    Incident,
    Transition,
    apply,
    history,
    incidents_of,
)
from orchestration.quality.tables import (
    INCIDENT_LOG,
    INCIDENT_MONTHS,
    INCIDENT_TIMES,
    INCIDENTS,
    replace_table,
)

TARGET_HOURS = 48.0
"""From the first bad moment to the first good one: the target teams are held to."""


def current_incidents(migration: Migration) -> list[Incident]:
    """Every incident that is one of its own, open ones first, by severity, newest first."""
    found = incidents_of(history(migration)).values()
    return in_order(each for each in found if each.merged_into is None)


def in_order(incidents: Iterable[Incident]) -> list[Incident]:
    """Open ones first, then by severity, then newest first."""
    newest_first = sorted(incidents, key=lambda each: each.detected_at, reverse=True)
    return sorted(newest_first, key=lambda each: (not each.is_open, rank(each.facts.severity)))


def write_tables(migration: Migration, now: datetime) -> None:
    """Replace `quality.fct_incidents`, `_log`, `_times` and `_months` by what the log says."""
    events = history(migration)
    found = current_incidents(migration)
    times = [times_of(each, now) for each in found]
    replace_table(migration, "fct_incidents", INCIDENTS, (to_row(each) for each in found))
    replace_table(migration, "fct_incident_log", INCIDENT_LOG, log_rows(events))
    replace_table(migration, "fct_incident_times", INCIDENT_TIMES, times)
    replace_table(migration, "fct_incident_months", INCIDENT_MONTHS, months_of(times, found))


def to_row(incident: Incident) -> dict[str, Any]:
    """The row of `quality.fct_incidents`; times are UTC without a zone, as all of the marts."""
    facts = incident.facts
    row = {
        "incident_id": incident.incident_id,
        **{
            name: getattr(facts, name)
            for name in (
                *("cause", "metric", "source", "segment", "direction", "first_bad_at", "severity"),
                *("title", "sentence", "next_step", "runbook", "lost_low", "lost_high", "findings"),
                *("event_name", "platform", "app_version", "expected", "observed", "records"),
                "bad_until",
            )
        },
        "detected_at": incident.detected_at,
        "status": incident.status,
        "acknowledged_at": incident.acknowledged_at,
        "fixed_at": incident.fixed_at,
        "verified_at": incident.verified_at,
        "estimated_lost": facts.lost,
        "owner": incident.team,
        "delivery_ids": list(facts.delivery_ids),
        "reopened": len(incident.reopened_at),
        "opened_at": incident.opened_at,
        "resolved_at": incident.resolved_at,
        "is_open": incident.is_open,
        "explains": list(facts.explains),
        "run_id": incident.run_id,
    }
    return {name: _plain(row[name]) for name in INCIDENTS.names}


def log_rows(events: Sequence[Transition]) -> list[dict[str, Any]]:
    """The rows of `quality.fct_incident_log`, in order."""
    rows = []
    known: dict[str, Incident] = {}
    for event in events:
        before = known.get(event.incident_id)
        opened = incidents_of([event]) if before is None else {}
        after = apply(before, event) if before else opened.get(event.incident_id)
        if after is None:  # a decision on an incident whose log is gone
            continue
        known[event.incident_id] = after
        rows.append(
            {
                "incident_id": event.incident_id,
                "number": after.number,
                "at": _plain(event.at),
                "transition": event.kind,
                "status": after.status,
                "severity": after.facts.severity,
                "by": event.by,
                "why": event.why or None,
                "to": event.to,
                "run_id": event.run_id,
            }
        )
    return rows


def times_of(incident: Incident, now: datetime) -> dict[str, Any]:
    """The row of `quality.fct_incident_times`.

    A change is over by the clock of the data, on which it was detected; a file by that of Waybill,
    on which it was opened.
    """
    facts = incident.facts
    began = incident.opened_at if facts.is_arrival else incident.detected_at
    to_detect = _hours(facts.first_bad_at, incident.detected_at)
    to_fix = _hours(began, incident.fixed_at)
    so_far = (to_detect or 0.0) + (_hours(began, incident.fixed_at or now) or 0.0)
    is_late = so_far > TARGET_HOURS
    return {
        "incident_id": incident.incident_id,
        "month": incident.detected_at.astimezone(UTC).date().replace(day=1),
        "owner": incident.team,
        "severity": facts.severity,
        "cause": facts.cause,
        "source": facts.source,
        "hours_to_detect": to_detect,
        "hours_to_acknowledge": _hours(incident.opened_at, incident.acknowledged_at),
        "hours_to_fix": to_fix,
        "hours_to_verify": _hours(incident.resolved_at or incident.opened_at, incident.verified_at),
        "within_target": False if is_late else True if incident.fixed_at else None,
    }


def months_of(
    times: Sequence[dict[str, Any]], incidents: Sequence[Incident]
) -> list[dict[str, Any]]:
    """The rows of `quality.fct_incident_months`, by month and owner."""
    is_open = {each.incident_id: each.is_open for each in incidents}
    groups: dict[tuple[Any, str], list[dict[str, Any]]] = defaultdict(list)
    for row in times:
        groups[row["month"], row["owner"]].append(row)
    return [
        {
            "month": month,
            "owner": owner,
            "incidents": len(rows),
            "critical": sum(row["severity"] == "critical" for row in rows),
            "still_open": sum(is_open[row["incident_id"]] for row in rows),
            **{
                f"median_hours_{what}": _median(row[f"hours_{what}"] for row in rows)
                for what in ("to_detect", "to_acknowledge", "to_fix")
            },
            "within_target": sum(row["within_target"] is True for row in rows),
            "outside_target": sum(row["within_target"] is False for row in rows),
        }
        for (month, owner), rows in sorted(groups.items())
    ]


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _hours(start: datetime | None, end: datetime | None) -> float | None:
    if start is None or end is None:
        return None
    return max(0.0, (end - start) / timedelta(hours=1))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None)
    return value
