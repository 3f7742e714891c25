"""Zendesk Support: tickets and users, as warehouse tables, account exports and API pages.

Vendor pages: Exporting data, Incremental exports. Tables as Fivetran writes them. The labels of
the CSV export and the flat records of the old `/exports` endpoint are read by their own names.
"""

from __future__ import annotations

from orchestration.sources.base import Framing, Head, first_date
from orchestration.sources.objects import ObjectSource, ObjectType
from orchestration.sources.pages import first_item

GROUP = ("id", "name", "url", "created_at", "updated_at")
#: the list of a page, and what its elements are
PAGES = {
    "tickets": "ticket",
    "users": "user",
    "audits": "ticket_audit",
    "ticket_audits": "ticket_audit",
    "comments": "ticket_comment",
    "organizations": "organization",
    "groups": "group",
    "brands": "brand",
    "ticket_forms": "ticket_form",
    "ticket_fields": "ticket_field",
    "ticket_metrics": "ticket_metric",
    "satisfaction_ratings": "satisfaction_rating",
    "audit_logs": "audit_log",
}
#: what a page has besides its list
PAGE_KEYS = {"end_of_stream", "end_time", "next_page", "previous_page", "after_cursor", "count"}


class Zendesk(ObjectSource):
    """Tables, JSON lines, API pages or CSV of tickets, their history and comments, and users."""

    vendor = "zendesk"
    types = (
        ObjectType("ticket", "fact", [("id", "requester_id", "submitter_id", "status")]),
        ObjectType(
            "flat_ticket",
            "fact",
            [
                ("id", "req_name", "status", "ticket_type"),
                ("id", "requester_id", "status", "ticket_type", "via"),
            ],
        ),
        ObjectType("ticket_change", "fact", [("ticket_id", "field_name", "updated", "value")]),
        ObjectType("ticket_audit", "reference", [("ticket_id", "author_id", "events")]),
        ObjectType(
            "ticket_comment",
            "reference",
            [("ticket_id", "body", "public"), ("author_id", "body", "html_body", "public")],
        ),
        ObjectType("ticket_tag", "reference", [("ticket_id", "tag")]),
        ObjectType("ticket_metric", "reference", [("ticket_id", "reopens", "replies")]),
        ObjectType(
            "satisfaction_rating", "reference", [("id", "ticket_id", "score", "requester_id")]
        ),
        ObjectType(
            "user",
            "person",
            [("id", "role", "email", "time_zone"), ("id", "role", "email", "verified")],
        ),
        ObjectType("organization", "reference", [("id", "shared_tickets", "shared_comments")]),
        ObjectType("audit_log", "reference", [("id", "actor_id", "change_description")]),
        ObjectType("brand", "reference", [("id", "subdomain", "has_help_center")]),
        ObjectType(
            "ticket_form",
            "reference",
            [("id", "display_name", "end_user_visible"), ("id", "end_user_visible", "position")],
        ),
        ObjectType("ticket_field", "reference", [("id", "raw_title", "type", "visible_in_portal")]),
        ObjectType("time_zone", "reference", [("time_zone", "standard_offset")]),
        ObjectType("daylight_time", "reference", [("time_zone", "daylight_offset", "year")]),
        ObjectType(
            "group",
            "reference",
            [GROUP],
            others=("deleted", "description", "default", "is_public"),
        ),
    )
    envelope = {
        "object_id": ("id",),
        "ticket_id": ("ticket_id",),
        "created": ("created_at",),
        "updated": ("updated_at",),
        "commented": ("created",),
        "changed": ("updated",),
        "generated": ("generated_timestamp",),
    }
    dated_by = ("created", "commented", "changed", "updated")
    raw_date = first_date(dated_by)
    time_sql = 'coalesce("created", "commented", "changed", "updated")'
    dedupe_rule = "object id, last write and content; the latest write is current"
    identity_rule = "requester by id; e-mail by `identity.keys`; the configured user field"
    time_rule = "created_at, UTC; the CSV export: the configured time zone"
    seen = "a public set of warehouse tables; pages and old exports: synthetic only"

    def recognise_documents(self, head: Head) -> Framing | None:
        """A page of the API by a list it holds, side-loaded ones too, else JSON lines of a kind."""
        if self._listed(head, "results", "flat_ticket"):
            return Framing("json_items", key="results", object_type="flat_ticket")
        if any(self._listed(head, key, kind) for key, kind in PAGES.items()):
            return Framing("json_lists", lists=tuple(PAGES.items()))
        return super().recognise_documents(head)

    def _listed(self, head: Head, key: str, kind: str) -> bool:
        """Whether the page has a list of this key that begins with such an object, or is empty."""
        item = first_item(head, key)
        if item is not None:
            found = self.type_of(item)
            return found is not None and found.name == kind
        document = head.document
        return (
            isinstance(document, dict)
            and document.get(key) == []
            and key in PAGES
            and bool(PAGE_KEYS & document.keys())
        )
