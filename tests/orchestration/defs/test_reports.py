"""The dictionary's page as an asset."""

from pathlib import Path

import dagster as dg
import pytest

from orchestration.config import Migration
from orchestration.defs.reports import dictionary_page
from orchestration.errors import ConfigurationError
from orchestration.taxonomy.writing import to_yaml
from tests.orchestration.taxonomy.snapshots import dictionary, snapshot


@pytest.fixture
def migration(tmp_path: Path) -> Migration:
    (tmp_path / "t.yaml").write_text(to_yaml(dictionary()))
    source = {"vendor": "mixpanel", "location": tmp_path / "exports", "timezone": "UTC"}
    return Migration(home=tmp_path / "home", taxonomy=tmp_path / "t.yaml", sources={"app": source})


def test_it_comes_after_the_snapshot_and_writes_the_page(migration: Migration) -> None:
    migration.warehouse_dir.mkdir(parents=True)
    snapshot(migration.warehouse_dir / "snapshot.duckdb", [("app", "A", "order_paid", {})])
    asset = dictionary_page(migration)
    assert asset.dependency_keys == {dg.AssetKey(["marts", "snapshot"])}
    assert set(asset.group_names_by_key.values()) == {"reports"}
    with dg.DagsterInstance.ephemeral() as instance:
        (event,) = dg.materialize([asset], instance=instance).get_asset_materialization_events()
    assert event.materialization.metadata["events that arrived"].value == 1
    assert "days to 2025-03-01" in migration.dictionary_page.read_text()


def test_a_dictionary_that_cannot_be_read_fails_it(migration: Migration) -> None:
    migration.taxonomy.write_text("version: 1\n")
    with dg.DagsterInstance.ephemeral() as instance, pytest.raises(ConfigurationError):
        dg.materialize([dictionary_page(migration)], instance=instance)
