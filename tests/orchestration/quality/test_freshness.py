"""How late is late: by hand, by laws, over a small home, and as Dagster's policies."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from orchestration.config import Migration
from orchestration.defs.freshness import freshness_policy, with_freshness
from orchestration.defs.landing import landing_asset
from orchestration.freshness_config import FreshnessTarget, SourceTarget
from orchestration.quality.facts import MARTS_VIEWS
from orchestration.quality.freshness import Age, judge, write_freshness
from orchestration.source_config import SourceConfig
from orchestration.warehouse import marts_file, open_work
from tests.orchestration.quality.report.warehouses import build, migration_in

NOW = datetime(2025, 4, 16, 7)
DAILY = FreshnessTarget(every="1d", late_after="6h")  # type: ignore[arg-type]


def hours(number: float) -> datetime:
    return NOW - timedelta(hours=number)


@pytest.mark.parametrize(
    ("event", "arrival", "late_by"),
    [
        (10, 4, 0.0),
        (10, 30, 0.0),  # exactly as agreed
        (10, 31.5, 1.5),
        (54, 4, 0.0),  # yesterday's events, delivered today
        (56, 4, 2.0),  # files come, and hold nothing new
        (60, 40, 10.0),  # the worse of the two
    ],
)
def test_a_source_is_late_by_arrivals_or_by_events(
    event: float, arrival: float, late_by: float
) -> None:
    row = judge(Age("app", "source", hours(event), hours(arrival)), DAILY, NOW)
    assert (row["late_by_hours"], row["is_late"]) == (late_by, late_by > 0)
    assert row["sla_hours"] == 30


def test_a_mart_is_late_by_its_newest_row_alone() -> None:
    assert judge(Age("fct_events", "mart", hours(54), None), DAILY, NOW)["is_late"] is False
    assert judge(Age("fct_events", "mart", hours(55), None), DAILY, NOW)["late_by_hours"] == 1


def test_what_never_came_or_was_never_agreed_is_not_late() -> None:
    assert judge(Age("app", "source", None, None), DAILY, NOW)["is_late"] is False
    row = judge(Age("app", "source", hours(9999), hours(9999)), None, NOW)
    assert (row["is_late"], row["sla_hours"], row["late_by_hours"]) == (False, None, None)


@given(st.floats(0, 500), st.floats(0, 500), st.floats(0, 100))
def test_waiting_makes_nothing_fresher(event: float, arrival: float, wait: float) -> None:
    age = Age("app", "source", hours(event), hours(arrival))
    later = judge(age, DAILY, NOW + timedelta(hours=wait))
    assert later["late_by_hours"] >= judge(age, DAILY, NOW)["late_by_hours"]


@pytest.fixture
def migration(tmp_path: Path) -> Migration:
    sources = {
        "app": SourceConfig(
            vendor="mixpanel",
            location=tmp_path / "a",
            timezone="UTC",
            freshness=SourceTarget(min_daily=35),
        ),
        "survey": SourceConfig(vendor="typeform", location=tmp_path / "s"),
    }
    made = migration_in(tmp_path, sources=sources, freshness={"fct_events": DAILY})
    build(made)
    with open_work(made) as connection:
        connection.execute(
            """create schema control;
            create table control.deliveries (source varchar, landed_at timestamp);
            insert into control.deliveries values
                ('app', '2025-04-14 20:00'), ('app', '2025-04-15 06:00')"""
        )
    return made


def test_every_source_and_agreed_mart_has_a_row(migration: Migration) -> None:
    late = write_freshness(migration, datetime(2025, 4, 16, 13, tzinfo=UTC))
    with duckdb.connect(marts_file(migration), read_only=True) as connection:
        rows = connection.execute(
            """select asset, kind, last_event_at, last_arrival_at, late_by_hours, is_late,
                daily_events from quality.fct_freshness order by asset"""
        ).fetchall()
    event, arrival = datetime(2025, 4, 14, 15), datetime(2025, 4, 15, 6)
    assert rows == [
        ("app", "source", event, arrival, 1.0, True, 30),
        ("fct_events", "mart", event, None, 0.0, False, None),
        ("survey", "source", datetime(2025, 4, 12, 9), None, None, False, 2),
    ]
    assert late == 1


def test_the_gate_sees_only_what_was_agreed(migration: Migration) -> None:
    write_freshness(migration, datetime(2025, 4, 16, 13, tzinfo=UTC))
    with open_work(migration, read_only=True) as connection:
        seen = connection.execute(
            f"select source, is_late, is_short from ({MARTS_VIEWS['gate_freshness']})"
        ).fetchall()
    assert seen == [("app", 1, 1)]  # 30 events on the last full date, agreed are 35


def test_before_any_event_there_is_nothing_to_measure(tmp_path: Path) -> None:
    migration = migration_in(tmp_path)
    with open_work(migration) as connection:
        connection.execute(
            "create schema control; create table control.deliveries (source varchar,"
            " landed_at timestamp)"
        )
    assert write_freshness(migration) == 0


def test_settings_are_read_and_wrong_ones_refused(tmp_path: Path) -> None:
    target = FreshnessTarget.model_validate({"every": "12h", "late_after": "30m"})
    assert target.within == timedelta(hours=12, minutes=30)
    with pytest.raises(ValidationError, match="every"):
        FreshnessTarget.model_validate({"every": "daily"})
    with pytest.raises(ValidationError, match=r"freshness\.fct_event"):
        migration_in(tmp_path, freshness={"fct_event": {}})
    with pytest.raises(ValidationError, match="min_daily"):
        migration_in(tmp_path, freshness={"fct_events": {"min_daily": 5}})


def test_dagster_knows_what_was_agreed(migration: Migration) -> None:
    policy = freshness_policy(DAILY)
    asset = landing_asset(migration, "app")
    assert policy is not None
    assert [spec.freshness_policy for spec in asset.specs] == [policy]
    assert [spec.freshness_policy for spec in landing_asset(migration, "survey").specs] == [None]

    @dg.multi_asset(specs=[dg.AssetSpec(["marts", "fct_events"]), dg.AssetSpec(["marts", "x"])])
    def models():  # type: ignore[no-untyped-def]
        ...

    policies = {
        spec.key.path[-1]: spec.freshness_policy
        for spec in with_freshness(models, migration.freshness).specs
    }
    assert policies == {"fct_events": policy, "x": None}


def test_a_source_settings_freshness_rebuilds_nothing(migration: Migration) -> None:
    without = replace_freshness(migration)
    assert without.settings_fingerprint() == migration.settings_fingerprint()


def replace_freshness(migration: Migration) -> Migration:
    app = migration.sources["app"].model_copy(update={"freshness": None})
    sources = {**migration.sources, "app": app}
    return migration.model_copy(update={"sources": sources, "freshness": {}})
