"""dbt's docs begin with the event dictionary of the migration."""

import json
from pathlib import Path

from orchestration.config import Migration
from orchestration.taxonomy.page import write_dictionary
from orchestration.taxonomy.writing import to_yaml
from tests.dbt_project.conftest import run_dbt
from tests.orchestration.taxonomy.snapshots import dictionary


def test_dbt_shows_the_dictionary_first_and_parses_without_it(tmp_path: Path) -> None:
    hostile = {"description": "{% enddocs %} {{ x }} | </script>", "kind": "micro"}
    (tmp_path / "t.yaml").write_text(to_yaml(dictionary(odd=hostile)))
    source = {"vendor": "mixpanel", "location": tmp_path / "exports", "timezone": "UTC"}
    migration = Migration(
        home=tmp_path / "home", taxonomy=tmp_path / "t.yaml", sources={"app": source}
    )
    migration.warehouse_dir.mkdir(parents=True)
    run_dbt(migration, "parse")
    assert "doc.waybill.__overview__" not in docs(migration)
    write_dictionary(migration, migration.dictionary_page)
    run_dbt(migration, "parse")
    shown = docs(migration)["doc.waybill.__overview__"]["block_contents"]
    assert "| **order&#95;paid** | macro | commerce | An order was paid. |" in shown
    assert "&#123;&#37; enddocs &#37;&#125;" in shown


def docs(migration: Migration) -> dict[str, dict[str, str]]:
    manifest = json.loads((migration.dbt_dir / "target" / "manifest.json").read_text())
    found: dict[str, dict[str, str]] = manifest["docs"]
    return found
