"""What every vendor's source and staging model owe, over the registry: one test for all of them.

All vendors are sources of one migration, so that each world is built once: the exports whole, cut
into several files, with garbage in their middle, and empty.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
import yaml

from orchestration.config import Migration
from orchestration.landing.catalog import folder_of
from orchestration.landing.land import parquet_files
from orchestration.pipeline import all_landed
from orchestration.sources import EVENT_VENDORS, SURVEY_VENDORS
from orchestration.warehouse import marts_file, work_file
from tests.end_to_end.steps import LINEAGE, build, ledger, run
from tests.end_to_end.vendor_exports import ACTS, EXPORTS, HOSTILE, Export

MIDDLE = len(ACTS) // 2
TAXONOMY = """
version: 1
events:
  saved: {description: Saved., kind: micro, owner: product}
  opened: {description: Opened., kind: micro, owner: product}
  paid: {description: Paid., kind: macro, owner: product}
"""
Files = Callable[[Export], dict[str, bytes]]


@dataclass(frozen=True)
class World:
    """A built migration and its file."""

    config: Path
    migration: Migration
    ledger: dict[str, dict[str, int]]

    def ask(self, query: str) -> list[tuple]:
        with duckdb.connect() as connection:
            connection.execute(f"attach '{work_file(self.migration)}' as work (read_only)")
            connection.execute(f"attach '{marts_file(self.migration)}' as marts_ (read_only)")
            return connection.execute(query).fetchall()

    def contents(self, vendor: str) -> list[tuple]:
        """What the marts say of a vendor, without the way back to the bytes."""
        mart = "fct_events" if vendor in EVENT_VENDORS else "fct_survey_answers"
        with duckdb.connect(marts_file(self.migration), read_only=True) as connection:
            columns = connection.table(f"marts.{mart}").columns
            kept = ", ".join(f'"{c}"' for c in columns if c not in LINEAGE)
            return connection.execute(
                f"select {kept} from marts.{mart} where source = ? order by all", [vendor]
            ).fetchall()


def _build(folder: Path, files: Files) -> World:
    sources = {}
    for vendor, export in EXPORTS.items():
        location = folder / "exports" / vendor
        location.mkdir(parents=True)
        for name, content in files(export).items():
            (location / name).write_bytes(content)
        sources[vendor] = {"vendor": vendor, "location": str(location), **export.settings}
    (folder / "taxonomy.yaml").write_text(TAXONOMY)
    (folder / "home").mkdir()
    (folder / "home" / "key").write_text("one key, so that masked values are equal in all worlds")
    config = folder / "migration.yaml"
    settings = {
        "home": "home",
        "taxonomy": "taxonomy.yaml",
        "reporting_timezone": "America/New_York",
        "sources": sources,
    }
    config.write_text(yaml.safe_dump(settings))
    migration = run(config)
    return World(config, migration, ledger(migration))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> World:
    return _build(tmp_path_factory.mktemp("whole"), lambda e: {e.name: e.file(ACTS)})


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> World:
    cuts = [(0, 3), (3, 4), (4, len(ACTS))]
    return _build(
        tmp_path_factory.mktemp("split"),
        lambda e: {f"{begin:02d}-{e.name}": e.file(ACTS[begin:end]) for begin, end in cuts},
    )


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> World:
    return _build(tmp_path_factory.mktemp("damaged"), lambda e: {e.name: e.file(ACTS, MIDDLE)})


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> World:
    return _build(
        tmp_path_factory.mktemp("empty"), lambda e: {"empty": b"", f"head-{e.name}": e.head}
    )


VENDORS = (*EVENT_VENDORS, *SURVEY_VENDORS)
vendors = pytest.mark.parametrize("vendor", VENDORS)


def test_every_vendor_has_an_export_here() -> None:
    assert set(EXPORTS) == set(VENDORS)


@vendors
def test_every_record_has_one_fate_and_every_act_is_loaded(whole: World, vendor: str) -> None:
    found = whole.ledger[vendor]
    assert found["read"] == sum(n for fate, n in found.items() if fate != "read")
    assert found["loaded"] == len(ACTS)
    assert found["pending"] == found["quarantined"] == found["duplicate"] == 0


@vendors
def test_times_are_utc_over_the_changes_of_the_clocks(whole: World, vendor: str) -> None:
    expected = sorted(act.at.replace(tzinfo=None) for act in ACTS)
    query = (
        f"select occurred_at from marts_.marts.fct_events where source = '{vendor}'"
        if vendor in EVENT_VENDORS
        else f"""select distinct submitted_at from marts_.marts.fct_survey_answers
            where source = '{vendor}'"""
    )
    assert sorted(at for (at,) in whole.ask(query)) == expected


@vendors
def test_ids_with_hostile_characters_stay_as_they_are(whole: World, vendor: str) -> None:
    query = (
        f"select distinct user_id from marts_.marts.fct_events where source = '{vendor}'"
        if vendor in EVENT_VENDORS
        else f"""select distinct respondent_user_id from marts_.marts.fct_survey_answers
            where source = '{vendor}'"""
    )
    assert {user for (user,) in whole.ask(query)} - {None} == set(HOSTILE)


@pytest.mark.parametrize("vendor", EVENT_VENDORS)
def test_the_event_shape_is_equal_for_all(whole: World, vendor: str) -> None:
    shapes = [
        whole.ask(
            f"""select column_name, data_type from duckdb_columns()
            where table_name = '{table}' and schema_name = 'staging' order by column_name"""
        )
        for table in (f"stg_{vendor}__events", "stg_mixpanel__events")
    ]
    assert shapes[0] == shapes[1] != []


@vendors
def test_any_split_of_the_files_gives_the_same_events(
    whole: World, split: World, vendor: str
) -> None:
    assert split.contents(vendor) == whole.contents(vendor) != []


@vendors
def test_garbage_in_the_middle_costs_exactly_that_record(
    whole: World, damaged: World, vendor: str
) -> None:
    assert damaged.ledger[vendor]["quarantined"] == 1
    assert damaged.ledger[vendor]["loaded"] == len(ACTS)
    assert damaged.ledger[vendor]["read"] == whole.ledger[vendor]["read"] + 1
    assert damaged.contents(vendor) == whole.contents(vendor)


@vendors
def test_an_empty_delivery_is_no_records_and_no_fault(empty: World, vendor: str) -> None:
    found = empty.ledger.get(vendor)
    assert found is None or found["loaded"] == found["quarantined"] == 0
    states = {e.state for e in all_landed(empty.migration) if e.manifest.source == vendor}
    assert states <= {"current", "same_file"} and states


def test_landing_again_is_a_no_op(whole: World) -> None:
    def landed() -> dict[str, int]:
        return {
            str(path): path.stat().st_mtime_ns
            for each in all_landed(whole.migration)
            for path in parquet_files(folder_of(each.manifest, whole.migration))
        }

    before, contents = landed(), {vendor: whole.contents(vendor) for vendor in VENDORS}
    build(run(whole.config))
    assert landed() == before
    assert {vendor: whole.contents(vendor) for vendor in VENDORS} == contents
