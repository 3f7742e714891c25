"""Who is to be told of what now: pure, from the incidents, their log and what was told before.

Nothing is queued before its time: what quiet hours or grouping delay is found again later, for it
is still in the log of incidents.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orchestration.alert_config import AlertSettings, Route
from orchestration.quality.alerts.outbox import Mail
from orchestration.quality.incidents.log import Incident, Transition

TOLD_OF = frozenset({"opened", "reopened", "escalated", "verified"})
FRESH = timedelta(days=7)
"""An incident that was over before anybody was told is news for so long; older, it is history."""


@dataclass(frozen=True)
class News:
    """One thing to tell a route: what happened to an incident, and the name of that (`ref`)."""

    incident: Incident
    event: Transition
    ref: str
    is_reminder: bool = False

    @property
    def is_good(self) -> bool:
        """Whether the data are good again."""
        return self.event.kind == "verified"

    @property
    def is_urgent(self) -> bool:
        """Whether it is told at once."""
        return self.incident.facts.severity == "critical" and not self.is_good


def news_of(
    route_name: str,
    settings: AlertSettings,
    incidents: Iterable[Incident],
    log: Iterable[Transition],
    mail: Mail,
    now: datetime,
) -> tuple[list[News], list[News]]:
    """What a route is to be told now, and what waits for the end of quiet hours or for others."""
    route = settings.routes[route_name]
    told = mail.refs_of(route_name)
    last = {event.incident_id: event for event in log if event.kind in TOLD_OF}
    found = [
        news
        for incident in incidents
        if (event := last.get(incident.incident_id)) is not None
        and takes(route, incident)
        and (news := _news(incident, event, told, settings, now)) is not None
    ]
    urgent = [each for each in found if each.is_urgent]
    if route.is_quiet(now):
        due = [] if route.quiet_critical else urgent
    elif urgent or not _is_grouping(mail.last_of(route_name), settings, now):
        due = found
    else:
        due = []
    return due, [each for each in found if each not in due]


def key_of(route: str, news: Sequence[News]) -> str:
    """The key of a message: the same for the same news on the same route."""
    told = "\n".join([route, *sorted(each.ref for each in news)])
    return hashlib.sha256(told.encode()).hexdigest()[:12]


def takes(route: Route, incident: Incident) -> bool:
    """Whether a route is told of an incident: by its team and its severity."""
    return route.owner in (None, incident.team) and incident.facts.severity in route.severities


def _news(
    incident: Incident,
    event: Transition,
    told: frozenset[str],
    settings: AlertSettings,
    now: datetime,
) -> News | None:
    ref = f"{incident.incident_id}:{event.kind}:{event.at.isoformat()}"
    if event.kind == "verified":
        was_told = any(each.startswith(f"{incident.incident_id}:") for each in told)
        is_news = was_told or (incident.fixed_at is not None and now - incident.fixed_at <= FRESH)
        return News(incident, event, ref) if is_news and ref not in told else None
    if incident.status == "resolved" or not incident.is_open:
        return None
    if ref not in told:
        return News(incident, event, ref)
    times = (now - event.at) // settings.repeat_after
    again = f"{ref}:{times}"
    nobody_looks = incident.status == "open" and incident.facts.severity == "critical"
    if not nobody_looks or times < 1 or again in told:
        return None
    return News(incident, event, again, is_reminder=True)


def _is_grouping(last: datetime | None, settings: AlertSettings, now: datetime) -> bool:
    return last is not None and now - last < timedelta(minutes=settings.group_minutes)
