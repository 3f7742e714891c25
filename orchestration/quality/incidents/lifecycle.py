"""What a run changes about incidents: pure, from what is known and what was observed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from orchestration.quality.incidents.findings import rank
from orchestration.quality.incidents.grouping import SAME_EPISODE, Facts, Observation
from orchestration.quality.incidents.log import Incident, Transition

RECURS_WITHIN = timedelta(days=30)
"""A file that breaks again within so long is the same incident; later, it is a new one."""
FLAPS_AFTER = 3
"""So often reopened, an incident is verified only after a day without another reopening."""
STEADY_FOR = timedelta(days=1)


def transitions(
    incidents: Mapping[str, Incident],
    observations: Sequence[Observation],
    now: datetime,
    run_id: str,
) -> list[Transition]:
    """What happened since the last run; nothing where nothing changed.

    `incidents` is what the log says, by id; `observations` is all that is wrong now. What was
    wrong and no longer is, is verified.
    """
    write = _Writer(now, run_id)
    made: list[Transition] = []
    seen: dict[str, Observation] = {}
    for observed in sorted(observations, key=_order):
        known = _match(observed, incidents.values(), seen, now)
        if known is not None:
            seen[known.incident_id] = observed
            made += write.seen_again(known, observed)
        elif observed.accepted is None:  # what was accepted before anybody was told is no news
            incident_id = _new_id(observed.facts, {*incidents, *seen})
            seen[incident_id] = observed
            made += write.seen_first(incident_id, observed)
    explained = {key: incident_id for incident_id, each in seen.items() for key in each.explained}
    for incident in incidents.values():
        if incident.incident_id not in seen and incident.merged_into is None:
            made += write.gone(incident, explained.get(incident.facts.key))
    return made


@dataclass(frozen=True)
class _Writer:
    now: datetime
    run_id: str

    def seen_first(self, incident_id: str, observed: Observation) -> Iterator[Transition]:
        """A cause nobody knew; it may be over already."""
        yield Transition(incident_id, "opened", self.now, run_id=self.run_id, facts=observed.facts)
        if observed.ended_at is not None:
            yield self._verified(incident_id, observed.ended_at)

    def seen_again(self, known: Incident, observed: Observation) -> Iterator[Transition]:
        """A known cause goes on, comes back, or is over by the data."""
        # when it was first seen never moves
        facts = replace(observed.facts, detected_at=known.detected_at)
        event = Transition(known.incident_id, "updated", self.now, run_id=self.run_id, facts=facts)
        is_over = observed.ended_at is not None
        if (decision := observed.accepted) is not None:
            if known.status != "verified" and not known.is_accepted:
                yield replace(event, kind="accepted", by=decision.by, why=decision.why)
        elif known.merged_into is not None or known.status == "verified":
            if not is_over:
                yield replace(event, kind="reopened", why="it is there again")
        elif observed.ended_at is not None:
            if not _flaps(known, self.now):
                yield self._verified(known.incident_id, observed.ended_at, facts)
        elif known.status == "resolved" and _is_still_bad(known, observed):
            yield replace(event, kind="reopened", why="the data are still bad")
        elif rank(facts.severity) < rank(known.facts.severity):
            yield replace(event, kind="escalated", why=f"{facts.severity} by now")
        elif facts != known.facts:
            yield event

    def gone(self, incident: Incident, explained_by: str | None) -> Iterator[Transition]:
        """A cause that no longer shows: another explains it, or the data say it is mended."""
        if incident.status == "verified":
            return
        if explained_by is not None:
            yield Transition(
                *(incident.incident_id, "merged", self.now),
                run_id=self.run_id,
                to=explained_by,
                why=f"explained by {explained_by}",
            )
        elif not _flaps(incident, self.now):
            yield self._verified(incident.incident_id, self.now)

    def _verified(
        self, incident_id: str, fixed_at: datetime, facts: Facts | None = None
    ) -> Transition:
        return Transition(
            *(incident_id, "verified", self.now),
            run_id=self.run_id,
            facts=facts,
            fixed_at=fixed_at,
            why="the data are good again",
        )


def _is_still_bad(known: Incident, observed: Observation) -> bool:
    """Whether what was seen since it was said to be mended is bad.

    A judgement made since then tells of a file. Of a change only more bad data tell, and not those
    of the very day of the mending, whose first hours were bad before it.
    """
    if known.resolved_at is None:
        return False
    if observed.facts.is_arrival:
        return observed.seen_at > known.resolved_at
    before, until = known.bad_until_when_resolved, observed.facts.bad_until
    if before is None or until is None:
        return True
    holds_the_mending = known.resolved_at <= until < known.resolved_at + timedelta(days=1)
    return until > before and not holds_the_mending


def _flaps(incident: Incident, now: datetime) -> bool:
    times = incident.reopened_at
    return len(times) >= FLAPS_AFTER and now - times[-1] < STEADY_FOR


def _match(
    observed: Observation,
    incidents: Collection[Incident],
    taken: Collection[str],
    now: datetime,
) -> Incident | None:
    """The known incident that this is, if any: the same cause and place, and the same spell."""
    facts = observed.facts
    same = [
        each
        for each in incidents
        if each.facts.key == facts.key
        and each.incident_id not in taken
        and (_recurs(each, now) if facts.is_arrival else _touches(each.facts, facts))
    ]
    # what is not verified comes first, then what was opened last
    return max(same, key=lambda each: (each.status != "verified", each.opened_at), default=None)


def _recurs(incident: Incident, now: datetime) -> bool:
    return incident.verified_at is None or now - incident.verified_at <= RECURS_WITHIN


def _touches(one: Facts, other: Facts) -> bool:
    return all(
        first.first_bad_at is None
        or second.bad_until is None
        or first.first_bad_at <= second.bad_until + SAME_EPISODE
        for first, second in ((one, other), (other, one))
    )


def _new_id(facts: Facts, known: Collection[str]) -> str:
    """12 hex digits of cause, source, segment, event and first bad date; the same everywhere."""
    first_bad = facts.first_bad_at.date().isoformat() if facts.first_bad_at else ""
    for attempt in range(len(known) + 1):
        about = json.dumps([*facts.key, first_bad, *([attempt] if attempt else [])])
        incident_id = hashlib.sha256(about.encode()).hexdigest()[:12]
        if incident_id not in known:
            return incident_id
    raise AssertionError("one of n + 1 ids is none of n")


def _order(observed: Observation) -> tuple[str, str, str]:
    facts = observed.facts
    first_bad = facts.first_bad_at.isoformat() if facts.first_bad_at else ""
    return (facts.cause, facts.source or "", first_bad)
