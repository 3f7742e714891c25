"""The date of each record as its vendor wrote it: the folder that it lies in."""

from __future__ import annotations

from datetime import datetime, timedelta

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.sources.base import DAY, Source
from orchestration.sql import literal


def raw_date_sql(written: str, landed_at: datetime) -> str:
    """SQL over what is `written`: the date in it, `unknown` where it cannot be one."""
    latest = landed_at.date() + timedelta(days=2)
    own_date = f"try_cast({written} as date)"
    return f"""case
        when {own_date} between date '2000-01-01' and {literal(latest.isoformat())}::date
            then cast({own_date} as varchar) else 'unknown' end"""


class WrittenDates:
    """Dates of records whose texts begin with them: each beginning is judged once, not each row."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, source: Source, landed_at: datetime
    ) -> None:
        self._connection = connection.cursor()
        self._columns = source.dated_by
        self._date = raw_date_sql("written", landed_at)

    def of(self, lifted: pa.Table) -> pa.Array:
        """The date of each row, by the first of the source's `dated_by` that it has."""
        texts = pc.coalesce(*map(lifted.column, self._columns), pa.scalar("", pa.large_string()))
        begins = pc.utf8_slice_codeunits(texts, 0, DAY).combine_chunks().dictionary_encode()
        count = len(begins.dictionary)
        self._connection.register(
            "beginnings", pa.table({"number": range(count), "written": begins.dictionary})
        )
        try:
            dates = self._connection.execute(
                f"select {self._date} from beginnings order by number"
            ).to_arrow_table()
        finally:
            self._connection.unregister("beginnings")
        return dates.column(0).combine_chunks().take(begins.indices)
