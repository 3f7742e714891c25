"""A small warehouse: people of an app whose names changed, and of a second tool beside it."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pytest

COLUMNS = (
    "event_id text, source text, vendor text, source_event_name text, event_name text, "
    "person_id text, session_id text, occurred_at timestamp, occurred_on date, properties text"
)
START = datetime(2025, 3, 1, 9)

Row = tuple[Any, ...]
Fill = Callable[[list[Row]], duckdb.DuckDBPyConnection]


def act(
    day: int, person: int, step: int, source: str, name: str, event: str | None, properties: str
) -> Row:
    """One record: `step` minutes after the person's start on that day."""
    at = START + timedelta(days=day, minutes=10 * person + step)
    return (
        f"{source}-{day}-{person}-{step}",
        source,
        source,
        name,
        event,
        f"p{person}",
        f"{source}-{day}-{person}",
        at,
        at.date(),
        properties,
    )


def app_rows(renamed_to: str = "alarm_set", days: int = 12) -> list[Row]:
    """Three acts a person and day; from the seventh day on `reminder_enabled` has another name."""
    rows = []
    for day in range(days):
        for person in range(12):
            late = day >= 6
            name, event = (renamed_to, None) if late else ("reminder_on", "reminder_enabled")
            rows += [
                act(day, person, 0, "app", "app_open", "app_opened", '{"city": "Bonn"}'),
                act(day, person, 1, "app", name, event, '{"city": "Bonn", "channel": "sms"}'),
                act(day, person, 2, "app", "share", "message_shared", '{"city": "Bonn"}'),
            ]
    return rows


@pytest.fixture
def warehouse() -> Iterator[Fill]:
    """Make `marts.fct_events` of rows, in their order."""
    connections: list[duckdb.DuckDBPyConnection] = []

    def fill(rows: list[Row]) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect()
        connections.append(connection)
        connection.execute("create schema marts")
        connection.execute(f"create table marts.fct_events ({COLUMNS})")
        connection.executemany(f"insert into marts.fct_events values ({', '.join('?' * 10)})", rows)
        return connection

    yield fill
    for connection in connections:
        connection.close()
