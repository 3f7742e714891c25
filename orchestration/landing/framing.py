"""Byte streams to records, exactly: what one record is, byte for byte, and how many there are.

Lines end at LF only (a CR before it belongs to the line end): U+2028, U+0085 and lone CR are legal
inside the text of a record. White-space lines are not records. Every other byte ends in exactly
one record, also when it is not UTF-8, too long, or the torn tail of a cut file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

# A longer record is quarantined with its first bytes; the store keeps all of it. Bounds memory.
MAX_RECORD_BYTES = 64 << 20
KEPT_BYTES = 64 << 10
CHUNK = 1 << 20
PIECE = 256 << 10
BATCH_ROWS = 50_000  # small enough that DuckDB's threads share a chunk
BOM = b"\xef\xbb\xbf"
LF, CR = 10, 13

SCHEMA = pa.schema(
    [
        ("raw", pa.large_string()),
        ("raw_bytes", pa.large_binary()),
        ("record", pa.large_string()),
        ("member", pa.string()),
        ("record_number", pa.int64()),
        ("framing_error", pa.string()),
    ]
)

#: a column some framers add: the cells of a record as a struct by name, null where empty
CELLS = "cells"
#: the error of a line of one cell in a table that may end in lines of text about itself
FOOTER = "report_footer"
#: a column of exports of objects: which of the vendor's objects a record is
OBJECT_TYPE = "object_type"


@dataclass
class Tally:
    """What the byte pass counted in one file, and how the file ended."""

    records: int = 0
    blank_lines: int = 0
    plain_bytes: int = 0
    torn: str | None = None


def batch(
    tally: Tally,
    member: str | None,
    raw: pa.Array,
    record: pa.Array | None = None,
    error: str | pa.Array | None = None,
) -> pa.RecordBatch:
    """Number the records of one batch. `raw` is large_binary; what is not UTF-8 stays bytes.

    Such a record has error `not_utf8`, unless its `record` was read in another encoding. `error` is
    for all records, or an array with one for each.
    """
    count = len(raw)
    errors = error if isinstance(error, pa.Array) else _repeated(error, count)
    text, raw_bytes, errors = _as_text(raw, errors, record)
    numbers = pa.array(np.arange(tally.records + 1, tally.records + count + 1, dtype=np.int64))
    tally.records += count
    return pa.RecordBatch.from_arrays(
        [
            text,
            raw_bytes,
            record if record is not None else pa.nulls(count, pa.large_string()),
            _repeated(member, count),
            numbers,
            errors,
        ],
        schema=SCHEMA,
    )


def _repeated(text: str | None, count: int) -> pa.Array:
    return pa.nulls(count, pa.string()) if text is None else pa.repeat(text, count)


def one_record(tally: Tally, member: str | None, raw: bytes, error: str | None) -> pa.RecordBatch:
    """A batch of a single record; with an error its bytes are kept up to KEPT_BYTES."""
    kept = raw[:KEPT_BYTES] if error else raw
    return batch(tally, member, pa.array([kept], pa.large_binary()), error=error)


def frame_lines(
    blocks: Iterable[bytes],
    tally: Tally,
    member: str | None = None,
    *,
    is_stop_line: bytes | None = None,
    torn: Iterable[str | None] = (),
) -> Iterator[pa.RecordBatch]:
    """Frame LF-terminated lines. `tally` is complete once the iterator is exhausted.

    A byte order mark before the first line is not part of it. A last line without line end that is
    not JSON is the tail of a cut file, unless it is the vendor's own `is_stop_line`. When `torn`
    yields a reason the rest, even if empty, is one record with error `torn_tail`: a torn file never
    ends quietly.
    """
    held: list[bytes] = []  # the line that is not ended yet
    size = 0
    overlong: bytes | None = None
    for chunk in without_bom(chunks(blocks, tally)):
        end = chunk.rfind(b"\n") + 1
        if end > 0 and overlong is not None:
            yield one_record(tally, member, overlong, "record_too_long")
            overlong, first = None, chunk.find(b"\n") + 1
            chunk, end = chunk[first:], end - first
        if end > 0:
            yield from _lines(b"".join([*held, memoryview(chunk)[:end]]), tally, member)
            held, size, chunk = [], 0, chunk[end:]
        if overlong is None:
            held.append(chunk)
            size += len(chunk)
        if size > MAX_RECORD_BYTES:
            overlong = b"".join(held)[:KEPT_BYTES]
            held, size = [], 0
    rest = b"".join(held)
    reason = next(iter(torn), None)
    tally.torn = reason
    if overlong is not None:
        yield one_record(tally, member, overlong, "record_too_long")
        if reason is None:
            return
    if reason is not None:
        yield one_record(tally, member, rest, "torn_tail")
    elif rest.strip():
        stops = is_stop_line is not None and len(rest) < 200 and is_stop_line in rest
        if stops or _is_json(rest):
            yield one_record(tally, member, rest.removesuffix(b"\r"), None)
        else:
            tally.torn = "the last line is cut: it has no line end and is not whole"
            yield one_record(tally, member, rest, "torn_tail")
    elif rest:
        tally.blank_lines += 1


def chunks(blocks: Iterable[bytes], tally: Tally) -> Iterator[bytes]:
    """Join small blocks, so that the numpy work per chunk is worth its overhead; count bytes."""
    held: list[bytes] = []
    size = 0
    for block in blocks:
        tally.plain_bytes += len(block)
        held.append(block)
        size += len(block)
        if size >= CHUNK:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)


def without_bom(parts: Iterator[bytes]) -> Iterator[bytes]:
    """Drop a byte order mark at the beginning: it belongs to the file, not to its first record."""
    first = next(parts, b"")
    while len(first) < len(BOM) and (more := next(parts, b"")):
        first += more
    yield from chain([first.removeprefix(BOM)], parts)


def _lines(data: bytes, tally: Tally, member: str | None) -> Iterator[pa.RecordBatch]:
    """Frame `data`, which ends in LF."""
    buffer = np.frombuffer(data, dtype=np.uint8)
    ends = positions(buffer, LF)
    starts = np.empty_like(ends)
    starts[0], starts[1:] = 0, ends[:-1] + 1
    has_cr = (ends > starts) & (buffer[np.maximum(ends - 1, 0)] == CR)
    text = (data.replace(b"\r\n", b"") if has_cr.any() else data).replace(b"\n", b"")
    raw = binary_array(text, ends - starts - has_cr)
    blank = blank_rows(raw)
    if blank.any():
        tally.blank_lines += int(blank.sum())
        raw, starts, ends = raw.filter(pa.array(~blank)), starts[~blank], ends[~blank]
    overlong = ends - starts > MAX_RECORD_BYTES
    errors: pa.Array | None = None
    if overlong.any():
        errors = pc.if_else(pa.array(overlong), "record_too_long", pa.scalar(None, pa.string()))
        raw = pc.if_else(pa.array(overlong), pc.binary_slice(raw, 0, KEPT_BYTES), raw)
    for first in range(0, len(raw), BATCH_ROWS):
        some = slice(first, first + BATCH_ROWS)
        yield batch(tally, member, raw[some], error=None if errors is None else errors[some])


def positions(buffer: npt.NDArray[np.uint8], byte: int) -> npt.NDArray[np.int64]:
    """Where a byte stands. A piece at a time: what is compared then stays in the cache."""
    pieces = [
        np.flatnonzero(buffer[start : start + PIECE] == byte) + start
        for start in range(0, len(buffer), PIECE)
    ]
    return np.concatenate(pieces) if pieces else np.empty(0, dtype=np.int64)


def binary_array(
    text: bytes | npt.NDArray[np.uint8], lengths: npt.NDArray[np.int64]
) -> pa.LargeBinaryArray:
    """Values of these lengths that lie in `text` one after the other, not copied."""
    offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(text)]
    return pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(lengths), buffers)


def text_of(values: pa.LargeStringArray) -> memoryview:
    """The bytes of all values, one after the other, not copied."""
    offsets = np.frombuffer(values.buffers()[1], dtype=np.int64)[values.offset :]
    return memoryview(values.buffers()[2] or b"")[offsets[0] : offsets[len(values)]]


def blank_rows(raw: pa.LargeBinaryArray) -> npt.NDArray[np.bool_]:
    """Which values are nothing but ASCII white space. Only those that begin with some are read."""
    offsets = np.frombuffer(raw.buffers()[1], dtype=np.int64)[raw.offset :][: len(raw) + 1]
    text = np.frombuffer(raw.buffers()[2] or b"", dtype=np.uint8)
    blank: npt.NDArray[np.bool_] = offsets[:-1] == offsets[1:]
    filled = np.flatnonzero(~blank)
    indented = filled[_WHITE[text[offsets[filled]]]]
    if len(indented):
        trimmed = pc.ascii_ltrim_whitespace(_unchecked_text(raw.take(pa.array(indented))))
        blank[indented] = np.asarray(pc.equal(pc.binary_length(trimmed), 0))
    return blank


_WHITE = np.isin(np.arange(256), (9, 10, 11, 12, 13, 32))


def _unchecked_text(raw: pa.LargeBinaryArray) -> pa.LargeStringArray:
    """The same bytes under the type that trimming asks for; it does not mind what they are."""
    return pa.Array.from_buffers(pa.large_string(), len(raw), raw.buffers(), offset=raw.offset)


def _as_text(
    raw: pa.LargeBinaryArray, errors: pa.Array, record: pa.Array | None
) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Split into text where the bytes are UTF-8, and bytes with an error where they are not."""
    count = len(raw)
    try:
        return raw.cast(pa.large_string()), pa.nulls(count, pa.large_binary()), errors
    except pa.ArrowInvalid:
        bad = np.zeros(count, dtype=bool)
        bad[not_utf8(raw)] = True
        mask = pa.array(bad)
        text = pc.if_else(mask, pa.scalar(None, pa.large_binary()), raw).cast(pa.large_string())
        kept = pc.if_else(mask, raw, pa.scalar(None, pa.large_binary()))
        unread = mask if record is None else pc.and_(mask, pc.is_null(record))
        return text, kept, pc.if_else(unread, pc.coalesce(errors, pa.scalar("not_utf8")), errors)


def not_utf8(raw: pa.LargeBinaryArray, base: int = 0) -> list[int]:
    """Positions that are not UTF-8, by halving: cost grows with the bad records, not with all."""
    try:
        raw.cast(pa.large_string())
        return []
    except pa.ArrowInvalid:
        if len(raw) == 1:
            return [base]
        half = len(raw) // 2
        return not_utf8(raw.slice(0, half), base) + not_utf8(raw.slice(half), base + half)


def _is_json(data: bytes) -> bool:
    try:
        json.loads(data)
    except ValueError:
        return False
    except RecursionError:  # deeper than the parser goes: a whole record, judged again later
        return True
    return True
