"""What Waybill tells after a run, read from the tables that people read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

DAY_IN_NAME = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Alarm:
    """One thing told. `key` is the same when it is told again; times are UTC.

    `where` is all that tells the segment: platform, version, event, and the sentence.
    """

    origin: str
    key: str
    cause: str
    source: str | None
    severity: str
    where: str
    first_bad_at: datetime | None
    detected_at: datetime | None
    direction: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The fields, times as text."""
        return {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Alarm:
        """The reverse of `to_json`."""
        times = {
            name: datetime.fromisoformat(fields[name]) if fields[name] else None
            for name in ("first_bad_at", "detected_at")
        }
        return cls(**{**fields, **times})


def read_alarms(warehouse: Path) -> list[Alarm]:
    """Incidents; where there are none, the changes and failed rules an incident is made of.

    Notices are left out: nobody is called for them.
    """
    with duckdb.connect(warehouse, read_only=True) as connection:
        incidents = [_incident(row) for row in _rows(connection, "fct_incidents")]
        found = incidents or [
            *(_change(row) for row in _rows(connection, "fct_changes")),
            *_failed_rules(connection),
        ]
    return [alarm for alarm in found if alarm.severity != "notice"]


def _rows(connection: duckdb.DuckDBPyConnection, table: str) -> Iterator[dict[str, Any]]:
    known = connection.execute(
        "select 1 from information_schema.tables where table_schema = 'quality' and table_name = ?",
        [table],
    ).fetchone()
    if known is None:
        return
    cursor = connection.execute(f"select * from quality.{table}")
    names = [column[0] for column in cursor.description]
    yield from (dict(zip(names, row, strict=True)) for row in cursor.fetchall())


def _where(row: dict[str, Any], *columns: str) -> str:
    return "; ".join(str(row[column]) for column in columns if row.get(column) is not None)


def _incident(row: dict[str, Any]) -> Alarm:
    return Alarm(
        "incident",
        row["incident_id"],
        row["cause"],
        row["source"],
        row["severity"],
        _where(row, "segment", "metric", "title", "sentence"),
        row["first_bad_at"],
        row["detected_at"],
        row["direction"],
    )


def _change(row: dict[str, Any]) -> Alarm:
    place = _where(row, "cause", "source", "segment", "event_name", "metric", "first_bad_at")
    return Alarm(
        "change",
        place,
        row["cause"],
        row["source"],
        row["severity"] or "warning",
        _where(row, "segment", "platform", "app_version", "event_name", "metric", "sentence"),
        row["first_bad_at"],
        row["detected_at"],
        row["direction"],
    )


def _failed_rules(connection: duckdb.DuckDBPyConnection) -> Iterator[Alarm]:
    for row in _rows(connection, "fct_gate_results"):
        if row["success"] or row["accepted_by"] or row.get("is_latest") is False:
            continue
        day = DAY_IN_NAME.search(row["observed"] or "")
        yield Alarm(
            "rule",
            _where(row, "stage", "rule", "source", "delivery_id"),
            row["rule"],
            row["source"],
            "critical" if row["severity"] == "block" else "warning",
            row["observed"] or "",
            datetime.fromisoformat(day[0]) if day and row["delivery_id"] else None,
            None,
        )
