"""Typeform's responses in pages, a month (or a day) of a form a file, and the form itself.

Vendor pages: Retrieve responses, Retrieve form. `since` and `until` are inclusive, to the second,
and hold for another time with each type of response; asked for together, those that were never
submitted would be lost. The newest come first. Cursors (`before`) and dates cannot be relied on
together, so the next page is asked for up to the time of the last response seen: those of that
second come twice, and are copies by their token.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from orchestration.fetch.files import Draft
from orchestration.fetch.pages import Ask, Walk, fetch_document, fetch_pages
from orchestration.fetch.parts import Part, Span
from orchestration.fetch.vendors.base import ApiFetcher

#: by type of response, the time that its dates hold for
TIMES = {"completed": "submitted_at", "partial": "staged_at", "started": "landed_at"}


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
        types = self.fetch_config.objects or self.known.objects
        walks = [self._walk(form, each, part.span) for each in types]
        return fetch_pages(self.client, part.file, walks, draft)

    def _walk(self, form: str, kind: str, span: Span) -> Walk:
        time = TIMES[kind]
        first = Ask(
            f"/forms/{form}/responses",
            {
                "page_size": self.page_size,
                "since": f"{span.start:%Y-%m-%dT%H:%M:%SZ}",
                "until": f"{span.end - timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}",
                "response_type": kind,
            },
        )

        def following(ask: Ask, page: Any) -> Ask | None:
            items = page["items"]
            if len(items) < self.page_size:
                return None
            last = items[-1]
            return ask.but(until=last[time]) if last.get(time) else ask.but(before=last["token"])

        return Walk(first, "items", kind, following)


def _is_form(document: Any) -> bool:
    return isinstance(document, dict) and "fields" in document
