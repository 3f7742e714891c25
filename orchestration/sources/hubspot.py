"""HubSpot: CRM exports, tables that connectors write, and pages of its API.

Vendor pages: Export records, CRM API (objects, associations, pipelines), CRM exports. Tables as
Fivetran writes them. What an object of the API is stands nowhere in it; its properties tell.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from orchestration.source_config import SourceConfig
from orchestration.sources.base import Framing, Head, first_date
from orchestration.sources.objects import ObjectSource, ObjectType
from orchestration.sources.pages import first_item

#: labels of the export in English, by their internal names; other languages: `columns`
IDS = {"record_id": "id", "hs_object_id": "id"}
CONTACT = {
    **IDS,
    "contact_id": "id",
    "first_name": "firstname",
    "last_name": "lastname",
    "create_date": "createdate",
    "last_modified_date": "lastmodifieddate",
    "lifecycle_stage": "lifecyclestage",
    "merged_object_ids": "hs_merged_object_ids",
    "merged_contact_ids": "hs_calculated_merged_vids",
    "additional_email_addresses": "hs_additional_emails",
}
DEAL = {
    **IDS,
    "deal_id": "id",
    "deal_name": "dealname",
    "deal_stage": "dealstage",
    "deal_pipeline": "pipeline",
    "deal_pipeline_id": "pipeline",
    "deal_pipeline_stage_id": "dealstage",
    "close_date": "closedate",
    "create_date": "createdate",
    "last_modified_date": "hs_lastmodifieddate",
    "currency": "deal_currency_code",
    "is_closed_won": "hs_is_closed_won",
    "is_deal_closed": "hs_is_closed",
    "closed_won_date": "hs_closed_won_date",
    "merged_object_ids": "hs_merged_object_ids",
    "associated_contact_id": "associated_contact_ids",
    "associated_contact_i_ds": "associated_contact_ids",
    "associated_company_id": "associated_company_ids",
    "associated_company_i_ds": "associated_company_ids",
}
COMPANY = {**IDS, "company_id": "id", "company_name": "name", "create_date": "createdate"}

#: properties by which a kind of object of the API is told, one of them being enough
PROPERTIES = {
    "deal": {"dealname", "dealstage", "amount"},
    "contact": {"email", "firstname", "lastname", "lifecyclestage", "lastmodifieddate"},
    "company": {"domain", "name"},
}
#: lists of objects: of pages, and of the pages of old versions
LISTS = ("results", "deals", "contacts", "companies", "events")


def _table(name: str, *marks: str) -> ObjectType:
    return ObjectType(name, "reference", [marks], prefix="property_")


class HubSpot(ObjectSource):
    """CRM exports, warehouse tables or API pages of contacts, deals, pipelines, e-mail events."""

    vendor = "hubspot"
    types = (
        # a record says which others it belongs to: associations before the objects
        _table("deal_contact", "contact_id", "deal_id", "type_id"),
        _table("deal_company", "company_id", "deal_id", "type_id"),
        _table("contact_company", "company_id", "contact_id", "type_id"),
        _table("engagement", "engagement_id", "property_hs_createdate"),
        _table("engagement", "engagement_id", "engagement_type", "type_id"),
        _table("contact_property_history", "contact_id", "timestamp", "name", "value", "source_id"),
        _table("deal_property_history", "deal_id", "timestamp", "name", "value", "source_id"),
        _table("company_property_history", "company_id", "timestamp", "name", "value", "source_id"),
        _table("deal_stage", "deal_id", "date_entered", "value"),
        _table("deal_pipeline_stage", "pipeline_id", "stage_id", "label"),
        _table("deal_pipeline", "pipeline_id", "label", "display_order"),
        ObjectType("contact_merge", "person", [("canonical_vid", "vid_to_merge")]),
        ObjectType("email_event", "fact", [("id", "email_campaign_id", "recipient", "portal_id")]),
        _table("email_event_bounce", "id", "fivetran_synced", "category", "status", "response"),
        _table("email_event_click", "id", "fivetran_synced", "referer", "url", "user_agent"),
        _table("email_event_open", "id", "fivetran_synced", "duration", "user_agent"),
        _table("email_event_delivered", "id", "fivetran_synced", "response", "smtp_id"),
        _table("email_event_sent", "id", "fivetran_synced", "reply_to", "subject", "from"),
        _table("email_campaign", "id", "app_id", "content_id", "num_included"),
        _table("engagement", "id", "type", "portal_id"),
        ObjectType(
            "deal",
            "fact",
            [
                ("record_id", "deal_name"),
                ("record_id", "dealname"),
                ("record_id", "dealstage"),
                ("hs_object_id", "dealname"),
                ("deal_id", "deal_name", "deal_stage"),
                ("id", "dealname", "dealstage"),
                ("deal_id", "property_dealname"),
                ("deal_id", "deal_pipeline_stage_id"),
            ],
            renamed=DEAL,
            prefix="property_",
        ),
        ObjectType(
            "contact",
            "person",
            [
                ("record_id", "email"),
                ("record_id", "first_name", "last_name"),
                ("record_id", "firstname", "lastname"),
                ("hs_object_id", "email"),
                ("contact_id", "email", "lifecycle_stage"),
                ("id", "email", "lifecyclestage"),
                ("id", "property_email"),
            ],
            renamed=CONTACT,
            prefix="property_",
        ),
        ObjectType(
            "company",
            "reference",
            [
                ("record_id", "company_name"),
                ("record_id", "company_domain_name"),
                ("record_id", "name", "domain"),
                ("id", "property_name", "property_createdate"),
            ],
            renamed=COMPANY,
            prefix="property_",
        ),
    )
    envelope = {
        "object_id": ("id",),
        "vid": ("vid",),
        "deal_id": ("dealId",),
        "created": ("createdate",),
        "created_at": ("createdAt",),
        "happened": ("created",),
    }
    dated_by = ("created", "created_at", "happened")
    raw_date = first_date(dated_by)
    time_sql = 'coalesce("created", "created_at", "happened")'
    dedupe_rule = "object id, last write and content; the latest write is current"
    identity_rule = (
        "contact id, with merged ones; e-mail, also additional ones, by `identity.keys`; the "
        "configured user field; of a deal the lowest contact id"
    )
    time_rule = "createdate: UTC in tables and the API, the configured time zone in exports"
    seen = "a public set of warehouse tables; exports and the API: synthetic only"
    personal = ("address", "address2", "hs_additional_emails")

    def recognise_documents(self, head: Head) -> Framing | None:
        """A page or a list of objects, one object, or a line each; pipelines with their stages."""
        for key in LISTS:
            item = first_item(head, key)
            if item is not None and (name := object_name([item])):
                return Framing("json_items", key=key, object_type=name)
        if isinstance(head.document, dict) and (name := object_name([head.document])):
            return Framing("document", object_type=name)
        if name := object_name(head.objects):
            return Framing("lines", object_type=name)
        return None

    def recognise(self, head: Head, config: SourceConfig | None = None) -> Framing | None:
        """By columns or properties; where it is configured, also a page without results."""
        found = super().recognise(head, config)
        document = head.document if found is None and config is not None else None
        if isinstance(document, dict) and document.get("results") == []:
            return Framing("json_items", key="results")
        return found


def object_name(items: Iterable[dict[str, Any]]) -> str | None:
    """What objects of the API are, all of one kind; None for what is none of the API's.

    >>> object_name([{"id": "1", "properties": {"dealname": "A"}, "archived": False}])
    'deal'
    """
    names: set[str] = set()
    for item in items:
        properties = item.get("properties")
        own = {"createdAt", "archived", "vid", "dealId", "portalId", "portal-id"}
        if isinstance(properties, dict) and own & item.keys():
            names |= properties.keys() | ({"email"} if "vid" in item else set())
        elif isinstance(item.get("stages"), list) and "label" in item:
            return "deal_pipeline"
        elif {"emailCampaignId", "recipient", "type"} <= item.keys():
            return "email_event"
    return next((name for name, own in PROPERTIES.items() if own & names), None)
