"""Zip and tar as plain byte streams, member by member; unsafe archives are refused.

Read by ourselves where the standard readers drop what precedes the damage of a member.
"""

from __future__ import annotations

import re
import struct
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, cast

from isal import isal_zlib

from orchestration.errors import WaybillError
from orchestration.landing.gunzip import (
    BLOCK,
    DAMAGE,
    GZIP_BITS,
    GZIP_MAGIC,
    Stream,
    file_blocks,
    pieces,
    plain_blocks,
    salvaged,
)

ZIP_MAGIC = b"PK\x03\x04"
RAW_BITS = -15
# deflate cannot expand beyond about 1032:1, so only nested or overlapping archives pass this cap
MAX_EXPANSION = 1100
MAX_MEMBERS = 1_000_000


class UnsafeArchive(WaybillError):
    """An archive with a member that must not be unpacked (absolute, `..`, a link, a bomb)."""

    exit_code = 3


class TornArchive(WaybillError):
    """An archive whose list of members is unreadable: nothing of it can be framed."""

    exit_code = 3


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key under which `_9#2` comes before `_10#1`: digits compare as numbers."""
    parts = re.split(r"(\d+)", name)
    return tuple((1, int(p), "") if p.isdigit() and p.isascii() else (0, 0, p) for p in parts)


def zip_streams(path: Path) -> Iterator[Stream]:
    """The members of a zip in natural order of their names."""
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise TornArchive(f"{path.name}: the zip cannot be read: {error}") from error
    with archive, path.open("rb") as file:
        infos = [info for info in archive.infolist() if not info.is_dir()]
        links = {info for info in infos if info.external_attr >> 28 == 0o12}
        _refuse_unsafe(path, [(i.orig_filename, i.file_size, i in links) for i in infos])
        for info in sorted(infos, key=lambda i: natural_key(i.filename)):
            stream = Stream(info.filename)
            stream.blocks = plain_blocks(stream, _ZipMember(stream, file, info).blocks)
            yield stream


@dataclass(frozen=True)
class _ZipMember:
    """One member of a zip, read by ourselves: the standard reader drops what precedes damage."""

    stream: Stream
    file: IO[bytes]
    info: zipfile.ZipInfo

    def blocks(self) -> Iterator[bytes]:
        """The member's bytes as they were before zipping; damage sets the stream's `torn`."""
        info = self.info
        if info.flag_bits & 0x1:
            self.stream.torn = "the archive member is encrypted"
            return
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            self.stream.torn = f"the archive member's compression {info.compress_type} is not read"
            return
        checksum = size = 0
        try:
            for block in self._unpacked():
                checksum = isal_zlib.crc32(block, checksum)
                size += len(block)
                yield block
        except (DAMAGE, zipfile.BadZipFile) as error:
            self.stream.torn = f"the archive member is damaged: {error}"
            return
        if size != info.file_size or checksum != info.CRC:
            self.stream.torn = "the archive member is damaged: its size or checksum is wrong"

    def _unpacked(self) -> Iterator[bytes]:
        if self.info.compress_type == zipfile.ZIP_STORED:
            yield from self._packed()
            return
        inflater = isal_zlib.decompressobj(wbits=RAW_BITS)
        given = 0
        try:
            for block in self._packed():
                for plain in pieces(inflater, block):
                    given += len(plain)
                    yield plain
        except DAMAGE:
            yield from salvaged(self._packed, given, RAW_BITS)
            raise
        if not inflater.eof:
            raise zipfile.BadZipFile("its data ends early")

    def _packed(self) -> Iterator[bytes]:
        self.file.seek(self.info.header_offset)
        header = self.file.read(30)
        if len(header) < 30 or header[:4] != ZIP_MAGIC:
            raise zipfile.BadZipFile("its header is not where the list of members says")
        position = self.file.tell() + sum(struct.unpack("<HH", header[26:30]))
        left = self.info.compress_size
        while left:
            self.file.seek(position)  # the file is shared with a second pass over this member
            block = self.file.read(min(left, BLOCK))
            if not block:
                raise zipfile.BadZipFile("its data ends early")
            position += len(block)
            left -= len(block)
            yield block


def tar_streams(path: Path) -> Iterator[Stream]:
    """The members of a tar, plain or gzipped, in its order (it can only be read forwards).

    Two passes: no member may be unpacked before all of them are known to be safe.
    """
    names: list[tuple[str, int, bool]] = []
    whole = Stream(None)
    source = _Forward(plain_blocks(whole, lambda: file_blocks(path)))
    try:
        with _open_tar(source) as archive:
            for info in archive:
                names.append(
                    (info.name, info.size, info.issparse() or not (info.isfile() or info.isdir()))
                )
        source.drain()
        if source.tail.strip(b"\0"):
            whole.torn = whole.torn or "the tar breaks off: it has no end mark"
    except tarfile.TarError as error:
        whole.torn = whole.torn or f"the tar breaks off: {error}"
    _refuse_unsafe(path, names)
    if not names:
        raise TornArchive(f"{path.name}: the tar cannot be read: {whole.torn or 'it is empty'}")
    for number, info, blocks in _tar_members(path, len(names)):
        if info.isfile():
            name = info.name.encode(errors="surrogateescape").decode(errors="backslashreplace")
            stream = Stream(name)
            member = _TarMember(stream, path, number, info.size, blocks)
            stream.blocks = plain_blocks(stream, member.blocks)
            yield stream
    if whole.torn:
        yield Stream(None, torn=whole.torn)


def _tar_members(path: Path, count: int) -> Iterator[tuple[int, tarfile.TarInfo, Iterator[bytes]]]:
    source = _Forward(plain_blocks(Stream(None), lambda: file_blocks(path)))
    with _open_tar(source) as archive:
        for number in range(count):
            info = archive.next()
            assert info is not None, "the first pass has seen it"
            yield number, info, _member_blocks(archive, info)


def _member_blocks(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Iterator[bytes]:
    """What there is of a member; tarfile's own reader drops the part before a torn end."""
    file = archive.fileobj
    assert file is not None, "an open archive has its file"
    file.seek(info.offset_data)
    left = info.size
    while left and (block := file.read(min(left, BLOCK))):
        left -= len(block)
        yield block


