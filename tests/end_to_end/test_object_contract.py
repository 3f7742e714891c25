"""What every vendor of objects owes, as `test_vendor_contract` has it for events.

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
from orchestration.warehouse import marts_file
from tests.end_to_end.object_exports import OBJECT_EXPORTS, ObjectExport, text_of
from tests.end_to_end.steps import LINEAGE, build, ledger, run
from tests.end_to_end.vendor_exports import ACTS

MIDDLE = len(ACTS) // 2
TAXONOMY = "version: 1\nevents:\n  paid: {description: Paid., kind: macro, owner: product}\n"


@dataclass(frozen=True)
class World:
    """A built migration and its ledger by source."""

    config: Path
    migration: Migration
    ledger: dict[str, dict[str, int]]

    def contents(self, vendor: str, columns: str | None = None) -> list[tuple]:
        """What the vendor's mart says, without the way back to the bytes."""
        mart = OBJECT_EXPORTS[vendor].mart
        with duckdb.connect(marts_file(self.migration), read_only=True) as connection:
            known = connection.table(f"marts.{mart}").columns
            kept = columns or ", ".join(f'"{c}"' for c in known if c not in LINEAGE)
            return connection.execute(
                f"select {kept} from marts.{mart} where source = ? order by all", [vendor]
            ).fetchall()


def _build(folder: Path, files: Callable[[ObjectExport], dict[str, bytes]]) -> World:
    sources = {}
    for vendor, export in OBJECT_EXPORTS.items():
        location = folder / "exports" / vendor
        location.mkdir(parents=True)
        for name, content in files(export).items():
            (location / name).write_bytes(content)
        sources[vendor] = {"vendor": vendor, "location": str(location), **export.settings}
    (folder / "taxonomy.yaml").write_text(TAXONOMY)
    (folder / "home").mkdir()
    (folder / "home" / "key").write_text("one key, so that masked values are equal in all worlds")
    config = folder / "migration.yaml"
    config.write_text(
        yaml.safe_dump({"home": "home", "taxonomy": "taxonomy.yaml", "sources": sources})
    )
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


vendors = pytest.mark.parametrize("vendor", OBJECT_EXPORTS)


@vendors
def test_every_record_has_one_fate_and_is_loaded(whole: World, vendor: str) -> None:
    found = whole.ledger[vendor]
    assert found["read"] == sum(n for fate, n in found.items() if fate != "read")
    assert found["loaded"] == len(ACTS)
    assert found["pending"] == found["quarantined"] == found["duplicate"] == 0


@vendors
def test_texts_stay_as_they_are(whole: World, vendor: str) -> None:
    found = whole.contents(vendor, OBJECT_EXPORTS[vendor].verbatim)
    assert {text for (text,) in found} == {text_of(act) for act in ACTS}


@vendors
def test_any_split_of_the_files_gives_the_same(whole: World, split: World, vendor: str) -> None:
    assert split.contents(vendor) == whole.contents(vendor) != []


@vendors
def test_garbage_in_the_middle_costs_exactly_that_record(
    whole: World, damaged: World, vendor: str
) -> None:
    assert damaged.ledger[vendor]["quarantined"] == 1
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

    before = landed(), {vendor: whole.contents(vendor) for vendor in OBJECT_EXPORTS}
    build(run(whole.config))
    assert (landed(), {vendor: whole.contents(vendor) for vendor in OBJECT_EXPORTS}) == before
