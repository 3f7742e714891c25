"""What `lint` asks of the warehouse: what arrived of some events, and what patterns it reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from orchestration.taxonomy.lint_checks import Arrivals


def arrivals_in(database: Path, events: Sequence[str]) -> list[Arrivals]:
    """Records of `events` in the marts, by source and day of the reporting time zone.

    Raises duckdb.Error where the file cannot be opened or has no events.
    """
    import duckdb

    with duckdb.connect(database, read_only=True) as connection:
        rows = connection.execute(
            """select event_name, source, occurred_on, count(*)
            from marts.fct_events where event_name in (select unnest(?)) group by all""",
            [list(events)],
        ).fetchall()
    return [Arrivals(*row) for row in rows]


def pattern_reader() -> Callable[[str], str | None]:
    """Why the warehouse's engine (RE2) cannot read a pattern, or None where it can."""
    import duckdb

    connection = duckdb.connect()

    def unreadable(pattern: str) -> str | None:
        try:
            connection.execute("select regexp_matches('', ?)", [pattern])
        except duckdb.Error as error:
            reason = str(error).removeprefix("Invalid Input Error: ").splitlines()[0]
            return f"the warehouse (RE2) cannot read it: {reason}; look-around has no RE2 form"
        return None

    return unreadable
