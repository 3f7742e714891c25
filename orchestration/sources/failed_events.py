"""What event tools themselves rejected: evidence of loss, not events.

Segment's forwarded violations, Snowplow's bad rows (self-describing JSON, an object a line),
RudderStack's table of values that did not fit their column (`rudder_discards`).
"""

from __future__ import annotations

from orchestration.sources.base import Framing, Head, first_date
from orchestration.sources.objects import ObjectSource, ObjectType

VIOLATION = "Violation Generated"
BAD_ROWS = "iglu:com.snowplowanalytics.snowplow.badrows/"
DISCARDS = ("table_name", "column_name", "column_value", "row_id")


class FailedEvents(ObjectSource):
    """Segment violations, Snowplow bad rows, RudderStack discards."""

    vendor = "failed_events"
    types = (ObjectType("discarded_value", "fact", [DISCARDS]),)
    envelope = {
        "message_id": ("messageId",),
        "event": ("event",),
        "schema": ("schema",),
        "sent": ("timestamp",),
        "received": ("receivedAt",),
        "failed": ("data", "failure", "timestamp"),
        "row_id": ("row_id",),
        "row_received": ("received_at",),
    }
    dated_by = ("failed", "received", "sent", "row_received")
    raw_date = first_date(dated_by)
    time_sql = 'coalesce("failed", "received", "sent", "row_received")'
    dedupe_rule = "messageId of a violation; all of a bad row's or a discarded value's content"
    identity_rule = "none: what failed is counted, not followed"
    time_rule = "when it failed or was received, UTC"
    seen = "none: synthetic only, after the vendors' pages"

    def recognise_documents(self, head: Head) -> Framing | None:
        """Lines that are all violations, or all bad rows."""
        objects = head.objects
        if objects and all(each.get("event") == VIOLATION for each in objects):
            return Framing("lines", object_type="violation")
        if objects and all(str(each.get("schema")).startswith(BAD_ROWS) for each in objects):
            return Framing("lines", object_type="bad_row")
        return super().recognise_documents(head)
