"""The date of each record as its vendor wrote it: the folder that it lies in."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.sources.base import DAY, Source

EARLIEST = date(2000, 1, 1)
DATE = re.compile(rb"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def latest_date(landed_at: datetime) -> date:
    """The last date that a record can have: clocks run ahead, and zones reach into tomorrow."""
    return landed_at.date() + timedelta(days=2)


def raw_date_sql(written: str, landed_at: datetime) -> str:
    """SQL over what is `written`: the date in it, null where it cannot be one."""
    own_date = f"try_cast({written} as date)"
    return f"""case
        when {own_date} between date '{EARLIEST}' and date '{latest_date(landed_at)}'
            then {own_date} end"""


class WrittenDates:
    """Dates of records whose texts mostly begin with them, by the first `dated_by` that is filled.

    Beginnings are few: each is judged once. Among rows of which one begins with something else
    every row is judged by the source's `raw_date`, which is what the beginnings are short for.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, source: Source, landed_at: datetime
    ) -> None:
        self._connection = connection
        self._columns = source.dated_by
        self._latest = latest_date(landed_at)
        self._sql = raw_date_sql(source.raw_date, landed_at)
        self._judged = (pa.array([], pa.large_binary()), pa.array([], pa.date32()))

    def of(self, lifted: pa.Table) -> pa.Array:
        """The date of each row, null where none is known; mostly as a dictionary."""
        first = lifted.column(self._columns[0])
        texts = pc.coalesce(*map(lifted.column, self._columns)) if first.null_count else first
        begins = pc.binary_slice(texts.cast(pa.large_binary()), 0, DAY).combine_chunks()
        begins = begins.dictionary_encode()
        beginnings, dates = self._judged
        if not beginnings.equals(begins.dictionary):
            beginnings = begins.dictionary
            if not all(DATE.fullmatch(each.as_py()) for each in beginnings):
                return self._of_rows(lifted)
            written = [each.decode() for each in beginnings.to_pylist()]
            dates = pa.array(map(self._dated, written), pa.date32())
            self._judged = (beginnings, dates)
        if begins.indices.null_count:
            return dates.take(begins.indices)
        return pa.DictionaryArray.from_arrays(begins.indices, dates)

    def _dated(self, written: str) -> date | None:
        """As `raw_date_sql` has it."""
        try:
            dated = date.fromisoformat(written)
        except ValueError:  # no day of the calendar
            return None
        return dated if EARLIEST <= dated <= self._latest else None

    def _of_rows(self, lifted: pa.Table) -> pa.Array:
        numbers = pa.array(range(lifted.num_rows), pa.int64())
        cursor = self._connection.cursor()
        cursor.register("lifted", lifted.append_column("number", numbers))
        dates = cursor.execute(f"select {self._sql} from lifted order by number").to_arrow_table()
        cursor.unregister("lifted")
        return dates.column(0).combine_chunks()
