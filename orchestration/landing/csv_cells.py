"""The cells of CSV text, set-based: positions of records and cells, and their values as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.landing.framing import CR, LF, binary_array

QUOTE, BACKSLASH = 34, 92
FIRST_PLAIN = 32
#: bytes that stand for themselves in a JSON string
PLAIN = bytes(set(range(FIRST_PLAIN, 256)) - {QUOTE, BACKSLASH})

Positions = npt.NDArray[np.int64]


@dataclass
class Table:
    """The closed records at the beginning of some text: where they are and what is wrong."""

    starts: Positions
    ends: Positions  # of their last LF
    contents: Positions  # where their text ends, before CR and LF
    delimiters: Positions
    widths: Positions
    quotes: Positions
    has_quote: npt.NDArray[np.bool_]
    lines: Positions


def closed_records(text: bytes, delimiter: str) -> Table:
    """Cut `text`, which ends in LF, at the LFs and delimiters outside of quotes.

    A quote between two ordinary characters can neither open nor close a cell: it is text.
    """
    buffer = np.frombuffer(text, dtype=np.uint8)
    separator = ord(delimiter)
    feeds = np.flatnonzero(buffer == LF)
    delimiters = np.flatnonzero(buffer == separator)
    quotes = np.flatnonzero(buffer == QUOTE)
    if len(quotes):
        edge = np.zeros(256, dtype=bool)
        edge[[LF, CR, QUOTE, separator]] = True
        opens = edge[buffer[np.maximum(quotes - 1, 0)]] | (quotes == 0)
        quotes = quotes[opens | edge[buffer[quotes + 1]]]
        ends = feeds[np.searchsorted(quotes, feeds) % 2 == 0]
        delimiters = delimiters[np.searchsorted(quotes, delimiters) % 2 == 0]
    else:
        ends = feeds
    starts = np.empty_like(ends)
    if len(ends):
        starts[0], starts[1:] = 0, ends[:-1] + 1
    has_cr = (ends > starts) & (buffer[np.maximum(ends - 1, 0)] == CR)

    def within(positions: Positions) -> Positions:
        counts: Positions = np.diff(np.searchsorted(positions, ends), prepend=0)
        return counts

    return Table(
        starts,
        ends,
        ends - has_cr,
        delimiters,
        within(delimiters) + 1,
        quotes,
        within(quotes) > 0,
        within(feeds + 1),
    )


def spans(buffer: npt.NDArray[np.uint8], starts: Positions, ends: Positions) -> pa.Array:
    """The values that lie between these positions, which grow and do not overlap."""
    edges = np.zeros(len(buffer) + 1, dtype=np.int8)
    edges[starts] += 1
    edges[ends] -= 1
    inside = np.cumsum(edges[:-1], dtype=np.int8).view(bool)
    return binary_array(buffer[inside], ends - starts)


@dataclass(frozen=True)
class Fields:
    """Cells of records of the right width: one row of positions for each of `rows`."""

    names: list[str]
    rows: Positions
    starts: Positions
    ends: Positions
    is_quoted: npt.NDArray[np.bool_]
    malformed: npt.NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        buffer: npt.NDArray[np.uint8],
        table: Table,
        rows: Positions,
        names: list[str],
        *,
        quoting: bool = True,
    ) -> Fields:
        """Positions of the cells of these rows; quotes around a cell are left out."""
        chosen = np.zeros(len(table.ends) + 1, dtype=bool)
        chosen[rows] = True
        inner = table.delimiters[chosen[np.searchsorted(table.ends, table.delimiters)]]
        inner = inner.reshape(len(rows), len(names) - 1)
        starts = np.hstack([table.starts[rows, None], inner + 1])
        ends = np.hstack([inner, table.contents[rows, None]])
        if not quoting:
            no_cell, no_row = np.zeros(starts.shape, dtype=bool), np.zeros(len(rows), dtype=bool)
            return cls(names, rows, starts, ends, no_cell, no_row)
        opens = (ends > starts) & (buffer[starts] == QUOTE)
        closes = (ends - starts > 1) & (buffer[np.maximum(ends - 1, 0)] == QUOTE)
        is_quoted = opens & closes
        quotes = np.searchsorted(table.quotes, ends) > np.searchsorted(table.quotes, starts)
        malformed = (quotes & ~is_quoted).any(axis=1)
        return cls(names, rows, starts + is_quoted, ends - is_quoted, is_quoted, malformed)

    def select(self, chosen: npt.NDArray[np.bool_]) -> Fields:
        """Some of the rows."""
        return Fields(
            self.names,
            self.rows[chosen],
            self.starts[chosen],
            self.ends[chosen],
            self.is_quoted[chosen],
            self.malformed[chosen],
        )

    def as_json(
        self, buffer: npt.NDArray[np.uint8], text: bytes, escapes: str | None = None
    ) -> pa.Array:
        """Rows as JSON objects of text, keys in name order; empty cells are left out.

        Of what matches the pattern `escapes` only its first group is kept. Only cells that hold
        something are touched: of the hundreds of columns of a wide feed most are empty.
        """
        filled = self.starts < self.ends
        cells = spans(buffer, self.starts[filled], self.ends[filled]).cast(pa.large_string())
        if escapes is not None:
            cells = _replaced(cells, "\\", escapes)
        elif b'""' in text and self.is_quoted.any():
            plain = pc.replace_substring(cells, '""', '"')
            cells = pc.if_else(pa.array(self.is_quoted[filled]), plain, cells)
        by_name = np.array(sorted(range(len(self.names)), key=self.names.__getitem__))
        numbers = np.full(filled.shape, -1, dtype=np.int64)
        numbers[filled] = np.arange(len(cells))
        order = numbers[:, by_name]
        kept = order >= 0
        keys = json_keys([self.names[n] for n in by_name])
        columns = np.broadcast_to(np.arange(len(keys)), kept.shape)[kept]
        values = json_escaped(cells.take(pa.array(order[kept])))
        members = pc.binary_join_element_wise(
            pa.array(keys, pa.large_string()).take(pa.array(columns)), values, *texts('"', "")
        )
        offsets = np.zeros(len(self.rows) + 1, dtype=np.int64)
        np.cumsum(kept.sum(axis=1), out=offsets[1:])
        rows = pa.LargeListArray.from_arrays(pa.array(offsets), members)
        start, comma, end, nothing = texts("{", ",", "}", "")
        return pc.binary_join_element_wise(start, pc.binary_join(rows, comma), end, nothing)


def json_keys(names: Iterable[str]) -> list[str]:
    """What stands before the text of a member of a JSON object, its opening quote included."""
    return [json.dumps(name, ensure_ascii=False) + ':"' for name in names]


def texts(*values: str) -> list[pa.Scalar]:
    """Constants of the type that cells have."""
    return [pa.scalar(value, pa.large_string()) for value in values]


def _replaced(cells: pa.Array, sign: str, pattern: str) -> pa.Array:
    """The cells that hold `sign` with what matches the pattern replaced by its first group."""
    has = pc.match_substring(cells, sign)
    if not pc.any(has).as_py():
        return cells
    return pc.replace_with_mask(
        cells, has, pc.replace_substring_regex(cells.filter(has), pattern, r"\1")
    )


def json_escaped(cells: pa.Array) -> pa.Array:
    """Texts as they stand between the quotes of a JSON string."""
    text = (cells.buffers()[2] or pa.py_buffer(b"")).to_pybytes()
    least = np.frombuffer(text, dtype=np.uint8).min(initial=FIRST_PLAIN)
    if least == FIRST_PLAIN and b'"' not in text and b"\\" not in text:
        return cells
    special = set(text.translate(None, PLAIN))
    for sign in sorted(special, reverse=True):  # the backslash first: others bring their own
        cells = pc.replace_substring(cells, chr(sign), json.dumps(chr(sign))[1:-1])
    return cells
