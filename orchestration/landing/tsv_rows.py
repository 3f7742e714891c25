"""Framing of tab-separated records without quoting, where a backslash may escape what it precedes.

Adobe (Data feed contents: special characters) escapes TAB, LF and the backslash itself in any
column, so a record may span physical lines; Snowplow's enriched events escape nothing. What the
columns are is said elsewhere; a first line that repeats it is no record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.landing.csv_cells import BACKSLASH, Fields, Table, spans
from orchestration.landing.csv_columns import Columns, read_columns
from orchestration.landing.framing import (
    CR,
    KEPT_BYTES,
    LF,
    MAX_RECORD_BYTES,
    Tally,
    batch,
    blank_rows,
    chunks,
    not_utf8,
    one_record,
    without_bom,
)

TAB = 9
ESCAPED = r"\\([\t\n\\])"
Positions = npt.NDArray[np.int64]


def frame_tsv(
    blocks: Iterable[bytes],
    tally: Tally,
    member: str | None = None,
    *,
    names: Sequence[str],
    is_escaped: bool = False,
    encoding: str | None = None,
    pad: int = 0,
    has_header: bool = False,
    torn: Iterable[str | None] = (),
) -> Iterator[pa.RecordBatch]:
    """Frame records whose cells are `names`; `record` holds those that are not empty, unescaped.

    A record with another number of cells has error `wrong_column_count`, unless it lacks no more
    than `pad` at its end; with `has_header` the first line is no record. What is not UTF-8 is read
    as `encoding`, if one is given, and kept as it was in `raw_bytes`. A last record without line
    end that does not fit is the tail of a cut file.
    """
    rows = _Rows(tally, member, list(names), is_escaped, encoding, pad)
    rest = b""
    overlong: bytes | None = None
    parts = without_bom(chunks(blocks, tally))
    for chunk in _without_first_line(parts) if has_header else parts:
        data = rest + chunk
        ends = _unescaped(data, LF, is_escaped)
        if overlong is not None and len(ends):
            yield one_record(tally, member, overlong, "record_too_long")
            data, ends = data[int(ends[0]) + 1 :], ends[1:] - ends[0] - 1
            overlong = None
        if overlong is not None:
            rest = _open_escape(data)
            continue
        cut = int(ends[-1]) + 1 if len(ends) else 0
        yield from rows.frame(data[:cut], ends)
        rest = data[cut:]
        if len(rest) > MAX_RECORD_BYTES:
            overlong, rest = rest[:KEPT_BYTES], _open_escape(rest)
    reason = next(iter(torn), None)
    tally.torn = reason
    if overlong is not None:
        yield one_record(tally, member, overlong, "record_too_long")
    elif reason is not None:
        yield one_record(tally, member, rest, "torn_tail")
    elif rest.strip(b" \r\n"):
        missing = len(names) - 1 - len(_unescaped(rest, TAB, is_escaped))
        if 0 <= missing <= pad:
            yield from rows.frame(rest + b"\n", np.array([len(rest)]))
        else:
            tally.torn = "the last line is cut: it has no line end and is not whole"
            yield one_record(tally, member, rest, "torn_tail")
    elif rest:
        tally.blank_lines += 1


def _open_escape(text: bytes) -> bytes:
    """The backslash at the end that escapes what comes next, if there is one."""
    return b"\\" * ((len(text) - len(text.rstrip(b"\\"))) % 2)


def _without_first_line(parts: Iterator[bytes]) -> Iterator[bytes]:
    for part in parts:
        if end := part.find(b"\n") + 1:
            yield part[end:]
            break
    yield from parts


class _Rows:
    """The framer of one stream."""

    def __init__(
        self,
        tally: Tally,
        member: str | None,
        names: list[str],
        is_escaped: bool,
        encoding: str | None,
        pad: int,
    ) -> None:
        self.tally, self.member, self.names = tally, member, names
        self.is_escaped, self.encoding, self.pad = is_escaped, encoding, pad

    def frame(self, text: bytes, ends: Positions) -> Iterator[pa.RecordBatch]:
        """Frame `text`, whose records end at the line feeds at `ends`."""
        count = len(ends)
        if count == 0:
            return
        columns = self._columns(text, ends)
        if columns is not None:
            yield columns.batch(self.tally, self.member)
            return
        buffer = np.frombuffer(text, dtype=np.uint8)
        starts = np.concatenate([np.zeros(1, dtype=np.int64), ends[:-1] + 1])
        contents = ends - ((ends > starts) & (buffer[np.maximum(ends - 1, 0)] == CR))
        raw = spans(buffer, starts, contents)
        blank = blank_rows(raw) & (contents - starts < len(self.names) - 1)
        overlong = contents - starts > MAX_RECORD_BYTES
        bad = np.zeros(count, dtype=bool)
        bad[not_utf8(raw)] = True
        if self.encoding is not None and bad.any():
            yield from self._decoded(raw, bad, blank)
            return
        tabs = _unescaped(text, TAB, self.is_escaped)
        widths = np.diff(np.searchsorted(tabs, ends), prepend=0) + 1
        records = pa.nulls(count, pa.large_string())
        fits = np.zeros(count, dtype=bool)
        for width in range(len(self.names) - self.pad, len(self.names) + 1):
            chosen = np.flatnonzero((widths == width) & ~blank & ~bad & ~overlong)
            if len(chosen):
                fits[chosen] = True
                read = self._read(text, buffer, (starts, ends, contents, tabs), widths, chosen)
                if len(chosen) == count:
                    records = read
                    break
                at = np.zeros(count, dtype=np.int64)
                at[chosen] = np.arange(len(chosen))
                mask = np.ones(count, dtype=bool)
                mask[chosen] = False
                records = pc.coalesce(records, read.take(pa.array(at, mask=mask)))
        wrong = pc.if_else(pa.array(fits | bad), pa.scalar(None, pa.string()), "wrong_column_count")
        if overlong.any():
            wrong = pc.if_else(pa.array(overlong), "record_too_long", wrong)
            raw = pc.if_else(pa.array(overlong), pc.binary_slice(raw, 0, KEPT_BYTES), raw)
        kept = pa.array(np.flatnonzero(~blank))
        self.tally.blank_lines += int(blank.sum())
        if len(kept):
            yield batch(
                self.tally, self.member, raw.take(kept), records.take(kept), wrong.take(kept)
            )

    def _columns(self, text: bytes, ends: Positions) -> Columns | None:
        """Records that are as they should be, and nothing to unescape."""
        if (self.is_escaped and b"\\" in text) or np.diff(ends).max(initial=0) > MAX_RECORD_BYTES:
            return None
        return read_columns(text, self.names, "\t", 1, quoting=False)

    def _read(
        self,
        text: bytes,
        buffer: npt.NDArray[np.uint8],
        places: tuple[Positions, Positions, Positions, Positions],
        widths: Positions,
        chosen: Positions,
    ) -> pa.Array:
        starts, ends, contents, tabs = places
        nothing = np.zeros(0, dtype=np.int64)
        no_quote = np.zeros(len(ends), dtype=bool)
        table = Table(starts, ends, contents, tabs, widths, nothing, no_quote, widths)
        width = int(widths[chosen[0]])
        fields = Fields.of(buffer, table, chosen, self.names[:width], quoting=False)
        escapes = ESCAPED if self.is_escaped and b"\\" in text else None
        return fields.as_json(buffer, text, escapes)

    def _decoded(
        self, raw: pa.Array, bad: npt.NDArray[np.bool_], blank: npt.NDArray[np.bool_]
    ) -> Iterator[pa.RecordBatch]:
        """Frame the rows again, those that are not UTF-8 as `encoding`; the bytes stay as they are.

        Escapes and tabs are ASCII, which every encoding of such files keeps.
        """
        assert self.encoding is not None
        lines = [
            line.decode(self.encoding, errors="replace").encode() if is_bad else line
            for line, is_bad in zip(raw.to_pylist(), bad, strict=True)
        ]
        lengths = np.array([len(line) + 1 for line in lines], dtype=np.int64)
        again = _Rows(Tally(), self.member, self.names, self.is_escaped, None, self.pad)
        for framed in again.frame(b"\n".join([*lines, b""]), np.cumsum(lengths) - 1):
            kept = pa.array(np.flatnonzero(~blank))
            self.tally.blank_lines += int(blank.sum())
            yield batch(
                self.tally,
                self.member,
                raw.take(kept),
                framed.column("record"),
                framed.column("framing_error"),
            )


def _unescaped(text: bytes, character: int, is_escaped: bool) -> Positions:
    """Positions of a character that no odd number of backslashes precedes."""
    buffer = np.frombuffer(text, dtype=np.uint8)
    found = np.flatnonzero(buffer == character)
    if not is_escaped or not len(found):
        return found
    suspects = found[(buffer[np.maximum(found - 1, 0)] == BACKSLASH) & (found > 0)]
    if not len(suspects):
        return found
    others = np.flatnonzero(buffer != BACKSLASH)
    before = np.searchsorted(others, suspects) - 1  # the last that is no backslash
    last = np.where(before >= 0, others[np.maximum(before, 0)], -1)
    escaped = suspects[(suspects - last - 1) % 2 == 1]
    return np.setdiff1d(found, escaped, assume_unique=True)
