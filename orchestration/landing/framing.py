"""Byte streams to records, exactly: what one record is, byte for byte, and how many there are.

Lines end at LF only (a CR before it belongs to the line end): U+2028, U+0085 and lone CR are legal
inside the text of a record. White-space lines are not records. Every other byte ends in exactly
one record, also when it is not UTF-8, too long, or the torn tail of a cut file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

# A longer record is quarantined with its first bytes; the store keeps all of it. Bounds memory.
MAX_RECORD_BYTES = 64 << 20
KEPT_BYTES = 64 << 10
CHUNK = 16 << 20
BATCH_ROWS = 50_000  # small enough that DuckDB's threads share a chunk
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
    error: str | None = None,
) -> pa.RecordBatch:
    """Number the records of one batch. `raw` is large_binary; what is not UTF-8 stays bytes."""
    count = len(raw)
    text, raw_bytes, errors = _as_text(raw, error)
    numbers = pa.array(np.arange(tally.records + 1, tally.records + count + 1, dtype=np.int64))
    tally.records += count
    return pa.RecordBatch.from_arrays(
        [
            text,
            raw_bytes,
            record if record is not None else pa.nulls(count, pa.large_string()),
            pa.nulls(count, pa.string()) if member is None else pa.array([member] * count),
            numbers,
            errors,
        ],
        schema=SCHEMA,
    )


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

    A last line without line end that is not JSON is the tail of a cut file, unless it is the
    vendor's own `is_stop_line`. When `torn` yields a reason the rest, even if empty, is one
    record with error `torn_tail`: a torn file never ends quietly.
    """
    rest = b""
    overlong: bytes | None = None
    for chunk in chunks(blocks, tally):
        data = rest + chunk
        end = data.rfind(b"\n") + 1
        if end == 0:
            rest = data
        else:
            if overlong is not None:
                first = data.find(b"\n") + 1
                yield one_record(tally, member, overlong, "record_too_long")
                overlong, data, end = None, data[first:], end - first
            rest = data[end:]
            if end > 0:
                yield from _lines(data[:end], tally, member)
        if len(rest) > MAX_RECORD_BYTES:
            overlong = overlong if overlong is not None else rest[:KEPT_BYTES]
            rest = b""
    reason = next(iter(torn), None)
    tally.torn = reason
    if overlong is not None:
        yield one_record(tally, member, overlong, "record_too_long")
        if reason is None:
            return
        rest = b""
    if reason is not None:
        yield one_record(tally, member, rest, "torn_tail")
    elif rest.strip():
        stops = is_stop_line is not None and is_stop_line in rest
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


def _lines(data: bytes, tally: Tally, member: str | None) -> Iterator[pa.RecordBatch]:
    """Frame `data`, which ends in LF."""
    raw = cut(data, np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == LF), tally)
    for first in range(0, len(raw), BATCH_ROWS):
        yield batch(tally, member, raw.slice(first, BATCH_ROWS))


def cut(data: bytes, ends: npt.NDArray[np.int64], tally: Tally) -> pa.LargeBinaryArray:
    """Cut `data` after each LF position in `ends`; line ends and blank records are dropped."""
    buffer = np.frombuffer(data, dtype=np.uint8)
    starts = np.empty_like(ends)
    starts[0], starts[1:] = 0, ends[:-1] + 1
    has_cr = (ends > starts) & (buffer[np.maximum(ends - 1, 0)] == CR)
    keep = np.ones(len(buffer), dtype=bool)
    keep[np.concatenate([ends, ends[has_cr] - 1])] = False
    text = buffer[keep]
    lengths = ends - starts - has_cr
    offsets = np.zeros(len(ends) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    raw = pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), len(ends), [None, pa.py_buffer(offsets), pa.py_buffer(text)]
    )
    blank = _blank(text, offsets, lengths, raw)
    if blank.any():
        tally.blank_lines += int(blank.sum())
        raw = raw.filter(pa.array(~blank))
    return raw


def _blank(
    text: npt.NDArray[np.uint8],
    offsets: npt.NDArray[np.int64],
    lengths: npt.NDArray[np.int64],
    raw: pa.LargeBinaryArray,
) -> npt.NDArray[np.bool_]:
    """Lines of nothing but ASCII white space. Only lines that begin with some are looked at."""
    blank = lengths == 0
    first = np.zeros(len(lengths), dtype=np.uint8)
    first[~blank] = text[offsets[:-1][~blank]]
    candidates = np.flatnonzero(~blank & np.isin(first, (9, 11, 12, 13, 32)))
    for index in candidates:  # indented lines only: rare, and each is looked at once
        if not raw[index].as_py().strip():
            blank[index] = True
    return blank


def _as_text(
    raw: pa.LargeBinaryArray, error: str | None
) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Split into text where the bytes are UTF-8, and bytes with an error where they are not."""
    count = len(raw)
    errors = pa.nulls(count, pa.string()) if error is None else pa.array([error] * count)
    try:
        return raw.cast(pa.large_string()), pa.nulls(count, pa.large_binary()), errors
    except pa.ArrowInvalid:
        bad = np.zeros(count, dtype=bool)
        bad[_not_utf8(raw, 0)] = True
        mask = pa.array(bad)
        text = pc.if_else(mask, pa.scalar(None, pa.large_binary()), raw).cast(pa.large_string())
        kept = pc.if_else(mask, raw, pa.scalar(None, pa.large_binary()))
        return text, kept, pc.if_else(mask, pc.coalesce(errors, pa.scalar("not_utf8")), errors)


def _not_utf8(raw: pa.LargeBinaryArray, base: int) -> list[int]:
    """Positions that are not UTF-8, by halving: cost grows with the bad records, not with all."""
    try:
        raw.cast(pa.large_string())
        return []
    except pa.ArrowInvalid:
        if len(raw) == 1:
            return [base]
        half = len(raw) // 2
        return _not_utf8(raw.slice(0, half), base) + _not_utf8(raw.slice(half), base + half)


def _is_json(data: bytes) -> bool:
    try:
        json.loads(data)
    except ValueError:
        return False
    except RecursionError:  # deeper than the parser goes: a whole record, judged again later
        return True
    return True
