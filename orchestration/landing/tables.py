"""Framing of files with columns: CSV, Parquet, and JSON documents that hold an array of records.

CSV rows keep their verbatim text in `raw`, and their cells by column name as JSON in `record`.
Parquet rows are kept as canonical JSON (columns in name order) in `raw`.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pacsv

from orchestration.errors import WaybillError
from orchestration.landing.framing import (
    LF,
    MAX_RECORD_BYTES,
    Tally,
    batch,
    chunks,
    cut,
    one_record,
)
from orchestration.sql import literal, quoted

BOM = b"\xef\xbb\xbf"
QUOTE = 34
# A quoted cell with more lines than this is taken for a stray quote, and framing starts again
# after the line that opened it: one stray quote then costs one record, not the rest of the file.
MAX_LINES_IN_RECORD = 1000
MAX_DOCUMENT_BYTES = 512 << 20


class NotFramable(WaybillError):
    """A file whose form contradicts how it is to be read."""

    exit_code = 3


def column_names(header: Sequence[str]) -> list[str]:
    """Header cells made unique by position: the second `Other` is `Other#2`, an empty one `column#n`.

    >>> column_names(["id", "Other", "Other", ""])
    ['id', 'Other', 'Other#2', 'column#4']
    """
    names: list[str] = []
    seen: dict[str, int] = {}
    for position, cell in enumerate(header, start=1):
        name = cell if cell else f"column#{position}"
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return names


def read_header(head: bytes, delimiter: str) -> list[str]:
    """Cells of the first record of `head`. Raises NotFramable when they cannot be read."""
    text = head.removeprefix(BOM).decode("utf-8", errors="replace")
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    except csv.Error as error:
        raise NotFramable(f"the header cannot be read as CSV: {error}") from error


def frame_csv(
    blocks: Iterable[bytes],
    tally: Tally,
    member: str | None = None,
    *,
    delimiter: str = ",",
    torn: Iterable[str | None] = (),
) -> Iterator[pa.RecordBatch]:
    """Frame RFC 4180 records after one header record, which is not counted as a record.

    A record whose cells do not fit the header is kept with error `wrong_column_count`.
    """
    rest = b""
    names: list[str] | None = None
    for block in chunks(blocks, tally):
        data = rest + block
        if names is None:
            data = data.removeprefix(BOM)
        ends = record_ends(data)
        if len(ends) == 0:
            rest = data
            if len(rest) > MAX_RECORD_BYTES:
                raise NotFramable(f"a CSV record is longer than {MAX_RECORD_BYTES} bytes")
            continue
        rest = data[ends[-1] + 1 :]
        data = data[: ends[-1] + 1]
        if names is None:
            first = int(ends[0]) + 1
            names = column_names(read_header(data[:first], delimiter))
            data, ends = data[first:], ends[1:] - first
        if len(ends):
            yield from _csv_batch(data, ends, names, delimiter, tally, member)
    tally.torn = next(iter(torn), None)
    if tally.torn is not None:
        yield one_record(tally, member, rest, "torn_tail")
    elif rest.strip():
        if names is None:
            return  # a header and nothing else: no records
        data = rest + b"\n"
        ends = np.array([len(data) - 1])
        yield from _csv_batch(data, ends, names, delimiter, tally, member)


def record_ends(data: bytes) -> npt.NDArray[np.int64]:
    """Positions of the LFs that end a record: those with an even number of quotes before them."""
    buffer = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero(buffer == LF)
    quotes = np.flatnonzero(buffer == QUOTE)
    if len(quotes) == 0:
        return ends
    return ends[np.searchsorted(quotes, ends) % 2 == 0]


def _csv_batch(
    data: bytes,
    ends: npt.NDArray[np.int64],
    names: list[str],
    delimiter: str,
    tally: Tally,
    member: str | None,
) -> Iterator[pa.RecordBatch]:
    raw = cut(data, ends, tally)
    if len(raw) == 0:
        return
    cells = _cells(data, names, delimiter)
    if cells is not None and cells.num_rows == len(raw):
        yield batch(tally, member, raw, _as_json(cells))
        return
    for text in raw.to_pylist():  # a block with a bad record: one by one, so it costs only itself
        yield from _csv_record(text, names, delimiter, tally, member)


def _cells(data: bytes, names: list[str], delimiter: str) -> pa.Table | None:
    """All cells of a block as strings, or None where the fast parser finds anything odd."""
    try:
        return pacsv.read_csv(
            pa.BufferReader(data),
            read_options=pacsv.ReadOptions(column_names=names, block_size=len(data) + 1),
            parse_options=pacsv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, ignore_empty_lines=True
            ),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        return None


def _as_json(cells: pa.Table) -> pa.Array:
    """Rows as JSON objects of text, keys in name order; empty cells are left out (null)."""
    with duckdb.connect() as connection:
        connection.register("cells", cells)
        fields = ", ".join(
            f"{literal(n)}, nullif({quoted(n)}, '')" for n in sorted(cells.column_names)
        )
        merged = connection.sql(
            f"select json_merge_patch('{{}}', json_object({fields}))::varchar as record from cells"
        ).to_arrow_table()
    return merged.column("record").cast(pa.large_string()).combine_chunks()


def _csv_record(
    text: bytes, names: list[str], delimiter: str, tally: Tally, member: str | None
) -> Iterator[pa.RecordBatch]:
    record = _parse_row(text, names, delimiter)
    if record is not None:
        yield batch(
            tally,
            member,
            pa.array([text], pa.large_binary()),
            pa.array([record], pa.large_string()),
        )
    elif b"\n" in text:
        yield from _resynchronised(text, names, delimiter, tally, member)
    else:
        yield one_record(tally, member, text, "wrong_column_count")


def _resynchronised(
    text: bytes, names: list[str], delimiter: str, tally: Tally, member: str | None
) -> Iterator[pa.RecordBatch]:
    """A stray quote swallowed several lines: take the shortest runs of lines that fit the header."""
    lines = text.split(b"\n")
    first = 0
    while first < len(lines):
        for last in range(first + 1, min(len(lines), first + MAX_LINES_IN_RECORD) + 1):
            run = b"\n".join(lines[first:last]).removesuffix(b"\r")
            record = _parse_row(run, names, delimiter)
            if record is not None:
                raw = pa.array([run], pa.large_binary())
                yield batch(tally, member, raw, pa.array([record], pa.large_string()))
                first = last
                break
        else:
            if lines[first].strip():
                yield one_record(tally, member, lines[first], "wrong_column_count")
            first += 1


def _parse_row(text: bytes, names: list[str], delimiter: str) -> str | None:
    """One record as a JSON object, or None when it is not one record of the header's width."""
    try:
        decoded = text.decode("utf-8")
        rows = list(csv.reader(io.StringIO(decoded, newline=""), delimiter=delimiter, strict=True))
    except (UnicodeDecodeError, csv.Error):
        return None
    if len(rows) != 1 or len(rows[0]) != len(names):
        return None
    cells = {n: c for n, c in zip(names, rows[0], strict=True) if c != ""}
    return json.dumps(cells, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def frame_json_items(
    blocks: Iterable[bytes],
    tally: Tally,
    member: str | None = None,
    *,
    key: str,
    torn: Iterable[str | None] = (),
) -> Iterator[pa.RecordBatch]:
    """Frame the elements of the array under `key` of one JSON document, each as its exact text.

    Where the document breaks off, the elements before are records and the rest is one more.
    """
    document = b"".join(chunks(blocks, tally))
    if len(document) > MAX_DOCUMENT_BYTES:
        raise NotFramable(f"a JSON document of {len(document)} bytes; the most is {MAX_DOCUMENT_BYTES}")
    tally.torn = next(iter(torn), None)
    text = document.removeprefix(BOM).decode("utf-8", errors="surrogateescape")
    decoder = json.JSONDecoder()
    position = _array_start(text, key)
    while True:
        position = _skip(text, position, " \t\r\n,")
        if text[position : position + 1] == "]":
            return
        try:
            _, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            tally.torn = tally.torn or "the JSON document breaks off inside its records"
            tail = text[position:].encode("utf-8", errors="surrogateescape")
            yield one_record(tally, member, tail, "torn_tail")
            return
        item = text[position:end].encode("utf-8", errors="surrogateescape")
        yield batch(tally, member, pa.array([item], pa.large_binary()))
        position = end


def frame_document(
    blocks: Iterable[bytes],
    tally: Tally,
    member: str | None = None,
    *,
    torn: Iterable[str | None] = (),
) -> Iterator[pa.RecordBatch]:
    """A file that is one record as a whole, such as a form's definition."""
    document = b"".join(chunks(blocks, tally))
    tally.torn = next(iter(torn), None)
    yield one_record(tally, member, document, "torn_tail" if tally.torn else None)


def _array_start(text: str, key: str) -> int:
    position = text.find(f'"{key}"')
    opened = text.find("[", position)
    if position < 0 or opened < 0:
        raise NotFramable(f"the JSON document has no array {key!r}")
    return opened + 1


def _skip(text: str, position: int, characters: str) -> int:
    while position < len(text) and text[position] in characters:
        position += 1
    return position


def frame_parquet(path: Path, tally: Tally) -> Iterator[pa.RecordBatch]:
    """Frame the rows of a Parquet file as canonical JSON. Raises NotFramable when unreadable."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        try:
            relation = connection.sql("select * from read_parquet(?)", params=[str(path)])
            names = ", ".join(quoted(n) for n in sorted(relation.columns))
            rows = connection.sql(
                f"select to_json(row)::varchar as raw from (select {names} from read_parquet(?)) row",
                params=[str(path)],
            ).to_arrow_reader(50_000)
            for rows_batch in rows:
                tally.plain_bytes += rows_batch.nbytes
                yield batch(tally, None, rows_batch.column(0).cast(pa.large_binary()))
        except duckdb.Error as error:
            raise NotFramable(f"the Parquet file cannot be read: {error}") from error
