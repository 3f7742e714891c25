"""One stored file to framed records: streams, recognition and framing put together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.landing import inflate, tables
from orchestration.landing.csv_rows import frame_csv
from orchestration.landing.framing import KEPT_BYTES, OBJECT_TYPE, Tally, frame_lines, one_record
from orchestration.landing.json_lists import frame_json_lists
from orchestration.landing.report_rows import frame_report
from orchestration.landing.tsv_rows import frame_tsv
from orchestration.source_config import SourceConfig
from orchestration.sources.base import HEAD_BYTES, Framing, Head, Source, is_marker

Recognise = Callable[[Head], Framing | None]


@dataclass
class Reading:
    """What is known of one file once its records have been read through."""

    tally: Tally = field(default_factory=Tally)
    recognised: bool = False
    framing: Framing | None = None
    head: Head | None = None  # of the first stream that was recognised, else of the first
    stop_line: bytes | None = None
    advice: str | None = None  # of the vendor, for a stream that was not recognised


def records(
    path: Path, name: str, recognise: Recognise, reading: Reading
) -> Iterator[pa.RecordBatch]:
    """Yield every record of a stored file. `reading` is complete once the iterator is exhausted.

    A stream no framing is known for is one record with error `unrecognised_file`; an archive that
    must not or cannot be opened is one record with error `unsafe_archive` or `torn_archive`.
    """
    tally = reading.tally
    if _is_parquet(path):
        yield from _parquet_records(path, name, recognise, reading)
        return
    is_empty = True
    try:
        for stream in inflate.streams(path):
            is_empty = False
            if stream.member is not None and is_marker(Path(stream.member)):
                continue
            yield from _stream_records(name, stream, recognise, reading)
    except (inflate.UnsafeArchive, inflate.TornArchive) as error:
        reading.recognised, tally.torn = True, str(error)
        is_unsafe = isinstance(error, inflate.UnsafeArchive)
        yield one_record(
            tally, None, _first_bytes(path), "unsafe_archive" if is_unsafe else "torn_archive"
        )
    reading.recognised |= is_empty  # an archive without members is an export without events


def _stream_records(
    name: str, stream: inflate.Stream, recognise: Recognise, reading: Reading
) -> Iterator[pa.RecordBatch]:
    held: list[bytes] = []
    size = 0
    for block in stream.blocks:
        held.append(block)
        size += len(block)
        if size >= HEAD_BYTES:
            break
    whole = size < HEAD_BYTES
    head = Head(stream.member or name, b"".join(held)[:HEAD_BYTES], whole and stream.torn is None)
    framing = recognise(head)
    if reading.head is None or (framing is not None and not reading.recognised):
        reading.head = head
    tally = reading.tally
    earlier = tally.torn
    if framing is None and stream.torn is not None:  # too little is left to tell what it was
        tally.torn = earlier or stream.torn
        yield one_record(tally, stream.member, head.data, "torn_tail")
        return
    if framing is None:
        yield one_record(tally, stream.member, head.data, "unrecognised_file")
        return
    reading.recognised, reading.framing = True, framing
    torn = (stream.torn for _ in (0,))  # read only after the blocks are exhausted
    blocks = chain(held, stream.blocks)
    try:
        frames = _framed(framing, blocks, tally, stream.member, torn, reading.stop_line)
        yield from _with_object_type(frames, framing)
    except tables.NotFramable as error:
        tally.torn = str(error)
        yield one_record(tally, stream.member, head.data, "torn_tail")
    tally.torn = earlier or tally.torn


def _framed(
    framing: Framing,
    blocks: Iterator[bytes],
    tally: Tally,
    member: str | None,
    torn: Iterator[str | None],
    stop_line: bytes | None,
) -> Iterator[pa.RecordBatch]:
    if framing.kind == "lines":
        return frame_lines(blocks, tally, member, is_stop_line=stop_line, torn=torn)
    if framing.kind == "csv":
        return frame_csv(
            blocks,
            tally,
            member,
            delimiter=framing.delimiter,
            names=framing.names,
            fill_header=framing.fill_header,
            encoding=framing.encoding,
            renamed=dict(framing.renamed),
            has_footer=framing.has_footer,
            torn=torn,
        )
    if framing.kind == "tsv":
        return frame_tsv(
            blocks,
            tally,
            member,
            names=framing.names,
            is_escaped=framing.is_escaped,
            encoding=framing.encoding,
            pad=framing.pad,
            has_header=framing.has_header,
            torn=torn,
        )
    if framing.kind == "nothing":
        return tables.frame_nothing(blocks, tally, member, torn=torn)
    if framing.kind == "json_items":
        return tables.frame_json_items(blocks, tally, member, key=framing.key, torn=torn)
    if framing.kind == "json_lists":
        return frame_json_lists(blocks, tally, member, lists=dict(framing.lists), torn=torn)
    if framing.kind == "report" and framing.report is not None:
        name, report = framing.report
        return frame_report(blocks, tally, member, name=name, report=report, torn=torn)
    if framing.kind == "document":
        return tables.frame_document(blocks, tally, member, torn=torn)
    raise tables.NotFramable(f"{framing.kind} inside another file is not read; unpack it first")


def _with_object_type(
    frames: Iterator[pa.RecordBatch], framing: Framing
) -> Iterator[pa.RecordBatch]:
    for frame in frames:
        if framing.object_type is None:
            yield frame
        else:
            kinds = pa.repeat(pa.scalar(framing.object_type), frame.num_rows)
            yield frame.append_column(OBJECT_TYPE, kinds)


def _parquet_records(
    path: Path, name: str, recognise: Recognise, reading: Reading
) -> Iterator[pa.RecordBatch]:
    try:
        columns = tuple(pq.read_schema(path).names)
    except (pa.ArrowException, OSError) as error:
        reading.recognised, reading.tally.torn = True, f"the Parquet file is damaged: {error}"
        yield one_record(reading.tally, None, _first_bytes(path), "torn_archive")
        return
    head = reading.head = Head(name, _first_bytes(path), False, columns)
    reading.framing = recognise(head)
    if reading.framing is None:
        yield one_record(reading.tally, None, head.data, "unrecognised_file")
        return
    reading.recognised = True
    try:
        yield from _with_object_type(tables.frame_parquet(path, reading.tally), reading.framing)
    except tables.NotFramable as error:
        reading.tally.torn = str(error)
        yield one_record(reading.tally, None, head.data, "torn_tail")


def _first_bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(KEPT_BYTES)


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def recogniser(
    recognise: Callable[[Head, SourceConfig | None], Framing | None], config: SourceConfig
) -> Recognise:
    """Bind a source's `recognise` to its configuration."""
    return lambda head: recognise(head, config)


def advised(source: Source, config: SourceConfig, reading: Reading) -> Recognise:
    """A source's `recognise`, which notes what it says of what it cannot read."""

    def recognise(head: Head) -> Framing | None:
        framing = source.recognise(head, config)
        if framing is None:
            reading.advice = reading.advice or source.advice(head, config)
        return framing

    return recognise
