"""Marketing tools: Marketo's activities and leads, Braze's message events.

Vendor pages: Marketo bulk activity extract; Braze Currents. Tables as Fivetran writes them. Braze's
Avro files are read as the JSON that Avro's tools make of them, one event a line or a file; their
event type is in the name of the file's folder (`event_type=users.messages.email.Open`).
"""

from __future__ import annotations

from orchestration.sources.base import Framing, Head
from orchestration.sources.objects import ObjectSource, ObjectType, snake
from orchestration.sources.pages import first_item

BRAZE = ("id", "user_id", "external_user_id", "time")
LEAD = ("id", "email", "created_at", "updated_at")


class MarketingAutomation(ObjectSource):
    """Marketo: tables, bulk CSV and API pages; Braze: Currents as JSON, and its HTTP batches."""

    vendor = "marketing_automation"
    types = (
        ObjectType("marketo_activity", "fact", [("activity_date", "activity_type_id", "lead_id")]),
        ObjectType(
            "braze_event",
            "fact",
            [("id", "time", "user", "properties", "event_type"), BRAZE, ("id", "orphaned_by_id")],
        ),
        ObjectType("marketo_campaign", "reference", [("id", "program_id", "is_requestable")]),
        ObjectType(
            "marketo_program",
            "reference",
            [("id", "channel", "workspace", "sfdc_id"), ("id", "channel", "workspace", "folder")],
        ),
        ObjectType(
            "marketo_field",
            "reference",
            [("restname", "soapname"), ("display_name", "data_type", "rest", "soap")],
        ),
        ObjectType(
            "marketo_activity_type",
            "reference",
            [("id", "name", "primary_attribute", "attributes"), ("id", "name", "api_name")],
            others=("description", "attributes", "primary_attribute"),
        ),
        ObjectType(
            "marketo_lead",
            "person",
            [
                (*LEAD, "first_name", "last_name"),
                (*LEAD, "original_source_type"),
                (*LEAD, "lead_partition_id"),
                (*LEAD, "marketing_suspended"),
            ],
        ),
    )
    envelope = {
        "object_id": ("id",),
        "guid": ("marketo_guid",),
        "api_guid": ("marketoGUID",),
        "activity_type": ("activity_type_id",),
        "api_activity_type": ("activityTypeId",),
        "lead_id": ("lead_id",),
        "api_lead_id": ("leadId",),
        "happened": ("activity_date",),
        "api_happened": ("activityDate",),
        "created": ("created_at",),
        "api_created": ("createdAt",),
        "updated": ("updated_at",),
        "api_updated": ("updatedAt",),
        "epoch": ("time",),
        "event_type": ("event_type",),
    }
    raw_date = """coalesce(
        strftime(try(make_timestamp((try_cast("epoch" as double) * 1e6)::bigint)), '%Y-%m-%d'),
        left(coalesce("happened", "api_happened", "created", "api_created"), 10))"""
    time_sql = 'coalesce("happened", "api_happened", "created", "api_created", "epoch")'
    dedupe_rule = "Marketo: marketoGUID, else id; Braze: id (delivered at least once)"
    identity_rule = (
        "lead id, or Braze's user_id; Braze's external_user_id is the user id unless a field is "
        "configured; e-mail by `identity.keys`; merged leads and orphaned users"
    )
    time_rule = "activityDate, UTC; Braze: `time`, epoch seconds"
    seen = "a public set of Marketo tables; Braze's documented shapes, synthetic"

    def recognise_documents(self, head: Head) -> Framing | None:
        """JSON lines; one event as a document; a batch of events; a page of activities or leads."""
        for key, is_ours in (("events", _is_braze), ("result", _is_marketo)):
            item = first_item(head, key)
            kind = self.type_of(map(snake, item)) if item is not None else None
            if kind is not None and is_ours(kind):
                return Framing("json_items", key=key, object_type=kind.name)
        document = head.document
        if isinstance(document, dict) and len(head.lines) > 1:
            kind = self.type_of(map(snake, document))
            return Framing("document", object_type=kind.name) if kind else None
        kind = self.type_of({snake(key) for each in head.objects for key in each})
        return Framing("lines", object_type=kind.name) if kind else None


def _is_braze(kind: ObjectType) -> bool:
    return kind.name == "braze_event"


def _is_marketo(kind: ObjectType) -> bool:
    return kind.name.startswith("marketo_")
