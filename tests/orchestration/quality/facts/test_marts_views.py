"""The views of the marts gate over small marts: right as they are, and each with one row amiss."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from orchestration.quality.facts import MARTS_VIEWS
from orchestration.sources import OBJECT_MARTS

OBJECTS = "\n".join(
    f"""create table warehouse.marts.{mart} as
    select 'crm' as source, 'd3' as delivery_id, 'a' as file_sha256, n as record_number
    from range({3 if mart == "fct_opportunities" else 0}) as t(n);"""
    for mart in OBJECT_MARTS
)
MARTS = """
attach ':memory:' as warehouse; attach ':memory:' as work;
create schema warehouse.marts; create schema warehouse.quality;
create schema work.control; create schema work.staging;
create table warehouse.quality.fct_ledger as
    select 'app' as source, 'd1' as delivery_id, 10 as "read", 8 as loaded, 1 as quarantined
    union all select 'poll', 'd2', 2, 2, 0
    union all select 'crm', 'd3', 4, 3, 0
    union all select 'app', 'old', 10, 0, 0;
create table work.control.deliveries as
    select 'app' as source, 'd1' as delivery_id, 'current' as state
    union all select 'poll', 'd2', 'current'
    union all select 'crm', 'd3', 'current'
    union all select 'app', 'old', 'superseded';
create table work.control.files as
    select 'd1' as delivery_id, 10 as read, null as copy_of
    union all select 'd1', 10, 'the same under another name'
    union all select 'd2', 2, null
    union all select 'd3', 4, null
    union all select 'old', 10, null;
create table work.staging.stg_events as
    select 'app' as source, 'd1' as delivery_id, 1 as record_part, n from range(10) as t(n)
    union all select 'app', 'd1', 2, 0
    union all select 'app', 'old', 1, n from range(10) as t(n);
create table work.staging.stg_responses as
    select 'poll' as source, 'd2' as delivery_id, n from range(2) as t(n);
create table work.staging.stg_objects as
    select 'crm' as source, 'd3' as delivery_id, n from range(4) as t(n);
create table warehouse.marts.fct_events as
    select 'app' as source, 1 as record_part, 'p' || n % 2 as person_id, n from range(8) as t(n)
    union all select 'app', 2, null, 0;
create table warehouse.marts.fct_survey_answers as
    select 'poll' as source, 'd2' as delivery_id, 'a' as file_sha256, n // 3 as record_number
    from range(6) as t(n);
create table warehouse.marts.dim_persons as
    select 'p0' as person_id, 4 as event_count union all select 'p1', 4;
create table work.control.node_spans as select n::varchar as node from range(2) as t(n);
create table warehouse.marts.fct_micro_conversion_daily as
    select date '2025-03-01' as occurred_on, 'saved' as event_name, platform, source, events
    from (values ('web', 'app', 3), ('ios', 'app', 2), ('(all)', 'app', 5),
        ('web', '(all)', 3), ('ios', '(all)', 2), ('(all)', '(all)', 5)
    ) as t(platform, source, events)
"""


@pytest.fixture
def marts() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(MARTS)
        connection.execute(OBJECTS)
        yield connection


def broken(marts: duckdb.DuckDBPyConnection, view: str, condition: str) -> list[str]:
    """What of the view breaks a law: its first column."""
    query = f"select * from ({MARTS_VIEWS[view]}) where {condition} order by all"
    return [row[0] for row in marts.execute(query).fetchall()]


LAWS = {
    "gate_sources": "in_marts is distinct from loaded or staged is distinct from to_stage",
    "gate_totals": "total is distinct from parts",
    "gate_persons": "persons > ids or events_of_persons is distinct from events_with_person",
}


@pytest.mark.parametrize("view", LAWS)
def test_right_marts_obey(marts: duckdb.DuckDBPyConnection, view: str) -> None:
    assert broken(marts, view, LAWS[view]) == []


@pytest.mark.parametrize(
    ("view", "fault", "told"),
    [
        ("gate_sources", "delete from warehouse.marts.fct_events where n = 3", ["app"]),
        (
            "gate_sources",
            "delete from warehouse.marts.fct_survey_answers where record_number = 1",
            ["poll"],
        ),
        (
            "gate_sources",
            "delete from work.staging.stg_events where n = 3 and delivery_id = 'd1'",
            ["app"],
        ),
        ("gate_sources", "delete from work.staging.stg_responses", ["poll"]),
        ("gate_sources", "delete from work.staging.stg_objects where n = 1", ["crm"]),
        ("gate_sources", "delete from warehouse.marts.fct_opportunities", ["crm"]),
        (
            "gate_sources",
            "insert into work.staging.stg_events values ('app', 'd1', 1, 3)",
            ["app"],
        ),
        (
            "gate_totals",
            """delete from warehouse.marts.fct_micro_conversion_daily
            where platform = 'web' and source = 'app'""",
            ["2025-03-01 / saved / app", "2025-03-01 / saved / web"],
        ),
        (
            "gate_persons",
            "insert into warehouse.marts.dim_persons values ('p2', 0)",
            ["dim_persons"],
        ),
        ("gate_persons", "delete from warehouse.marts.fct_events where n = 3", ["dim_persons"]),
    ],
)
def test_one_row_amiss_is_told(
    marts: duckdb.DuckDBPyConnection, view: str, fault: str, told: list[str]
) -> None:
    marts.execute(fault)
    assert broken(marts, view, LAWS[view]) == told
