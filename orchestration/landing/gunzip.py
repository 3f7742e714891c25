"""Gzip to plain bytes, exactly: every checksum checked, and no readable byte lost to damage."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain, pairwise
from pathlib import Path
from typing import Any, cast

from isal import isal_zlib

BLOCK = 1 << 20
GZIP_MAGIC = b"\x1f\x8b"
GZIP_BITS = 31
DAMAGE = cast("type[Exception]", isal_zlib.error)  # its stub takes the class for an instance


@dataclass
class Stream:
    """One stream of plain bytes. `torn` is set, with the reason, when its end is missing or bad."""

    member: str | None
    blocks: Iterator[bytes] = field(default_factory=lambda: iter(()), repr=False)
    torn: str | None = None


def file_blocks(path: Path) -> Iterator[bytes]:
    """A file's bytes in blocks."""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


def plain_blocks(stream: Stream, packed: Callable[[], Iterator[bytes]]) -> Iterator[bytes]:
    """The bytes themselves, or inflated where they begin as gzip. `packed()` starts them anew."""
    blocks = packed()
    first = next(blocks, b"")
    if first[:2] != GZIP_MAGIC:
        yield from chain([first] if first else [], blocks)
        return
    given = 0
    try:
        for plain in _gunzip(stream, chain([first], blocks)):
            given += len(plain)
            yield plain
    except DAMAGE as error:
        stream.torn = f"the gzip stream is damaged: {error}"
        yield from salvaged(packed, given, GZIP_BITS)


def _gunzip(stream: Stream, packed: Iterator[bytes]) -> Iterator[bytes]:
    """Inflate concatenated gzip members, checking every checksum; a bad end sets `stream.torn`."""
    block = next(packed, b"")
    while block:
        inflater = isal_zlib.decompressobj(wbits=GZIP_BITS)
        yield from pieces(inflater, block)
        while not inflater.eof:
            block = next(packed, b"")
            if not block:
                stream.torn = "the gzip stream ends before its checksum"
                return
            yield from pieces(inflater, block)
        block = inflater.unused_data.lstrip(b"\0")  # zeros after a member are legal padding
        while len(block) < 2 and (more := next(packed, b"")):
            block = (block + more).lstrip(b"\0")
        if block and block[:2] != GZIP_MAGIC:
            stream.torn = "bytes after the end of the gzip stream are not gzip"
            return


def pieces(inflater: Any, block: bytes) -> Iterator[bytes]:
    """Plain pieces of at most BLOCK bytes: one packed block may hold a thousand times its size."""
    while not inflater.eof:
        plain = inflater.decompress(block, BLOCK)
        if plain:
            yield plain
        block = inflater.unconsumed_tail
        if not block and len(plain) < BLOCK:
            return


def salvaged(packed: Callable[[], Iterator[bytes]], given: int, bits: int) -> Iterator[bytes]:
    """The bytes between what was `given` and the damage, which a call that fails throws away.

    The stream (gzip or raw deflate, as `bits` say) is read again in ever finer steps up to the
    damage, told by the caller.
    """
    good, found = 0, b""
    for step in (BLOCK, 4096, 1):
        good, found = _until_damage(packed(), good, step, given, bits)
    if found:
        yield found


def _until_damage(
    packed: Iterator[bytes], good: int, step: int, given: int, bits: int
) -> tuple[int, bytes]:
    """Inflate in steps from input byte `good` on; return where the bad one begins, and the rest."""
    inflater = isal_zlib.decompressobj(wbits=bits)
    found = bytearray()
    position = written = 0
    try:
        for block in packed:
            whole = min(max(good - position, 0), len(block))
            starts = [0] if whole else []
            starts += range(whole, len(block), step)
            for start, end in pairwise([*starts, len(block)]):
                piece = block[start:end]
                while piece:
                    if inflater.eof:
                        piece = piece.lstrip(b"\0")
                        inflater = isal_zlib.decompressobj(wbits=bits)
                    for plain in pieces(inflater, piece):
                        found += plain[max(given - written, 0) :]
                        written += len(plain)
                    piece = inflater.unused_data
                position += end - start
    except DAMAGE:
        return position, bytes(found)
    return position, bytes(found)
