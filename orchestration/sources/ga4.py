"""GA4 events as exported from BigQuery: lines, console arrays, copies in Snowflake, Parquet.

Vendor page: GA4 BigQuery Export schema. INT64 comes as text or as a number, unset slots as null or
not at all, and in Snowflake the columns have upper case and hold JSON text. Avro is not read.
A daily table that was rewritten has its file name again, so its newer version counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from orchestration.source_config import SourceConfig
from orchestration.sources.base import Framing, Head, Source, cut_object

EVENT_COLUMNS = {"event_timestamp", "event_name"}
USER_COLUMNS = {"occurrence_date", "last_updated_date"}


class Ga4(Source):
    """Lines, an array or Parquet with `event_timestamp` and `event_name`, in either case."""

    vendor = "ga4"
    # what time and fate depend on; all else is lifted in staging, once the shapes are one
    envelope = {
        "event_name": ("event_name",),
        "event_timestamp": ("event_timestamp",),
        "upper_event_name": ("EVENT_NAME",),
        "upper_event_timestamp": ("EVENT_TIMESTAMP",),
        "occurrence_date": ("occurrence_date",),
        "upper_occurrence_date": ("OCCURRENCE_DATE",),
    }
    raw_date = """try(make_timestamp(
        try_cast(coalesce("event_timestamp", "upper_event_timestamp") as bigint)))"""
    event_column = "event_name"
    event_sql = 'coalesce("event_name", "upper_event_name")'
    # microseconds, as milliseconds
    time_sql = """cast(try_cast(
        coalesce("event_timestamp", "upper_event_timestamp") as double) / 1000 as varchar)"""
    dedupe_rule = (
        "stream_id, user_pseudo_id, event_name, event_timestamp, bundle and batch fields, "
        "event_params in order of their keys; none without user_pseudo_id (no consent)"
    )
    identity_rule = "user_id on user_pseudo_id; the last user on it owns its anonymous events"
    time_rule = "event_timestamp, microseconds UTC; event_date is a day of the property's zone"
    seen = "one event saved from the console"

    def recognise(self, head: Head, config: SourceConfig | None = None) -> Framing | None:
        """By the two columns every event has, or by those of the export's tables of users."""
        if config is not None and head.is_whole and not head.lines:
            return Framing("lines")
        if head.is_parquet:
            return Framing("parquet") if _is_row(head.parquet_columns) else None
        if any(_is_row(each) for each in head.objects):
            return Framing("lines")
        text = head.text.lstrip()
        if text.startswith("["):
            is_empty = config is not None and head.document == []
            first = _first_item(head, text)
            return Framing("json_items", key="") if is_empty or _is_row(first) else None
        return None

    def has_session_ids(self, config: SourceConfig) -> bool:
        """ga_session_id; events without consent have none."""
        return True


def _first_item(head: Head, text: str) -> dict[str, Any]:
    """The first element of an array, or what the head shows of it."""
    items = head.document
    if isinstance(items, list):
        return items[0] if items and isinstance(items[0], dict) else {}
    cut = cut_object(text[1:].lstrip())
    return cut[0] if cut else {}


def _is_row(columns: Iterable[str]) -> bool:
    names = {name.lower() for name in columns}
    is_event = names >= EVENT_COLUMNS and bool(names & {"event_params", "user_pseudo_id"})
    return is_event or names >= USER_COLUMNS
