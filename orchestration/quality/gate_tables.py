"""`quality.fct_gate_results` and `quality.fct_gate_offenders`, made anew from what is on file.

Offending rows lie under `<gates>/offenders/<stage>/<time of judgement>/<rule>.parquet`, written by
the gate itself (`expectations.offenders`). Of each partition only the newest judgement's count.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from orchestration.config import Migration
from orchestration.quality.decisions import read_decisions
from orchestration.quality.gate_history import HISTORY, history_files
from orchestration.quality.gate_results import Judgement, read_judgements, to_rows
from orchestration.sql import literal
from orchestration.warehouse import open_work

LATEST = pa.schema(
    [*HISTORY, *((name, pa.string()) for name in ("accepted_by", "accepted_why", "accepted_at"))]
)
PARTITION = pa.schema(
    [(name, pa.string()) for name in ("run_id", "judged_at", "stage", "source", "delivery_id")]
)
ACCEPTED = "accepted_by, accepted_why, accepted_at"
_SAME = """latest.run_id = earlier.run_id and latest.stage = earlier.stage
    and latest.rule = earlier.rule and latest.source is not distinct from earlier.source
    and latest.delivery_id is not distinct from earlier.delivery_id"""


def offenders_folder(gates_dir: Path, stage: str, judged_at: datetime) -> Path:
    """Where the offending rows of one judgement are written; no such folder where all is well."""
    return gates_dir / "offenders" / stage / _folder_name(judged_at.isoformat())


def write_gate_results(migration: Migration) -> None:
    """Replace both tables in the working marts: every run's results, and the latest offenders.

    Raises CannotFinish, naming the file, when a judgement cannot be read.
    """
    judgements = read_judgements(migration.gates_dir)
    latest = pa.Table.from_pylist(
        to_rows(judgements, read_decisions(migration.decisions_dir)), schema=LATEST
    )
    with open_work(migration) as connection:
        connection.execute("create schema if not exists warehouse.quality")
        _write_results(connection, latest, history_files(migration.gates_dir))
        _write_offenders(connection, judgements, migration.gates_dir)
    _forget_offenders(migration.gates_dir, judgements)


def _write_results(
    connection: duckdb.DuckDBPyConnection, latest: pa.Table, history: Iterable[Path]
) -> None:
    """The newest judgements, which may be older than the history reaches, and all before them."""
    connection.register("latest", latest)
    files = ", ".join(literal(str(path)) for path in history)
    earlier = ""
    if files:
        columns = ", ".join(HISTORY.names)
        # an acceptance covers a rule of a partition, whichever run judged it
        earlier = f"""
            union all by name
            select {columns}, false as is_latest, {ACCEPTED}
            from (
                select earlier.*, now.accepted_by, now.accepted_why, now.accepted_at
                from read_parquet([{files}], union_by_name = true) as earlier
                left join latest as now on now.accepted_at is not null
                    and not earlier.success
                    and now.rule = earlier.rule and now.stage = earlier.stage
                    and now.source is not distinct from earlier.source
                    and now.delivery_id is not distinct from earlier.delivery_id
                where not exists (from latest where {_SAME})
            )"""
    connection.execute(
        f"""create or replace table warehouse.quality.fct_gate_results as
        select {", ".join(HISTORY.names)}, true as is_latest, {ACCEPTED} from latest
        {earlier}"""
    )
    connection.unregister("latest")


def _write_offenders(
    connection: duckdb.DuckDBPyConnection, judgements: Iterable[Judgement], gates_dir: Path
) -> None:
    connection.execute(
        """create or replace table warehouse.quality.fct_gate_offenders (
            run_id varchar, stage varchar, rule varchar, source varchar, delivery_id varchar,
            offender varchar)"""
    )
    files = sorted((gates_dir / "offenders").glob("*/*/*.parquet"))
    if not files:
        return
    partitions = [
        {name: getattr(judgement, name) for name in PARTITION.names} for judgement in judgements
    ]
    connection.register("partitions", pa.Table.from_pylist(partitions, schema=PARTITION))
    listed = ", ".join(literal(str(path)) for path in files)
    connection.execute("set preserve_insertion_order = false")  # nothing is held back in memory
    connection.execute(
        f"""insert into warehouse.quality.fct_gate_offenders
        select partitions.run_id, partitions.stage, found.rule, found.source, found.delivery_id,
            found.offender
        from read_parquet([{listed}], filename = true) as found
        join partitions
            on split_part(found.filename, '/', -3) = partitions.stage
            and split_part(found.filename, '/', -2) = replace(partitions.judged_at, ':', '')
            and found.source is not distinct from partitions.source
            and found.delivery_id is not distinct from partitions.delivery_id"""
    )
    connection.unregister("partitions")


def _forget_offenders(gates_dir: Path, judgements: Iterable[Judgement]) -> None:
    """Remove what no newest judgement refers to."""
    kept = {(judgement.stage, _folder_name(judgement.judged_at)) for judgement in judgements}
    for folder in (gates_dir / "offenders").glob("*/*"):
        if (folder.parent.name, folder.name) not in kept:
            shutil.rmtree(folder)


def _folder_name(judged_at: str) -> str:
    return judged_at.replace(":", "")
