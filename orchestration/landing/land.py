"""Land one delivery: stored bytes to Parquet with the envelope lifted, and a manifest.

The folder appears by one rename, so a killed landing leaves nothing that could be taken for a
delivery. Landing the same delivery again gives the same folder.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet

from orchestration.landing.lifting import DOCUMENT, Lifting, lifting
from orchestration.landing.manifest import MANIFEST, LandedFile, Manifest, State, read_manifest
from orchestration.landing.reading import Reading, advised, records
from orchestration.landing.store import StoredFile
from orchestration.source_config import SourceConfig
from orchestration.sources import REGISTRY, recognise
from orchestration.sources.base import Source
from orchestration.sql import literal, quoted

MEMORY_LIMIT = "3GB"  # of each of the connections that land side by side
READABLE = f"framing_error is null and json_valid({DOCUMENT})"


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
def landing_connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB in memory, bounded, that streams and keeps no order."""
    with duckdb.connect() as connection:
        connection.execute(f"set memory_limit = '{MEMORY_LIMIT}'")
        connection.execute("set preserve_insertion_order = false")
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
    """Write one file's records. Valid JSON is assumed first, and checked only where it is not."""
    try:
        written, reading = _copy(connection, file, number, source, config, folder, landed_at, False)
    except duckdb.InvalidInputException as error:
        if "Malformed JSON" not in str(error):
            raise
        for torso in folder.glob(f"raw_date=*/f{number}_*.parquet"):
            torso.unlink()
        written, reading = _copy(connection, file, number, source, config, folder, landed_at, True)
    unreadable = _unreadable(connection, folder, number)
    tally = reading.tally
    state: State = "complete" if reading.recognised else "unrecognised"
    ends_early = unreadable.get("terminated_early")
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
        written=written,
        blank_lines=tally.blank_lines,
        unreadable=unreadable,
        looks_like=None if reading.recognised else _looks_like(reading, config),
        missing_columns=list(missing),
        advice=reading.advice,
    )


def _copy(
    connection: duckdb.DuckDBPyConnection,
    file: DeliveredFile,
    number: int,
    source: Source,
    config: SourceConfig,
    folder: Path,
    landed_at: datetime,
    guarded: bool,
) -> tuple[int, Reading]:
    reading = Reading(stop_line=source.stop_line)
    recognise = advised(source, config, reading)
    frames = records(file.stored.path, file.name, recognise, reading)
    failures: list[BaseException] = []
    envelope = lifting(noting(frames, failures), source.envelope_paths(config))
    connection.register("frames", envelope.frames)
    query = lift_sql(source, envelope, file, landed_at, guarded=guarded)
    try:
        row = connection.execute(
            f"""
            copy ({query}) to {literal(str(folder))} (
                format parquet, compression zstd, compression_level 1,
                row_group_size_bytes '64MB', -- of wide rows the usual number of rows would spill
                dictionary_size_limit 1000, -- ids are not worth looking for repetitions
                partition_by (raw_date), overwrite_or_ignore,
                filename_pattern 'f{number}_{{i}}'
            )"""
        ).fetchone()
    except duckdb.Error as error:
        raise (failures[0] if failures else error) from error
    finally:
        connection.unregister("frames")
    return (int(row[0]) if row else 0), reading


def noting(
    frames: Iterator[pa.RecordBatch], failures: list[BaseException]
) -> Iterator[pa.RecordBatch]:
    """Keep an exception of our own reading, which DuckDB would turn into one of its own."""
    try:
        yield from frames
    except BaseException as error:
        failures.append(error)
        raise


def parse_error_sql(source: Source | None) -> str:
    """SQL over `frames`: why a record cannot be read, or null."""
    stops = "false"
    if source is not None and source.stop_line:
        stops = f"length(raw) < 200 and contains(raw, {literal(source.stop_line.decode())})"
    return f"""case when framing_error is not null then framing_error
        when json_valid({DOCUMENT}) then null
        when {stops} then 'terminated_early'
        else 'not_json' end"""


def lift_sql(
    source: Source,
    envelope: Lifting,
    file: DeliveredFile,
    landed_at: datetime,
    *,
    guarded: bool,
) -> str:
    """SQL from `frames` to landing rows. `guarded`: check that a record is JSON before lifting."""
    columns = "".join(f",\n {sql} as {quoted(c)}" for c, sql in envelope.columns.items())
    error = "framing_error"
    if guarded:
        error = parse_error_sql(source)
        lifted = f"case when {READABLE} then {envelope.value} end"
    else:
        lifted = f"case when framing_error is null then {envelope.value} end"
    latest = landed_at.date() + timedelta(days=2)
    return f"""
        select * exclude (own_date),
            case when own_date between date '2000-01-01' and {literal(latest.isoformat())}::date
                 then cast(own_date as varchar) else 'unknown' end as raw_date
        from (
            select *, try_cast({source.raw_date} as date) as own_date
            from (
                select raw, raw_bytes, record, {literal(file.stored.sha256)} as file_sha256,
                    {literal(file.name)} as file_name, member, record_number,
                    {literal(landed_at.isoformat(" "))}::timestamp as landed_at,
                    parse_error{columns}
                from (select *, {error} as parse_error, {lifted} as e from frames)
            )
        )"""


def _raw_dates(folder: Path) -> dict[str, int]:
    """Rows of each raw_date, counted from the Parquet footers."""
    counts: dict[str, int] = {}
    for path in parquet_files(folder):
        raw_date = path.parent.name.removeprefix("raw_date=")
        counts[raw_date] = counts.get(raw_date, 0) + pa.parquet.read_metadata(path).num_rows
    return dict(sorted(counts.items()))


def _unreadable(connection: duckdb.DuckDBPyConnection, folder: Path, number: int) -> dict[str, int]:
    files = [str(p) for p in folder.glob(f"raw_date=*/f{number}_*.parquet")]
    if not files:
        return {}
    rows = connection.execute(
        """select parse_error, count(*) from read_parquet(?, hive_partitioning = false)
           where parse_error is not null group by all order by all""",
        [files],
    ).fetchall()
    return dict(rows)


def _looks_like(reading: Reading, config: SourceConfig) -> str | None:
    """The other vendor whose export this seems to be; a plain table could be anybody's."""
    guess = recognise(reading.head) if reading.head is not None else None
    return guess[0] if guess is not None and guess[0] not in (config.vendor, "tabular") else None
