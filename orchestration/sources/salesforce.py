"""Salesforce."""

from __future__ import annotations

from orchestration.sources.objects import ObjectSource


class Salesforce(ObjectSource):
    """To be read."""

    vendor = "salesforce"
    envelope = {"object_id": ("id",), "created": ("created",)}
    raw_date = 'left("created", 10)'
    time_sql = '"created"'
    dedupe_rule = "to be written"
    identity_rule = "to be written"
    time_rule = "to be written"
    seen = "to be written"
