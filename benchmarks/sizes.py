"""One size of export through everything that is compared, and the ratios that were promised."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks.exports import BENCH, REPO, export_of, write_migration
from benchmarks.job import Job, run_job
from benchmarks.processes import Measured, measure

DLT_PYTHON = REPO / ".venv-bench" / "bin" / "python"
LIMIT_SECONDS = 3600
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Reference:
    """The hand-written script: its process and its own seconds by step."""

    process: Measured
    steps: dict[str, float]


@dataclass(frozen=True)
class Landing:
    """Our landing alone in a process of its own: seconds of keeping the bytes and of landing."""

    process: Measured
    keep: float
    land: float

    @property
    def seconds(self) -> float:
        """From an export folder to landed Parquet, without starting Python."""
        return self.keep + self.land


@dataclass(frozen=True)
class Comparison:
    """All that was measured on one size; `differences` names answers that are not the same."""

    events: int
    job: Job
    landing: Landing
    reference: Reference
    dlt_seconds: float | None
    dlt_version: str | None
    differences: dict[str, tuple[int, int]]

    def ratios(self) -> dict[str, float]:
        """What was promised, as figures."""
        found = {
            "whole job / reference": self.job.seconds / self.reference.process.seconds,
            "whole job / reference, processor time": self.job.cpu_seconds
            / self.reference.process.cpu_seconds,
            "landing / reference's": self.landing.seconds / self.reference.steps["landing"],
            "peak memory, GiB": self.job.peak_bytes / 2**30,
        }
        if self.dlt_seconds is not None:
            found["landing speed / dlt's"] = self.dlt_seconds / self.landing.seconds
        return found


# name of a ratio: (limit, whether it is to be at least that)
PROMISED = {
    "whole job / reference": (2.5, False),
    "landing / reference's": (1.5, False),
    "peak memory, GiB": (8.0, False),
    "landing speed / dlt's": (20.0, True),
}


def compare(events: int, *, with_dlt: bool, tell: Tell) -> Comparison:
    """Measure one size, one after the other, so that nothing of ours disturbs the rest.

    Raises ProcessFailed when one of them does not end well.
    """
    export, work = export_of(events), BENCH / f"{events}"
    tell(f"{events:,} events: the export")
    files = export.files()
    tell(f"{events:,} events: the reference")
    out = work / "reference"
    process = measure(
        [sys.executable, "-m", "benchmarks.reference", export.folder, out],
        REPO,
        limit_seconds=LIMIT_SECONDS,
    )
    answer = process.answer()
    reference = Reference(process, answer["seconds"])
    shutil.rmtree(out)
    landing = _land(work / "landing", files, events, tell)
    tell(f"{events:,} events: the whole job")
    config = write_migration(work / "job", files)
    job = run_job(config, limit_seconds=LIMIT_SECONDS)
    ours = _counts(work / "job" / "home" / "warehouse" / "snapshot.duckdb")
    differences = {
        name: (ours[name], count) for name, count in answer["counts"].items() if count != ours[name]
    }
    dlt = _land_with_dlt(export.folder, work / "dlt", events, tell) if with_dlt else None
    return Comparison(
        events,
        job,
        landing,
        reference,
        dlt[0] if dlt else None,
        dlt[1] if dlt else None,
        differences,
    )


def _land(folder: Path, files: list[Path], events: int, tell: Tell) -> Landing:
    tell(f"{events:,} events: our landing alone")
    config = write_migration(folder, files)
    process = measure(
        [sys.executable, "-m", "benchmarks.landing", config], REPO, limit_seconds=LIMIT_SECONDS
    )
    answer = process.answer()
    shutil.rmtree(folder)
    return Landing(process, answer["keep"], answer["land"])


def _land_with_dlt(export: Path, out: Path, events: int, tell: Tell) -> tuple[float, str]:
    tell(f"{events:,} events: dlt's landing")
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    script = Path(__file__).with_name("dlt_landing.py")
    process = measure([DLT_PYTHON, script, export, out], REPO, limit_seconds=LIMIT_SECONDS)
    answer = process.answer()
    if answer["rows"] != events:
        raise ValueError(f"dlt landed {answer['rows']:,} of {events:,} rows")
    shutil.rmtree(out)
    return answer["seconds"], answer["version"]


def _counts(warehouse: Path) -> dict[str, int]:
    """The same counts as the reference's, from our marts."""
    with duckdb.connect(warehouse, read_only=True) as connection:
        row = connection.execute(
            """select (select count(*) from marts.fct_events),
                (select count(distinct person_id) from marts.fct_events),
                (select count(*) from marts.fct_sessions),
                (select sum(persons) from marts.fct_micro_conversion_daily
                 where platform = '(all)' and source = '(all)')"""
        ).fetchone()
    assert row is not None  # an aggregate gives a row
    names = ("events", "persons", "sessions", "daily_persons")
    return dict(zip(names, map(int, row), strict=True))
