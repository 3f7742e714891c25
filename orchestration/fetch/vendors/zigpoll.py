"""Zigpoll's answers in pages, a month (or a day) of an account a file, and what explains them.

Vendor pages: cursor pagination; its own OpenAPI file. Only answers take dates, and `createdBefore`
is not documented: where it is ignored, a file also holds later answers, which are copies.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from orchestration.fetch.files import Draft
from orchestration.fetch.pages import Ask, Walk, fetch_document, fetch_pages
from orchestration.fetch.parts import Part
from orchestration.fetch.vendors.base import ApiFetcher

PAGED = ("participants", "emails")


class ZigpollResponses(ApiFetcher):
    """A folder an account: polls, slides, participants and e-mails, and a file an interval."""

    def parts(self, first: date | None, last: date | None) -> Iterable[Part]:
        """Of each account what there is as of now, then the intervals of its answers."""
        for account in self.fetch_config.accounts or ():
            for kind in ("slides", *PAGED):
                about = {"account": account, "kind": kind}
                yield Part(f"{account}/{kind}", f"{account}/{kind}.zip", about=about)
            yield from self.dated(
                f"{account}/responses-", ".zip", first, last, account=account, kind="responses"
            )

    def fetch(self, part: Part, draft: Draft) -> bool:
        """All pages of one kind."""
        kind, account = part.about["kind"], part.about["account"]
        if kind == "slides":
            return fetch_pages(self.client, part.file, self._slides(part, account, draft), draft)
        params: dict[str, Any] = {"accountId": account, "limit": self.page_size}
        if part.span is not None:
            params["createdAfter"] = int(part.span.start.timestamp() * 1000)
            params["createdBefore"] = int(part.span.end.timestamp() * 1000)
        walk = Walk(Ask(f"/{kind}", params), "data", kind, _following)
        return fetch_pages(self.client, part.file, [walk], draft)

    def _slides(self, part: Part, account: str, draft: Draft) -> list[Walk]:
        """The account's polls, and the slides of each: they are asked for by poll."""
        every = Ask("/polls", {"accountId": account})
        listing = draft.piece(0)
        polls = fetch_document(self.client, part.file, every, listing, _is_list)
        listing.unlink()
        ids = [str(poll["_id"]) for poll in polls if isinstance(poll, dict) and "_id" in poll]
        slides = (Ask("/slides", {"pollId": each}) for each in ids)
        return [
            Walk(every, "", "polls"),
            *(Walk(ask, "", f"slides-{number:04d}") for number, ask in enumerate(slides, 1)),
        ]


def _following(ask: Ask, page: Any) -> Ask | None:
    is_last = not page.get("hasNextPage") or not page.get("endCursor")
    return None if is_last else ask.but(startCursor=page["endCursor"])


def _is_list(document: Any) -> bool:
    return isinstance(document, list)
