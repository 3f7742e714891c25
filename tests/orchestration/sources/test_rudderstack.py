"""RudderStack's files of every product, and the columns of those without a header."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestration.config import load_migration
from orchestration.errors import ConfigurationError
from orchestration.landing.land import read_as
from orchestration.landing.reading import Reading, records
from orchestration.sources import REGISTRY, Framing, Head, recognise
from tests.orchestration.landing.exports import config_of

SAMPLES = Path(__file__).parents[4] / "shared/samples"
UUID = "0b9d6c1c-1111-4222-8333-444455556666"
CALL = {"type": "track", "messageId": "m", "event": "Paid", "properties": {}}
DISCARD = {"column_name": "a", "column_value": 1, "row_id": 1, "table_name": "t"}


def head(text: str, name: str = "export.json") -> Head:
    return Head(name, text.encode(), True)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (CALL | {"request_ip": "192.0.2.7"}, "a.json"),
        (CALL, "rudder-logs/src/2025-03-01/1.json"),
        ({"data": {"id": "1"}, "userId": "", "metadata": {"table": "tracks"}}, "a.json"),
        ({"uuid": "1", "event_payload": {"batch": []}}, "a.json"),
        ({"UUID": "1", "EventPayload": {}}, "a.json"),
        (DISCARD, "a.json"),
        ({"merge_property_1_type": "email"}, "a.json"),
        ({"id": "1", "received_at": "x", "context_source_id": "s"}, "a.json"),
        ({"id": "1", "received_at": "x"}, "load.json"),
    ],
)
def test_lines_of_every_product(line: dict[str, Any], name: str) -> None:
    assert recognise(head(json.dumps(line), name)) == ("rudderstack", Framing("lines"))


def test_a_configured_source_takes_calls_that_could_be_either_vendors_but_not_segments() -> None:
    source, config = REGISTRY["rudderstack"], config_of("rudderstack")
    assert source.recognise(head(json.dumps(CALL)), config) == Framing("lines")
    assert source.recognise(head(json.dumps(CALL | {"projectId": "p"})), config) is None


def test_a_csv_without_a_header_is_read_by_its_tables_columns_in_their_order() -> None:
    config = config_of("rudderstack", load_columns={"orders": ["total", "id"]})
    text = head(f"{UUID},5\n", "rudder-warehouse-load-objects/orders/src/u/load.csv")
    assert REGISTRY["rudderstack"].recognise(text, config) == Framing("csv", names=("id", "total"))


def test_without_configured_columns_its_cells_are_numbered() -> None:
    found = recognise(head(f"{UUID},5\n{UUID},6\n", "load.csv"))
    assert found == ("rudderstack", Framing("csv", names=("column#1", "column#2")))


def test_a_csv_with_a_header_keeps_it() -> None:
    config = config_of("rudderstack", load_columns={"orders": ["total", "id"]})
    text = head(f"id,received_at,total\n{UUID},2025-03-01T00:00:00Z,5\n", "orders.csv")
    assert REGISTRY["rudderstack"].recognise(text, config) == Framing("csv")


def test_rows_without_a_header_are_landed_and_a_wrong_width_is_told(landed: Any) -> None:
    rows = f'{UUID},"a, ""b"""\n{UUID},\n\n{UUID}\n{UUID},"two\nlines"'.encode()
    found = landed(
        gzip.compress(rows),
        vendor="rudderstack",
        name="orders/load.csv.gz",
        load_columns={"orders": ["note", "id"]},
    )
    kept = [json.loads(row["record"]) if row["record"] else None for row in found.rows]
    assert kept == [
        {"id": UUID, "note": 'a, "b"'},
        {"id": UUID},
        None,
        {"id": UUID, "note": "two\nlines"},
    ]
    assert found.errors == [None, None, "wrong_column_count", None]


def test_other_columns_land_anew() -> None:
    one, two = (
        config_of("rudderstack", load_columns={"orders": columns})
        for columns in (["id", "total"], ["id", "note"])
    )
    assert read_as(one) != read_as(two)


@pytest.mark.parametrize(
    ("vendor", "setting", "told"),
    [
        ("segment", "load_columns: {a: [id]}", "load_columns: is for vendor rudderstack"),
        ("segment", "extracts: true", "extracts: is for vendor rudderstack, not segment"),
        ("mixpanel", "page_names: true", "page_names: is for vendor segment or rudderstack"),
        ("rudderstack", "columns: {event: e}", "columns: is for vendor tabular or zigpoll or"),
    ],
)
def test_settings_of_other_vendors_are_refused(
    write: Callable[[str, str], Path], vendor: str, setting: str, told: str
) -> None:
    source = f"{{vendor: {vendor}, location: x, timezone: UTC, {setting}}}"
    write("taxonomy.yaml", "version: 1\nevents: {a: {description: A., kind: micro}}\n")
    path = write("m.yaml", f"home: h\ntaxonomy: taxonomy.yaml\nsources:\n  s: {source}\n")
    with pytest.raises(ConfigurationError, match=told):
        load_migration(path)


EXPECTED = {
    "rudderstack/event_messages_all_types.jsonl": ("rudderstack", 24),
    "rudderstack/warehouse_staging.json.gz": ("rudderstack", 32),
    "rudderstack/warehouse_load.csv.gz": ("rudderstack", 14),
    "rudderstack/warehouse_load.json.gz": ("rudderstack", 14),
    "rudderstack/warehouse_load_mismatch_schema.json.gz": ("rudderstack", 14),
    "rudderstack/warehouse_discards.json.gz": ("rudderstack", 6),
    "segment/spec_examples.jsonl": ("segment", 8),
    "segment/events_appsmith_docs.jsonl": ("segment", 2),
}


@pytest.mark.skipif(not SAMPLES.exists(), reason="real exports lie beside the project only")
@pytest.mark.parametrize("name", EXPECTED)
def test_exports_written_by_others(name: str) -> None:
    vendors: list[str] = []

    def recognising(head: Head) -> Framing | None:
        guess = recognise(head)
        vendors.extend([guess[0]] if guess else [])
        return guess[1] if guess else None

    found = sum(map(len, records(SAMPLES / name, name, recognising, Reading())))
    assert (set(vendors), found) == ({EXPECTED[name][0]}, EXPECTED[name][1])
