"""Fetching in Dagster: which days a scheduled run marks, and what a run of the job asks for."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from orchestration.config import Migration
from orchestration.defs import fetching
from orchestration.defs.automation import landing_job, landing_job_name
from orchestration.defs.landing import landing_asset, landing_key
from orchestration.fetch.fetching import Fetched

FOUR = datetime(2025, 3, 20, 4, tzinfo=UTC)
API = {"from": "2025-03-01", "token_env": "T"}


def migration_of(tmp_path: Path, **sources: dict[str, Any]) -> Migration:
    return Migration.model_validate(
        {"home": tmp_path, "taxonomy": tmp_path / "t.yaml", "sources": sources}
    )


@pytest.fixture
def migration(tmp_path: Path) -> Migration:
    return migration_of(
        tmp_path,
        app={"vendor": "mixpanel", "timezone": "UTC", "fetch": API},
        survey={"vendor": "typeform", "fetch": {**API, "forms": ["F"]}},
        feed={"vendor": "amplitude", "location": "s3://bucket/prefix"},
        folder={"vendor": "amplitude", "location": tmp_path / "exports"},
    )


def test_a_scheduled_run_marks_the_longest_lookback(migration: Migration) -> None:
    tags = fetching.fetch_tags(migration, FOUR)
    assert tags[fetching.RANGE_START] == "2025-03-13"  # seven days, of typeform
    assert tags[fetching.RANGE_END] == "2025-03-20"
    assert tags[fetching.ALL_DUE] == "true"


@pytest.mark.parametrize("scheduled", [True, False])
def test_a_schedule_fetches_all_that_is_due_and_a_backfill_its_days(
    migration: Migration, scheduled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}

    def fetch(_: Migration, source: str, **options: Any) -> Fetched:
        asked[source] = options["dates"]
        return Fetched(source, asked=1)

    monkeypatch.setattr(fetching, "fetch_source", fetch)
    fetched = list(migration.fetched)
    assert fetched == ["app", "survey", "feed"]
    job = dg.Definitions(
        assets=[fetching.fetched_asset(migration, source) for source in fetched],
        jobs=[fetching.fetch_job(fetched)],
    ).resolve_job_def(fetching.FETCH_JOB)
    tags = fetching.fetch_tags(migration, FOUR)
    if not scheduled:
        del tags[fetching.ALL_DUE]
    with dg.DagsterInstance.ephemeral() as instance:
        assert job.execute_in_process(tags=tags, instance=instance).success
    first_and_last = (datetime(2025, 3, 13).date(), FOUR.date())
    assert set(asked) == set(fetched)
    assert set(asked.values()) == {(None, None) if scheduled else first_and_last}


def test_what_is_fetched_lies_upstream_of_what_is_landed(migration: Migration) -> None:
    assets = [
        fetching.fetched_asset(migration, "app"),
        landing_asset(migration, "app"),
        landing_asset(migration, "folder"),
    ]
    graph = dg.Definitions(assets=assets, jobs=[landing_job("app")])
    above = graph.resolve_asset_graph().get(landing_key("app")).parent_keys
    assert above == {fetching.fetched_key("app")}
    assert not graph.resolve_asset_graph().get(landing_key("folder")).parent_keys
    assert graph.resolve_job_def(landing_job_name("app"))
