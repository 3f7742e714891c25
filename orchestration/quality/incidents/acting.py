"""What people do about incidents: found by the beginning of their id, put on the record."""

from __future__ import annotations

from typing import Literal

from orchestration.config import Migration
from orchestration.errors import ConfigurationError
from orchestration.quality.decisions import Decision, record
from orchestration.quality.incidents.log import Incident, Transition, history
from orchestration.quality.incidents.telling import current_incidents
from orchestration.yaml_models import nearest

Act = Literal["acknowledge", "assign", "resolve", "note"]


def incident_named(migration: Migration, prefix: str) -> Incident:
    """The incident whose id begins so.

    Raises ConfigurationError where there is none, with the nearest id, or where there are several.
    """
    known = current_incidents(migration)
    found = [each for each in known if prefix and each.incident_id.startswith(prefix.lower())]
    if len(found) == 1:
        return found[0]
    if found:
        told = ", ".join(f"{each.incident_id} ({each.facts.title})" for each in found[:5])
        raise ConfigurationError(f"'{prefix}' begins the ids of {len(found)} incidents: {told}")
    ids = {each.incident_id: each.facts.title for each in known}
    near = nearest(prefix, ids)
    hint = f"did you mean {near} ({ids[near]})?" if near else "`waybill incidents` lists them"
    raise ConfigurationError(f"no incident has an id that begins with '{prefix}'; {hint}")


def log_of(migration: Migration, incident: Incident) -> list[Transition]:
    """Everything that happened to an incident, in order."""
    return [each for each in history(migration) if each.incident_id == incident.incident_id]


def act(
    migration: Migration,
    kind: Act,
    incident: Incident,
    *,
    by: str,
    why: str,
    to: str | None = None,
) -> Decision:
    """Put on the record what somebody does about an incident.

    Raises ConfigurationError where it is verified, unless it is a note, or where a word is missing.
    """
    if incident.status == "verified" and kind != "note":
        raise ConfigurationError(
            f"incident {incident.incident_id} is verified: the data are good again; "
            "add a note to it, or wait until it is reopened"
        )
    return record(
        migration.decisions_dir,
        kind=kind,
        rule=incident.facts.cause,
        source=incident.facts.source,
        by=by,
        why=why,
        incident_id=incident.incident_id,
        to=to,
    )
