"""What one new day costs after a short and after a long history.

A feed of daily deliveries in which 2 % of a day's persons show their first user id, so that their
anonymous events of up to 30 days back change hands. After each history one day is added, twice:
once by `waybill run`, for its wall time, and once on a copy, with every statement profiled.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from benchmarks.exports import BENCH, REPO, Export, deliver, write_migration
from benchmarks.job import Job, run_job
from benchmarks.processes import measure
from benchmarks.profiling import Rows

HISTORIES = "10,100"
EVENTS_A_DAY = 20_000
PERSONS = 5_000
START = date(2024, 12, 1)  # Mixpanel's events count until the taxonomy's switch in April
LIMIT = 1.3
Tell = Callable[[str], None]


@dataclass(frozen=True)
class NewDay:
    """A day added to `history` days; `idle_seconds` is what a run took that found nothing new."""

    history: int
    job: Job
    idle_seconds: float
    rows: dict[str, Rows]


def add_a_day(history: int, feed: Sequence[Path], tell: Tell) -> NewDay:
    """Build the first `history` days of a feed from nothing, then measure the next one."""
    folder = BENCH / "incremental" / f"after-{history}-days"
    copy = folder.with_name(f"{folder.name}-profiled")
    tell(f"{history} days of history: building")
    config = write_migration(folder, feed[:history])
    run_job(config)
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy)
    tell(f"{history} days of history: a run with nothing new")
    idle = measure(
        [Path(sys.executable).with_name("waybill"), "run", "--config", config, "--json"],
        cwd=REPO,
        limit_seconds=600,
    )
    tell(f"{history} days of history: a new day")
    deliver(folder, feed[history : history + 1])
    job = run_job(config)
    tell(f"{history} days of history: the same day, profiled")
    deliver(copy, feed[history : history + 1])
    profiled = measure(
        [sys.executable, "-m", "benchmarks.profiled_build", copy / config.name],
        cwd=REPO,
        limit_seconds=1800,
    )
    rows = {owner: Rows(**counts) for owner, counts in profiled.answer().items()}
    return NewDay(history, job, idle.seconds, rows)


def feed_of(events_a_day: int, histories: Sequence[int]) -> list[Path]:
    """Files of a feed that is a day longer than the longest history, one a day."""
    days = max(histories) + 1
    return Export(events_a_day * days, days, PERSONS, START).files()


def growth(before: int, after: int) -> float | None:
    """How many times as much; None where there was nothing before."""
    return after / before if before else None
