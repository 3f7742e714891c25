"""From a stored file to plain byte streams: gzip, zip (of gzips) and tar, member by member.

Nothing is unpacked to disk. Each member yields blocks of decompressed bytes; how the stream ended
(whole, or torn and why) is known once the blocks are exhausted. An unsafe archive is refused.
"""

from __future__ import annotations

import re
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

from isal import isal_zlib

from orchestration.errors import WaybillError

BLOCK = 1 << 20
GZIP_MAGIC = b"\x1f\x8b"
ZIP_MAGIC = b"PK\x03\x04"
EMPTY_ZIP_MAGIC = b"PK\x05\x06"
# deflate cannot expand beyond about 1032:1, so only nested or overlapping archives pass this cap
MAX_EXPANSION = 1100
MAX_MEMBERS = 1_000_000


class UnsafeArchive(WaybillError):
    """An archive with a member that must not be unpacked (absolute, `..`, a link, a bomb)."""

    exit_code = 3


class TornArchive(WaybillError):
    """An archive whose list of members is unreadable: nothing of it can be framed."""

    exit_code = 3


@dataclass
class Stream:
    """One stream of plain bytes. `torn` is set, with the reason, when its end is missing or bad."""

    member: str | None
    blocks: Iterator[bytes] = field(repr=False)
    torn: str | None = None
    size: int = 0


def streams(path: Path) -> Iterator[Stream]:
    """Yield the plain streams of a stored file, archives in natural order of their member names.

    Raises UnsafeArchive for a member that leaves the archive, TornArchive for an unreadable list.
    """
    with path.open("rb") as file:
        magic = file.read(4)
    if magic in (ZIP_MAGIC, EMPTY_ZIP_MAGIC):
        yield from _zip_streams(path)
    elif magic[:2] == GZIP_MAGIC and _holds_tar(path):
        yield from _tar_streams(path)
    elif tarfile.is_tarfile(path) and magic[:2] != GZIP_MAGIC:
        yield from _tar_streams(path)
    else:
        with path.open("rb") as file:
            yield _stream(None, file)


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key under which `_9#2` comes before `_10#1`: digits compare as numbers."""
    parts = re.split(r"(\d+)", name)
    return tuple((1, int(p), "") if p.isdigit() and p.isascii() else (0, 0, p) for p in parts)


def _stream(member: str | None, file: IO[bytes]) -> Stream:
    stream = Stream(member, iter(()))
    head = file.read(BLOCK)
    stream.blocks = _inflate(stream, file, head) if head[:2] == GZIP_MAGIC else _plain(file, head)
    return stream


def _plain(file: IO[bytes], block: bytes) -> Iterator[bytes]:
    while block:
        yield block
        block = file.read(BLOCK)


def _inflate(stream: Stream, file: IO[bytes], block: bytes) -> Iterator[bytes]:
    """Inflate concatenated gzip members, checking every checksum; a bad end sets `stream.torn`."""
    inflater = isal_zlib.decompressobj(wbits=31)
    while True:
        try:
            plain = inflater.decompress(block)
        except isal_zlib.error as error:
            stream.torn = f"the gzip stream is damaged: {error}"
            return
        if plain:
            yield plain
        if inflater.eof:
            block = inflater.unused_data or file.read(BLOCK)
            block = block.lstrip(b"\0") if block[:1] == b"\0" else block  # padding, legal in gzip
            if not block:
                return
            if len(block) == 1:
                block += file.read(BLOCK)
            if block[:2] != GZIP_MAGIC:
                stream.torn = "bytes after the end of the gzip stream are not gzip"
                return
            inflater = isal_zlib.decompressobj(wbits=31)
            continue
        block = file.read(BLOCK)
        if not block:
            stream.torn = "the gzip stream ends before its checksum"
            return


def _zip_streams(path: Path) -> Iterator[Stream]:
    try:
        with zipfile.ZipFile(path) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            _refuse_unsafe(path, [(i.filename, i.file_size, i.external_attr >> 28 == 0o12) for i in infos])
            for info in sorted(infos, key=lambda i: natural_key(i.filename)):
                with archive.open(info) as file:
                    stream = _stream(info.filename, file)
                    stream.blocks = _until_damaged(stream, stream.blocks)
                    yield stream
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise TornArchive(f"{path.name}: the zip cannot be read: {error}") from error


def _tar_streams(path: Path) -> Iterator[Stream]:
    try:
        with tarfile.open(path) as archive:
            infos = [i for i in archive.getmembers() if not i.isdir()]
            _refuse_unsafe(path, [(i.name, i.size, not i.isfile()) for i in infos])
            for info in sorted(infos, key=lambda i: natural_key(i.name)):
                member = archive.extractfile(info)
                assert member is not None, "links and devices were refused above"
                with member:
                    stream = _stream(info.name, member)
                    stream.blocks = _until_damaged(stream, stream.blocks)
                    yield stream
    except (tarfile.TarError, EOFError, OSError) as error:
        raise TornArchive(f"{path.name}: the tar cannot be read: {error}") from error


def _until_damaged(stream: Stream, blocks: Iterator[bytes]) -> Iterator[bytes]:
    """An archive member's own checksum failing (zip CRC, short tar) tears that member, no more."""
    try:
        yield from blocks
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, isal_zlib.error) as error:
        stream.torn = f"the archive member is damaged: {error}"


def _refuse_unsafe(path: Path, members: list[tuple[str, int, bool]]) -> None:
    if len(members) > MAX_MEMBERS:
        raise UnsafeArchive(f"{path.name}: {len(members)} members, more than {MAX_MEMBERS}")
    for name, _, is_link in members:
        parts = PurePosixPath(name.replace("\\", "/"))
        if parts.is_absolute() or ".." in parts.parts or re.match(r"^[A-Za-z]:", name):
            raise UnsafeArchive(f"{path.name}: member {name!r} points outside the archive")
        if is_link:
            raise UnsafeArchive(f"{path.name}: member {name!r} is a link or a device")
    expanded, packed = sum(size for _, size, _ in members), path.stat().st_size
    if expanded > MAX_EXPANSION * max(packed, 1):
        raise UnsafeArchive(f"{path.name}: expands {expanded // max(packed, 1)}-fold, a likely bomb")


def _holds_tar(path: Path) -> bool:
    """A gzip whose content starts like a tar header (`ustar` at byte 257)."""
    with path.open("rb") as file:
        try:
            head = isal_zlib.decompressobj(wbits=31).decompress(file.read(1 << 16), 512)
        except isal_zlib.error:
            return False
    return head[257:262] == b"ustar"
