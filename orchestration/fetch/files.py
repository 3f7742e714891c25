"""Files on their way: drafts that become files whole or not at all, and what a file says.

A draft lies in a hidden folder beside the files, on the same disk, until it is complete. It then
takes its name by one rename.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, cast

from isal import igzip

from orchestration.fetch.journal import Outcome
from orchestration.landing import inflate
from orchestration.landing.store import sha256_of

DRAFTS = ".drafts"
BLOCK = 1 << 20
FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # the earliest a zip knows: the same content, the same bytes


@dataclass(frozen=True)
class Draft:
    """Where a part is written: `path` for the whole, `piece(n)` and `pages` on the way to it.

    `pages` outlives a killed process, so that a long walk through pages goes on where it was.
    """

    folder: Path
    slug: str

    @property
    def path(self) -> Path:
        """The file to be."""
        return self.folder / f"{self.slug}.part"

    @property
    def pages(self) -> Path:
        """A folder of pages."""
        return self.folder / f"{self.slug}.pages"

    def piece(self, number: int) -> Path:
        """One of the answers that together make the file."""
        return self.folder / f"{self.slug}.{number}.part"

    def clear(self, *, pages: bool = True) -> None:
        """Remove what was written; with `pages` also those of a walk that may be gone on with."""
        for path in self.folder.glob(f"{self.slug}*.part"):
            path.unlink()
        if pages and self.pages.exists():
            shutil.rmtree(self.pages)


def draft_of(folder: Path, key: str) -> Draft:
    """The draft of a part of a source's folder, by the part's key."""
    drafts = folder / DRAFTS
    drafts.mkdir(parents=True, exist_ok=True)
    return Draft(drafts, hashlib.sha256(key.encode()).hexdigest()[:24])


def clear_drafts(folder: Path, within: timedelta) -> None:
    """Remove what killed processes left, but for pages of walks that went on within this time."""
    oldest = time.time() - within.total_seconds()
    for path in (folder / DRAFTS).glob("*"):
        if path.is_file():
            path.unlink()
        elif path.stat().st_mtime < oldest:
            shutil.rmtree(path)


@dataclass(frozen=True)
class Placed:
    """What became of a draft."""

    outcome: Outcome
    sha256: str
    content: str
    size: int


def place(draft: Path, target: Path, known: str | None) -> Placed:
    """Give a complete draft its name, unless the file there says the same.

    `known` is the content's hash of the file that is there; None has it computed.
    """
    sha256 = sha256_of(draft)
    content = content_of(draft) if zipfile.is_zipfile(draft) else sha256
    if target.exists() and content == (known or content_of(target)):
        draft.unlink()
        return Placed("same", sha256_of(target), content, target.stat().st_size)
    outcome: Outcome = "changed" if target.exists() else "new"
    target.parent.mkdir(parents=True, exist_ok=True)
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.replace(target)
    return Placed(outcome, sha256, content, target.stat().st_size)


def content_of(path: Path) -> str:
    """Hash of what a file says: of a zip its members, since many stamp the time of asking."""
    if not zipfile.is_zipfile(path):
        return sha256_of(path)
    with zipfile.ZipFile(path) as archive:
        members = sorted((i.filename, i.CRC, i.file_size) for i in archive.infolist())
    return hashlib.sha256(json.dumps(members).encode()).hexdigest()


def write_empty(path: Path, name: str) -> None:
    """An export without records, in the form that the file's name says."""
    if name.endswith(".zip"):
        zipfile.ZipFile(path, "w").close()
    else:
        path.write_bytes(gzip.compress(b"", mtime=0) if name.endswith(".gz") else b"")


@contextmanager
def gzipped(path: Path) -> Iterator[IO[bytes]]:
    """A file to write plain bytes to, gzipped on the disk; the same bytes give the same file."""
    with (
        path.open("wb") as raw,
        igzip.IGzipFile(  # type: ignore[no-untyped-call]  # isal ships no types
            filename="", mode="wb", fileobj=raw, compresslevel=2, mtime=0
        ) as file,
    ):
        yield cast("IO[bytes]", file)


def joined(pieces: Sequence[Path], target: Path) -> None:
    """The bytes of files one after the other: gzips so joined are one gzip."""
    if len(pieces) == 1:
        pieces[0].replace(target)
        return
    with target.open("wb") as whole:
        for piece in pieces:
            with piece.open("rb") as part:
                shutil.copyfileobj(part, whole, BLOCK)


def zipped(files: Sequence[Path], target: Path) -> None:
    """Files as the members of one zip, in order; the same files give the same bytes."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            with file.open("rb") as content, archive.open(_member(file.name), "w") as member:
                shutil.copyfileobj(content, member, BLOCK)


def merged(archives: Sequence[Path], target: Path) -> None:
    """The members of several zips in one, in order. Members of one name keep the first's place."""
    with zipfile.ZipFile(target, "w") as whole:
        seen: set[str] = set()
        for path in archives:
            with zipfile.ZipFile(path) as archive:
                for info in archive.infolist():
                    if info.is_dir() or info.filename in seen:
                        continue
                    seen.add(info.filename)
                    stored = _member(info.filename, zipfile.ZIP_STORED)  # they are gzips
                    with archive.open(info) as content, whole.open(stored, "w") as member:
                        shutil.copyfileobj(content, member, BLOCK)


def _member(name: str, compression: int = zipfile.ZIP_DEFLATED) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, FIRST_DAY)
    info.compress_type = compression
    return info


def damage_of(path: Path) -> str | None:
    """Why an archive is not whole, read through to each member's end; None where it is."""
    try:
        for stream in inflate.streams(path):
            for _ in stream.blocks:
                pass
            if stream.torn is not None:
                return f"{stream.member or path.name}: {stream.torn}"
    except (inflate.TornArchive, inflate.UnsafeArchive) as error:
        return str(error)
    return None
