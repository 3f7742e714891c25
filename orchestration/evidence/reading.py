"""What every mart of evidence reads first: the days there are, and which of them count."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import numpy.typing as npt

from orchestration.sql import quoted

EVENTS = "warehouse.marts.fct_events"
SCANNED_DAYS = 800
"""Two years and some: a season is held against the one before it."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Days:
    """The dates (reporting zone) of the events; `incomplete` ones are held, `today` is still open.

    `fresh_at` is the newest event's time, UTC.
    """

    first: date
    last: date
    incomplete: frozenset[date]
    today: date
    fresh_at: datetime

    @property
    def dates(self) -> list[date]:
        """Every date from the first to the last."""
        return [self.first + timedelta(n) for n in range((self.last - self.first).days + 1)]

    @property
    def last_whole(self) -> date:
        """The last date that is over."""
        return min(self.last, self.today - timedelta(1))

    def are_whole(self, start: date, end: date) -> bool:
        """Whether every date of a span has come, is over, and has nothing held."""
        inside = self.first <= start and end <= self.last_whole
        return inside and not any(start <= day <= end for day in self.incomplete)

    def between(self, start: date, end: date) -> npt.NDArray[np.bool_]:
        """Which of the dates lie in a span, both ends included."""
        return np.array([start <= day <= end for day in self.dates])

    def common(self, start: date, end: date) -> Row:
        """The columns that every mart has, for a row that draws on this span."""
        return {
            "period_start": start,
            "period_end": end,
            "is_complete": self.are_whole(start, end),
            "is_open": start <= self.today <= end,
            "fresh_at": self.fresh_at.replace(tzinfo=None),
            "open_incident_id": None,  # known once the marts are judged
        }


def read_days(connection: duckdb.DuckDBPyConnection, zone: str) -> Days | None:
    """The last SCANNED_DAYS of the working marts; None without events."""
    row = connection.execute(
        f"select min(occurred_on), max(occurred_on), max(occurred_at) from {EVENTS}"
    ).fetchone()
    if row is None or row[0] is None:
        return None
    held = connection.execute("select occurred_on from control.incomplete_dates").fetchall()
    return Days(
        max(row[0], row[1] - timedelta(SCANNED_DAYS)),
        row[1],
        frozenset(day for (day,) in held),
        datetime.now(UTC).astimezone(ZoneInfo(zone)).date(),
        row[2],
    )


def rows_of(connection: duckdb.DuckDBPyConnection, table: str, **equal: str) -> list[Row]:
    """The rows of a control table as dictionaries, in their order; `equal` keeps some of them."""
    where = " and ".join(f"{quoted(name)} = ?" for name in equal) or "true"
    found = connection.execute(
        f"select * from control.{quoted(table)} where {where}", list(equal.values())
    )
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, values, strict=True)) for values in found.fetchall()]
