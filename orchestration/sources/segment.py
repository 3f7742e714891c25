"""Segment's raw logs in object storage, and its warehouse and data lake tables.

Vendor pages: Amazon S3 destination, Spec, Warehouse schemas, Data lakes, Handling duplicate data.
"""

from __future__ import annotations

from orchestration.source_config import SourceConfig
from orchestration.sources import calls
from orchestration.sources.base import Framing, Head, Source

# What only RudderStack writes beside the fields of a call, or of a row.
RUDDER_KEYS = frozenset({"rudderId", "request_ip", "recordId", "mergeProperties"})
RUDDER_COLUMNS = frozenset(
    {"context_source_id", "context_destination_id", "context_request_ip", "context_source_type"}
)
STAMPS = ("event_time", "original_time", "row_original_time", "received_time", "row_received_time")


def is_rudderstack(head: Head) -> bool:
    """Whether a file of calls or rows, which both vendors write, shows RudderStack's own fields."""
    if "rudder-" in head.name or calls.columns_of(head) & RUDDER_COLUMNS:
        return True
    return any(
        RUDDER_KEYS & call.keys()
        or call.get("channel") in ("web", "sources")
        or calls.library(call).startswith("rudder")
        for call in calls.calls(head)
    )


class Segment(Source):
    """JSON lines of calls (`type`, `messageId`), or warehouse tables (`id`, `received_at`)."""

    vendor = "segment"
    envelope = calls.envelope()
    only_with = {"row_": ("received_at",)}
    dated_by = STAMPS
    raw_date = calls.raw_date(*STAMPS)
    event_column = "event"
    time_sql = calls.time_sql(*STAMPS)
    personal = calls.PERSONAL
    dedupe_rule = (
        "messageId with type, event and user; the first received is kept, a row of `tracks` "
        "only where the event's own table has none"
    )
    identity_rule = (
        "the last user on an anonymousId owns its events; alias joins a user id to a user, and "
        "gives an anonymousId (or any UUID) to one"
    )
    time_rule = (
        "timestamp, UTC, corrected by the vendor; else receivedAt less (sentAt less "
        "originalTimestamp)"
    )
    seen = "examples of its documentation, two received events"

    def recognise(self, head: Head, config: SourceConfig | None = None) -> Framing | None:
        """Calls or tables that are not RudderStack's; the permission test holds no records."""
        if calls.path_parts(head)[0] == "dummy-object":
            return Framing("nothing")
        if config is not None and head.is_whole and not head.lines:
            return Framing("lines")
        if is_rudderstack(head):
            return None
        if any(calls.calls(head)):
            return Framing("lines")
        if calls.is_table(calls.columns_of(head), is_configured=config is not None):
            return calls.table_framing(head)
        return None
