"""JSON pages, form definitions and Parquet files, through the way every file takes."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from orchestration.landing.reading import Reading, recogniser, records
from orchestration.sources import REGISTRY
from tests.orchestration.landing.exports import Landing, config_of

Landed = Callable[..., Landing]

ITEMS = [{"landing_id": str(n), "token": str(n), "landed_at": "2025-01-01T10:00:00Z"} for n in "ab"]
PAGE = json.dumps({"items": ITEMS, "page_count": 1, "total_items": 2}, indent=1).encode()


def test_a_page_is_its_items_as_they_stand(landed: Landed) -> None:
    found = landed(PAGE, vendor="typeform")
    assert [json.loads(raw or "") for raw in found.raws] == ITEMS
    assert all(raw in PAGE.decode() for raw in found.raws if raw)
    assert found.manifest.state == "complete" and found.rows[0]["token"] == "a"


def test_a_page_without_items_has_no_records(landed: Landed) -> None:
    found = landed(b'{"total_items":0,"page_count":0,"items":[]}', vendor="typeform")
    assert (found.manifest.state, found.manifest.records) == ("complete", 0)


def test_a_page_cut_anywhere_in_its_items(landed: Landed) -> None:
    start = PAGE.index(b"landing_id") + len(b'landing_id"')
    for cut in range(start, len(PAGE) - 1, 17):
        found = landed(PAGE[:cut], vendor="typeform", name=f"{cut}.json")
        assert found.manifest.state == "torn" and found.errors[-1] == "torn_tail"
        assert found.errors[:-1] == [None] * (len(found.rows) - 1)
        whole = [json.loads(raw or "") for raw in found.raws[:-1]]
        assert whole == ITEMS[: len(whole)]


def test_an_item_that_is_not_utf8_is_exactly_that_record(landed: Landed) -> None:
    page = PAGE.replace(b'"token": "a"', b'"token": "\xff"')
    found = landed(page, vendor="typeform")
    assert found.errors == ["not_utf8", None]


def test_a_form_is_one_record(landed: Landed) -> None:
    form = json.dumps({"id": "x", "title": "t", "fields": [{"id": "f"}]}, indent=2).encode()
    found = landed(form, vendor="typeform")
    assert found.raws == [form.decode()] and found.rows[0]["fields"] == '[{"id":"f"}]'


def parquet(query: str) -> bytes:
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'Asia/Tokyo'")
        connection.execute("create temp table t as " + query)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "x.parquet"
            connection.execute(f"copy t to '{path}' (format parquet)")
            return path.read_bytes()


ODD_TYPES = """
    select 'buy' as event, timestamp '2025-01-01 10:00:00.123456' as at,
        timestamptz '2025-01-01 10:00:00+00' as tz, date '2025-01-01' as d, time '01:02:03' as t,
        1.50::decimal(9, 2) as price, 18446744073709551615::ubigint as big, 'nan'::double as nan,
        '\\x00\\xFF'::blob as bytes, [1, null] as list, {'a': {'b': 'c'}} as "row",
        map {'k': 1} as "it's odd", null::integer as nothing, uuid() as id,
        interval 1 day as span, 'a'::enum('a', 'b') as kind
"""


def test_parquet_with_odd_types(landed: Landed) -> None:
    found = landed(parquet(ODD_TYPES), vendor="tabular", name="x.parquet")
    assert found.errors == [None] and found.rows[0]["event"] == "buy"
    assert found.rows[0]["occurred_at"] == "2025-01-01 10:00:00.123456"
    row = json.loads(found.raws[0] or "", parse_constant=lambda name: name)
    assert list(row) == sorted(row)  # canonical: columns in name order
    assert row["tz"] == "2025-01-01 10:00:00+00" and row["big"] == 18446744073709551615
    assert row["list"] == [1, None] and row["row"] == {"a": {"b": "c"}}
    assert row["it's odd"] == {"k": 1} and row["nothing"] is None


def test_parquet_keeps_the_order_of_its_rows(landed: Landed) -> None:
    content = parquet("select 'e' as event, '2025-01-01' as at, n from range(120000) r(n)")
    found = landed(content, vendor="tabular", name="x.parquet")
    numbers = [json.loads(raw or "")["n"] for raw in found.raws[::5000]]
    assert numbers == list(range(0, 120000, 5000))


def test_damaged_parquet_is_torn(landed: Landed) -> None:
    content = parquet("select 'e' as event, '2025-01-01' as at, uuid() as id from range(50000)")
    found = landed(content[:-20], vendor="tabular", name="cut.parquet")
    assert (found.manifest.state, found.errors) == ("torn", ["torn_archive"])
    scrambled = content[:4] + b"\xff" * 400 + content[404:]
    found = landed(scrambled, vendor="tabular", name="scrambled.parquet")
    assert found.errors[-1] == "torn_tail" and found.manifest.state == "torn"


def test_parquet_inside_an_archive_is_told_not_dropped(landed: Landed) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("x.parquet", parquet("select 'e' as event, '2025-01-01' as at"))
    found = landed(content.getvalue(), vendor="tabular", name="x.zip")
    assert found.manifest.state == "torn" and len(found.rows) == 1
    assert found.file.torn_reason and "unpack it" in found.file.torn_reason


@pytest.mark.parametrize("name", ["a*b.parquet", "a[1].parquet", "a?b.parquet"])
def test_names_with_pattern_characters_mean_one_file(
    write: Callable[[str, bytes], object], tmp_path: Path, name: str
) -> None:
    content = parquet("select 'e' as event, '2025-01-01' as at")
    for each in (name, "axb.parquet", "a1.parquet"):
        write(each, content)
    reading = Reading()
    recognise = recogniser(REGISTRY["tabular"].recognise, config_of("tabular"))
    path = tmp_path / name
    assert sum(len(batch) for batch in records(path, name, recognise, reading)) == 1
