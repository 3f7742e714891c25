"""The sensor and the schedule, evaluated by Dagster itself."""

from __future__ import annotations

import os
import time
from pathlib import Path

import dagster as dg
import pytest

from orchestration.config import Migration
from orchestration.defs.automation import (
    RANGE_END,
    RANGE_START,
    build_tags,
    new_deliveries_sensor,
)
from orchestration.landing.arrivals import arrive, land_arrivals
from tests.orchestration.landing.exports import event

SOURCE = "app"
LONG_AGO = time.time() - 3600


@pytest.fixture
def migration(tmp_path: Path) -> Migration:
    exports = tmp_path / "exports"
    exports.mkdir()
    source = {"vendor": "mixpanel", "location": exports, "timezone": "UTC"}
    return Migration(home=tmp_path / "home", taxonomy=tmp_path / "t.yaml", sources={SOURCE: source})


def export(migration: Migration, name: str, *events: str, at: float = LONG_AGO) -> None:
    path = migration.sources[SOURCE].location / name
    path.write_bytes(b"".join(event(each) + b"\n" for each in events))
    os.utime(path, (at, at))


def tick(migration: Migration) -> dg.SensorResult | dg.SkipReason:
    sensor = new_deliveries_sensor(migration, SOURCE)
    with dg.DagsterInstance.ephemeral() as instance:
        found = sensor(dg.build_sensor_context(instance=instance))
    assert isinstance(found, dg.SensorResult | dg.SkipReason)
    return found


def run_keys(migration: Migration) -> set[str]:
    found = tick(migration)
    assert isinstance(found, dg.SensorResult) and found.run_requests is not None
    return {str(request.run_key) for request in found.run_requests}


def test_a_file_that_is_being_written_is_waited_for(migration: Migration) -> None:
    export(migration, "a.json", "a", at=time.time())
    found = tick(migration)
    assert isinstance(found, dg.SkipReason) and "still being written" in str(found.skip_message)


def test_an_empty_folder_is_nothing_new(migration: Migration) -> None:
    found = tick(migration)
    assert isinstance(found, dg.SkipReason) and "nothing new" in str(found.skip_message)


def test_a_delivery_is_asked_for_once_until_it_waits_again(migration: Migration) -> None:
    export(migration, "a.json", "a")
    first = run_keys(migration)
    assert len(first) == 1 and run_keys(migration) == first
    list(land_arrivals(migration, SOURCE, arrive(migration, SOURCE)))
    assert isinstance(tick(migration), dg.SkipReason)
    export(migration, "a.json", "b", at=LONG_AGO + 1)
    list(land_arrivals(migration, SOURCE, arrive(migration, SOURCE)))
    export(migration, "a.json", "a", at=LONG_AGO + 2)
    again = run_keys(migration)
    assert len(again) == 1 and not again & first, "the same delivery, and another run"


def test_a_build_covers_the_dates_of_what_is_landed(migration: Migration) -> None:
    export(migration, "a.json", "a")
    list(land_arrivals(migration, SOURCE, arrive(migration, SOURCE)))
    tags = build_tags(migration)
    assert tags[RANGE_START] <= tags[RANGE_END]
