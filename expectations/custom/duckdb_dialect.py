"""The SQLAlchemy dialect through which Great Expectations runs its SQL inside DuckDB.

Great Expectations closes the connection before it reads a result, and DuckDB's results die with
their connection ("list index out of range" on every rule). So each result is read into memory as
soon as its statement ran. They are small: a gate asks for counts, never for rows.
"""

from duckdb_sqlalchemy import Dialect, DuckDBExecutionContext
from sqlalchemy.dialects import registry
from sqlalchemy.engine.cursor import FullyBufferedCursorFetchStrategy

NAME = "waybill_duckdb"


class BufferedExecutionContext(DuckDBExecutionContext):
    """Reads a statement's whole result at once."""

    def post_exec(self) -> None:
        """Replace the lazy cursor by rows in memory."""
        super().post_exec()  # type: ignore[no-untyped-call]
        if self.cursor is not None and self.cursor.description:
            self.cursor_fetch_strategy = FullyBufferedCursorFetchStrategy(
                self.cursor, initial_buffer=self.cursor.fetchall()
            )


class BufferedDuckDBDialect(Dialect):
    """DuckDB with buffered results, under its own name so that no other dialect is changed."""

    name = NAME
    execution_ctx_cls = BufferedExecutionContext
    supports_statement_cache = True


def register() -> None:
    """Make `waybill_duckdb:///...` addresses known to SQLAlchemy; repeating it changes nothing."""
    registry.register(NAME, __name__, BufferedDuckDBDialect.__name__)
