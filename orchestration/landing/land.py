"""Land one delivery: stored bytes to Parquet with the envelope lifted, and a manifest.

The folder appears by one rename, so a killed landing leaves nothing that could be taken for a
delivery. Landing the same delivery again gives the same folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet

from orchestration.landing.ahead import ahead
from orchestration.landing.dates import WrittenDates, raw_date_sql
from orchestration.landing.framing import OBJECT_TYPE
from orchestration.landing.lifting import Lifter
from orchestration.landing.manifest import MANIFEST, LandedFile, Manifest, State, read_manifest
from orchestration.landing.partitions import RAW_DATE, partition_writer, unreadable_by_reason
from orchestration.landing.reading import Reading, advised, records
from orchestration.landing.store import StoredFile
from orchestration.source_config import SourceConfig
from orchestration.sources import REGISTRY, recognise
from orchestration.sources.base import Source

MEMORY_LIMIT = "3GB"  # of each of the connections that land side by side
GROUPED_ROWS = 50_000
GROUPED_BYTES = 32 << 20


@dataclass(frozen=True)
class DeliveredFile:
    """A file of a delivery: its name relative to the source's location, and its kept bytes."""

    name: str
    stored: StoredFile


@dataclass(frozen=True)
class Delivery:
    """Files of one source that arrived together."""

    source: str
    files: tuple[DeliveredFile, ...]

    @property
    def id(self) -> str:
        """Hash of the source and the sorted (relative name, sha256): same files, same delivery."""
        listing = sorted((file.name, file.stored.sha256) for file in self.files)
        return hashlib.sha256(json.dumps([self.source, listing]).encode()).hexdigest()[:16]


def delivery_folder(landing_dir: Path, source: str, delivery_id: str) -> Path:
    """Where a delivery's Parquet and manifest live."""
    return landing_dir / source / f"delivery={delivery_id}"


def read_as(config: SourceConfig) -> str:
    """Fingerprint of the settings that shape landing; other settings act in staging."""
    shaping: list[object] = [config.vendor, config.columns, config.format, config.delimiter]
    if config.load_columns is not None:
        shaping.append(config.load_columns)
    if config.headers is not None:
        shaping.append(hashlib.sha256(config.headers.read_bytes()).hexdigest())
    if config.reports is not None:
        shaping.append(config.model_dump(mode="json", include={"reports"}))
    if config.pad_missing_columns or config.manifests:
        shaping.append([config.pad_missing_columns, config.manifests])
    return hashlib.sha256(json.dumps(shaping, sort_keys=True).encode()).hexdigest()[:12]


def land(
    delivery: Delivery,
    config: SourceConfig,
    landing_dir: Path,
    landed_at: datetime | None = None,
    connection: duckdb.DuckDBPyConnection | None = None,
) -> Manifest:
    """Land a delivery and return its manifest.

    `landed_at` (UTC) left out, a delivery landed before keeps its own. `connection` is a
    `landing_connection` that is used for many deliveries; left out, one is opened for this one.
    """
    paths = {file.name: file.stored.path for file in delivery.files}
    source = REGISTRY[config.vendor].for_delivery(paths)
    final = delivery_folder(landing_dir, delivery.source, delivery.id)
    replaced = final.with_name(f".{final.name}.old")
    if replaced.exists() and not final.exists():  # killed between the two renames below
        replaced.rename(final)
    shutil.rmtree(replaced, ignore_errors=True)
    if landed_at is None and (final / MANIFEST).exists():
        landed_at = read_manifest(final).landed_at
    landed_at = landed_at or datetime.now(UTC).replace(tzinfo=None)
    partial = final.with_name(f".{final.name}.part")
    shutil.rmtree(partial, ignore_errors=True)  # mostly not there; what stays stops the next line
    partial.mkdir(parents=True)
    with nullcontext(connection) if connection else landing_connection() as opened:
        files = [
            _land_file(opened, file, number, source, config, partial, landed_at)
            for number, file in enumerate(delivery.files)
        ]
    note_copies(files)
    account = source.account(paths, files, config)
    manifest = Manifest(
        delivery_id=delivery.id,
        source=delivery.source,
        vendor=config.vendor,
        landed_at=landed_at,
        read_as=read_as(config),
        files=files,
        raw_dates=_raw_dates(partial),
        group=source.group(delivery.files[0].name),
        declared_records=account.declared_records,
        shortfalls=list(account.shortfalls),
        doubts=list(account.doubts),
    )
    manifest.write(partial)
    if final.exists():
        final.rename(replaced)
    partial.rename(final)
    shutil.rmtree(replaced, ignore_errors=True)
    return manifest


def note_copies(files: Sequence[LandedFile]) -> None:
    """Mark files that have the bytes of one before them: their records are landed and not read."""
    first_with: dict[str, str] = {}
    for file in files:
        if file.records and (first := first_with.setdefault(file.sha256, file.name)) != file.name:
            file.copy_of = first


def parquet_files(folder: Path) -> list[Path]:
    """The Parquet files of a landed delivery, sorted."""
    return sorted(folder.glob("raw_date=*/*.parquet"))


