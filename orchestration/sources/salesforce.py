"""Salesforce: data exports, Bulk and Data Loader CSV, reports, sObject JSON, warehouse tables.

Vendor pages: Export Backup Data, Bulk API 2.0 queries, Export a Report, sObject Tree, Understand
Salesforce ids. Fields have their API names, connectors' snake-case names, or labels in reports.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from orchestration.source_config import SourceConfig
from orchestration.sources.base import Framing, Head, first_date
from orchestration.sources.objects import ObjectSource, ObjectType, snake
from orchestration.sources.pages import first_item

#: labels of English reports, by API name in snake case; other languages and labels: `columns`
LABELS = {
    "stage": "stage_name",
    "won": "is_won",
    "closed": "is_closed",
    "deleted": "is_deleted",
    "amount_currency": "currency_iso_code",
    "opportunity_currency": "currency_iso_code",
    "currency": "currency_iso_code",
    "currency_code": "currency_iso_code",
    "converted": "is_converted",
    "last_modified_date_time": "last_modified_date",
    "created_date_time": "created_date",
}
#: the first three characters of an id say what it is of
PREFIXES = {
    "001": "account",
    "003": "contact",
    "006": "opportunity",
    "008": "opportunity_history",
    "00K": "opportunity_contact_role",
    "00Q": "lead",
    "00k": "opportunity_line_item",
    "00v": "campaign_member",
    "017": "opportunity_field_history",
    "01J": "opportunity_stage",
    "01t": "product_2",
    "701": "campaign",
}
AN_ID = re.compile(r"[0-9a-zA-Z]{15}(?:[A-Z0-5]{3})?")
OWN_TYPES = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def _reference(name: str, *marks: Sequence[str]) -> ObjectType:
    return ObjectType(name, "reference", marks)


class Salesforce(ObjectSource):
    """Data exports, Bulk CSV, reports, sObject JSON, warehouse tables: opportunities and people."""

    vendor = "salesforce"
    delimiters = ",\t;|^`"
    encoding = "cp1252"
    types = (
        _reference("opportunity_field_history", ("opportunity_id", "field", "new_value")),
        _reference("opportunity_history", ("id", "opportunity_id", "stage_name", "created_date")),
        _reference("opportunity_contact_role", ("opportunity_id", "contact_id", "is_primary")),
        _reference("opportunity_line_item", ("id", "opportunity_id", "unit_price")),
        _reference("opportunity_stage", ("master_label", "is_won", "is_closed")),
        ObjectType(
            "opportunity",
            "fact",
            [
                ("id", "stage_name", "close_date"),
                ("opportunity_id", "stage", "close_date"),
                ("opportunity_name", "stage", "close_date"),
            ],
            renamed={**LABELS, "opportunity_id": "id", "opportunity_name": "name"},
        ),
        ObjectType(
            "lead",
            "person",
            [
                ("id", "email", "is_converted"),
                ("id", "converted_contact_id"),
                ("lead_id", "email", "lead_status"),
                ("lead_id", "email", "company_account"),
            ],
            renamed={
                **LABELS,
                "lead_id": "id",
                "lead_status": "status",
                "company_account": "company",
            },
        ),
        ObjectType(
            "contact",
            "person",
            [
                ("id", "email", "reports_to_id"),
                ("id", "email", "account_id", "master_record_id"),
                ("id", "email", "account_id", "system_modstamp"),
                ("id", "email", "account_id", "mailing_city"),
                ("contact_id", "email", "account_name"),
            ],
            renamed={**LABELS, "contact_id": "id"},
        ),
        _reference("account", ("id", "billing_city", "owner_id", "master_record_id")),
        _reference("product_2", ("id", "product_code", "system_modstamp")),
        _reference("campaign_member", ("id", "campaign_id", "lead_id", "contact_id", "status")),
        # an export has a table of every object; what these have in common
        _reference("record", ("id", "system_modstamp"), ("id", "created_by_id", "created_date")),
    )
    envelope = {
        "object_id": ("id",),
        "api_id": ("Id",),
        "reference_id": ("attributes", "referenceId"),
        "created": ("created_date",),
        "api_created": ("CreatedDate",),
    }
    dated_by = ("created", "api_created")
    raw_date = first_date(dated_by)
    time_sql = 'coalesce("created", "api_created")'
    dedupe_rule = "id (18 characters), last write and content; the latest write is current"
    identity_rule = (
        "contact or lead id, with merged and converted ones; e-mail by `identity.keys`; the "
        "configured user field; of an opportunity its primary contact role"
    )
    time_rule = "CreatedDate, UTC; reports: the configured time zone; CloseDate is a date"
    seen = "a public set of warehouse tables, a public sObject tree; the others: synthetic only"
    personal = (
        *("mailing_street", "MailingStreet", "other_street", "OtherStreet", "street", "Street"),
        *("home_phone", "HomePhone", "assistant_phone", "AssistantPhone", "PersonEmail"),
    )

    def recognise_documents(self, head: Head) -> Framing | None:
        """Records that say their type: a tree or a page of a query, or a line each; or a plan."""
        document = head.document
        if isinstance(document, list) and document and all(map(_is_of_plan, document)):
            return Framing("nothing")
        if name := _type_name(first_item(head, "records")):
            return Framing("json_items", key="records", object_type=name)
        names = {_type_name(each) for each in head.objects}
        if len(names) == 1 and (name := next(iter(names))):
            return Framing("lines", object_type=name)
        return None

    def recognise_table(self, head: Head, config: SourceConfig | None = None) -> Framing | None:
        """A table; a report, which has labels, ends in a footer."""
        framing = super().recognise_table(head, config)
        if framing is None:
            return None
        return replace(framing, has_footer=any(" " in label for label, _ in framing.renamed))

    def type_of_table(self, names: Sequence[str], first: Sequence[str]) -> ObjectType | None:
        """By the columns, else by the first id: a query may have chosen few columns."""
        found = super().type_of_table(names, first)
        if (found is None or found.name == "record") and "id" in names:
            place = names.index("id")
            value = first[place] if place < len(first) else ""
            prefix = PREFIXES.get(value[:3]) if AN_ID.fullmatch(value) else None
            named = next((kind for kind in self.types if kind.name == prefix), None)
            found = named or (_reference(prefix) if prefix else found)
        return found


def _type_name(record: Any) -> str | None:
    """What a record of the API says it is, in snake case."""
    attributes = record.get("attributes") if isinstance(record, dict) else None
    if not isinstance(attributes, dict) or not {"referenceId", "url"} & attributes.keys():
        return None
    name = str(attributes.get("type"))
    return snake(name) if OWN_TYPES.fullmatch(name) else None


def _is_of_plan(entry: Any) -> bool:
    return isinstance(entry, dict) and {"sobject", "files"} <= entry.keys()
