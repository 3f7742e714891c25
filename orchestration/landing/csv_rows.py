"""Framing of CSV (RFC 4180), exactly: which lines are one record, and its cells by column name.

A record keeps its verbatim text in `raw`, and its cells that are not empty as a JSON object of text
in `record`. Garbage costs itself alone: after a stray quote, framing starts again at the next line.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.landing.csv_cells import Fields, Table, closed_records, spans
from orchestration.landing.csv_columns import Columns, read_columns
from orchestration.landing.framing import (
    FOOTER,
    KEPT_BYTES,
    MAX_RECORD_BYTES,
    Tally,
    batch,
    blank_rows,
    chunks,
    not_utf8,
    one_record,
    without_bom,
)

# A quoted cell with more lines than this is taken for a stray quote: it must not swallow the file.
MAX_LINES_IN_RECORD = 1000
MOST_LINES_AFTER_STRAY = 50  # of a record that proves that a stray quote came before it
SMALL_WINDOW = 4 << 10
AHEAD = 1 << 20

Batches = Iterator[pa.RecordBatch]


def column_names(header: Sequence[str]) -> list[str]:
    """Header cells made unique: the second `Other` is `Other#2`, an empty one `column#n`.

    >>> column_names(["id", "Other", "Other", ""])
    ['id', 'Other', 'Other#2', 'column#4']
    """
    names: list[str] = []
    taken: set[str] = set()
    for position, cell in enumerate(header, start=1):
        name = base = cell or f"column#{position}"
        copy = 1
        while name in taken:
            copy += 1
            name = f"{base}#{copy}"
        taken.add(name)
        names.append(name)
    return names


def frame_csv(
    blocks: Iterable[bytes],
    tally: Tally,
    member: str | None = None,
    *,
    delimiter: str = ",",
    names: Sequence[str] = (),
    fill_header: bool = False,
    encoding: str | None = None,
    renamed: Mapping[str, str] = MappingProxyType({}),
    has_footer: bool = False,
    torn: Iterable[str | None] = (),
) -> Iterator[pa.RecordBatch]:
    """Frame the records after one header record, which is not counted.

    Where `names` are given there is no header and every record is one of these cells.
    With `fill_header` an empty header cell repeats the one before it; `renamed` says what header
    cells are called instead. What is not UTF-8 is read as
    `encoding`, if one is given, and kept as it was in `raw_bytes`.

    A record whose cells do not fit the header is kept with error `wrong_column_count`, one whose
    quotes do not close with `stray_quote`. A last record without line end that does not fit is the
    tail of a cut file. With `has_footer` a record of one cell has error `report_footer`; whether it
    is one is told by what comes after it.
    """
    rows = _Rows(tally, member, delimiter, fill_header, encoding, renamed, has_footer, list(names))
    yield from _framed(rows, blocks, torn)


def _framed(
    rows: _Rows, blocks: Iterable[bytes], torn: Iterable[str | None]
) -> Iterator[pa.RecordBatch]:
    tally, member = rows.tally, rows.member
    rest = b""
    overlong: bytes | None = None
    for chunk in without_bom(chunks(blocks, tally)):
        data = rest + chunk
        if overlong is not None:
            first = data.find(b"\n") + 1
            if first == 0:
                rest = b""
                continue
            yield one_record(tally, member, overlong, "record_too_long")
            overlong, data = None, data[first:]
        rest = yield from rows.frame(data, is_last=False)
        if len(rest) > MAX_RECORD_BYTES and b"\n" not in rest:
            overlong, rest = rest[:KEPT_BYTES], b""
    reason = next(iter(torn), None)
    tally.torn = reason
    if overlong is not None:
        yield one_record(tally, member, overlong, "record_too_long")
    else:
        end = rest.rfind(b"\n") + 1
        unclosed = yield from rows.frame(rest[:end], is_last=True)
        rest = unclosed + rest[end:]
    if reason is not None:
        yield one_record(tally, member, rest, "torn_tail")
    elif rest.strip() and rows.names:
        row = _first_row(rest.split(b"\n"), rows.delimiter)
        if row is not None and row.lines == rest.count(b"\n") + 1 and rows.fits(row):
            yield rows.single(rest, row)
        elif row is not None and rows.is_footer(row):
            yield one_record(tally, member, rest, FOOTER)
        else:
            tally.torn = "the last line is cut: it has no line end and is not whole"
            yield one_record(tally, member, rest, "torn_tail")
    elif rest and not rest.strip():
        tally.blank_lines += 1


@dataclass(frozen=True)
class _Row:
    cells: list[str]
    lines: int


def _first_row(lines: Sequence[bytes], delimiter: str) -> _Row | None:
    """The record at the beginning of these lines, read strictly; None where there is none."""
    text = (line.decode("utf-8", "surrogateescape") + "\n" for line in lines)
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    try:
        return _Row(next(reader, []), reader.line_num)
    except csv.Error:
        return None


@dataclass
class _Rows:
    """The framer of one stream; `names` are known once the header was seen."""

    tally: Tally
    member: str | None
    delimiter: str
    fill_header: bool = False
    encoding: str | None = None
    renamed: Mapping[str, str] = field(default_factory=dict)
    has_footer: bool = False
    names: list[str] = field(default_factory=list)

    def frame(self, data: bytes, *, is_last: bool) -> Generator[pa.RecordBatch, None, bytes]:
        """Frame what is whole in `data` and return the rest: an unclosed record or a part of one.

        Windows grow, so that a bad record costs a look at its surroundings, not at all of `data`.
        """
        position, window = 0, len(data)
        while position < len(data):
            end = data.rfind(b"\n", position, position + window) + 1
            columns = self._columns(data[position:end])
            if columns is not None:
                yield columns.batch(self.tally, self.member)
                position += columns.length
                continue
            table = closed_records(data[position:end], self.delimiter)
            if not self.names and len(table.ends):
                position += self._take_header(data[position : position + int(table.ends[0]) + 1])
                continue
            used = yield from self._good_ones(data[position:end], table)
            position += used
            closed = table.ends[table.ends >= used] + 1 - used
            is_open = len(closed) == 0
            if is_open and data.find(b"\n", position) < 0:
                break  # a part of a line
            if is_open and (used or position + window < len(data)):
                window *= 2
                continue
            if is_open and not is_last and not _is_too_long(data, position):
                break
            ahead = _lines_ahead(data, position, is_last)
            if ahead is None:
                break
            lines = None if is_open else data.count(b"\n", position, position + int(closed[0]))
            cost = yield from self._resynchronised(ahead, lines)
            if cost == 0:
                break
            position, window = position + cost, SMALL_WINDOW
        return data[position:]

    def _columns(self, text: bytes) -> Columns | None:
        if not self.names:
            return None
        return read_columns(text, self.names, self.delimiter, MAX_LINES_IN_RECORD)

    def fits(self, row: _Row) -> bool:
        """Whether a record has as many cells as the header."""
        return len(row.cells) == len(self.names)

    def is_footer(self, row: _Row) -> bool:
        """Whether a record that does not fit may be text after the table."""
        return self.has_footer and len(row.cells) == 1

    def single(self, raw: bytes, row: _Row) -> pa.RecordBatch:
        """A batch of one record whose cells are known."""
        record = pa.array([self.record(row.cells)], pa.large_string())
        return batch(self.tally, self.member, pa.array([raw], pa.large_binary()), record)

    def record(self, cells: Sequence[str]) -> str | None:
        """Cells as a JSON object; None where their bytes, kept as surrogates, are no text."""
        if self.encoding is not None:
            cells = [_in_encoding(cell, self.encoding) for cell in cells]
        found = {n: c for n, c in zip(self.names, cells, strict=True) if c != ""}
        text = json.dumps(found, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return None if any("\udc80" <= c <= "\udcff" for c in text) else text

    def _take_header(self, text: bytes) -> int:
        decoded = text.decode("utf-8", errors="surrogateescape")
        reader = csv.reader(io.StringIO(decoded, newline=""), delimiter=self.delimiter)
        cells = [_in_encoding(cell, self.encoding or "utf-8") for cell in next(reader, [])]
        cells = [self.renamed.get(cell, cell) for cell in cells]
        self.names = column_names(filled(cells) if self.fill_header else cells)
        return len(text)

    def _resynchronised(
        self, ahead: list[bytes], lines: int | None
    ) -> Generator[pa.RecordBatch, None, int]:
        """Take one record or one bad line off the lines `ahead`; return its length.

        `lines` of them are one record as its odd quotes would have it (None: they do not close).
        Where no record begins at a later line of it, all of it is one bad record, but when it does
        not close before the end it is left (0).
        """
        row = _first_row(ahead, self.delimiter)
        if row is not None and self.fits(row):
            raw = b"\n".join(ahead[: row.lines])
            yield self.single(raw.removesuffix(b"\r"), row)
            return len(raw) + 1
        later = (
            _first_row(ahead[n : n + MOST_LINES_AFTER_STRAY], self.delimiter)
            for n in range(1, min(lines or len(ahead), len(ahead)))
        )
        if any(each is not None and self.fits(each) for each in later):
            bad = ahead[0]
        elif lines is None and len(ahead) < MAX_LINES_IN_RECORD:
            return 0
        else:
            bad = b"\n".join(ahead[:lines])
        single = row is not None and row.lines == bad.count(b"\n") + 1
        error = "wrong_column_count" if single else "stray_quote"
        if single and row is not None and self.is_footer(row):
            error = FOOTER
        yield one_record(self.tally, self.member, bad.removesuffix(b"\r"), error)
        return len(bad) + 1

    def _good_ones(self, text: bytes, table: Table) -> Generator[pa.RecordBatch, None, int]:
        """Frame the closed records up to the first whose quotes are odd; return their length."""
        count = len(table.ends)
        if count == 0:
            return 0
        buffer = np.frombuffer(text, dtype=np.uint8)
        raw = spans(buffer, table.starts, table.contents)
        fits = table.widths == len(self.names)
        # white space is a blank line only where it is no row of empty cells
        blank = blank_rows(raw) & ((table.widths == 1) | ~fits)
        bytes_only = np.zeros(count, dtype=bool)
        bytes_only[not_utf8(raw)] = True
        odd = (~fits & table.has_quote) | (table.lines > MAX_LINES_IN_RECORD)
        fields = Fields.of(buffer, table, np.flatnonzero(fits & ~blank & ~odd), self.names)
        odd[fields.rows[fields.malformed]] = True
        odd &= ~blank
        good = int(odd.argmax()) if odd.any() else count
        if good:
            read = fields.select((fields.rows < good) & ~bytes_only[fields.rows])
            records = read.as_json(buffer, text)
            at = np.zeros(count, dtype=np.int64)
            at[read.rows] = np.arange(len(read.rows))
            missing = np.ones(count, dtype=bool)
            missing[read.rows] = False
            kept = np.flatnonzero(~blank[:good])
            self.tally.blank_lines += good - len(kept)
            wrong = pc.if_else(
                pa.array(~(fits | bytes_only)[kept]),
                "wrong_column_count",
                pa.scalar(None, pa.string()),
            )
            if self.has_footer:
                alone = pa.array((~fits & (table.widths == 1) & ~bytes_only)[kept])
                wrong = pc.if_else(alone, FOOTER, wrong)
            if len(kept):
                record = records.take(pa.array(at[kept], mask=missing[kept]))
                if self.encoding is not None and (bytes_only & fits)[kept].any():
                    record = self._decoded(record, raw, kept, bytes_only & fits)
                yield batch(self.tally, self.member, raw.take(pa.array(kept)), record, wrong)
            return int(table.ends[good - 1]) + 1
        return 0

    def _decoded(
        self,
        record: pa.Array,
        raw: pa.Array,
        kept: npt.NDArray[np.int64],
        chosen: npt.NDArray[np.bool_],
    ) -> pa.Array:
        """The records with those that are not UTF-8 read in the other encoding, one by one."""
        found: list[str | None] = [None] * len(kept)
        for position in np.flatnonzero(chosen[kept]):
            row = _first_row(raw[int(kept[position])].as_py().split(b"\n"), self.delimiter)
            if row is not None and self.fits(row):
                found[position] = self.record(row.cells)
        return pc.coalesce(record, pa.array(found, pa.large_string()))


def filled(header: Sequence[str]) -> list[str]:
    """Header cells with each empty one repeating the one before it.

    >>> filled(["id", "Which?", "", ""])
    ['id', 'Which?', 'Which?', 'Which?']
    """
    cells: list[str] = []
    for cell in header:
        cells.append(cell or (cells[-1] if cells else ""))
    return cells


def _in_encoding(cell: str, encoding: str) -> str:
    """Text whose bytes, where they are not UTF-8, are of another encoding."""
    if cell.isascii() or not any("\udc80" <= c <= "\udcff" for c in cell):
        return cell
    return cell.encode("utf-8", "surrogateescape").decode(encoding, errors="replace")


def _is_too_long(data: bytes, position: int) -> bool:
    """Whether what is not closed can be no record any more."""
    lines = data.count(b"\n", position)
    return lines > MAX_LINES_IN_RECORD or (lines > 0 and len(data) - position > MAX_RECORD_BYTES)


def _lines_ahead(data: bytes, position: int, is_last: bool) -> list[bytes] | None:
    """The lines a judgement may look at, the same however the file is split; None: not yet here."""
    text = data[position : max(position + AHEAD, data.find(b"\n", position) + 1)]
    lines = text.split(b"\n", MAX_LINES_IN_RECORD)
    if len(lines) <= MAX_LINES_IN_RECORD and len(text) < AHEAD and not is_last:
        return None
    return lines[:-1]
