"""Decisions of people, on the record: append-only JSON lines in `decisions.jsonl`.

Tables and gates derive from the lines; see `json_lines` for how they are kept.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from expectations.rules import RuleResult
from orchestration.errors import ConfigurationError
from orchestration.quality import json_lines

FILE_NAME = "decisions.jsonl"
ABOUT_INCIDENTS = frozenset({"acknowledge", "assign", "resolve", "note"})
KINDS = frozenset({"accept"}) | ABOUT_INCIDENTS


@dataclass(frozen=True)
class Decision:
    """One decision: `by` whom, `why`, and `at` what time (ISO 8601, UTC).

    `accept` covers one `rule` for one delivery; for a rule that is not judged by delivery, for one
    source, or for all (both null). The other kinds are about the incident `incident_id`, whose
    cause stands under `rule`; `assign` names the new owner under `to`.
    """

    kind: str
    rule: str
    delivery_id: str | None
    source: str | None
    by: str
    why: str
    at: str
    incident_id: str | None = None
    to: str | None = None


AcceptedKey = tuple[str, str | None, str | None]


@dataclass(frozen=True)
class Accepted:
    """Looks up whether a result was accepted; the latest acceptance of the same thing counts."""

    by_key: Mapping[AcceptedKey, Decision]

    def of(self, result: RuleResult) -> Decision | None:
        """The acceptance that covers exactly this rule of this delivery (or source), if any."""
        return self.by_key.get(_key(result.rule, result.delivery_id, result.source))


def _key(rule: str, delivery_id: str | None, source: str | None) -> AcceptedKey:
    # A delivery belongs to one source, so an acceptance that names it need not name the source.
    return (rule, delivery_id, None if delivery_id else source)


def accepted(decisions: Iterable[Decision]) -> Accepted:
    """The lookup of what is accepted."""
    return Accepted(
        {
            _key(decision.rule, decision.delivery_id, decision.source): decision
            for decision in decisions
            if decision.kind == "accept"
        }
    )


def record(
    decisions_dir: Path,
    *,
    kind: str,
    rule: str,
    by: str,
    why: str,
    delivery_id: str | None = None,
    source: str | None = None,
    at: datetime | None = None,
    incident_id: str | None = None,
    to: str | None = None,
) -> Decision:
    """Append a decision; it is on the disk when this returns.

    `at` must know its time zone and is now by default. Raises ConfigurationError when the kind is
    unknown, `by` or `why` says nothing, one about an incident does not name it, or an assignment
    names nobody.
    """
    if kind not in KINDS:
        raise ConfigurationError(f"unknown decision {kind!r}; known are {', '.join(sorted(KINDS))}")
    for name, text in (("rule", rule), ("by", by), ("why", why)):
        if not text.strip():
            raise ConfigurationError(f"a decision needs {name!r}: it is kept on the record")
    if (kind in ABOUT_INCIDENTS) != (incident_id is not None):
        raise ConfigurationError(f"{kind!r} is about an incident; name it, and only then")
    if (kind == "assign") != bool(to and to.strip()):
        raise ConfigurationError("'assign' names the new owner, and nothing else does")
    moment = at or datetime.now(UTC)
    if moment.tzinfo is None:
        raise ConfigurationError(f"the time of a decision needs a time zone: {moment}")
    decision = Decision(
        *(kind, rule, delivery_id, source, by, why, moment.astimezone(UTC).isoformat()),
        *(incident_id, to),
    )
    json_lines.append(decisions_dir / FILE_NAME, [asdict(decision)])
    return decision


def read_decisions(decisions_dir: Path) -> list[Decision]:
    """Every decision, in the order it was made; none when nobody has decided anything.

    Raises ConfigurationError, with file and line, on a line that is no known decision. A
    half-written last line is reported as a warning and left out.
    """
    lines = json_lines.read(decisions_dir / FILE_NAME)
    return [_decision(line, where) for where, line in lines]


def _decision(line: bytes, where: str) -> Decision:
    try:
        decision = Decision(**json.loads(line))
    except (ValueError, TypeError) as error:
        raise ConfigurationError(
            f"{where}: not a decision ({error}); mend or remove the line"
        ) from error
    if decision.kind not in KINDS:
        raise ConfigurationError(f"{where}: unknown decision {decision.kind!r}")
    return decision
