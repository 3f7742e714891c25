"""Columns that a delivery lost, against the deliveries before it."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from orchestration.config import Migration
from orchestration.landing.arrivals import arrive, land_arrivals
from orchestration.landing.manifest import manifests
from orchestration.quality.facts.columns import Look, lost_columns
from orchestration.quality.facts.landing import landing_facts

DAY = 86400
START = 1740787200  # 2025-03-01 UTC


@pytest.fixture
def migration(tmp_path: Path) -> Migration:
    (tmp_path / "exports").mkdir()
    source = {"vendor": "mixpanel", "location": tmp_path / "exports", "timezone": "UTC"}
    return Migration(home=tmp_path / "home", taxonomy=tmp_path / "t.yaml", sources={"app": source})


def export(
    migration: Migration, day: int, *, lacks: str = "", records: int = 60, shuffled: bool = False
) -> None:
    lines = []
    for number in range(records):
        own = {
            "time": START + day * DAY + number,
            "distinct_id": f"u{number}",
            "$insert_id": f"{day}-{number}",
            "platform": "web",
        }
        if number % 10 == 0:
            own["rare"] = 1
        own.pop(lacks, None)
        lines.append(json.dumps({"event": "saved", "properties": own}))
    if shuffled:
        random.Random(day).shuffle(lines)
    path = migration.sources["app"].location / f"{day:03}.json"
    path.write_text("".join(f"{line}\n" for line in lines))


def facts(migration: Migration) -> dict[str, dict[str, object]]:
    list(land_arrivals(migration, "app", arrive(migration, "app")))
    landed = manifests(migration.landing_dir, "app")
    rows = landing_facts(migration, landed, landed).to_pylist()
    return {row["file_name"]: row for row in rows}


def test_a_dropped_key_is_named_and_a_rare_or_reordered_one_is_not(migration: Migration) -> None:
    for day in range(8):
        export(migration, day, shuffled=day == 7, lacks="rare" if day == 6 else "")
    export(migration, 8, lacks="platform")
    export(migration, 9)
    found = facts(migration)
    lost = {name: row["lost_columns"] for name, row in found.items() if row["lost_columns"]}
    assert lost == {"008.json": "properties.platform"}
    assert [found[f"{day:03}.json"]["known_deliveries"] for day in (0, 4, 5)] == [None, None, 5]


def test_a_delivery_is_held_against_what_lies_before_it_whenever_it_came(
    migration: Migration,
) -> None:
    """The backfill of an early day is not compared with later ones that have a new column."""
    for day in range(3, 12):
        export(migration, day)
    facts(migration)
    export(migration, 0, lacks="platform")
    assert facts(migration)["000.json"]["lost_columns"] is None


def test_empty_deliveries_are_usual_where_one_in_ten_was_empty(migration: Migration) -> None:
    for day in range(6):
        export(migration, day, records=0 if day == 2 else 60)
    (migration.sources["app"].location / "099.json").write_text("")
    found = facts(migration)
    assert found["099.json"]["is_usually_empty"] is True
    assert found["002.json"]["is_usually_empty"] is False


def look(*columns: str, records: int = 100) -> Look:
    return Look(records, dict.fromkeys(columns, 1.0))


def test_a_file_of_another_kind_has_lost_nothing() -> None:
    earlier = [look("a", "b", "c", "d")] * 6
    assert lost_columns(look("a", "b", "c"), earlier) == ["d"]
    assert lost_columns(look("a", "x", "y"), earlier) == []


def test_few_records_or_few_deliveries_say_nothing() -> None:
    assert lost_columns(look("a", records=10), [look("a", "b")] * 6) is None
    assert lost_columns(look("a"), [look("a", "b")] * 4) is None
