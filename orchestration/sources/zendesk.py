"""Zendesk Support: tickets and users, as warehouse tables, account exports and API pages.

Vendor pages: Exporting data, Incremental exports.
"""

from __future__ import annotations

from orchestration.sources.objects import ObjectSource, ObjectType


class Zendesk(ObjectSource):
    """Tables or JSON of tickets, their history, and users."""

    vendor = "zendesk"
    types = (
        ObjectType("ticket", "fact", [("id", "requester_id", "submitter_id", "status")]),
        ObjectType("user", "person", [("id", "role", "email", "time_zone")]),
    )
    envelope = {"object_id": ("id",), "created": ("created_at",), "updated": ("updated_at",)}
    raw_date = 'left(coalesce("created", "updated"), 10)'
    time_sql = '"created"'
    dedupe_rule = "object id and content; the latest update is current"
    identity_rule = "requester by id; e-mail by `identity.keys`; the configured user field"
    time_rule = "created_at, UTC"
    seen = "a public set of warehouse tables"
