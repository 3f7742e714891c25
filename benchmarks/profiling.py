"""Rows that DuckDB reads and writes, by who asked for them, from its own profile of each statement.

Three figures. `scanned`: rows of the vectors that table scans went through, after whole row groups
were left out by their minimum and maximum (DuckDB's `operator_rows_scanned`). `taken`: rows that
these scans handed on, after the filters that DuckDB pushed into them. `written`: rows put into a
table that stays; rows of temporary tables are not counted. A query whose answer is not read to its
end leaves no profile: a few single-row counts of the plan are missing for that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
from dbt.adapters.duckdb.environments.local import DuckDBCursorWrapper

# dbt signs each statement with the model it belongs to.
_SIGNED = re.compile(r'"node_id": "model\.\w+\.(\w+)"')
_TEMPORARY = re.compile(r"create\s+(or\s+replace\s+)?temp(orary)?\s+table", re.IGNORECASE)
_WRITERS = ("INSERT", "BATCH_INSERT", "CREATE_TABLE_AS", "BATCH_CREATE_TABLE_AS", "UPDATE")


@dataclass(frozen=True)
class Rows:
    """Rows read and written by one or more statements."""

    scanned: int = 0
    taken: int = 0
    written: int = 0

    def __add__(self, other: Rows) -> Rows:
        return Rows(
            self.scanned + other.scanned, self.taken + other.taken, self.written + other.written
        )


def rows_of(profile: Mapping[str, Any], statement: str) -> Rows:
    """The rows of one profiled statement."""
    scanned = taken = written = 0
    lasts = _TEMPORARY.search(statement) is None
    for operator in _operators(profile):
        if operator["operator_type"] == "TABLE_SCAN" and _is_data(operator):
            scanned += operator["operator_rows_scanned"]
            taken += operator["operator_cardinality"]
        if operator["operator_type"] in _WRITERS and lasts:
            written += sum(_handed_on(child) for child in operator["children"])
    return Rows(scanned, taken, written)


def _handed_on(operator: Mapping[str, Any]) -> int:
    """Rows an operator gave; of a CTE, those of the query that it stands before, its last child."""
    if operator["operator_type"] == "CTE":
        return _handed_on(operator["children"][-1])
    return int(operator["operator_cardinality"])


def _operators(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for child in node["children"]:
        yield child
        yield from _operators(child)


def _is_data(operator: Mapping[str, Any]) -> bool:
    """A table or a Parquet file, not a function such as `duckdb_tables()`."""
    return "Table" in operator["extra_info"] or "PARQUET" in operator["operator_name"].upper()


class Recorder:
    """Runs statements one by one and keeps the rows of each under its owner's name."""

    def __init__(self, scratch: Path) -> None:
        self.rows: dict[str, Rows] = {}
        self._profile = scratch / "profile.json"
        self._last: tuple[str, str] | None = None

    def execute(self, connection: Any, sql: str, values: Any, owner: str | None) -> Any:
        """What `connection.execute` gives; a text of several statements is taken apart."""
        if owner is None:
            return connection.execute(sql) if values is None else connection.execute(sql, values)
        self.settle()
        connection.execute("pragma enable_profiling = 'json'")
        connection.execute(f"set profiling_output = '{self._profile}'")
        self.settle()
        result = connection
        for statement in duckdb.extract_statements(sql):
            self._last = (owner, statement.query)
            arguments = [] if values is None else [values]
            result = connection.execute(statement, *arguments)
            self.settle()
        return result

    def settle(self) -> None:
        """Account for the profile that lies there; a query's is written once it is read through."""
        if not self._profile.exists():
            return
        profile = json.loads(self._profile.read_text())
        self._profile.unlink()
        if self._last is not None:
            owner, statement = self._last
            self.rows[owner] = self.rows.get(owner, Rows()) + rows_of(profile, statement)

    @contextmanager
    def watching_dbt(self) -> Iterator[None]:
        """Record what dbt, run in this process, executes for its models."""
        recorder = self

        def execute(wrapper: Any, sql: str, bindings: Any = None) -> Any:
            signed = _SIGNED.search(sql)
            return recorder.execute(
                wrapper._cursor, sql, bindings, signed.group(1) if signed else None
            )

        with patch.object(DuckDBCursorWrapper, "execute", execute):
            yield
            self.settle()


class RecordedConnection:
    """A DuckDB connection whose statements are recorded under one owner's name."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, recorder: Recorder, owner: str):
        self._connection, self._recorder, self._owner = connection, recorder, owner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, sql: str, values: Any = None) -> Any:
        """As DuckDB's."""
        return self._recorder.execute(self._connection, sql, values, self._owner)
