"""Dates of records: judging each beginning once gives what SQL gives for each row."""

from __future__ import annotations

from datetime import date, datetime

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.landing.dates import WrittenDates, raw_date_sql
from orchestration.sources import REGISTRY
from orchestration.sources.base import Source

LANDED_AT = datetime(2025, 3, 1)
DATED = [source for source in REGISTRY.values() if source.dated_by]
WRITTEN = st.none() | st.sampled_from(
    [
        *("2025-01-02T03:04:05Z", "2025-01-02 23:59", "2025-01-02", "2025-1-2", "02/01/2025"),
        *("2025-03-03", "2025-03-04", "1999-12-31", "2000-01-01", "2025-02-30 10:00"),
        *("1740787200", "1740787200000", "1740787200000000", "1.7407872e9", "2025/01/02 10:00"),
        *("", " 2025-01-02", "../../../etc", "ünïcödé wörds", "2025-01-0ü", "infinity", "epoch"),
    ]
)


def by_row(source: Source, rows: pa.Table) -> list[date | None]:
    with duckdb.connect() as connection:
        connection.register("lifted", rows.append_column("number", [range(len(rows))]))
        sql = raw_date_sql(source.raw_date, LANDED_AT)
        found = connection.execute(f"select {sql} from lifted order by number").fetchall()
    return [found_date for (found_date,) in found]


@pytest.mark.parametrize("source", DATED, ids=lambda source: source.vendor)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_beginnings_give_the_dates_that_rows_give(source: Source, data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.tuples(*(WRITTEN for _ in source.dated_by)), min_size=1))
    lifted = pa.table(
        {
            column: pa.array([row[place] for row in rows], pa.large_string())
            for place, column in enumerate(source.dated_by)
        }
    )
    halves = pa.concat_tables([lifted.slice(0, len(rows) // 2), lifted.slice(len(rows) // 2)])
    with duckdb.connect() as connection:
        dates = WrittenDates(connection, source, LANDED_AT).of(halves)
    assert dates.to_pylist() == by_row(source, lifted)


def test_frames_one_after_the_other_have_each_their_own_dates() -> None:
    source = REGISTRY["tabular"]
    with duckdb.connect() as connection:
        dates = WrittenDates(connection, source, LANDED_AT)
        for texts, days in [
            (["2025-01-02 10:00", None], [2, None]),
            (["2025-01-02 11:00"], [2]),
            (["2025-01-03", "1735948800"], [3, 4]),
            ([None], [None]),
            (["2025-01-02", "2025-01-05", "2025-02-30", "2025-01-02 12:00"], [2, 5, None, 2]),
        ]:
            rows = pa.table({"occurred_at": pa.array(texts, pa.large_string())})
            expected = [date(2025, 1, day) if day else None for day in days]
            assert dates.of(rows).to_pylist() == expected
