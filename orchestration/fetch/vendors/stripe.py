"""Stripe's lists: what changes for years as of now, what is done with after weeks by month.

Vendor pages: API reference, pagination. Lists filter on `created` alone, so a subscription that was
cancelled a year later would be missed: customers, subscriptions, products and prices are read whole
each time. Lists of subscriptions leave cancelled ones out unless asked for all.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from orchestration.fetch.files import Draft
from orchestration.fetch.pages import Ask, Walk, fetch_pages
from orchestration.fetch.parts import Part
from orchestration.fetch.vendors.base import ApiFetcher
from orchestration.fetch_config import STRIPE_SNAPSHOTS


class StripeLists(ApiFetcher):
    """A zip an object that is read whole; of the others one an interval of `created`."""

    def parts(self, first: date | None, last: date | None) -> Iterable[Part]:
        """What is read whole, then the intervals of the others."""
        for name in self.fetch_config.objects or self.known.objects:
            if name in STRIPE_SNAPSHOTS:
                yield Part(name, f"{name}.zip", about={"object": name})
            else:
                yield from self.dated(f"{name}/{name}-", ".zip", first, last, object=name)

    def fetch(self, part: Part, draft: Draft) -> bool:
        """All pages of a list."""
        name = part.about["object"]
        params: dict[str, Any] = {"limit": self.page_size}
        if name == "subscriptions":
            params["status"] = "all"
        if part.span is not None:
            params["created[gte]"] = int(part.span.start.timestamp())
            params["created[lt]"] = int(part.span.end.timestamp())
        walk = Walk(Ask(f"/v1/{name}", params), "data", name, _following)
        return fetch_pages(self.client, part.file, [walk], draft)


def _following(ask: Ask, page: Any) -> Ask | None:
    has_more = page.get("has_more") and page["data"]
    return ask.but(starting_after=page["data"][-1]["id"]) if has_more else None
