"""Well-formed CSV and TSV text read as columns: the fast way, where nothing has to be judged.

Text with a stray quote, a lone CR, bytes that are not UTF-8, a blank line or a record of another
width is left to `csv_rows` or `tsv_rows`, which say of each record what is wrong with it.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from orchestration.landing.csv_cells import (
    QUOTE,
    Positions,
    json_escaped,
    json_keys,
    spans,
    texts,
)
from orchestration.landing.framing import (
    BOM,
    CELLS,
    CR,
    LF,
    Tally,
    batch,
    binary_array,
    positions,
)


@dataclass(frozen=True)
class Columns:
    """Records at the beginning of some text: their bytes, and their cells by column."""

    length: int  # of the text they take
    raw: pa.LargeBinaryArray
    cells: dict[str, pa.Array]  # empty cells are null

    def batch(self, tally: Tally, member: str | None) -> pa.RecordBatch:
        """A batch of these records, with their cells beside them."""
        cells = pa.StructArray.from_arrays(self.cells.values(), self.cells.keys())
        return batch(tally, member, self.raw, self.as_json()).append_column(CELLS, cells)

    def as_json(self) -> pa.Array:
        """The records as JSON objects of text, keys in name order; empty cells are left out."""
        filled = [name for name in sorted(self.cells) if self._empty(name) < len(self.raw)]
        if not filled or self._empty(filled[0]):  # a record's first member may be any of them
            return self._as_json_of_members(filled)
        pieces: list[pa.Array | pa.Scalar] = []
        before = "{"
        for name in filled:
            column, key = self.cells[name], json_keys([name])[0]
            comma = "" if name == filled[0] else ","
            if self._empty(name):
                cells = json_escaped(column)
                member = pc.binary_join_element_wise(*texts("," + key), cells, *texts('"', ""))
                pieces += [*texts(before), member] if before else [member]
                before = ""
            elif (text := _only_text(column)) is not None:  # it becomes part of what is between
                before += comma + key + json.dumps(text, ensure_ascii=False)[1:]
            else:
                pieces += [*texts(before + comma + key), json_escaped(column)]
                before = '"'
        if not pieces:
            return pa.repeat(*texts(before + "}"), len(self.raw))
        return pc.binary_join_element_wise(
            *pieces, *texts(before + "}", ""), null_handling="replace", null_replacement=""
        )

    def _empty(self, name: str) -> int:
        return int(self.cells[name].null_count)

    def _as_json_of_members(self, names: Sequence[str]) -> pa.Array:
        """As `as_json`, each member on its own, whichever comes first."""
        quote, nothing, comma = texts('"', "", ",")
        members = [
            pc.binary_join_element_wise(
                *texts(json_keys([name])[0]), json_escaped(self.cells[name]), quote, nothing
            )
            for name in names
        ]
        if not members:
            return pa.repeat(pa.scalar("{}", pa.large_string()), len(self.raw))
        if all(member.null_count for member in members):  # a row of nothing would be left out
            is_empty = functools.reduce(pc.and_, map(pc.is_null, members))
            members[0] = pc.if_else(is_empty, nothing, members[0])
        body = pc.binary_join_element_wise(*members, comma, null_handling="skip")
        return pc.binary_join_element_wise(*texts("{"), body, *texts("}", ""))


def _only_text(column: pa.Array) -> str | None:
    """The text that every cell has, if it is the same: often a state or a kind."""
    first: str = column[0].as_py()
    if column[len(column) - 1].as_py() != first or column[len(column) // 2].as_py() != first:
        return None
    return first if pc.all(pc.equal(column, column[0])).as_py() else None


def read_columns(
    text: bytes, names: Sequence[str], delimiter: str, most_lines: int, *, quoting: bool = True
) -> Columns | None:
    """The closed records of `text`, which ends in LF; None where it has to be read by records.

    A record of more than `most_lines` lines has to be judged too. Without `quoting` a quote is a
    character as any other.
    """
    if len(set(names)) < max(2, len(names)) or text.startswith(BOM):
        return None
    if b"\r" in text and text.count(b"\r") != text.count(b"\r\n"):
        return None
    buffer = np.frombuffer(text, dtype=np.uint8)
    feeds = positions(buffer, LF)
    ends = feeds
    if quoting and b'"' in text:
        quotes = np.flatnonzero(buffer == QUOTE)
        ends = feeds[np.searchsorted(quotes, feeds) % 2 == 0]
        if len(ends) == 0 or not _are_well_formed(buffer, quotes[quotes < ends[-1]], delimiter):
            return None
        if np.diff(np.searchsorted(feeds, ends), prepend=-1).max() > most_lines:
            return None
    if len(ends) == 0:
        return None
    closed = text[: int(ends[-1]) + 1]
    raw = _raw(closed, buffer[: len(closed)], ends, len(feeds))
    # a blank line would be read as a record of nothing
    if pc.min(pc.binary_length(raw)).as_py() == 0 or not _is_utf8(closed):
        return None
    cells = _parsed(closed, names, delimiter, quoting)
    if cells is None or len(cells[names[0]]) != len(raw):
        return None
    return Columns(len(closed), raw, cells)


def _are_well_formed(buffer: npt.NDArray[np.uint8], quotes: Positions, delimiter: str) -> bool:
    """Whether quotes stand around whole cells only, and twice inside them.

    Every other quote opens: it follows an edge or, as the second of two, the quote that closed.
    """
    if len(quotes) % 2:
        return False
    opening, closing = quotes[0::2], quotes[1::2]
    edge = np.zeros(256, dtype=bool)
    edge[[LF, CR, ord(delimiter)]] = True
    doubled = closing[:-1] + 1 == opening[1:]
    opens = edge[buffer[np.maximum(opening - 1, 0)]]
    opens[:1] |= opening[:1] == 0
    opens[1:] |= doubled
    closes = edge[buffer[closing + 1]]
    closes[:-1] |= doubled
    return bool(opens.all() and closes.all())


def _is_utf8(text: bytes) -> bool:
    if text.isascii():
        return True
    try:
        pa.array([text], pa.large_binary()).cast(pa.large_string())
    except pa.ArrowInvalid:
        return False
    return True


def _parsed(
    text: bytes, names: Sequence[str], delimiter: str, quoting: bool
) -> dict[str, pa.Array] | None:
    """The cells by column, or None where a record has another number of them."""
    keys = [str(number) for number in range(len(names))]
    try:
        table = pyarrow.csv.read_csv(
            pa.BufferReader(text),
            pyarrow.csv.ReadOptions(use_threads=False, block_size=len(text) + 1, column_names=keys),
            pyarrow.csv.ParseOptions(
                delimiter=delimiter,
                quote_char='"' if quoting else False,
                newlines_in_values=quoting,
                ignore_empty_lines=False,
            ),
            pyarrow.csv.ConvertOptions(
                column_types={key: pa.large_string() for key in keys},
                check_utf8=False,
                null_values=[""],
                strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid:  # a record of another width: judged by records
        return None
    return {name: _whole(table.column(key)) for name, key in zip(names, keys, strict=True)}


def _whole(column: pa.ChunkedArray) -> pa.Array:
    """A column in one piece; one that is so already is not copied."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _raw(
    text: bytes, buffer: npt.NDArray[np.uint8], ends: Positions, feeds: int
) -> pa.LargeBinaryArray:
    """The bytes of each record, without its line end."""
    starts = np.empty_like(ends)
    starts[0], starts[1:] = 0, ends[:-1] + 1
    if b"\r" in text or feeds != len(ends):
        has_cr = (ends > starts) & (buffer[np.maximum(ends - 1, 0)] == CR)
        return spans(buffer, starts, ends - has_cr)
    return binary_array(text.replace(b"\n", b""), ends - starts)
