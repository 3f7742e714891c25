"""One read-only question to the snapshot in SQL, and the examples that come with the project."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rapidfuzz import fuzz, process

from orchestration.errors import ConfigurationError
from orchestration.yaml_models import nearest, unknown

if TYPE_CHECKING:
    import duckdb

EXAMPLES = Path(__file__).resolve().parents[2] / "dbt_project" / "analyses"
_MISSING_TABLE = re.compile(r"Table with name (\S+) does not exist")
_NEARLY_AN_EVENT = 75.0  # per cent of likeness: a slip of the finger, not another word
_MISSING_COLUMN = re.compile(r'Referenced column "([^"]+)" not found')


@dataclass(frozen=True)
class Example:
    """A query of `dbt_project/analyses`, with the question it answers (its first line)."""

    name: str
    question: str
    sql: str


@dataclass(frozen=True)
class Answer:
    """Column names and rows in their order; `is_cut` where there are more rows than asked for."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    is_cut: bool = False

    def to_json(self) -> dict[str, Any]:
        """The object `waybill query --json` prints."""
        return {
            "columns": list(self.columns),
            "rows": [dict(zip(self.columns, row, strict=True)) for row in self.rows],
            "is_cut": self.is_cut,
        }


def examples() -> list[Example]:
    """The queries that come with the project, by name."""
    found = []
    for path in sorted(EXAMPLES.glob("*.sql")):
        sql = path.read_text(encoding="utf-8")
        found.append(Example(path.stem, sql.splitlines()[0].removeprefix("-- "), sql))
    return found


def example(name: str) -> Example:
    """The example of a name. Raises ConfigurationError with the nearest right one."""
    known = {each.name: each for each in examples()}
    if name not in known:
        raise ConfigurationError(f"example: {unknown('example', name, known)}")
    return known[name]


def ask(connection: duckdb.DuckDBPyConnection, sql: str, limit: int) -> Answer:
    """The first `limit` rows of one query; the connection must be read-only.

    Files, other databases and settings are out of its reach, whatever the text says. Raises
    ConfigurationError for anything but one query, and for what the database refuses, with the
    nearest right table or column.
    """
    import duckdb

    if connection.execute("select current_setting('lock_configuration')").fetchone() == (False,):
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
    try:
        statements = connection.extract_statements(sql)
        if len(statements) != 1 or statements[0].type not in (
            duckdb.StatementType.SELECT,
            duckdb.StatementType.EXPLAIN,
        ):
            raise ConfigurationError("query: give one select; nothing else is run")
        cursor = connection.execute(statements[0])
        columns = tuple(str(column[0]) for column in cursor.description or ())
        rows = cursor.fetchmany(limit + 1)
    except duckdb.Error as error:
        raise ConfigurationError(f"query: {_told(connection, sql, str(error))}") from None
    return Answer(columns, tuple(rows[:limit]), len(rows) > limit)


def _told(connection: duckdb.DuckDBPyConnection, sql: str, message: str) -> str:
    """What the database says, in a line; a table or column nobody knows with the nearest one."""
    if found := _MISSING_TABLE.search(message):
        tables = _names(
            connection,
            "select schema_name || '.' || table_name from duckdb_tables() where not internal",
        )
        bare = {name.split(".", 1)[1]: name for name in tables}
        near = nearest(found[1].rsplit(".", 1)[-1], bare)
        hint = f"did you mean '{bare[near]}'?" if near else "`waybill query --list` shows examples"
        return f"unknown table '{found[1]}'; {hint}"
    if found := _MISSING_COLUMN.search(message):
        columns = _names(connection, "select distinct column_name from duckdb_columns()")
        return unknown("column", found[1], _of_tables_in(connection, sql) or columns)
    first, *rest = message.splitlines()
    return " ".join([first, *(line for line in rest if line.startswith("Candidate"))])


def why_nothing(connection: duckdb.DuckDBPyConnection, sql: str) -> str:
    """Of a query without rows: names in it that are nearly those of events, to be put behind it.

    A wrong column is an error, but a wrong event only finds nothing. Empty where no name is wrong,
    and for a file without a dictionary.
    """
    if not _names(
        connection,
        """select table_name from duckdb_tables()
        where schema_name = 'marts' and table_name = 'dim_event_types'""",
    ):
        return ""
    events = _names(connection, "select event_name from marts.dim_event_types")
    near = {
        word: process.extractOne(word, events, scorer=fuzz.ratio, score_cutoff=_NEARLY_AN_EVENT)
        for word in re.findall(r"'([^']+)'", sql)
        if word not in events
    }
    told = [
        f"'{word}' is no event; did you mean '{best[0]}'?" for word, best in near.items() if best
    ]
    return "; " + "; ".join(told) if told else ""


def _of_tables_in(connection: duckdb.DuckDBPyConnection, sql: str) -> list[str]:
    """Columns of the tables that a query names."""
    rows = connection.execute("select table_name, column_name from duckdb_columns()").fetchall()
    return sorted({column for table, column in rows if re.search(rf"\b{re.escape(table)}\b", sql)})


def _names(connection: duckdb.DuckDBPyConnection, sql: str) -> Sequence[str]:
    return [name for (name,) in connection.execute(sql).fetchall()]
