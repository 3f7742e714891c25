"""Any event log with columns: CSV, JSON lines or Parquet, read by a configured column map.

What ad-hoc legacy scripts leave behind. Columns that the map does not name become properties.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Literal

from orchestration.landing.csv_rows import column_names
from orchestration.source_config import TABULAR_COLUMNS, SourceConfig
from orchestration.sources.base import Framing, Head, Keys, Source

Format = Literal["csv", "jsonl", "parquet"]
DELIMITERS = ",\t;|"
EXTENSIONS: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
}


class Tabular(Source):
    """Rows with a header or keys; which column is what comes from `columns:`."""

    vendor = "tabular"
    dated_by = ("occurred_at",)
    raw_date = """case when "occurred_at" like '____-__-__%'
        then left("occurred_at", 10)
        when try_cast("occurred_at" as double) is not null then
            strftime(try(make_timestamp(try_cast(
            case when try_cast("occurred_at" as double) > 1e10
                 then try_cast("occurred_at" as double) * 1000
                 else try_cast("occurred_at" as double) * 1000000 end as bigint))), '%Y-%m-%d')
        end"""
    event_column = "event"
    time_sql = '"occurred_at"'
    dedupe_rule = "event_id where mapped, else none; `dedupe:` names columns"
    identity_rule = "user_id and device_id as mapped; the last user on a device owns its events"
    time_rule = "the configured time zone, or the offset written in the value"
    seen = "logs of public repositories"

    def recognise(self, head: Head, config: SourceConfig | None = None) -> Framing | None:
        """By configured format, else by extension and content."""
        if config is not None and head.is_whole and not head.lines:
            return Framing("lines")
        form = config.format if config is not None and config.format else _form(head)
        if form == "parquet":
            return Framing("parquet") if head.is_parquet else None
        if form == "jsonl":
            return Framing("lines") if head.objects else None
        if form == "csv":
            given = config.delimiter if config is not None else None
            delimiter = given or _delimiter(head) or _of_header(head, config)
            return Framing("csv", delimiter=delimiter) if delimiter else None
        return None

    def envelope_paths(self, config: SourceConfig | None) -> Mapping[str, Keys]:
        """The mapped columns; without a configuration all that could be, none of them found."""
        if config is None:
            return {target: (target,) for target in TABULAR_COLUMNS}
        columns = config.columns or {}
        return {target: (columns[target],) for target in TABULAR_COLUMNS if target in columns}

    def has_session_ids(self, config: SourceConfig) -> bool:
        """Only where a column is mapped to it."""
        return "session_id" in (config.columns or {})

    def missing_columns(self, head: Head, config: SourceConfig) -> Sequence[str]:
        """Mapped columns absent from the header, from every first JSON line, or the schema."""
        framing = self.recognise(head, config)
        if framing is None or (not head.lines and not head.is_parquet):
            return ()
        present = set(columns_of(head, framing))
        return [c for c in dict.fromkeys((config.columns or {}).values()) if c not in present]


def _form(head: Head) -> Format | None:
    if head.is_parquet:
        return "parquet"
    if len(head.objects) > len(head.lines[:200]) // 2:
        return "jsonl"
    suffixes = [s.lower() for s in head.name.split(".")[1:]]
    known = [EXTENSIONS["." + s] for s in suffixes if "." + s in EXTENSIONS]
    if known and known[0] != "csv":
        return known[0]
    return "csv" if known or _delimiter(head) else None


def columns_of(head: Head, framing: Framing) -> list[str]:
    """The columns a file shows: its header, its schema, or the keys of its first JSON lines."""
    if framing.kind == "parquet":
        return list(head.parquet_columns)
    if framing.kind == "csv":
        text = io.StringIO(head.text, newline="")
        rows = (row for row in csv.reader(text, delimiter=framing.delimiter) if row)
        return column_names(next(rows, []))
    return list(dict.fromkeys(key for record in head.objects for key in record))


def _of_header(head: Head, config: SourceConfig | None) -> str | None:
    """The delimiter that gives a lone header the configured columns: a file without rows."""
    wanted = set((config.columns or {}).values()) if config is not None else set()
    return next(
        (d for d in DELIMITERS if wanted & set(columns_of(head, Framing("csv", delimiter=d)))), None
    )


def _delimiter(head: Head) -> str | None:
    """The delimiter under which the first records have one width of two cells or more."""
    for delimiter in DELIMITERS:
        rows: list[list[str]] = []
        reader = csv.reader(io.StringIO(head.text, newline=""), delimiter=delimiter)
        try:
            for row in reader:
                if row:
                    rows.append(row)
                if len(rows) == 20:
                    break
        except csv.Error:
            continue
        if not head.is_whole and len(rows) < 20:
            rows = rows[:-1]
        widths = [len(row) for row in rows]
        if len(rows) >= 2 and widths[0] >= 2 and widths.count(widths[0]) > len(widths) // 2:
            return delimiter
    return None
