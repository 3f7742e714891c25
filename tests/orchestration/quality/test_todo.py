"""What to do first stays readable, however much was found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from orchestration.quality.todo import MOST, things_to_do

Gate = dict[str, Any]


@pytest.fixture
def marts() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(
            """create schema quality;
            create table quality.fct_ledger (delivery_id varchar, "read" bigint);
            create table quality.fct_quarantine (source varchar, reason varchar);
            create table quality.fct_taxonomy_violations (
                source varchar, event_name varchar, kind varchar, records bigint)"""
        )
        yield connection


def failed(rule: str, delivery: str | None = None, **more: Any) -> dict[str, Any]:
    told = {"rule": rule, "delivery_id": delivery, "observed": f"{delivery} is off"}
    return told | {"next_step": "Mend it."} | more


def gate(source: str = "app", red: Any = (), warned: Any = ()) -> Gate:
    return {"stage": "landing", "source": source, "failed": list(red), "warned": list(warned)}


def unmapped(marts: duckdb.DuckDBPyConnection, source: str, name: str | None, records: int) -> None:
    marts.execute(
        "insert into quality.fct_taxonomy_violations values (?, ?, 'unplanned_event', ?)",
        [source, name, records],
    )


def test_an_export_of_unknown_names_is_one_thing_to_do(marts: duckdb.DuckDBPyConnection) -> None:
    for number in range(200):
        unmapped(marts, "app", f"event {number}", 1000 - number)
    [told] = things_to_do(marts, [gate()])
    assert told.startswith(
        "app: 200 names are not in the taxonomy ('event 0', 'event 1', 'event 2', ...), 180,100"
    )
    assert "waybill taxonomy suggest" in told


def test_one_unknown_name_is_told_by_itself(marts: duckdb.DuckDBPyConnection) -> None:
    unmapped(marts, "app", "Tax_Reminder_On", 717)
    [told] = things_to_do(marts, [gate()])
    assert told.startswith("app: 'Tax_Reminder_On' is not in the taxonomy, 717 events")


def test_a_rule_red_for_many_deliveries_is_one_thing(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute("insert into quality.fct_ledger select 'd' || n, n from range(50) as t(n)")
    told = things_to_do(marts, [gate(red=[failed("file_is_whole", f"d{n}") for n in range(50)])])
    assert told == ["app: file_is_whole: d49 is off (and 49 more deliveries). Mend it."]


def test_red_comes_before_warnings_and_never_more_than_three(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    marts.execute("insert into quality.fct_ledger values ('d1', 3)")
    for number in range(9):
        unmapped(marts, f"source{number}", "a", 10**6)
    warned = [failed("hours_are_present", "d2", records=10**9)]
    accepted = failed("file_is_of_its_vendor", "d3", accepted={"by": "ada"})
    told = things_to_do(marts, [gate(red=[failed("file_is_whole", "d1"), accepted], warned=warned)])
    assert len(told) == MOST
    assert told[0].startswith("app: file_is_whole") and told[1].startswith("app: d2 is off")


def test_a_warning_that_knows_no_records_asks_for_nothing(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    assert things_to_do(marts, [gate(warned=[failed("events_have_an_id", "d1")])]) == []