@contextmanager
def landing_connection(beside: int = 1) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB in memory, bounded; `beside` of them share the processors.

    Framing and writing have threads too: more of them than processors only wait for one another.
    """
    threads = max(1, (os.cpu_count() or 1) // beside)
    with duckdb.connect() as connection:
        connection.execute(f"set memory_limit = '{MEMORY_LIMIT}'")
        connection.execute(f"set threads = {threads}")
        connection.execute("set timezone = 'UTC'")
        connection.execute("set enable_progress_bar = false")  # standard output is for results
        yield connection


def _land_file(
    connection: duckdb.DuckDBPyConnection,
    file: DeliveredFile,
    number: int,
    source: Source,
    config: SourceConfig,
    folder: Path,
    landed_at: datetime,
) -> LandedFile:
    """Write one file's records: framing, lifting and writing, each in a thread of its own."""
    reading = Reading(stop_line=source.stop_line)
    frames = records(file.stored.path, file.name, advised(source, config, reading), reading)
    paths = source.envelope_paths(config)
    dates = WrittenDates(connection, source, landed_at) if source.dated_by else None
    computed = {} if dates else {RAW_DATE: raw_date_sql(source.raw_date, landed_at)}
    lifter = Lifter(connection, source, paths, computed)
    unreadable: Counter[str] = Counter()
    with partition_writer(folder, f"f{number}") as writer:
        for rows in ahead(_rows(grouped(ahead(frames)), lifter, dates, file, landed_at)):
            unreadable.update(unreadable_by_reason(rows.column("parse_error")))
            writer.write(rows)
    tally = reading.tally
    state: State = "complete" if reading.recognised else "unrecognised"
    ends_early = unreadable["terminated_early"]
    torn = tally.torn or ("the vendor ended the export early" if ends_early else None)
    is_judged = reading.head is not None and reading.recognised and tally.torn is None
    missing = source.missing_columns(reading.head, config) if is_judged and reading.head else ()
    return LandedFile(
        name=file.name,
        sha256=file.stored.sha256,
        size=file.stored.size,
        plain_size=tally.plain_bytes,
        state="torn" if torn else state,
        torn_reason=torn,
        records=tally.records,
        written=writer.rows,
        blank_lines=tally.blank_lines,
        unreadable=dict(sorted(unreadable.items())),
        looks_like=None if reading.recognised else _looks_like(reading, config),
        missing_columns=list(missing),
        advice=reading.advice,
    )


def grouped(frames: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Frames of one form joined to enough rows that a query is worth its while."""
    held: list[pa.RecordBatch] = []
    rows = size = 0
    for frame in frames:
        if held and frame.schema != held[0].schema:
            yield pa.Table.from_batches(held)
            held, rows, size = [], 0, 0
        held.append(frame)
        rows, size = rows + frame.num_rows, size + frame.nbytes
        if rows >= GROUPED_ROWS or size >= GROUPED_BYTES:
            yield _joined(held)
            held, rows, size = [], 0, 0
    if held:
        yield _joined(held)


def _joined(frames: Sequence[pa.RecordBatch]) -> pa.Table:
    """Some frames of objects lack the column that says what they are, such as a torn end."""
    tables = [pa.Table.from_batches([frame]) for frame in frames]
    return pa.concat_tables(tables, promote_options="default")


def _rows(
    frames: Iterable[pa.Table],
    lifter: Lifter,
    dates: WrittenDates | None,
    file: DeliveredFile,
    landed_at: datetime,
) -> Iterator[pa.Table]:
    """Landing rows with their raw_date."""
    for frame in frames:
        lifted = lifter.lift(frame)
        count = frame.num_rows
        kinds = frame.column(OBJECT_TYPE) if OBJECT_TYPE in frame.schema.names else None
        yield pa.table(
            {
                "raw": frame.column("raw"),
                "raw_bytes": frame.column("raw_bytes"),
                "record": frame.column("record"),
                "file_sha256": _repeated(file.stored.sha256, count),
                "file_name": _repeated(file.name, count),
                "member": frame.column("member"),
                "record_number": frame.column("record_number"),
                "landed_at": pa.repeat(pa.scalar(landed_at, pa.timestamp("us")), count),
                **({OBJECT_TYPE: kinds} if kinds is not None else {}),
                **{name: lifted.column(name) for name in lifted.schema.names},
                **({RAW_DATE: dates.of(lifted)} if dates else {}),
            }
        )


def _repeated(text: str, count: int) -> pa.DictionaryArray:
    """The same text in every row, held once."""
    return pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int8()), count), [text])


def _raw_dates(folder: Path) -> dict[str, int]:
    """Rows of each raw_date, counted from the Parquet footers."""
    counts: dict[str, int] = {}
    for path in parquet_files(folder):
        raw_date = path.parent.name.removeprefix("raw_date=")
        counts[raw_date] = counts.get(raw_date, 0) + pa.parquet.read_metadata(path).num_rows
    return dict(sorted(counts.items()))


def _looks_like(reading: Reading, config: SourceConfig) -> str | None:
    """The other vendor whose export this seems to be; a plain table could be anybody's."""
    guess = recognise(reading.head) if reading.head is not None else None
    return guess[0] if guess is not None and guess[0] not in (config.vendor, "tabular") else None
