"""Answers in pages: walked by a cursor, kept page by page, and made one zip when all are there.

A page is kept as the vendor sent it. A walk that was broken off goes on after its last whole page.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestration.errors import CannotFinish
from orchestration.fetch.files import Draft, zipped
from orchestration.fetch.http import Again, Client, Rejected

MAX_PAGE_BYTES = 512 << 20  # of one page, which is held in memory


@dataclass(frozen=True)
class Ask:
    """A request for a page."""

    path: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def but(self, **params: Any) -> Ask:
        """The same request with other parameters."""
        return Ask(self.path, {**self.params, **params})


#: the next request, from the last one and its page; None after the last page
Following = Callable[[Ask, Any], Ask | None]


@dataclass(frozen=True)
class Walk:
    """Pages to be walked. `key` names their array of records; empty: a page is the array.

    `prefix` begins the names of the pages, by which readers may know what they hold.
    """

    first: Ask
    key: str
    prefix: str
    following: Following = lambda ask, page: None


def fetch_pages(client: Client, what: str, walks: list[Walk], draft: Draft) -> bool:
    """Walk all pages into one zip at `draft.path`; False, and no file, if they have no records.

    A cursor of a broken-off walk that the vendor no longer knows begins the walk anew.
    """
    draft.pages.mkdir(parents=True, exist_ok=True)
    has_records = False
    for walk in walks:
        pattern = f"{walk.prefix}-{'[0-9]' * 5}.json"
        resumed = any(draft.pages.glob(pattern))
        try:
            found = _walk(client, what, walk, draft.pages)
        except Rejected:
            if not resumed:
                raise
            for page in draft.pages.glob(pattern):
                page.unlink()
            found = _walk(client, what, walk, draft.pages)
        has_records |= found
    pages = sorted(draft.pages.glob("*.json"))
    if has_records:
        zipped(pages, draft.path)
    return has_records


def fetch_document(
    client: Client, what: str, ask: Ask, path: Path, is_right: Callable[[Any], bool]
) -> Any:
    """Write one JSON document as it was sent; what it says."""

    def read() -> tuple[bytes, Any]:
        return _read(client, ask, is_right)

    content, document = client.complete(what, read)
    path.write_bytes(content)
    return document


def _walk(client: Client, what: str, walk: Walk, folder: Path) -> bool:
    ask: Ask | None = walk.first
    number, has_records = 0, False
    while ask is not None:
        number += 1
        path = folder / f"{walk.prefix}-{number:05d}.json"
        page = _kept(path)
        if page is None:
            page = _fetch_page(client, f"{what}, page {number}", walk, ask, path)
        has_records |= bool(page[walk.key] if walk.key else page)
        following = walk.following(ask, page)
        if following == ask:
            raise CannotFinish(
                f"{client.source}: {what}, page {number}: the vendor's cursor leads back to the "
                "same page; run again later, and tell the vendor if it stays so"
            )
        ask = following
    return has_records


def _kept(path: Path) -> Any:
    """A page that an earlier process fetched, else None."""
    if not path.exists():
        return None
    try:
        return json.loads(path.read_bytes())
    except ValueError:  # a power cut can leave a named file without its content
        return None


def _fetch_page(client: Client, what: str, walk: Walk, ask: Ask, path: Path) -> Any:
    def is_page(document: Any) -> bool:
        records = document.get(walk.key) if walk.key and isinstance(document, dict) else document
        return isinstance(records, list)

    partial = path.with_suffix(".part")
    page = fetch_document(client, what, ask, partial, is_page)
    partial.replace(path)
    return page


def _read(client: Client, ask: Ask, is_right: Callable[[Any], bool]) -> tuple[bytes, Any]:
    content = bytearray()
    with client.ask("GET", ask.path, params=ask.params) as response:
        for block in response.iter_bytes():
            content += block
            if len(content) > MAX_PAGE_BYTES:
                raise CannotFinish(
                    f"{client.source}: a page of more than {MAX_PAGE_BYTES >> 20} MiB; "
                    f"lower sources.{client.source}.fetch.page_size"
                )
    document = json_of(bytes(content), client.redacted)
    if not is_right(document):
        said = client.redacted(bytes(content[:2000]).decode("utf-8", errors="replace"))
        raise Again(f"answered 200 with something else: {said}")
    return bytes(content), document


def json_of(content: bytes, redacted: Callable[[str], str]) -> Any:
    """What a body says. Raises Again where it is no whole JSON document."""
    try:
        return json.loads(content)
    except ValueError:
        said = redacted(content[:2000].decode("utf-8", errors="replace")) or "it is empty"
        raise Again(f"the answer is no whole JSON document: {said}") from None
