"""What happened, as data: the ledger by source, the gates, and the file to read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.config import Migration
from orchestration.pipeline import all_landed
from orchestration.quality.decisions import read_decisions
from orchestration.quality.gate_results import read_results, to_gates_json
from orchestration.quality.incidents.log import Incident
from orchestration.quality.incidents.telling import current_incidents, to_row
from orchestration.quality.todo import things_to_do
from orchestration.warehouse import marts_file, readable_file

FIRST = 3  # incidents shown beside the ledger; `waybill incidents` lists all
FATES = ("loaded", "duplicate", "identity", "filtered", "quarantined", "erased", "pending")


@dataclass(frozen=True)
class Status:
    """The state of a migration. `ledger` is by source; `gates` as the command line prints it.

    Incidents are the most severe and newest first.
    """

    ledger: dict[str, dict[str, int]]
    gates: list[dict[str, Any]]
    warehouse: Path
    todo: list[str]
    open_incidents: list[Incident]

    @property
    def is_green(self) -> bool:
        """Every gate is green, or red and accepted."""
        return all(gate["success"] for gate in self.gates)

    def to_json(self) -> dict[str, Any]:
        """The fixed shape of `run` and `status`."""
        return {
            "ledger": self.ledger,
            "gates": self.gates,
            "warehouse": str(self.warehouse),
            "todo": self.todo,
            "incidents": {
                "open": len(self.open_incidents),
                "first": [to_row(each) for each in self.open_incidents[:FIRST]],
            },
        }


def status_of(migration: Migration) -> Status:
    """Read the state from what the last run left. Sources that were never run have zeros."""
    decisions = read_decisions(migration.decisions_dir)
    present = {
        landed.manifest.delivery_id
        for landed in all_landed(migration)
        if landed.state in ("current", "held")
    }
    results = read_results(migration.gates_dir, present)
    gates = to_gates_json(results, decisions)
    ledger = {source: dict.fromkeys(("read", *FATES), 0) for source in migration.sources}
    path = marts_file(migration)
    if path.exists():
        with duckdb.connect(path, read_only=True) as connection:
            ledger.update(_ledger(connection, set(migration.sources)))
            todo = things_to_do(connection, gates) if _has_ledger(connection) else []
    else:
        todo = []
    still_open = [each for each in current_incidents(migration) if each.is_open]
    return Status(ledger, gates, readable_file(migration).absolute(), todo, still_open)


def _ledger(connection: duckdb.DuckDBPyConnection, sources: set[str]) -> dict[str, dict[str, int]]:
    if not _has_ledger(connection):
        return {}
    columns = ", ".join(f'sum("{column}")::bigint' for column in ("read", *FATES))
    rows = connection.execute(
        f"select source, {columns} from quality.fct_ledger group by source"
    ).fetchall()
    return {
        row[0]: dict(zip(("read", *FATES), row[1:], strict=True))
        for row in rows
        if row[0] in sources
    }


def _has_ledger(connection: duckdb.DuckDBPyConnection) -> bool:
    row = connection.execute(
        """select count(*) from information_schema.tables
        where table_schema = 'quality' and table_name = 'fct_ledger'"""
    ).fetchone()
    return bool(row and row[0])
