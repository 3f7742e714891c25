"""The outbox and the delivery log: an alert is on the disk before it is sent, and until it is.

`<home>/alerts/outbox.jsonl` holds every message, `<home>/alerts/deliveries.jsonl` every attempt
with its answer. What waits is what the second does not say is delivered. A process killed between
sending and noting it sends again: at least once, each message with a key that tells copies.
"""

from __future__ import annotations

import fcntl
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from orchestration.config import Migration
from orchestration.errors import ConfigurationError
from orchestration.quality import json_lines

FIRST_WAIT = timedelta(minutes=5)
LONGEST_WAIT = timedelta(hours=6)


@dataclass(frozen=True)
class Message:
    """One message of one route. `refs` are the transitions it tells of; `at` is ISO 8601, UTC.

    `key` is a hash of route and refs: the same message always has the same.
    """

    key: str
    route: str
    at: str
    severity: str
    title: str
    body: str
    refs: tuple[str, ...]
    incident_ids: tuple[str, ...]
    run_id: str | None = None


@dataclass(frozen=True)
class Attempt:
    """One attempt to deliver a message, and how the channel answered. `at` is ISO 8601, UTC."""

    key: str
    route: str
    at: str
    delivered: bool
    answer: str


@dataclass(frozen=True)
class Mail:
    """All messages and attempts, in order."""

    messages: tuple[Message, ...] = ()
    attempts: tuple[Attempt, ...] = ()

    def refs_of(self, route: str) -> frozenset[str]:
        """What a route was told of, or is about to be."""
        return frozenset(r for each in self.messages if each.route == route for r in each.refs)

    def last_of(self, route: str) -> datetime | None:
        """When a route's last message was made."""
        times = [each.at for each in self.messages if each.route == route]
        return datetime.fromisoformat(max(times)) if times else None

    def waiting(self) -> list[Message]:
        """What is not delivered yet, oldest first."""
        done = {(each.key, each.route) for each in self.attempts if each.delivered}
        return [each for each in self.messages if (each.key, each.route) not in done]

    def rests_until(self, route: str) -> datetime | None:
        """Until when a route that failed is left alone; None where its last attempt went well.

        The wait doubles with each failure in a row, from 5 minutes to 6 hours.
        """
        failures = 0
        attempts = [each for each in self.attempts if each.route == route]
        for each in reversed(attempts):
            if each.delivered:
                break
            failures += 1
        if not failures:
            return None
        doublings = min(failures - 1, 16)
        wait = min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)
        return datetime.fromisoformat(attempts[-1].at) + wait


def read_mail(migration: Migration) -> Mail:
    """Everything on file. Raises ConfigurationError, with file and line, on a broken line."""
    return Mail(
        tuple(
            Message(
                **{**fields, "refs": tuple(fields["refs"])}
                | {"incident_ids": tuple(fields["incident_ids"])}
            )
            for fields in _rows(_folder(migration) / "outbox.jsonl", Message)
        ),
        tuple(Attempt(**f) for f in _rows(_folder(migration) / "deliveries.jsonl", Attempt)),
    )


def put(migration: Migration, messages: Sequence[Message]) -> None:
    """Put messages into the outbox, all or none; they are on the disk when this returns."""
    json_lines.append(_folder(migration) / "outbox.jsonl", map(asdict, messages))


def note(migration: Migration, attempt: Attempt) -> None:
    """Put an attempt on the record."""
    json_lines.append(_folder(migration) / "deliveries.jsonl", [asdict(attempt)])


@contextmanager
def sole_sender(migration: Migration) -> Iterator[None]:
    """Be the only one who queues and sends; waits for another, and the lock dies with its holder.

    Without it a run and a sensor could send the same message at the same moment.
    """
    folder = _folder(migration)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def delivery_rows(mail: Mail) -> list[dict[str, Any]]:
    """The rows of `quality.fct_alert_deliveries`."""
    tries: dict[tuple[str, str], list[Attempt]] = defaultdict(list)
    for attempt in mail.attempts:
        tries[attempt.key, attempt.route].append(attempt)
    return [_row(each, tries[each.key, each.route]) for each in mail.messages]


def _row(message: Message, attempts: Sequence[Attempt]) -> dict[str, Any]:
    last = attempts[-1] if attempts else None
    delivered = next((each for each in attempts if each.delivered), None)
    return {
        "message_key": message.key,
        "route": message.route,
        "queued_at": _moment(message.at),
        "run_id": message.run_id,
        "severity": message.severity,
        "title": message.title,
        "incident_ids": list(message.incident_ids),
        "attempts": len(attempts),
        "last_attempt_at": _moment(last.at) if last else None,
        "delivered_at": _moment(delivered.at) if delivered else None,
        "answer": last.answer if last else None,
    }


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=None)


def _rows(path: Path, kind: type) -> Iterable[Mapping[str, Any]]:
    for where, line in json_lines.read(path):
        try:
            fields = json.loads(line)
            wrong = kind.__dataclass_fields__.keys() ^ fields.keys()  # type: ignore[attr-defined]
        except (ValueError, AttributeError) as error:
            raise ConfigurationError(
                f"{where}: not JSON ({error}); mend or remove the line"
            ) from error
        if wrong:
            raise ConfigurationError(
                f"{where}: fields missing or unknown: {', '.join(sorted(wrong))}; "
                "mend or remove the line"
            )
        yield fields


def _folder(migration: Migration) -> Path:
    return migration.home / "alerts"
