"""Rows to Parquet by date: every row once, in its folder, whatever the order and the limits."""

from __future__ import annotations

from datetime import date
from hashlib import sha256
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.landing import partitions
from orchestration.landing.manifest import UNKNOWN
from orchestration.landing.partitions import partition_writer, unreadable_by_reason


def table(rows: list[tuple[int, str]]) -> pa.Table:
    return pa.table(
        {
            "raw": pa.array([str(number) for number, _ in rows], pa.large_string()),
            "record_number": [number for number, _ in rows],
            "raw_date": pa.array(
                [None if day == UNKNOWN else date.fromisoformat(day) for _, day in rows],
                pa.date32(),
            ),
        }
    )


def written(folder: Path) -> dict[str, list[int]]:
    """Record numbers by folder, in the order of the files and their rows."""
    found: dict[str, list[int]] = {}
    for path in sorted(folder.glob("*/*.parquet")):
        numbers = pq.ParquetFile(path).read().column("record_number").to_pylist()
        found.setdefault(path.parent.name, []).extend(numbers)
    return found


def test_dates_that_take_turns_are_told_apart(tmp_path: Path) -> None:
    with partition_writer(tmp_path, "f0") as writer:
        writer.write(table([(1, "2025-01-01"), (2, "unknown"), (3, "2025-01-01")]))
        writer.write(table([(4, "unknown"), (5, "2025-01-02")]))
    assert writer.rows == 5
    assert written(tmp_path) == {
        "raw_date=2025-01-01": [1, 3],
        "raw_date=2025-01-02": [5],
        "raw_date=unknown": [2, 4],
    }


def test_a_dictionary_of_dates_may_have_one_of_them_twice(tmp_path: Path) -> None:
    first, second = date(2025, 1, 1), date(2025, 1, 2)
    days = pa.array([first, None, second, first, None], pa.date32())
    dates = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2, 3, 4, 0], pa.int32()), days)
    rows = table([(number, UNKNOWN) for number in range(1, 7)])
    place = rows.schema.get_field_index("raw_date")
    with partition_writer(tmp_path, "f0") as writer:
        writer.write(rows.set_column(place, "raw_date", dates))
    assert {folder: sorted(numbers) for folder, numbers in written(tmp_path).items()} == {
        "raw_date=2025-01-01": [1, 4, 6],
        "raw_date=2025-01-02": [3],
        "raw_date=unknown": [2, 5],
    }


def test_the_date_is_the_folder_and_no_column(tmp_path: Path) -> None:
    with partition_writer(tmp_path, "f3") as writer:
        writer.write(table([(1, "2025-01-01")]))
    path = tmp_path / "raw_date=2025-01-01" / "f3_0.parquet"
    assert pq.ParquetFile(path).schema_arrow.names == ["raw", "record_number"]


def test_ids_have_their_lengths_apart_and_no_dictionary(tmp_path: Path) -> None:
    """Ids begin differently; times and kinds do not. All come back as they were."""
    count = 2000
    texts = {
        "id": [sha256(str(n).encode()).hexdigest() for n in range(count)],
        "time": [f"2025-01-01 00:{n // 60:02}:{n % 60:02}" for n in range(count)],
        "kind": ["track", None] * (count // 2),
    }
    rows = pa.table(
        {name: pa.array(values, pa.large_string()) for name, values in texts.items()}
        | {"record_number": range(count), "raw_date": ["2025-01-01"] * count}
    )
    with partition_writer(tmp_path, "f0") as writer:
        writer.write(rows)
    path = tmp_path / "raw_date=2025-01-01" / "f0_0.parquet"
    group = pq.read_metadata(path).row_group(0)
    encodings = {c.path_in_schema: c.encodings for c in map(group.column, range(4))}
    assert "DELTA_LENGTH_BYTE_ARRAY" in encodings["id"]
    assert "DELTA_BINARY_PACKED" in encodings["record_number"]
    assert "RLE_DICTIONARY" in encodings["time"] and "RLE_DICTIONARY" in encodings["kind"]
    with duckdb.connect() as connection:  # the reader of what is landed
        read = connection.read_parquet(str(path)).order("record_number").fetchall()
    assert read == list(zip(*texts.values(), range(count), strict=True))


@pytest.mark.parametrize("limit", ["GROUP_BYTES", "HELD_BYTES"])
def test_what_is_held_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(partitions, limit, 100)
    with partition_writer(tmp_path, "f0") as writer:
        for number in range(20):
            writer.write(table([(number, "2025-01-01"), (number + 100, "2025-01-02")]))
            assert sum(writer._sizes.values()) < 250
    assert written(tmp_path) == {
        "raw_date=2025-01-01": list(range(20)),
        "raw_date=2025-01-02": list(range(100, 120)),
    }


def test_few_files_are_open_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitions, "GROUP_BYTES", 0)
    monkeypatch.setattr(partitions, "OPEN_FILES", 2)
    days = [f"2025-01-{day:02}" for day in range(1, 6)]
    with partition_writer(tmp_path, "f0") as writer:
        for turn in range(2):
            for number, day in enumerate(days):
                writer.write(table([(10 * turn + number, day)]))
                assert len(writer._open) <= 2
    assert written(tmp_path) == {f"raw_date={d}": [n, 10 + n] for n, d in enumerate(days)}


def test_nothing_held_is_written_after_a_failure(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no space"), partition_writer(tmp_path, "f0") as writer:
        writer.write(table([(1, "2025-01-01")]))
        raise OSError("no space")
    assert written(tmp_path) == {}


def test_reasons_are_counted() -> None:
    errors = pa.chunked_array([["not_json", None], [None, "not_json", "not_utf8"]])
    assert unreadable_by_reason(errors) == {"not_json": 2, "not_utf8": 1}
