"""Exports of desks and marketing tools that others wrote land, balance and are told what they are."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestration.config import Migration, load_migration

Rows = Callable[[Migration, str], list[tuple[Any, ...]]]
SAMPLES = Path(__file__).parents[3] / "shared/samples"
CONFIG = """
home: home
taxonomy: taxonomy.yaml
sources:
  desk: {vendor: zendesk, location: exports/zendesk}
  marketing: {vendor: marketing_automation, location: exports/marketing_automation}
"""
TAXONOMY = "version: 1\nevents:\n  paid: {description: Paid., kind: macro, owner: sales}\n"

pytestmark = pytest.mark.skipif(
    not SAMPLES.exists(), reason="real exports lie beside the project only"
)


@pytest.fixture(scope="module")
def migration(tmp_path_factory: pytest.TempPathFactory, build: Callable[[Migration], Any]) -> Any:
    folder = tmp_path_factory.mktemp("samples")
    (folder / "migration.yaml").write_text(CONFIG)
    (folder / "taxonomy.yaml").write_text(TAXONOMY)
    for vendor in ("zendesk", "marketing_automation"):
        exports = folder / "exports" / vendor
        exports.mkdir(parents=True)
        for path in (SAMPLES / vendor).iterdir():
            if path.name != "SOURCES.md":
                (exports / path.name).write_bytes(path.read_bytes())
    migration = load_migration(folder / "migration.yaml")
    build(migration)
    return migration


def test_every_record_has_its_fate(migration: Migration, rows: Rows) -> None:
    found = rows(
        migration,
        """select source, split_part(file_name, '.', 1), fate, reason, sum(records)
        from warehouse.quality.fct_fates group by all order by all""",
    )
    assert found == []


def test_every_file_is_balanced(migration: Migration, rows: Rows) -> None:
    query = "select bool_and(is_balanced), sum(quarantined) from warehouse.quality.fct_ledger"
    assert rows(migration, query) == [(True, 0)]
