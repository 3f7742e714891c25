"""What is fetched is what a person would have dropped: the same records, the same marts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from orchestration.config import Migration, load_migration
from orchestration.fetch.fetching import fetch_source
from tests.end_to_end import steps
from tests.orchestration.fetch.servers import Request, serving
from tests.orchestration.fetch.steps import QUICK
from tests.orchestration.fetch.worlds import DAYS, MixpanelWorld, TypeformWorld

TAXONOMY = """
version: 1
events:
  opened: {description: Opened., kind: micro, owner: product, aliases: {app: [Open]}}
"""
HEAD = "home: home\ntaxonomy: taxonomy.yaml\nsources:\n"
DROPPED = """\
  app: {vendor: mixpanel, timezone: UTC, location: exports/app}
  form: {vendor: typeform, location: exports/form}
"""
FETCHED = """\
  app:
    vendor: mixpanel
    timezone: UTC
    fetch: {{from: 2025-03-01, to: 2025-03-03, user_env: ACCOUNT, token_env: TOKEN,
            project_id: "42", requests_per_minute: 100000, base_url: "{app}"}}
  form:
    vendor: typeform
    fetch: {{from: 2025-03-01, to: 2025-03-31, token_env: TOKEN, forms: [F1],
            requests_per_minute: 100000, base_url: "{form}"}}
"""


def migration_in(folder: Path, sources: str) -> Migration:
    folder.mkdir(parents=True)
    (folder / "taxonomy.yaml").write_text(TAXONOMY)
    (folder / "migration.yaml").write_text(HEAD + sources)
    return load_migration(folder / "migration.yaml")


def records(migration: Migration) -> list[tuple[str, str, str]]:
    """What landed, without where it came from: source, date and record as it was written."""
    found = []
    for source in migration.sources:
        with duckdb.connect() as connection:
            files = str(migration.landing_dir / source / "*" / "*" / "*.parquet")
            found += connection.execute(
                "select ?, raw_date::varchar, raw from read_parquet(?, hive_partitioning = true)",
                [source, files],
            ).fetchall()
    return sorted(found)


@pytest.fixture(scope="module")
def worlds() -> tuple[MixpanelWorld, TypeformWorld]:
    return MixpanelWorld(each_day=8), TypeformWorld(each_day=8)


@pytest.fixture(scope="module")
def dropped(worlds: tuple[MixpanelWorld, TypeformWorld], tmp_path_factory) -> Migration:
    """As somebody would have done it by hand: a day a file, and the form's pages."""
    app, form = worlds
    folder = tmp_path_factory.mktemp("dropped") / "by_hand"
    migration = migration_in(folder, DROPPED)
    for source in ("app", "form"):
        (folder / "exports" / source).mkdir(parents=True)
    for day in DAYS:
        lines = [app.line(key) for key in app.data if key.startswith(f"{day:%d}")]
        (folder / "exports" / "app" / f"{day:%Y-%m-%d}.jsonl").write_text("".join(lines))
    asked = {"since": "2025-03-01T00:00:00Z", "until": "2025-03-31T23:59:59Z"}
    types = {"response_type": "completed,partial,started", "page_size": "1000"}
    page = form.answer(Request("GET", "/forms/F1/responses", asked | types, {}))
    definition = form.answer(Request("GET", "/forms/F1", {}, {}))
    (folder / "exports" / "form" / "responses.json").write_bytes(page.body)
    (folder / "exports" / "form" / "form.json").write_bytes(definition.body)
    return steps.run(migration.path)


@pytest.fixture(scope="module")
def fetched(worlds: tuple[MixpanelWorld, TypeformWorld], tmp_path_factory) -> Iterator[Migration]:
    app, form = worlds
    folder = tmp_path_factory.mktemp("fetched") / "by_waybill"
    with serving(app) as first, serving(form) as second:
        migration = migration_in(folder, FETCHED.format(app=first, form=second))
        fetch(migration, app)
        steps.run(migration.path)
        yield migration


def fetch(migration: Migration, world: MixpanelWorld, again: bool = False) -> int:
    """Fetch all; how many files came or changed."""
    environment = {**os.environ, "ACCOUNT": "account", "TOKEN": world.token}
    results = [
        fetch_source(migration, source, again=again, patience=QUICK, environment=environment)
        for source in migration.sources
    ]
    assert [result.failed for result in results] == [[], []]
    return sum(result.new + result.changed for result in results)


def test_the_same_records_and_the_same_marts(dropped: Migration, fetched: Migration) -> None:
    assert records(fetched) == records(dropped)
    assert steps.fingerprints(fetched) == steps.fingerprints(dropped)
    assert steps.ledger(fetched) == steps.ledger(dropped)


def test_another_order_changes_no_mart(
    worlds: tuple[MixpanelWorld, TypeformWorld], fetched: Migration
) -> None:
    before, loaded = steps.fingerprints(fetched), steps.ledger(fetched)["app"]
    app, _ = worlds
    app.data = dict(reversed(app.data.items()))
    assert fetch(fetched, app, again=True) == len(DAYS)  # other bytes: other versions
    steps.run(fetched.path)
    assert steps.fingerprints(fetched) == before
    ledger = steps.ledger(fetched)["app"]
    assert ledger["loaded"] == loaded["loaded"]
    assert ledger["duplicate"] == loaded["duplicate"] + len(app.data)
