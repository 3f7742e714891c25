"""What every gate of every run found: one Parquet file a day, from which the table is made.

Layout: `<gates>/history/<day of judgement, UTC>.parquet`, a row a run, rule and partition (source,
delivery or all). Only what a run judged is added, so a run without news adds the marts gate's rules
alone. Judging the same again in the same run replaces its rows.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from expectations.rules import RuleResult
from orchestration.sql import literal
from orchestration.whole_files import replacing

KEPT_DAYS = 400

# A row of quality.fct_gate_results without what follows from the present: is_latest, acceptance.
HISTORY = pa.schema(
    [
        *(
            (name, pa.string())
            for name in ("run_id", "judged_at", "stage", "source", "delivery_id", "rule")
        ),
        ("success", pa.bool_()),
        *((name, pa.string()) for name in ("severity", "dimension", "status", "observed")),
        ("records", pa.int64()),
        *((name, pa.string()) for name in ("next_step", "runbook")),
    ]
)


def history_files(gates_dir: Path) -> list[Path]:
    """The days on file, oldest first."""
    return sorted(
        path for path in (gates_dir / "history").glob("*.parquet") if not path.name.startswith(".")
    )


def keep_history(
    gates_dir: Path, run_id: str, judged_at: datetime, results: Sequence[RuleResult]
) -> Path:
    """Add one gate's results to the file of their day; returns it.

    `judged_at` is UTC. Days more than `KEPT_DAYS` before it are removed. Gates of several processes
    may write at once: each day is replaced by one rename, one process at a time.
    """
    folder = gates_dir / "history"
    folder.mkdir(parents=True, exist_ok=True)
    day = judged_at.astimezone(UTC).date()
    path = folder / f"{day.isoformat()}.parquet"
    rows = pa.Table.from_pylist(
        [
            {"run_id": run_id, "judged_at": judged_at.isoformat(), "runbook": result.runbook}
            | result.to_json()
            for result in results
        ],
        schema=HISTORY,
    )
    with _one_writer(folder):
        with replacing(path) as partial:
            _write(rows, path, partial)
        _forget_before(folder, day - timedelta(days=KEPT_DAYS))
    return path


def _write(rows: pa.Table, path: Path, partial: Path) -> None:
    """The day as it was, less what these rows replace, and these rows."""
    earlier = ""
    if path.exists():
        earlier = f"""
            select * from read_parquet({literal(str(path))}) as earlier
            where not exists (
                from added where added.run_id = earlier.run_id
                    and added.stage = earlier.stage and added.rule = earlier.rule
                    and added.source is not distinct from earlier.source
                    and added.delivery_id is not distinct from earlier.delivery_id)
            union all by name"""
    with duckdb.connect() as connection:
        connection.register("added", rows)
        connection.execute(
            f"""copy ({earlier} select * from added)
            to {literal(str(partial))} (format parquet, compression zstd)"""
        )


def _forget_before(folder: Path, first: date) -> None:
    for path in folder.glob("*.parquet"):
        if path.stem < first.isoformat():
            path.unlink()


@contextmanager
def _one_writer(folder: Path) -> Iterator[None]:
    with (folder / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # dies with its process
        yield
