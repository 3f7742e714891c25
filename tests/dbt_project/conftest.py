"""A small warehouse built by real dbt through the steps of a run, and dbt itself."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration import pipeline
from orchestration.build import BuildPlan
from orchestration.config import Migration, load_migration
from orchestration.dbt import PROJECT, dbt_environment, dbt_vars
from orchestration.demo import generate
from orchestration.evidence.writing import write_evidence
from orchestration.landing.arrivals import arrive, land_arrivals
from orchestration.migration.waves import bring_into_scope
from orchestration.warehouse import marts_file, work_file

MARTS = ("path:models/intermediate", "path:models/marts", "path:models/quality")

DEMO = """
home: home
taxonomy: {taxonomy}
reporting_timezone: America/New_York
sources:
  mixpanel_app:
    vendor: mixpanel
    location: demo/exports/mixpanel_app
    timezone: US/Pacific
    identity: {{mode: simplified}}
  amplitude_app: {{vendor: amplitude, location: demo/exports/amplitude_app}}
  shop_log:
    vendor: tabular
    location: demo/exports/shop_log
    timezone: UTC
    columns: {{event: event, occurred_at: timestamp, user_id: user_id, platform: platform}}
  typeform_survey: {{vendor: typeform, location: demo/exports/typeform_survey}}
  stripe_billing:
    vendor: stripe
    location: demo/exports/stripe_billing
    identity: {{user_field: user_id}}
funnels:
  checkout: {{steps: [cart_opened, payment_started, order_paid], within: 7d, per: person}}
"""


def run_dbt(migration: Migration, *arguments: str, today: str | None = None) -> None:
    """Run dbt against a migration's warehouse; what it printed is the message when it fails."""
    environment = {**os.environ, **dbt_environment(migration)}
    if today is not None:
        environment["WAYBILL_TODAY"] = today
    done = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("dbt")), "--no-use-colors", *arguments),
            *("--project-dir", str(PROJECT)),
            *("--vars", json.dumps(dbt_vars(migration))),
        ],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]


def build_warehouse(migration: Migration) -> BuildPlan:
    """Land, stage and build whatever is new: the steps of a run without its gates."""
    bring_into_scope(migration, None)
    for source in migration.sources:
        list(land_arrivals(migration, source, arrive(migration, source)))
    pipeline.plan_staging(migration)
    if arguments := pipeline.staging_models(migration):
        run_dbt(migration, "run", *arguments)
        pipeline.note_staged(migration)
    plan = pipeline.plan_marts(migration)
    if not plan.is_empty:
        refresh = ["--full-refresh"] if plan.full_refresh else []
        run_dbt(migration, "run", "-s", *MARTS, *refresh)
        pipeline.note_built(migration)
    return plan


def ask(migration: Migration, query: str) -> list[tuple[Any, ...]]:
    """Rows of a query over both warehouse files: `work.<schema>.` and `warehouse.<schema>.`."""
    with duckdb.connect() as connection:
        for name, path in (("work", work_file(migration)), ("warehouse", marts_file(migration))):
            connection.execute(f"attach '{path}' as {name} (read_only)")
        return connection.execute(query).fetchall()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Migration:
    """A warehouse of about a thousand demo events of all vendors."""
    folder = tmp_path_factory.mktemp("demo")
    generate(folder / "demo", events=1000)
    taxonomy = PROJECT.parent / "expectations" / "taxonomy.yaml"
    (folder / "migration.yaml").write_text(DEMO.format(taxonomy=taxonomy))
    migration = load_migration(folder / "migration.yaml")
    build_warehouse(migration)
    write_evidence(migration)
    return migration


@pytest.fixture(scope="session")
def dbt() -> Callable[..., None]:
    return run_dbt


@pytest.fixture(scope="session")
def build() -> Callable[[Migration], BuildPlan]:
    return build_warehouse


@pytest.fixture(scope="session")
def rows() -> Callable[[Migration, str], list[tuple[Any, ...]]]:
    return ask
