"""The dbt project over a warehouse that real dbt built: its own tests, its docs, its increments."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestration.build import BuildPlan
from orchestration.config import Migration, load_migration

Dbt = Callable[..., None]
Build = Callable[[Migration], BuildPlan]
Rows = Callable[[Migration, str], list[tuple[Any, ...]]]

RULES_OF_MEANING = {
    "test_mixpanel_keeps_the_copy_ingested_last",
    "test_amplitude_keeps_the_first_received_within_7_days_and_a_later_copy_again",
    "test_rows_without_a_vendor_id_are_all_loaded",
    "test_a_gap_of_exactly_the_timeout_stays_in_the_session_one_second_more_starts_one",
    "test_no_session_is_longer_than_24_hours",
    "test_midnight_does_not_split_a_session",
    "test_repeated_autumn_hour_is_settled_by_the_received_time_else_the_first",
    "test_project_clock_becomes_utc_over_the_change_of_the_clocks",
    "test_future_dated_is_quarantined_exactly_24_hours_is_not",
    "test_two_users_of_one_device_are_two_persons",
    "test_denylisted_ids_link_nobody",
    "test_unmapped_events_are_loaded_with_event_name_null",
    "test_rate_is_per_active_person_and_totals_are_rows_of_their_own",
}


@pytest.fixture(scope="module")
def artefacts(demo: Migration, dbt: Dbt) -> Callable[[str], dict[str, Any]]:
    """dbt's own files after `dbt test`, by name. A test that fails shows dbt's output here."""
    dbt(demo, "test")

    def read(name: str) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((demo.dbt_dir / "target" / name).read_text())
        return loaded

    return read


def test_every_data_test_and_unit_test_is_green(artefacts: Callable[[str], dict[str, Any]]) -> None:
    results = artefacts("run_results.json")["results"]
    assert {result["status"] for result in results} == {"pass"}
    assert len(results) > 200
    names = {result["unique_id"].split(".")[-1] for result in results}
    assert names >= RULES_OF_MEANING


def test_every_model_says_what_one_row_is(artefacts: Callable[[str], dict[str, Any]]) -> None:
    models = [
        n for n in artefacts("manifest.json")["nodes"].values() if n["resource_type"] == "model"
    ]
    assert models
    for model in models:
        assert "One row per " in model["description"].split(". ")[-1], model["name"]
        assert Path(model["patch_path"]).stem == model["name"]


def test_every_column_is_described(
    demo: Migration, artefacts: Callable[[str], dict[str, Any]], rows: Rows
) -> None:
    built = rows(demo, "select schema_name, table_name, column_name from duckdb_columns()")
    models = [
        n for n in artefacts("manifest.json")["nodes"].values() if n["resource_type"] == "model"
    ]
    by_name = {model["name"]: model for model in models}
    for model in models:
        columns = {
            c for schema, table, c in built if (schema, table) == (model["schema"], model["name"])
        }
        # a vendor's staged records have the one shape, which is described once
        shape = by_name.get("stg_" + model["name"].split("__")[-1], model)
        described = {name for name, column in shape["columns"].items() if column["description"]}
        assert columns == described, model["name"]
        if model["schema"] in ("marts", "quality"):
            assert model["contract"]["enforced"], model["name"]


def test_the_open_date_moves_on_though_nothing_new_came(
    demo: Migration, dbt: Dbt, rows: Rows
) -> None:
    """A date built while it was today stayed open for ever until the mark was made anew."""
    query = """select distinct occurred_on::varchar
        from warehouse.marts.fct_micro_conversion_daily where is_open"""
    for today in ("2025-03-20", "2025-03-21"):
        dbt(demo, "run", "-s", "fct_micro_conversion_daily", today=today)
        assert rows(demo, query) == [(today,)]


TAXONOMY = """
version: 1
events:
  order_paid:
    description: A person paid an order.
    kind: macro
    owner: sales
    aliases: {app: [paid]}
"""


def amplitude(day: str, received: str, insert_id: str = "k") -> str:
    record = {
        **{"event_type": "paid", "device_id": "d1", "user_id": "ann", "$insert_id": insert_id},
        **{"event_time": f"{day} 12:00:00.000000", "server_received_time": f"{received}.000000"},
        **{"server_upload_time": f"{received}.000000", "uuid": f"{day} {received}"},
        **{"amplitude_id": 7, "session_id": -1, "event_properties": {}, "app": 1},
    }
    return json.dumps(record) + "\n"


def test_a_copy_leaves_the_same_key_on_a_far_date_alone(
    write: Callable[[str, str | bytes], Path], tmp_path: Path, dbt: Dbt, build: Build, rows: Rows
) -> None:
    """Rows were deleted by key alone and read by key and date: the far one was lost."""
    write("taxonomy.yaml", TAXONOMY)
    config = write(
        "migration.yaml",
        """
        home: home
        taxonomy: taxonomy.yaml
        reporting_timezone: UTC
        sources: {app: {vendor: amplitude, location: exports}}
        """,
    )
    write("exports/1.json", amplitude("2025-01-01", "2025-01-01 12:00:05"))
    write(
        "exports/2.json",
        amplitude("2025-01-20", "2025-01-20 12:00:05")
        + amplitude("2025-01-20", "2025-01-20 12:00:05", "other"),
    )
    migration = load_migration(config)
    assert build(migration).full_refresh

    write("exports/3.json", amplitude("2025-01-20", "2025-01-20 12:00:09"))
    assert not build(migration).full_refresh

    spine = """select event_id, event_key, person_id, occurred_at, fate, record_number
        from work.intermediate.int_events order by all"""
    incremental = rows(migration, spine)
    fates = rows(
        migration,
        """select occurred_on::varchar, fate, count(*)
           from work.intermediate.int_events group by all order by all""",
    )
    assert fates == [
        ("2025-01-01", "loaded", 1),
        ("2025-01-20", "duplicate", 1),
        ("2025-01-20", "loaded", 2),
    ]
    balanced = "select bool_and(is_balanced) from warehouse.quality.fct_ledger"
    assert rows(migration, balanced) == [(True,)]
    dbt(migration, "run", "-s", "int_events", "--full-refresh")
    assert rows(migration, spine) == incremental
