"""Running a case: a copy of a healthy home, the faulted days as new deliveries, and what is told.

The first bad day comes in a run of its own, the six days after it in one backfill.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.scorecard.alarms import read_alarms
from benchmarks.scorecard.faults import FAULTS, Fault, Size
from benchmarks.scorecard.settings import CONFIG, write_settings
from benchmarks.scorecard.sources import ALL_SOURCES, rows_of
from benchmarks.scorecard.vendors import Files, files_of
from benchmarks.scorecard.world import FAULT_DAYS, FIRST_BAD_DAY, World

DAILY_RUNS = 2
"""Days of the history that come one by one: what is late is known by what came in time."""
PARSED = Path("home", "dbt", "target", "partial_parse.msgpack")


@dataclass(frozen=True)
class Case:
    """A fault in one size, on the product of one seed.

    `at_once` brings all days in one backfill: half the time, and less to learn from.
    """

    fault: str
    size: Size
    seed: int
    at_once: bool = False

    @property
    def name(self) -> str:
        """As results are kept under."""
        return f"{self.fault}/{self.size}/{self.seed}" + ("/at_once" if self.at_once else "")


def build_base(folder: Path, world: World) -> dict[str, Any]:
    """A healthy home: the history by one backfill, its last days each by a run of their own.

    Returns what is told of it. Made beside `folder` and renamed when whole. Raises CannotFinish
    when a run could not finish.
    """
    draft = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(draft, ignore_errors=True)
    write_settings(draft, world)
    backfill, daily = world.days[:-DAILY_RUNS], world.days[-DAILY_RUNS:]
    _deliver(draft, world, backfill)
    # the run must see the folder under the name it will have: what it writes may hold paths
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)
    try:
        told = _run(folder, backfill[-1], evidence=True)
        for day in daily:
            _deliver(folder, world, [day])
            told = _run(folder, day)
        return told
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _deliver(folder: Path, world: World, days: Sequence[date]) -> None:
    for day in days:
        for source in ALL_SOURCES:
            place(folder, source, files_of(source, rows_of(world, source, day), day))


def run_case(base: Path, world: World, case: Case) -> dict[str, Any]:
    """What is told after each of the two runs of a case, on a copy of `base`."""
    began = time.monotonic()
    fault = FAULTS[case.fault]
    with _bench(base.parent) as bench, _copied(base, bench) as folder:
        after = fault.world(world) if fault.world else world
        write_settings(folder, after, fault.settings or {})
        runs = []
        for days in batches(fault, at_once=case.at_once):
            for source, files in deliveries(fault, case.size, after, days):
                place(folder, source, files)
            runs.append(_run(folder, days[-1]))
    return {
        "case": case.name,
        "fault": case.fault,
        "size": case.size,
        "seed": case.seed,
        "runs": runs,
        "seconds": round(time.monotonic() - began, 1),
    }


@contextmanager
def _bench(folder: Path) -> Iterator[Path]:
    """One of a few places for cases, free or new: a path that was used before is known to dbt."""
    for number in itertools.count():
        place = folder / f"bench-{number}"
        place.mkdir(exist_ok=True)
        with (place / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield place
            return


@contextmanager
def _copied(base: Path, bench: Path) -> Iterator[Path]:
    """A copy of the healthy home, with what dbt parsed at this place before.

    dbt parses the project anew for every path of a home: a third of a case.
    """
    folder, kept = bench / "lab", bench / PARSED.name
    if folder.exists():  # of a case that was killed
        shutil.rmtree(folder)
    subprocess.run(["cp", "-a", "--reflink=auto", base, folder], check=True)
    if kept.exists():
        shutil.copy2(kept, folder / PARSED)
    yield folder
    shutil.copy2(folder / PARSED, kept)
    shutil.rmtree(folder)


def batches(fault: Fault, *, at_once: bool = False) -> list[list[date]]:
    """The days that come together: the first bad day, then the rest.

    What is wrong with the first day's files is told in their own run or never, so it needs no more.
    What comes late is not late where all days come at once.
    """
    days = [FIRST_BAD_DAY + timedelta(days=number) for number in range(FAULT_DAYS)]
    if fault.family == "structural" and fault.days == 1 and not fault.late_days:
        return [days[:1]]
    return [days] if at_once and not fault.late_days else [days[:1], days[1:]]


def deliveries(
    fault: Fault, size: Size, world: World, days: Sequence[date]
) -> Iterator[tuple[str, Files]]:
    """What each source delivers on these days; a late file comes when it comes."""
    for source in ALL_SOURCES:
        for day in days:
            due = day - timedelta(days=fault.late_days)
            if fault.late_days and source in fault.sources:
                if day == FIRST_BAD_DAY:
                    continue
                if due == FIRST_BAD_DAY:
                    yield source, faulted(fault, size, world, source, due)
            yield source, faulted(fault, size, world, source, day)


def faulted(fault: Fault, size: Size, world: World, source: str, day: date) -> Files:
    """A source's files of a day, as the fault leaves them."""
    rows = rows_of(world, source, day)
    if not fault.is_on(source, day):
        return files_of(source, rows, day)
    moment = fault.moment(world, source, day, size)
    if fault.rows:
        rows = fault.rows(rows, moment)
    # a source that has nothing to tell writes no file
    files = files_of(source, rows, day) if len(rows) else {}
    return fault.files(files, rows, moment) if fault.files else files


def place(folder: Path, source: str, files: Files) -> None:
    """Write files where the source delivers."""
    for name, data in files.items():
        path = folder / "exports" / source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _run(folder: Path, last_day: date, *, evidence: bool = False) -> dict[str, Any]:
    """Run the migration in a folder; what it tells, as the JSON of alarms."""
    from orchestration.config import load_migration
    from orchestration.defs.runs import run_migration
    from orchestration.errors import CannotFinish
    from orchestration.evidence.schemas import MARTS
    from orchestration.migration.waves import bring_into_scope
    from orchestration.warehouse import marts_file, writing

    began = time.monotonic()
    migration = load_migration(folder / CONFIG)
    os.environ["DAGSTER_HOME"] = str(migration.dagster_dir)
    failure = None
    bring_into_scope(migration, None)
    # marts of evidence judge no delivery and take a tenth of a run: a case keeps those of its base
    skip = patch("orchestration.evidence.writing.write_evidence", lambda _: dict.fromkeys(MARTS, 0))
    with writing(migration), nullcontext() if evidence else skip:
        try:
            run_migration(migration)
        except CannotFinish as error:  # what a fault must not do; it is told in the scorecard
            failure = str(error)
    return {
        "until": (datetime(*last_day.timetuple()[:3]) + timedelta(days=1)).isoformat(),
        "failure": failure,
        "alarms": [alarm.to_json() for alarm in read_alarms(marts_file(migration))],
        "seconds": round(time.monotonic() - began, 1),
    }
