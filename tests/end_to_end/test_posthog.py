"""PostHog's events and persons become events and persons. All of it is synthetic."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.config import Migration
from tests.end_to_end.vendors import ask, fates, lines, migrated


def event(number: int, distinct_id: str, name: str = "saved", **properties: Any) -> dict[str, Any]:
    return {
        "uuid": f"u{number}",
        "event": name,
        "distinct_id": distinct_id,
        "person_id": f"as-of-ingestion-{number}",
        "properties": {"token": "phc_key", "$lib": "web"} | properties,
        "person_properties": {"first_name": "Ann", "plan": "pro"},
        "elements_chain": "a:nth-child",
        "timestamp": f"2025-01-01T10:00:{number:02}.500000+00:00",
        "created_at": f"2025-01-01T10:01:{number:02}Z",
        "_inserted_at": f"2025-01-01T10:02:{number:02}Z",
    }


def person(distinct_id: str, person_id: str, **changes: Any) -> dict[str, Any]:
    row = {"team_id": 1, "distinct_id": distinct_id, "person_id": person_id, "person_version": 2}
    return row | {"is_deleted": False, "properties": {"email": "ann@example.com"}} | changes


def parquet(folder: Path, *records: dict[str, Any]) -> bytes:
    source, target = folder / "rows.json", folder / "rows.parquet"
    source.write_text(json.dumps(records))
    with duckdb.connect() as connection:
        connection.execute(
            f"""copy (select * replace (
                "timestamp"::timestamp as "timestamp", to_json(properties)::varchar as properties,
                to_json(person_properties)::varchar as person_properties)
            from read_json('{source}')) to '{target}' (format parquet)"""
        )
    return target.read_bytes()


@pytest.fixture(scope="module")
def migration(tmp_path_factory: pytest.TempPathFactory) -> Migration:
    folder = tmp_path_factory.mktemp("posthog")
    anonymous = event(1, "d1", **{"$device_id": "d1", "$session_id": "s1"})
    flag = {"$feature_flag": "price", "$feature_flag_response": "high", "$is_identified": True}
    broken = event(8, "ann") | {"properties": '{"cut'}
    files = {
        "0.jsonl": lines(
            anonymous,
            event(2, "ann", "$identify", **{"$anon_distinct_id": "d1", "$device_id": "d1"}),
            event(3, "ann", "$feature_flag_called", **flag),
            event(4, "ann", "$create_alias", alias="ann-old"),
            event(5, "ann-old") | {"column_of_tomorrow": {"x": 1}},
            event(6, "ann-work"),
            event(7, "bob"),
            broken,
            event(9, "ann", timestamp=None) | {"timestamp": None},
        ),
        "1.parquet": parquet(folder, anonymous | {"_inserted_at": "2025-01-01T11:00:00Z"}),
        "persons.jsonl": lines(
            person("ann", "p1"), person("ann-work", "p1"), person("bob", "p1", is_deleted=True)
        ),
        "manifest.json": b'{"files": ["0.jsonl", "1.parquet"]}',
    }
    return migrated(folder, "posthog", files)


def test_posthog_is_deduped_by_uuid_and_the_last_ingested_copy_is_kept(
    migration: Migration,
) -> None:
    assert fates(migration) == {
        **{"read": 13, "loaded": 5, "duplicate": 1, "identity": 5, "quarantined": 2},
    }
    rows = ask(
        migration,
        """select file_name, occurred_at::varchar, received_at::varchar, session_hint, platform
        from warehouse.marts.fct_events join work.staging.stg_posthog__events
            using (file_sha256, record_number, occurred_at, received_at, session_hint, platform)
        where session_hint is not null""",
    )
    assert rows == [
        ("1.parquet", "2025-01-01 10:00:01.5", "2025-01-01 10:01:01", "s1", "web"),
    ]


def test_identified_aliased_and_joined_ids_are_one_person(migration: Migration) -> None:
    rows = ask(
        migration,
        """select coalesce(user_id, anonymous_id), dense_rank() over (order by person_id)
        from warehouse.marts.fct_events""",
    )
    persons = dict(rows)
    assert set(persons) == {"d1", "ann", "ann-old", "ann-work", "bob"}
    assert persons["d1"] == persons["ann"] == persons["ann-old"] == persons["ann-work"]
    assert persons["bob"] != persons["ann"], "a deleted person joins nobody"


def test_properties_are_the_same_from_objects_and_from_json_text(migration: Migration) -> None:
    rows = ask(
        migration,
        """select properties from work.staging.stg_posthog__events
        where source_event_name = 'saved' and record_fate is null
        order by file_name, record_number""",
    )
    found = [json.loads(text) for (text,) in rows]
    first, last = found[0], found[-1]
    assert first["$lib"] == last["$lib"] == "web"
    assert first["$posthog"]["person_properties"] == last["$posthog"]["person_properties"]
    assert first["$posthog"]["person_properties"]["first_name"].startswith("masked:")
    assert found[1]["$posthog"]["column_of_tomorrow"] == {"x": 1}
    assert not any("phc_key" in text or '"Ann"' in text for (text,) in rows)


def test_a_feature_flag_is_an_experiment(migration: Migration) -> None:
    rows = ask(
        migration,
        """select experiment_id, variant_id from warehouse.marts.fct_events
        where source_event_name = '$feature_flag_called'""",
    )
    assert rows == [("price", "high")]


def test_what_is_no_event_says_why(migration: Migration) -> None:
    rows = ask(
        migration, "select record_number, reason from warehouse.quality.fct_quarantine order by 1"
    )
    assert rows == [(8, "properties_are_not_an_object"), (9, "missing_time")]
