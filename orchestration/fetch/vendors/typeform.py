"""Typeform's responses in pages, a month (or a day) of a form a file, and the form itself.

Vendor pages: Responses API, Forms API. `since` and `until` are inclusive, to the second, and hold
for submitted_at (of responses that were not submitted, for when they were begun or left). The
newest come first; `before` takes the token of the last one seen.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from orchestration.fetch.files import Draft
from orchestration.fetch.pages import Ask, Walk, fetch_document, fetch_pages
from orchestration.fetch.parts import Part
from orchestration.fetch.vendors.base import ApiFetcher

# completed alone is the vendor's default, and would lose those who gave up
RESPONSE_TYPES = "started,partial,completed"


class TypeformResponses(ApiFetcher):
    """A folder a form: its definition, and a file of responses an interval."""

    def parts(self, first: date | None, last: date | None) -> Iterable[Part]:
        """Of each form its definition as of now, then its intervals."""
        for form in self.fetch_config.forms or ():
            yield Part(f"{form}/form", f"{form}/form.json", about={"form": form})
            yield from self.dated(f"{form}/responses-", ".zip", first, last, form=form)

    def fetch(self, part: Part, draft: Draft) -> bool:
        """A form's definition, or all pages of its responses in an interval."""
        form = part.about["form"]
        if part.span is None:
            ask = Ask(f"/forms/{form}")
            fetch_document(self.client, part.file, ask, draft.path, _is_form)
            return True
        first = Ask(
            f"/forms/{form}/responses",
            {
                "page_size": self.page_size,
                "since": f"{part.span.start:%Y-%m-%dT%H:%M:%SZ}",
                "until": f"{part.span.end - timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}",
                "response_type": RESPONSE_TYPES,
            },
        )
        walk = Walk(first, "items", "responses", self._following)
        return fetch_pages(self.client, part.file, [walk], draft)

    def _following(self, ask: Ask, page: Any) -> Ask | None:
        items = page["items"]
        return ask.but(before=items[-1]["token"]) if len(items) >= self.page_size else None


def _is_form(document: Any) -> bool:
    return isinstance(document, dict) and "fields" in document
