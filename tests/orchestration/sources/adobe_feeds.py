"""Small data feeds of our own, as files and bytes."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

WINDOW = "shop_2025-03-01"
NAMES = (
    *("hitid_high", "hitid_low", "visid_high", "post_visid_high", "visid_low", "post_visid_low"),
    *("visit_num", "visit_page_num", "visit_start_time_gmt", "hit_time_gmt", "date_time"),
    *("event_list", "post_event_list", "post_page_event", "post_pagename", "eVar1", "post_evar1"),
)
LOOKUPS = {
    "browser.tsv": "1\tLynx\n2\tBrowser « é »\n".encode("latin-1"),
    "event.tsv": b"1\tPurchase\n206\tEvent 7\n",
    "referrer_type.tsv": b"1\tInside\tinternal\n",
}


def hit(number: int, events: str = "", **cells: str) -> dict[str, str]:
    """A hit at noon plus its number in seconds."""
    return {
        "hitid_high": str(3057065293683691234 + number),
        "hitid_low": str(6851172488903271234 + number),
        "visid_high": "9",
        "post_visid_high": "77",
        "post_visid_low": "88",
        "visit_num": "1",
        "visit_page_num": str(number),
        "visit_start_time_gmt": "1740830000",
        "hit_time_gmt": str(1740830400 + number),
        "date_time": f"2025-03-01 07:00:{number:02}",
        "event_list": "1,2",
        "post_event_list": events,
        "post_page_event": "0",
        "post_pagename": "home",
    } | cells


def feed(hits: Sequence[Mapping[str, str]], names: Sequence[str] = NAMES) -> bytes:
    """Hits as a headerless feed has them."""
    return "".join("\t".join(each.get(n, "") for n in names) + "\n" for each in hits).encode()


def tar(members: Mapping[str, bytes]) -> bytes:
    """A tar.gz; the same members give the same bytes."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return packed(out.getvalue())


def lookups(names: Sequence[str] = NAMES) -> bytes:
    """The lookups of a window, its column headers among them."""
    return tar({**LOOKUPS, "column_headers.tsv": ("\t".join(names) + "\n").encode()})


def packed(data: bytes) -> bytes:
    """Bytes as gzip, always the same."""
    return gzip.compress(data, mtime=0)


def manifest(files: Mapping[str, bytes], counts: Mapping[str, int]) -> bytes:
    """What Adobe writes last: `counts` names the data files with their records."""
    data = [name for name in files if name in counts]
    text = (
        "Datafeed-Manifest-Version: 1.0\n"
        f"Lookup-Files: {len(files) - len(data)}\nData-Files: {len(data)}\n"
        f"Total-Records: {sum(counts.values())}\n"
    )
    for name, content in files.items():
        digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
        text += f"\n{'Data' if name in counts else 'Lookup'}-File: {name}\n"
        text += f"MD5-Digest: {digest}\nFile-Size: {len(content)}\n"
        text += f"Record-Count: {counts[name]}\n" if name in counts else ""
    return text.encode()


def window(parts: Sequence[Sequence[Mapping[str, str]]]) -> dict[str, bytes]:
    """A whole delivery of several data files, by name."""
    data = {
        f"{number:02}-{WINDOW}.tsv.gz": packed(feed(hits))
        for number, hits in enumerate(parts, start=1)
    }
    counts = {name: len(hits) for name, hits in zip(data, parts, strict=True)}
    files = {f"{WINDOW}-lookup_data.tar.gz": lookups(), **data}
    return {**files, f"{WINDOW}.txt": manifest(files, counts)}


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Put files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
