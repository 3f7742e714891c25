"""Findings by hand, for tests of what is made of them."""

from datetime import UTC, datetime
from typing import Any

from orchestration.quality.decisions import Decision
from orchestration.quality.incidents.findings import Finding

NOW = datetime(2025, 4, 20, 12, tzinfo=UTC)
NEWEST = datetime(2025, 4, 20, tzinfo=UTC)


def day(number: int, hour: int = 0) -> datetime:
    """A moment of April 2025, UTC."""
    return datetime(2025, 4, number, hour, tzinfo=UTC)


def change(cause: str, first: int, last: int | None = None, **named: Any) -> Finding:
    """A change of source app from a day on; to `last` (its end) where it is over."""
    ended = day(last) if last is not None else None
    fields: dict[str, Any] = {
        "source": "app",
        "severity": "warning",
        "sentence": f"{cause} since {first} April.",
        "next_step": "Look.",
        "detected_at": day(first + 1),
        "seen_at": NOW,
        "runbook": cause,
        "is_arrival": False,
        "first_bad_at": day(first),
        "bad_until": ended or NEWEST,
        "ended_at": ended,
    }
    return Finding(cause, **fields | named)


def rule(name: str, delivery: str | None = None, on: int | None = None, **named: Any) -> Finding:
    """A failed rule of source app, for a delivery of one day or for the source."""
    fields: dict[str, Any] = {
        "source": "app",
        "severity": "warning",
        "sentence": f"{name} of {delivery}",
        "next_step": "Mend it.",
        "detected_at": day(on + 1) if on else NOW,
        "seen_at": NOW,
        "runbook": name,
        "first_bad_at": day(on) if on else None,
        "bad_until": day(on + 1) if on else None,
        "delivery_id": delivery,
    }
    return Finding(name, **fields | named)


def held(name: str, delivery: str, on: int, **named: Any) -> Finding:
    """A failed rule that holds a delivery back."""
    return rule(name, delivery, on, **{"severity": "critical", "holds": True} | named)


def acceptance(name: str = "file_is_whole", delivery: str = "d1") -> Decision:
    """Somebody accepts a rule of a delivery."""
    return Decision("accept", name, delivery, "app", "ada", "known", NOW.isoformat())
