"""The date of each record as its vendor wrote it: the folder that it lies in."""

from __future__ import annotations

from datetime import datetime, timedelta

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.landing.lifting import TEXT
from orchestration.sources.base import DAY, Source
from orchestration.sql import literal

UNKNOWN = "unknown"


def raw_date_sql(written: str, landed_at: datetime) -> str:
    """SQL over what is `written`: the date in it, `unknown` where it cannot be one."""
    latest = landed_at.date() + timedelta(days=2)
    own_date = f"try_cast({written} as date)"
    return f"""case
        when {own_date} between date '2000-01-01' and {literal(latest.isoformat())}::date
            then cast({own_date} as varchar) else '{UNKNOWN}' end"""


class WrittenDates:
    """Dates of records whose texts mostly begin with them, by the first `dated_by` that is filled.

    Beginnings are few: each is judged once. Among rows of which one begins with something else
    every row is judged by the source's `raw_date`, which is what the beginnings are short for.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, source: Source, landed_at: datetime
    ) -> None:
        self._connection = connection.cursor()
        self._columns = source.dated_by
        self._of_beginning = raw_date_sql("written", landed_at)
        self._of_row = raw_date_sql(source.raw_date, landed_at)
        self._judged = (pa.array([], TEXT), pa.array([], TEXT))

    def of(self, lifted: pa.Table) -> pa.Array:
        """The date of each row, mostly as a dictionary: it may have a date twice."""
        first = lifted.column(self._columns[0])
        texts = pc.coalesce(*map(lifted.column, self._columns)) if first.null_count else first
        begins = pc.utf8_slice_codeunits(texts, 0, DAY).combine_chunks().dictionary_encode()
        beginnings, dates = self._judged
        if not beginnings.equals(begins.dictionary):
            beginnings = begins.dictionary
            if not pc.all(pc.match_like(beginnings, "____-__-__")).as_py():
                return self._dates(self._of_row, lifted)
            dates = self._dates(self._of_beginning, pa.table({"written": beginnings}))
            self._judged = (beginnings, dates)
        if begins.indices.null_count:
            return pc.fill_null(dates.take(begins.indices), UNKNOWN)
        return pa.DictionaryArray.from_arrays(begins.indices, dates)

    def _dates(self, sql: str, rows: pa.Table) -> pa.Array:
        numbered = rows.append_column("number", pa.array(range(rows.num_rows), pa.int64()))
        self._connection.register("written_rows", numbered)
        try:
            found = self._connection.execute(
                f"select {sql} from written_rows order by number"
            ).to_arrow_table()
        finally:
            self._connection.unregister("written_rows")
        return found.column(0).cast(TEXT).combine_chunks()
