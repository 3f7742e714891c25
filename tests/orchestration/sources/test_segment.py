"""Segment's files: known by their calls or columns, and told from RudderStack's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.landing.reading import Reading, records
from orchestration.sources import REGISTRY, Framing, Head, recognise
from tests.orchestration.landing.exports import config_of

CALL = {"type": "track", "messageId": "m", "event": "Paid", "properties": {}}


def head(*lines: Any, name: str = "export.json") -> Head:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    return Head(name, text.encode(), True)


def vendor(found: tuple[str, Framing] | None) -> str | None:
    return found and found[0]


@pytest.mark.parametrize(
    "line",
    [
        CALL,
        {"type": "page", "timestamp": "2025-03-01T12:00:00Z", "properties": {"url": "/"}},
        {"type": "delete", "messageId": "m", "context": [], "integrations": []},
        CALL | {"channel": "browser", "version": "1.1"},
        CALL | {"context": []},
    ],
)
def test_calls_are_segments(line: dict[str, Any]) -> None:
    assert recognise(head(line)) == ("segment", Framing("lines"))


@pytest.mark.parametrize(
    "line",
    [
        CALL | {"request_ip": "192.0.2.7"},
        CALL | {"rudderId": "r"},
        CALL | {"channel": "web"},
        CALL | {"context": {"library": {"name": "RudderLabs JavaScript SDK"}}},
    ],
)
def test_what_only_rudderstack_writes_is_not_segments(line: dict[str, Any]) -> None:
    found = head(line)
    assert vendor(recognise(found)) == "rudderstack"
    assert REGISTRY["segment"].recognise(found, config_of("segment")) is None


@pytest.mark.parametrize(
    ("line", "other"),
    [
        ({"event": "a", "properties": {"time": 1}}, "mixpanel"),
        ({"event": "a", "properties": {"type": "track", "messageId": "m"}}, "mixpanel"),
        ({"event_type": "track", "uuid": "u"}, "amplitude"),
        ({"type": "track", "name": "a"}, "tabular"),
        ({"id": 1, "received_at": "x", "name": "a"}, "tabular"),
    ],
)
def test_others_keep_theirs(line: dict[str, Any], other: str) -> None:
    assert vendor(recognise(head(line))) == other


@pytest.mark.parametrize(
    ("header", "delimiter"),
    [
        ("id,received_at,event,event_text,user_id", ","),
        ("id\treceived_at\tsent_at", "\t"),
        ('"id","received_at","uuid_ts"', ","),
    ],
)
def test_a_table_with_a_header(header: str, delimiter: str) -> None:
    row = delimiter.join("x" * (header.count(delimiter) + 1))
    found = recognise(head(header, row, name="tracks.csv"))
    assert found == ("segment", Framing("csv", delimiter=delimiter))


def test_a_configured_source_takes_a_table_that_shows_no_more_than_its_keys() -> None:
    plain = head("id,received_at,plan", "1,2025-03-01,pro", name="users.csv")
    assert vendor(recognise(plain)) == "tabular"
    found = REGISTRY["segment"].recognise(plain, config_of("segment"))
    assert found == Framing("csv")


def test_a_table_in_parquet(tmp_path: Path) -> None:
    path = tmp_path / "tracks.parquet"
    pq.write_table(pa.table({"id": ["a"], "received_at": [1], "event_text": ["Paid"]}), path)
    reading = Reading()
    vendors: list[str | None] = []

    def recognising(head: Head) -> Framing | None:
        found = recognise(head)
        vendors.append(vendor(found))
        return found and found[1]

    assert sum(map(len, records(path, "tracks.parquet", recognising, reading))) == 1
    assert vendors == ["segment"]


def test_the_permission_test_has_no_records(landed: Any) -> None:
    found = landed(b"anything\n", vendor="segment", name="segment-logs/dummy-object.txt")
    assert (found.file.state, found.file.records) == ("complete", 0)


def test_an_empty_file_is_an_hour_without_calls(landed: Any) -> None:
    found = landed(b"\n", vendor="segment")
    assert (found.file.state, found.file.records) == ("complete", 0)


def test_a_context_that_is_an_array_or_text_leaves_the_other_fields(landed: Any) -> None:
    lines = [CALL | {"context": context} for context in ([], "x", {"ip": "192.0.2.7"}, None)]
    rows = landed("\n".join(map(json.dumps, lines)).encode(), vendor="segment").rows
    assert [row["message_id"] for row in rows] == ["m"] * 4
    assert {row["parse_error"] for row in rows} == {None}


def test_the_date_is_that_of_the_first_time_there_is(landed: Any) -> None:
    lines = [
        CALL | {"timestamp": "2025-03-01T23:00:00Z"},
        CALL | {"originalTimestamp": "2025-03-02T01:00:00Z"},
        CALL | {"timestamp": "soon", "receivedAt": "2025-03-03T01:00:00Z"},
    ]
    found = landed("\n".join(map(json.dumps, lines)).encode(), vendor="segment")
    assert found.manifest.raw_dates == {"2025-03-01": 1, "2025-03-02": 1, "unknown": 1}
