"""GA4's shapes are one export: the same event in each of them is one event."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.config import Migration
from tests.end_to_end import steps
from tests.end_to_end.vendors import ask, fates, lines, migrated

BIG = -9007199254740993  # beyond what a double holds
SLOTS = ("string_value", "int_value", "float_value", "double_value")
PARAMS: dict[str, tuple[str, Any]] = {
    "ga_session_id": ("int_value", 1735689000),
    "big": ("int_value", BIG),
    "price": ("double_value", 12.5),
    "session_engaged": ("string_value", "1"),
}
NESTED = ("event_params", "user_properties", "device", "geo", "items")


def event(form: str, **changes: Any) -> dict[str, Any]:
    """One event as `lines` (bq extract), `console`, `snowflake` or `parquet` has it."""

    def integer(value: int) -> int | str:
        return value if form in ("snowflake", "parquet") else str(value)

    def items(values: dict[str, tuple[str, Any]]) -> list[dict[str, Any]]:
        found = []
        for key, (slot, value) in values.items():
            written = integer(value) if slot == "int_value" else value
            unset = dict.fromkeys(SLOTS) if form in ("console", "parquet") else {}
            found.append({"key": key, "value": unset | {slot: written}})
        return found

    record = {
        "event_date": "20250101",
        "event_timestamp": integer(1735689600123457),
        "event_name": "purchase",
        "event_params": items(PARAMS),
        "event_bundle_sequence_id": integer(7),
        "user_id": "ann",
        "user_pseudo_id": "p.1",
        "user_properties": items({"first_name": ("string_value", "Ann")}),
        "stream_id": "42",
        "platform": "WEB",
        "device": {"operating_system": "Linux", "language": "en"},
        "geo": {"country": "Norway", "region": "(not set)"},
        "items": [],
    } | changes
    if form == "lines":
        return {name: value for name, value in record.items() if value is not None}
    if form == "snowflake":
        record = {n: json.dumps(v) if n in NESTED else v for n, v in record.items()}
        return {name.upper(): value for name, value in record.items()}
    return record


def parquet(folder: Path, record: dict[str, Any]) -> bytes:
    target = folder / "row.parquet"
    pq.write_table(pa.Table.from_pylist([record]), target)
    return target.read_bytes()


@pytest.fixture(scope="module")
def migration(tmp_path_factory: pytest.TempPathFactory) -> Migration:
    folder = tmp_path_factory.mktemp("ga4")
    turned = event("lines")
    turned["event_params"] = turned["event_params"][::-1]
    nobody = event("lines", user_id=None, user_pseudo_id=None)
    exports = {
        "events_20250101.json": lines(
            event("lines"),
            turned,
            nobody,
            nobody,
            event("lines", event_name="scroll", event_timestamp="1735689600123457"),
            event("lines", event_name=None),
            event("lines", event_timestamp=None),
            event("lines", event_timestamp="soon"),
            event("lines", event_params={"a": 1}),
            {
                "pseudo_user_id": "p.1",
                "occurrence_date": "20250101",
                "last_updated_date": "20250102",
            },
        ),
        "console.json": json.dumps([event("console")], indent=1).encode(),
        "snowflake.json": lines(event("snowflake")),
        "extract.parquet": parquet(folder, event("parquet")),
    }
    return migrated(folder, "ga4", exports)


def test_every_shape_gives_the_same_event(migration: Migration) -> None:
    rows = ask(
        migration,
        """select distinct event_key, occurred_at::varchar, session_hint, platform, os, country,
            region, locale, device_node, user_node
        from work.staging.stg_ga4__events
        where source_event_name = 'purchase' and user_id = 'ann' and record_fate is null""",
    )
    [(_, *found)] = rows
    assert found == [
        *("2025-01-01 00:00:00.123457", "p.1.1735689000", "web", "Linux", "Norway"),
        *(None, "en", "9|app|p.1", "0|user|ann"),
    ]


def test_ga4_dedupe_minds_no_order_of_parameters_and_keeps_rows_without_consent(
    migration: Migration,
) -> None:
    # five shapes or orders of one event; a second event of its instant; two rows without consent
    assert fates(migration) == {
        **{"read": 13, "loaded": 4, "duplicate": 4, "filtered": 1, "quarantined": 4},
    }
    rows = ask(
        migration,
        """select id_quality, count(*), count(distinct event_id)
        from warehouse.marts.fct_events group by all order by all""",
    )
    assert rows == [("derived", 2, 2), ("vendor", 2, 2)]


def test_rows_without_consent_have_no_session_and_no_person(migration: Migration) -> None:
    rows = ask(
        migration,
        """select distinct session_hint, person_id from warehouse.marts.fct_events
        where device_id is null""",
    )
    assert rows == [(None, None)]


def test_parameters_are_exact_in_every_shape(migration: Migration) -> None:
    rows = ask(
        migration,
        """select properties from work.staging.stg_ga4__events
        where source_event_name = 'purchase' and user_id = 'ann' and record_fate is null""",
    )
    assert len(rows) == 5
    for (text,) in rows:
        found = json.loads(text)
        assert {name: found[name] for name in PARAMS} == {n: v for n, (_, v) in PARAMS.items()}
        assert found["$user_properties"]["first_name"].startswith("masked:")
        assert "Ann" not in text and found["$ga4"]["event_date"] in ("20250101", 20250101)
        assert found["$ga4"]["geo"] == {"country": "Norway", "region": "(not set)"}
        assert "event_params" not in found["$ga4"]


def test_what_is_no_event_says_why(migration: Migration) -> None:
    rows = ask(
        migration,
        """select record_number, record_reason from work.staging.stg_ga4__events
        where record_fate is not null order by 1""",
    )
    assert rows == [
        (6, "missing_event"),
        (7, "missing_time"),
        (8, "unreadable_time"),
        (9, "params_are_not_an_array"),
        (10, "user_table"),
    ]


def test_a_daily_table_that_was_rewritten_counts_once(migration: Migration) -> None:
    path = migration.path.parent / "exports/events_20250101.json"
    before = fates(migration)["loaded"]
    late = event("lines", event_timestamp="1735689700000000")
    path.write_bytes(path.read_bytes() + lines(late))
    after = fates(steps.run(migration.path))
    assert after["loaded"] == before + 1 and after["read"] == 13 + 11
