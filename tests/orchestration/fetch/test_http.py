"""Asking a vendor: how long is waited, what is told, and that no secret ever is."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestration.errors import CannotFinish, ConfigurationError
from orchestration.fetch.budget import Budget
from orchestration.fetch.http import Abandoned, Client, Patience, Rejected, retry_after
from orchestration.fetch.pages import Ask, Walk, fetch_pages
from tests.orchestration.fetch.servers import Answer, Fault, Request, Vendor, page, serving, status

QUICK = Patience(attempts=3, first=0.005, longest=0.01, longest_asked=2.0)


class Echo(Vendor):
    def is_allowed(self, request: Request) -> bool:
        return True

    def answer(self, request: Request) -> Answer:
        return page({"data": [request.headers.get("authorization")]})


@contextmanager
def client_of(vendor: Vendor, patience: Patience = QUICK) -> Iterator[Client]:
    with serving(vendor) as url:
        client = Client(
            "src",
            {"TOKEN": vendor.token},
            patience,
            base_url=url,
            headers={"Authorization": f"Bearer {vendor.token}"},
        )
        yield client
        client.close()


def get(client: Client) -> bytes:
    def read() -> bytes:
        with client.ask("GET", "/x") as response:
            return bytes(response.read())

    return client.complete("x", read)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("1.5", 1.5),
        ("Mon, 03 Mar 2025 12:01:00 GMT", 60.0),
        ("Mon, 03 Mar 2025 11:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, datetime(2025, 3, 3, 12, tzinfo=UTC)) == seconds


def test_a_vendor_is_waited_for_as_long_as_it_says() -> None:
    vendor = Echo()
    vendor.faults = [status(429, retry_after="1")]
    with client_of(vendor) as client:
        began = time.monotonic()
        get(client)
        assert time.monotonic() - began >= 1.0


def test_a_vendor_that_asks_for_too_long_is_told() -> None:
    vendor = Echo()
    vendor.faults = [status(429, retry_after="86400")]
    with client_of(vendor) as client, pytest.raises(CannotFinish, match="come back in 86400 s"):
        get(client)
    assert len(vendor.requests) == 1


@pytest.mark.parametrize(
    ("fault", "error", "told"),
    [
        (status(402), ConfigurationError, "the plan of this account has no export"),
        (status(403), ConfigurationError, r"\$TOKEN is wrong, has expired or may not read this"),
        (status(302, location="https://elsewhere.example/login"), ConfigurationError, "elsewhere"),
        (status(400), Rejected, r"answered 400: .*correct sources\.src\.fetch"),
        (status(404), Rejected, "answered 404"),
    ],
)
def test_what_cannot_pass_is_told_at_once(fault: Fault, error: type[Exception], told: str) -> None:
    vendor = Echo()
    vendor.faults = [fault]
    with client_of(vendor) as client, pytest.raises(error, match=told):
        get(client)
    assert len(vendor.requests) == 1


@pytest.mark.parametrize("code", [400, 401, 403, 500])
def test_no_secret_is_told_even_where_the_vendor_repeats_it(code: int) -> None:
    vendor = Echo()
    vendor.faults = [lambda answer: Answer(code, answer.body)] * 5
    with client_of(vendor) as client, pytest.raises(Exception, match="answered") as told:
        get(client)
    assert vendor.token not in str(told.value) and "$TOKEN" in str(told.value)


def test_a_server_that_is_not_there() -> None:
    with serving(Echo()) as url:
        pass
    client = Client("src", {}, QUICK, base_url=url)
    with pytest.raises(CannotFinish, match=r"src: x: the connection failed: .*tried 3 times"):
        get(client)


def test_a_stopped_fetch_waits_no_longer() -> None:
    vendor = Echo()
    vendor.faults = [status(503)] * 100
    with client_of(vendor, Patience(attempts=9, first=60.0)) as client:
        threading.Timer(0.1, client.stop.set).start()
        began = time.monotonic()
        with pytest.raises(Abandoned):
            get(client)
        assert time.monotonic() - began < 5


class Pages(Echo):
    """Three pages; a cursor is known for as long as `knows` says."""

    knows = True
    loops = False

    def answer(self, request: Request) -> Answer:
        at = int(request.params.get("cursor", 0))
        if at and not self.knows:
            return page({"error": "unknown cursor"}, 400)
        following = at if self.loops and at else (at + 1 if at < 2 else None)
        return page({"data": [at], "next": following})


def walk() -> Walk:
    def following(ask: Ask, document: dict[str, int | None]) -> Ask | None:
        return None if document["next"] is None else ask.but(cursor=document["next"])

    return Walk(Ask("/things"), "data", "things", following)


def test_a_walk_goes_on_and_begins_anew_when_its_cursor_is_forgotten(tmp_path: Path) -> None:
    from orchestration.fetch.files import draft_of

    vendor, draft = Pages(), draft_of(tmp_path, "key")
    vendor.faults = [None, None, *[status(503)] * 3]
    with client_of(vendor) as client:
        with pytest.raises(CannotFinish, match="page 3"):
            fetch_pages(client, "things", [walk()], draft)
        kept = [path.name for path in sorted(draft.pages.iterdir())]
        assert kept == ["things-00001.json", "things-00002.json"]
        asked = len(vendor.requests)
        assert fetch_pages(client, "things", [walk()], draft)
        assert len(vendor.requests) == asked + 1
        first = draft.path.read_bytes()

        (draft.pages / "things-00003.json").unlink()
        vendor.faults = [lambda _: page({"error": "unknown cursor"}, 400)]
        assert fetch_pages(client, "things", [walk()], draft)
        assert draft.path.read_bytes() == first  # the same pages, the same bytes


def test_a_cursor_that_leads_back_is_told(tmp_path: Path) -> None:
    from orchestration.fetch.files import draft_of

    vendor = Pages()
    vendor.loops = True
    with client_of(vendor) as client, pytest.raises(CannotFinish, match="leads back"):
        fetch_pages(client, "things", [walk()], draft_of(tmp_path, "key"))


def test_a_day_s_budget_that_is_used_up_is_told() -> None:
    vendor = Echo()
    with client_of(vendor) as client:
        client.budget = Budget([(2, 86400.0)])
        get(client)
        get(client)
        with pytest.raises(CannotFinish, match="allows no more requests for 86"):
            get(client)
    assert len(vendor.requests) == 2