@dataclass
class _TarMember:
    """One member of a tar; a second reading opens the tar anew."""

    stream: Stream
    path: Path
    number: int
    size: int
    first: Iterator[bytes] | None

    def blocks(self) -> Iterator[bytes]:
        blocks, self.first = self.first, None
        if blocks is None:
            members = _tar_members(self.path, self.number + 1)
            blocks = next(b for number, _, b in members if number == self.number)
        size = 0
        for block in blocks:
            size += len(block)
            yield block
        if size < self.size:
            self.stream.torn = "the archive breaks off inside this member"


def _open_tar(source: _Forward) -> tarfile.TarFile:
    return tarfile.open(fileobj=cast("IO[bytes]", source), mode="r|", bufsize=BLOCK)


class _Forward:
    """The file object tarfile reads from, over blocks of plain bytes; short only at their end."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._held = b""
        self.tail = b""

    def read(self, size: int) -> bytes:
        """Exactly `size` bytes as long as there are so many."""
        parts = [self._held]
        missing = size - len(self._held)
        while missing > 0 and (block := self._next()):
            parts.append(block)
            missing -= len(block)
        data = b"".join(parts)
        self._held = data[size:]
        return data[:size]

    def drain(self) -> None:
        """Read to the end, for its checksum."""
        while self._next():
            self._held = b""

    def _next(self) -> bytes:
        block = next(self._blocks, b"")
        if block:
            self.tail = (self.tail + block[-512:])[-512:]
        return block


def _refuse_unsafe(path: Path, members: list[tuple[str, int, bool]]) -> None:
    if len(members) > MAX_MEMBERS:
        raise UnsafeArchive(f"{path.name}: {len(members)} members, more than {MAX_MEMBERS}")
    for name, _, is_link in members:
        parts = PurePosixPath(name.replace("\\", "/"))
        if parts.is_absolute() or ".." in parts.parts or re.match(r"^[A-Za-z]:", name):
            raise UnsafeArchive(f"{path.name}: member {name!r} points outside the archive")
        if is_link:
            raise UnsafeArchive(f"{path.name}: member {name!r} is a link, a device or sparse")
    expanded, packed = sum(size for _, size, _ in members), path.stat().st_size
    if expanded > MAX_EXPANSION * max(packed, 1):
        raise UnsafeArchive(
            f"{path.name}: expands {expanded // max(packed, 1)}-fold, a likely bomb"
        )


def holds_tar(path: Path, magic: bytes) -> bool:
    """A file that starts like a tar header (`ustar` at byte 257), plain or gzipped."""
    with path.open("rb") as file:
        head = file.read(1 << 16)
    if magic[:2] == GZIP_MAGIC:
        try:
            head = isal_zlib.decompressobj(wbits=GZIP_BITS).decompress(head, 512)
        except DAMAGE:
            return False
    return head[257:262] == b"ustar"
