"""The manifest of an Adobe data feed: which files a window has, with their sizes and records.

It is written last, as `Key: value` lines in sections. Digest and size are of the compressed file.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from orchestration.landing.manifest import LandedFile
from orchestration.sources.base import Account

KEY = re.compile(r"\s*(Datafeed-Manifest-Version|Lookup-File|Data-File)s?\s*:", re.IGNORECASE)
MOST_BYTES = 16 << 20
Section = dict[str, str]


def is_manifest(text: str) -> bool:
    """Whether a text begins like a manifest."""
    return bool(KEY.match(text))


def sections(text: str) -> list[Section]:
    """The header and the files, keys in lower case; a file begins a section of its own."""
    found: list[Section] = [{}]
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        key = key.strip().lower()
        if not colon:
            continue
        if key in ("data-file", "lookup-file"):
            found.append({})
        found[-1][key] = value.strip()
    return found


def account(
    manifests: Sequence[Path],
    landed: Sequence[LandedFile],
    paths: Mapping[str, Path],
    *,
    needs_manifest: bool,
) -> Account:
    """What the manifest says against what landed.

    A window of several files is not whole before its manifest has come; a single archive has all in
    itself, and old feeds mark it with an empty file.
    """
    texts = [_text(path) for path in manifests]
    told = [sections(text) for text in texts if is_manifest(text)]
    if not told:
        lacking = "its manifest has not come, so the window may lack files"
        return Account(shortfalls=(lacking,)) if needs_manifest and not texts else Account()
    header, files = told[0][0], told[0][1:]
    by_name = {Path(file.name).name: file for file in landed}
    shortfalls: list[str] = []
    doubts: list[str] = []
    for section in files:
        name = section.get("data-file") or section.get("lookup-file") or ""
        file = by_name.get(Path(name).name)
        if file is None:
            shortfalls.append(f"{name} is in the manifest and did not come")
            continue
        shortfalls.extend(_differences(name, file, section))
        if _digest(section) not in ("", _md5(paths[file.name])):
            doubts.append(f"{name} has another digest than its manifest says")
    for key, kind in (("data-files", "data-file"), ("lookup-files", "lookup-file")):
        listed = sum(kind in section for section in files)
        if _number(header.get(key)) not in (None, listed):
            shortfalls.append(f"the manifest speaks of {header[key]} {key} and names {listed}")
    named = {Path(s.get("data-file") or s.get("lookup-file") or "").name for s in files}
    extra = [file.name for name, file in by_name.items() if file.records and name not in named]
    doubts.extend(f"{name} is not in the manifest" for name in extra)
    counts = [_number(section.get("record-count")) for section in files if "data-file" in section]
    total = _number(header.get("total-records"))
    if total is None and None not in counts:
        total = sum(count or 0 for count in counts)
    return Account(total, tuple(shortfalls), tuple(doubts))


def _differences(name: str, file: LandedFile, section: Section) -> Iterator[str]:
    size, records = _number(section.get("file-size")), _number(section.get("record-count"))
    if size not in (None, file.size):
        yield f"{name} has {file.size:,} bytes, its manifest says {size:,}"
    if records not in (None, file.records):
        yield f"{name} has {file.records:,} records, its manifest says {records:,}"


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() else None


def _digest(section: Section) -> str:
    """The digest in full: leading zeros may have been dropped when it was written."""
    digest = section.get("md5-digest", "").lower()
    return digest.zfill(32) if digest else ""


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _text(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(MOST_BYTES).decode("latin-1").removeprefix("\u00ef\u00bb\u00bf")
