"""From a stored file to plain byte streams: gzip, zip (of gzips) and tar, member by member.

Nothing is unpacked to disk. Each member yields blocks of decompressed bytes; how the stream ended
(whole, or torn and why) is known once the blocks are exhausted. An unsafe archive is refused.
Text in UTF-16 is given as UTF-8, and a workbook as the CSV of its first sheet.
"""

from __future__ import annotations

import codecs
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from orchestration.landing.archives import (
    MAX_EXPANSION,
    ZIP_MAGIC,
    TornArchive,
    UnsafeArchive,
    holds_tar,
    natural_key,
    tar_streams,
    zip_streams,
)
from orchestration.landing.gunzip import BLOCK, Stream, file_blocks, plain_blocks
from orchestration.landing.workbooks import is_workbook, sheet_stream

EMPTY_ZIP_MAGIC = b"PK\x05\x06"
SMALL = 64 << 10  # what a smaller file is taken for: a few lines may repeat a lot


def streams(path: Path) -> Iterator[Stream]:
    """Yield the plain streams of a stored file; each must be exhausted before the next is asked.

    Members of a zip come in natural order of their names, those of a tar in its own order (it can
    only be read forwards). Raises UnsafeArchive for a member that leaves the archive, and while a
    stream is read that expands without measure; TornArchive for an unreadable list of members.
    """
    with path.open("rb") as file:
        magic = file.read(4)
        if is_workbook(file):
            yield sheet_stream(file, None)
            return
    if magic in (ZIP_MAGIC, EMPTY_ZIP_MAGIC):
        opened = zip_streams(path)
    elif holds_tar(path, magic):
        opened = tar_streams(path)
    else:
        opened = _one_stream(path)
    budget = _Budget(path.name, MAX_EXPANSION * max(path.stat().st_size, SMALL))
    for stream in opened:
        stream.blocks = budget.spent(stream.blocks)
        if (stream.member or "").lower().endswith(".xlsx"):
            yield from _workbook(stream)
            continue
        stream.blocks = _as_utf8(stream, stream.blocks)
        yield stream


def _workbook(packed: Stream) -> Iterator[Stream]:
    """A workbook inside an archive: it can only be read from its end, so it is put down first."""
    with tempfile.TemporaryFile() as file:
        for block in packed.blocks:
            file.write(block)
        stream = sheet_stream(file, packed.member)
        stream.torn = packed.torn
        yield stream


def _as_utf8(stream: Stream, blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes, or what they say where a byte order mark says that they are UTF-16."""
    first = next(blocks, b"")
    if first[:2] not in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        yield from chain([first] if first else [], blocks)
        return
    decoder = codecs.getincrementaldecoder("utf-16")()
    try:
        for block in chain([first], blocks):
            yield decoder.decode(block).encode()
        decoder.decode(b"", final=True)
    except UnicodeError as error:
        stream.torn = stream.torn or f"the text is no UTF-16: {error}"


def is_archive(path: Path) -> bool:
    """Whether a file has members: a zip or a tar."""
    with path.open("rb") as file:
        magic = file.read(4)
    return magic in (ZIP_MAGIC, EMPTY_ZIP_MAGIC) or holds_tar(path, magic)


@dataclass
class _Budget:
    """Plain bytes a file may still expand to, over all its members: caught while it grows."""

    name: str
    left: int

    def spent(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        for block in blocks:
            self.left -= len(block)
            if self.left < 0:
                raise UnsafeArchive(
                    f"{self.name}: expands more than {MAX_EXPANSION}-fold, a likely bomb"
                )
            yield block


def _one_stream(path: Path) -> Iterator[Stream]:
    stream = Stream(None)
    stream.blocks = plain_blocks(stream, lambda: file_blocks(path))
    yield stream


__all__ = [
    "BLOCK",
    "MAX_EXPANSION",
    "Stream",
    "TornArchive",
    "UnsafeArchive",
    "is_archive",
    "natural_key",
    "streams",
]
