"""Hands a message to its channel by Apprise; says how that went in words without secrets."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO

from orchestration.alert_config import Route

ANSWERS = (
    (re.compile(r"error=([0-9]{3})"), "answered HTTP {}"),
    (re.compile(r"timed? ?out", re.IGNORECASE), "gave no answer in time"),
    (re.compile(r"refused", re.IGNORECASE), "refused the connection"),
    (re.compile(r"resol|not known", re.IGNORECASE), "is at a host nobody knows"),
)
"""What Apprise's own log says of a failure, and what is kept of it: that log holds addresses."""


def send(route: Route, title: str, body: str, severity: str) -> tuple[bool, str]:
    """Whether the channel took the message, and its answer. Never raises for the channel's sake."""
    address = route.url.get_secret_value() if route.url else os.environ.get(str(route.url_env))
    if not address:
        return False, f"the environment variable {route.url_env} is not set"
    from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType, PersistentStoreMode

    asset = AppriseAsset(
        app_id="Waybill",
        app_desc="Waybill",
        async_mode=False,
        storage_mode=PersistentStoreMode.MEMORY,  # it would write to the user's own folder
    )
    kinds = {"critical": NotifyType.FAILURE, "warning": NotifyType.WARNING}
    channel = Apprise(asset=asset)
    with _listening() as said:
        if not channel.add(address):
            return False, "its address is none that Apprise knows; see `waybill alerts --help`"
        taken = channel.notify(
            body=body,
            title=title,
            notify_type=kinds.get(severity, NotifyType.INFO),
            body_format=NotifyFormat.TEXT,
        )
    return (True, "taken") if taken else (False, _answer(said.getvalue()))


def _answer(said: str) -> str:
    for pattern, answer in ANSWERS:
        if found := pattern.search(said):
            return "the channel " + answer.format(*found.groups())
    return "the channel did not take it"


@contextmanager
def _listening() -> Iterator[StringIO]:
    """Apprise's log for ourselves alone: neither it nor urllib3's reaches any other log."""
    apprise, urllib3 = logging.getLogger("apprise"), logging.getLogger("urllib3")
    before = (apprise.propagate, apprise.level, urllib3.level)
    said = StringIO()
    handler = logging.StreamHandler(said)
    apprise.addHandler(handler)
    apprise.propagate = False
    apprise.setLevel(logging.DEBUG)
    urllib3.setLevel(logging.WARNING)
    try:
        yield said
    finally:
        apprise.removeHandler(handler)
        apprise.propagate = before[0]
        apprise.setLevel(before[1])
        urllib3.setLevel(before[2])
