"""SurveyMonkey's responses in bulk pages, a month (or a day) of a survey a file, and its details.

Vendor pages: API v3, Responses and Surveys. Intervals are of date_created, which an edit does not
move; answers are ids, so the survey's details come with them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from orchestration.fetch.files import Draft
from orchestration.fetch.pages import Ask, Walk, fetch_document, fetch_pages
from orchestration.fetch.parts import Part
from orchestration.fetch.vendors.base import ApiFetcher


class SurveyMonkeyResponses(ApiFetcher):
    """A folder a survey: its details, and a file of responses an interval."""

    def parts(self, first: date | None, last: date | None) -> Iterable[Part]:
        """Of each survey its details as of now, then its intervals."""
        for survey in self.fetch_config.surveys or ():
            yield Part(f"{survey}/details", f"{survey}/details.json", about={"survey": survey})
            yield from self.dated(f"{survey}/responses-", ".zip", first, last, survey=survey)

    def fetch(self, part: Part, draft: Draft) -> bool:
        """A survey's details, or all pages of its responses in an interval."""
        path = f"/v3/surveys/{part.about['survey']}"
        if part.span is None:
            ask = Ask(f"{path}/details")
            fetch_document(self.client, part.file, ask, draft.path, _is_survey)
            return True
        first = Ask(
            f"{path}/responses/bulk",
            {
                "per_page": self.page_size,
                "page": 1,
                "start_created_at": f"{part.span.start:%Y-%m-%dT%H:%M:%S}",
                "end_created_at": f"{part.span.end:%Y-%m-%dT%H:%M:%S}",
            },
        )
        walk = Walk(first, "data", "responses", _following)
        return fetch_pages(self.client, part.file, [walk], draft)


def _following(ask: Ask, page: Any) -> Ask | None:
    has_more = (page.get("links") or {}).get("next")
    return ask.but(page=ask.params["page"] + 1) if has_more else None


def _is_survey(document: Any) -> bool:
    return isinstance(document, dict) and "pages" in document
