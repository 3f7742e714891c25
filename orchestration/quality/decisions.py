"""Decisions of people, on the record: append-only JSON lines in `decisions.jsonl`.

A line, once written, is never changed; tables and gates derive from the lines. A line that a
killed process left half-written was never confirmed to anybody: it is reported when read, and set
aside into `decisions.jsonl.torn` by the next decision.
"""

import fcntl
import json
import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from expectations.rules import RuleResult
from orchestration.errors import ConfigurationError

logger = logging.getLogger(__name__)

FILE_NAME = "decisions.jsonl"
KINDS = frozenset({"accept"})


@dataclass(frozen=True)
class Decision:
    """One decision: `by` whom, `why`, and `at` what time (ISO 8601, UTC).

    `accept` covers one `rule` for one delivery; for a rule that is not judged by delivery, for one
    source, or for all (both null).
    """

    kind: str
    rule: str
    delivery_id: str | None
    source: str | None
    by: str
    why: str
    at: str


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
) -> Decision:
    """Append a decision; it is on the disk when this returns.

    `at` must know its time zone and is now by default. Raises ConfigurationError when the kind is
    unknown, or `by` or `why` says nothing.
    """
    if kind not in KINDS:
        raise ConfigurationError(f"unknown decision {kind!r}; known are {', '.join(sorted(KINDS))}")
    for name, text in (("rule", rule), ("by", by), ("why", why)):
        if not text.strip():
            raise ConfigurationError(f"a decision needs {name!r}: it is kept on the record")
    moment = at or datetime.now(UTC)
    if moment.tzinfo is None:
        raise ConfigurationError(f"the time of a decision needs a time zone: {moment}")
    decision = Decision(
        kind, rule, delivery_id, source, by, why, moment.astimezone(UTC).isoformat()
    )
    decisions_dir.mkdir(parents=True, exist_ok=True)
    path = decisions_dir / FILE_NAME
    with path.open("a+b") as file:
        # Two commands may decide at once; the lock dies with its process.
        fcntl.flock(file, fcntl.LOCK_EX)
        _end_last_line(file, path)
        file.write(json.dumps(asdict(decision), ensure_ascii=False).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return decision


def _end_last_line(file: BinaryIO, path: Path) -> None:
    """Leave the file ending at a line end: complete a readable last line, set a torn one aside."""
    file.seek(0)
    content = file.read()
    head, newline, tail = content.rpartition(b"\n")
    if not tail:
        return
    if _is_json(tail):
        file.write(b"\n")
        return
    with path.with_name(FILE_NAME + ".torn").open("ab") as torn:
        torn.write(tail + b"\n")
        os.fsync(torn.fileno())
    file.truncate(len(head + newline))
    logger.warning("%s ended in a half-written line, kept in %s", path, torn.name)


def read_decisions(decisions_dir: Path) -> list[Decision]:
    """Every decision, in the order it was made; none when nobody has decided anything.

    Raises ConfigurationError, with file and line, on a line that is no known decision. A
    half-written last line is reported as a warning and left out.
    """
    path = decisions_dir / FILE_NAME
    if not path.exists():
        return []
    return list(_parse(path, path.read_bytes()))


def _parse(path: Path, content: bytes) -> Iterator[Decision]:
    lines = content.split(b"\n")
    for number, line in enumerate(lines, start=1):
        last = number == len(lines)
        if last and not line:
            return
        if last and not _is_json(line):
            logger.warning("%s:%d: a half-written decision is left out", path, number)
            return
        yield _decision(line, f"{path}:{number}")


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


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True
