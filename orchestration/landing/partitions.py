"""Landing rows to Parquet, a folder for each date that the vendor wrote, as its rows come."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from orchestration.landing.framing import FOOTER
from orchestration.landing.manifest import UNKNOWN

RAW_DATE = "raw_date"
# Rows are held until they fill a row group, those of all dates together never above the second.
GROUP_BYTES = 16 << 20
HELD_BYTES = 256 << 20
OPEN_FILES = 100
# Ids are not worth looking for repetitions: a column whose first values differ has no dictionary.
DICTIONARY_BYTES = 16 << 10
VERBATIM = frozenset({"raw", "raw_bytes", "record"})
# A column is one of ids where so many of its first values begin differently. Their lengths are
# kept apart from them: zstd has less to look through, and the lengths are mostly one number.
LOOKED_AT = 1000
DIFFERENT = 500
BEGINNING = 4


class PartitionWriter:
    """Writes `<folder>/raw_date=<d>/<stem>_<i>.parquet`; `rows` counts what was written."""

    def __init__(self, folder: Path, stem: str) -> None:
        self._folder = folder
        self._stem = stem
        self._files = 0
        self._open: dict[str, pq.ParquetWriter] = {}
        self._held: dict[str, list[pa.Table]] = {}
        self._sizes: dict[str, int] = {}
        self.rows = 0

    def write(self, table: pa.Table) -> None:
        """Take rows with their `raw_date`, dates or a dictionary of them: a folder, no column."""
        dates = table.column(RAW_DATE).combine_chunks()
        if not pa.types.is_dictionary(dates.type):
            dates = pc.dictionary_encode(dates, null_encoding="encode")
        rows = table.drop_columns([RAW_DATE])
        names = [str(date or UNKNOWN) for date in dates.dictionary.to_pylist()]
        codes = np.asarray(dates.indices)
        if (codes[1:] < codes[:-1]).any():  # dates take turns
            rows = rows.take(pa.array(np.argsort(codes, kind="stable")))
        counts = np.bincount(codes, minlength=len(names)).tolist()
        first = 0
        for date, count in zip(names, counts, strict=True):
            self._hold(date, rows.slice(first, count))
            first += count
        if sum(self._sizes.values()) > HELD_BYTES:
            self._flush_all()

    def close(self) -> None:
        """Write what is held and end every file."""
        self._flush_all()
        for writer in self._open.values():
            writer.close()
        self._open.clear()

    def abandon(self) -> None:
        """Let go of the files; the folder is not going to be used."""
        self._held.clear()
        self._sizes.clear()
        self.close()

    def _hold(self, date: str, rows: pa.Table) -> None:
        self._held.setdefault(date, []).append(rows)
        self._sizes[date] = self._sizes.get(date, 0) + rows.nbytes
        if self._sizes[date] > GROUP_BYTES:
            self._flush(date)

    def _flush_all(self) -> None:
        for date in list(self._held):
            self._flush(date)

    def _flush(self, date: str) -> None:
        rows = pa.concat_tables(self._held.pop(date))
        del self._sizes[date]
        self._writer(date, rows).write_table(rows, row_group_size=max(1, rows.num_rows))
        self.rows += rows.num_rows

    def _writer(self, date: str, rows: pa.Table) -> pq.ParquetWriter:
        writer = self._open.get(date)
        if writer is None:
            if len(self._open) >= OPEN_FILES:
                self._open.pop(next(iter(self._open))).close()
            folder = self._folder / f"{RAW_DATE}={date}"
            folder.mkdir(exist_ok=True)
            encodings = _encodings(rows)
            plain = encodings.keys() | VERBATIM
            writer = self._open[date] = pq.ParquetWriter(
                folder / f"{self._stem}_{self._files}.parquet",
                rows.schema,
                compression="zstd",
                compression_level=1,
                use_dictionary=[name for name in rows.schema.names if name not in plain],
                column_encoding=encodings,
                dictionary_pagesize_limit=DICTIONARY_BYTES,
                write_statistics=False,
                store_schema=False,
            )
            self._files += 1
        return writer


@contextmanager
def partition_writer(folder: Path, stem: str) -> Iterator[PartitionWriter]:
    """A writer whose files are ended, in good order or not."""
    writer = PartitionWriter(folder, stem)
    try:
        yield writer
    except BaseException:
        writer.abandon()
        raise
    writer.close()


def _encodings(rows: pa.Table) -> dict[str, str]:
    """How columns are written that have no dictionary: numbers that count up, and ids."""
    found = {"record_number": "DELTA_BINARY_PACKED"}
    for field in rows.schema:
        if field.type == pa.large_string() and field.name not in VERBATIM:
            begin = pc.utf8_slice_codeunits(rows.column(field.name)[:LOOKED_AT], 0, BEGINNING)
            if pc.count_distinct(begin).as_py() > DIFFERENT:
                found[field.name] = "DELTA_LENGTH_BYTE_ARRAY"
    return found


def unreadable_by_reason(parse_errors: pa.ChunkedArray) -> dict[str, int]:
    """How many records have each reason. What a table says of itself at its end was read."""
    counts = pc.value_counts(parse_errors.drop_null()).to_pylist()
    return {each["values"]: each["counts"] for each in counts if each["values"] != FOOTER}
