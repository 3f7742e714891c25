"""Answers that are zips: written as they come, and read through before they count as whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx

from orchestration.fetch.files import BLOCK, damage_of
from orchestration.fetch.http import Again


def save_zip(response: httpx.Response, path: Path, redacted: Callable[[str], str]) -> None:
    """Write a body to a file. Raises Again unless it is a zip whose members can all be read."""
    with path.open("wb") as file:
        for block in response.iter_bytes(BLOCK):
            file.write(block)
    with path.open("rb") as file:
        head = file.read(400)
    if head[:2] != b"PK":
        said = redacted(head.decode("utf-8", errors="replace"))
        raise Again(f"answered 200 with no zip: {said or 'it is empty'}")
    if damage := damage_of(path):
        raise Again(f"the zip is not whole: {damage}")
