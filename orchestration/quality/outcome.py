"""How the last build ended, kept so that what follows a run need not ask who ran it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from orchestration.config import Migration
from orchestration.errors import CannotFinish
from orchestration.whole_files import write_whole


@dataclass(frozen=True)
class Outcome:
    """The end of a build: `failed_step` and `message` are null unless a step broke.

    A red gate is no failure. `at` is ISO 8601, UTC.
    """

    run_id: str
    at: str
    failed_step: str | None = None
    message: str | None = None


def keep_outcome(
    migration: Migration, run_id: str, failed_step: str | None = None, message: str | None = None
) -> Outcome:
    """Replace what is kept of the last build."""
    outcome = Outcome(run_id, datetime.now(UTC).isoformat(), failed_step, message)
    write_whole(_file(migration), json.dumps(asdict(outcome), ensure_ascii=False))
    return outcome


def last_outcome(migration: Migration) -> Outcome | None:
    """How the last concluded build ended; None before any. Raises CannotFinish on a broken file."""
    path = _file(migration)
    if not path.exists():
        return None
    try:
        return Outcome(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise CannotFinish(
            f"{path} does not say how a build ended ({error}); remove it and run again"
        ) from error


def _file(migration: Migration) -> Path:
    return migration.home / "quality" / "outcome.json"
