"""Framing of Parquet, and of JSON documents that are or hold records.

Parquet rows are kept as canonical JSON (columns in name order) in `raw`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

from orchestration.errors import WaybillError
from orchestration.landing.framing import BATCH_ROWS, BOM, Tally, batch, chunks, one_record
from orchestration.sql import literal, quoted

MAX_DOCUMENT_BYTES = 512 << 20


class NotFramable(WaybillError):
    """A file whose form contradicts how it is to be read."""

    exit_code = 3


def frame_json_items(
    blocks: Iterable[bytes],
    tally: Tally,
    member: str | None = None,
    *,
    key: str,
    torn: Iterable[str | None] = (),
) -> Iterator[pa.RecordBatch]:
    """Frame the elements of the array under `key` of one JSON document, each as its exact text.

    Without a key the document is the array. Where it breaks off, the elements before are records
    and the rest is one more.
    """
    document = whole_document(blocks, tally)
    tally.torn = next(iter(torn), None)
    text = document.removeprefix(BOM).decode("utf-8", errors="surrogateescape")
    decoder = json.JSONDecoder()
    position = _array_start(text, key)
    items: list[bytes] = []
    while True:
        position = _skip(text, position, " \t\r\n,")
        if text[position : position + 1] == "]":
            break
        try:
            _, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            tally.torn = tally.torn or "the JSON document breaks off inside its records"
            break
        items.append(text[position:end].encode("utf-8", errors="surrogateescape"))
        position = end
    if items:
        yield batch(tally, member, pa.array(items, pa.large_binary()))
    tail = text[position:].rstrip()
    if tally.torn is None and not tail.endswith("}" if key else "]"):
        tally.torn = "the JSON document breaks off after its records"
    if tally.torn is not None:
        rest = tail.encode("utf-8", errors="surrogateescape")
        yield one_record(tally, member, rest, "torn_tail")


def frame_nothing(
    blocks: Iterable[bytes],
    tally: Tally,
    member: str | None = None,
    *,
    torn: Iterable[str | None] = (),
) -> Iterator[pa.RecordBatch]:
    """Read a file that holds no records to its end: it may be torn."""
    for _ in chunks(blocks, tally):
        pass
    tally.torn = next(iter(torn), None)
    if tally.torn is not None:
        yield one_record(tally, member, b"", "torn_tail")


def frame_document(
    blocks: Iterable[bytes],
    tally: Tally,
    member: str | None = None,
    *,
    torn: Iterable[str | None] = (),
) -> Iterator[pa.RecordBatch]:
    """A file that is one record as a whole, such as a form's definition."""
    document = whole_document(blocks, tally)
    tally.torn = next(iter(torn), None)
    error = "torn_tail" if tally.torn else None
    yield one_record(tally, member, document.removeprefix(BOM), error)


def whole_document(blocks: Iterable[bytes], tally: Tally) -> bytes:
    """All of a document, bounded. Raises NotFramable when it is larger than a document may be."""
    parts: list[bytes] = []
    for part in chunks(blocks, tally):
        parts.append(part)
        if tally.plain_bytes > MAX_DOCUMENT_BYTES:
            raise NotFramable(f"a JSON document of more than {MAX_DOCUMENT_BYTES} bytes")
    return b"".join(parts)


def _array_start(text: str, key: str) -> int:
    if not key:
        if not text.lstrip().startswith("["):
            raise NotFramable("the JSON document is no array")
        return text.index("[") + 1
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
    # brackets keep the characters of a pattern from being one
    file = literal(re.sub(r"([*?\[])", r"[\1]", str(path)))
    with duckdb.connect() as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute("set timezone = 'UTC'")
        try:
            columns = connection.sql(
                f"from read_parquet({file}, hive_partitioning = false)"
            ).columns
            fields = ", ".join(f"{literal(n)}: {quoted(n)}" for n in sorted(columns))
            rows = connection.sql(
                f"""select to_json({{{fields}}})::varchar
                from read_parquet({file}, hive_partitioning = false)"""
            ).to_arrow_reader(BATCH_ROWS)
            for rows_batch in rows:
                tally.plain_bytes += rows_batch.nbytes
                yield batch(tally, None, rows_batch.column(0).cast(pa.large_binary()))
        except (duckdb.Error, pa.ArrowException) as error:
            raise NotFramable(f"the Parquet file cannot be read: {error}") from error
