"""HubSpot's objects as of now: all pages of each, archived ones too, and the stages of pipelines.

Vendor pages: CRM objects, Pipelines. Its lists take no dates, and its search ends at 10,000
records, so each fetch reads all of an object; a page has up to 100 records.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from orchestration.fetch.files import Draft
from orchestration.fetch.pages import Ask, Walk, fetch_document, fetch_pages
from orchestration.fetch.parts import Part
from orchestration.fetch.vendors.base import ApiFetcher

PROPERTIES = {
    "contacts": (
        *("email", "firstname", "lastname", "lifecyclestage", "hs_lead_status", "createdate"),
        *("lastmodifieddate", "first_conversion_date", "recent_conversion_date"),
        *("hs_analytics_source", "hs_analytics_source_data_1", "hs_analytics_source_data_2"),
        *("hs_calculated_merged_vids", "hs_merged_object_ids", "hs_additional_emails"),
    ),
    "companies": (
        *("name", "domain", "country", "industry", "lifecyclestage", "createdate"),
        *("hs_lastmodifieddate", "hs_merged_object_ids"),
    ),
    "deals": (
        *("dealname", "amount", "deal_currency_code", "amount_in_home_currency", "closedate"),
        *("createdate", "pipeline", "dealstage", "hs_is_closed", "hs_is_closed_won"),
        *("hubspot_owner_id", "hs_lastmodifieddate", "hs_merged_object_ids"),
    ),
    "tickets": (
        *("subject", "hs_pipeline", "hs_pipeline_stage", "hs_ticket_priority", "createdate"),
        *("closed_date", "hs_lastmodifieddate", "hubspot_owner_id"),
    ),
}
ASSOCIATIONS = {
    "contacts": "companies",
    "deals": "contacts,companies",
    "tickets": "contacts,companies",
}
WITH_PIPELINES = ("deals", "tickets")


class HubSpotObjects(ApiFetcher):
    """A zip an object, and a document of pipelines for those that have stages."""

    def parts(self, first: date | None, last: date | None) -> Iterable[Part]:
        """Each object as of now; dates mean nothing here."""
        for name in self.fetch_config.objects or self.known.objects:
            if name in WITH_PIPELINES:
                file = f"pipelines-{name}"
                yield Part(file, f"{file}.json", about={"object": name, "kind": "pipelines"})
            yield Part(name, f"{name}.zip", about={"object": name, "kind": "object"})

    def fetch(self, part: Part, draft: Draft) -> bool:
        """All pages of an object, those of the archived after the others; or its pipelines."""
        name = part.about["object"]
        if part.about["kind"] == "pipelines":
            ask = Ask(f"/crm/v3/pipelines/{name}")
            fetch_document(self.client, part.file, ask, draft.path, _has_results)
            return True
        own = (self.fetch_config.properties or {}).get(name, ())
        params = {
            "limit": self.page_size,
            "properties": ",".join(dict.fromkeys((*PROPERTIES.get(name, ()), *own))),
            "archived": "false",
        }
        if name in ASSOCIATIONS:
            params["associations"] = ASSOCIATIONS[name]
        ask = Ask(f"/crm/v3/objects/{name}", params)
        archived = Ask(ask.path, {k: v for k, v in params.items() if k != "associations"})
        walks = [
            Walk(ask, "results", name, _following),
            Walk(archived.but(archived="true"), "results", f"{name}-archived", _following),
        ]
        return fetch_pages(self.client, part.file, walks, draft)


def _following(ask: Ask, page: Any) -> Ask | None:
    after = ((page.get("paging") or {}).get("next") or {}).get("after")
    return ask.but(after=after) if after else None


def _has_results(document: Any) -> bool:
    return isinstance(document, dict) and isinstance(document.get("results"), list)
