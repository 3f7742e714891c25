"""RudderStack's object storage, warehouse staging and load files, data lake and event archives.

Vendor pages: Object storage, Warehouse schemas, Data lake; staging, load and archive files as the
server writes them.
"""

from __future__ import annotations

import csv
import re

from orchestration.source_config import SourceConfig
from orchestration.sources import calls
from orchestration.sources.base import Framing, Head, Source
from orchestration.sources.segment import is_rudderstack

ARCHIVED = frozenset({"EventPayload", "event_payload"})
DISCARDED = frozenset({"column_name", "column_value", "row_id", "table_name"})
IDENTITY_TABLES = ({"merge_property_1_type"}, {"merge_property_type", "rudder_id"})
SEGMENT_KEYS = frozenset({"projectId", "_metadata"})
LOAD_FILE = re.compile(r"(^|[_-])load([_-]|$)")
VALUE_CELL = re.compile(
    r'(^|,)"?([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9]{4}-[0-9]{2}-[0-9]{2}T[^",]*)"?(,|$)'
)
STAMPS = (
    *("event_time", "data_event_time", "original_time", "row_original_time"),
    *("received_time", "row_received_time", "data_received_time"),
)


class RudderStack(Source):
    """JSON lines of calls with `request_ip` or the like, staging and load files, archives."""

    vendor = "rudderstack"
    envelope = {
        **calls.envelope(),
        # a staging line has a row under `data`, and says of which table it is
        **{f"data_{field}": ("data", *row) for field, (_, row) in calls.FIELDS.items()},
        "data_table": ("metadata", "table"),
        "data_extract_run": ("data", "context_sources_job_run_id"),
        "extract_run": ("context", "sources", "job_run_id"),
        "row_extract_run": ("context_sources_job_run_id",),
        "row_escaped_time": ("_timestamp",),
        "row_column_name": ("column_name",),
        "row_table_name": ("table_name",),
        "row_merge_rule": ("merge_property_1_type",),
        "row_merge_mapping": ("merge_property_type",),
        "archived": ("EventPayload",),
        "row_archived": ("event_payload",),
    }
    only_with = {
        "row_": (
            *("received_at", "event_payload", "column_name", "_timestamp"),
            *("merge_property_1_type", "merge_property_type", "context_sources_job_run_id"),
        ),
        "data_": ("metadata",),
    }
    dated_by = STAMPS
    raw_date = calls.raw_date(*STAMPS)
    event_column = "event"
    time_sql = calls.time_sql(*STAMPS)
    personal = calls.PERSONAL
    keeps_last = True
    dedupe_rule = (
        "messageId with type, event and user; the last received is kept, a row of `tracks` or of "
        "an archive only where there is no other"
    )
    identity_rule = (
        "the last user on an anonymousId owns its events; alias and merge join user ids, and give "
        "an anonymousId (or any UUID) to a user"
    )
    time_rule = (
        "timestamp with its offset or as an epoch of any unit; else receivedAt less (sentAt less "
        "originalTimestamp)"
    )
    seen = "fixtures of its server: events, staging, load and discards files"

    def recognise(self, head: Head, config: SourceConfig | None = None) -> Framing | None:
        """By what only RudderStack writes; a configured source also takes calls of neither."""
        is_configured = config is not None
        if is_configured and head.is_whole and not head.lines:
            return Framing("lines")
        columns = calls.columns_of(head)
        if head.objects and (_is_staging(head) or columns & ARCHIVED):
            return Framing("lines")
        if columns >= DISCARDED or any(columns >= each for each in IDENTITY_TABLES):
            return calls.table_framing(head)
        if any(calls.calls(head)):
            is_foreign = bool(columns & SEGMENT_KEYS)
            ours = is_rudderstack(head) or (is_configured and not is_foreign)
            return Framing("lines") if ours else None
        if _is_headless(head) and (_is_load_file(head) or _load_columns(head, config)):
            return Framing("csv", names=_load_columns(head, config) or _numbered(head))
        is_ours = is_configured or is_rudderstack(head) or _is_load_file(head)
        if is_ours and calls.is_table(columns, is_configured=True):
            return calls.table_framing(head)
        return None


def _is_staging(head: Head) -> bool:
    return any(
        isinstance(o.get("data"), dict)
        and isinstance(o.get("metadata"), dict)
        and "table" in o["metadata"]
        for o in head.objects
    )


def _is_load_file(head: Head) -> bool:
    return "rudder-" in head.name or bool(LOAD_FILE.search(calls.path_parts(head)[0]))


def _is_headless(head: Head) -> bool:
    """A CSV that begins with a row: what would be its header has a UUID or a time in it."""
    if head.objects or head.is_parquet or not head.lines:
        return False
    return bool(VALUE_CELL.search(head.lines[0]))


def _load_columns(head: Head, config: SourceConfig | None) -> tuple[str, ...]:
    """The configured columns of the table that a load file's path names, in the file's order."""
    tables = (config.load_columns if config is not None else None) or {}
    table = next((part for part in calls.path_parts(head) if part in tables), None)
    return tuple(sorted(tables[table])) if table is not None else ()


def _numbered(head: Head) -> tuple[str, ...]:
    """Names for cells whose columns nobody has told: staging says so of each row."""
    cells = next(csv.reader([head.lines[0]]), [])
    return tuple(f"column#{number}" for number in range(1, len(cells) + 1))
