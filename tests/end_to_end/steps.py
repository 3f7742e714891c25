"""The steps of a run without Dagster and gates, with dbt in this process: fast enough to repeat."""

from pathlib import Path

import duckdb

from orchestration import pipeline
from orchestration.config import Migration, load_migration
from orchestration.dbt import run_dbt
from orchestration.landing.arrivals import arrive, land_arrivals
from orchestration.migration.waves import bring_into_scope
from orchestration.warehouse import marts_file

LINEAGE = {
    "delivery_id",
    "file_sha256",
    "record_number",
    "file_name",
    "landed_at",
    "state",
    "member",
}
OF_THE_RUNS = {"open_incident_id"}
"""What a gate finds depends on what it had when it judged a delivery, and so on the order."""
MARTS = (
    "fct_events",
    "fct_sessions",
    "fct_micro_conversions",
    "fct_macro_conversions",
    "fct_micro_conversion_daily",
    "fct_micro_conversion_rates",
    "fct_session_daily",
    "fct_stickiness",
    "fct_activation",
    "fct_retention",
    "fct_activity_cohorts",
    "fct_funnel_steps",
    "fct_survey_answers",
    "dim_persons",
    "dim_event_types",
)


def land_all(migration: Migration, wave: str | None = None) -> None:
    bring_into_scope(migration, wave)
    for source in migration.sources:
        list(land_arrivals(migration, source, arrive(migration, source)))


def build(migration: Migration) -> None:
    pipeline.plan_staging(migration)
    if arguments := pipeline.staging_models(migration):
        run_dbt(migration, "run", *arguments)
        pipeline.note_staged(migration)
    plan = pipeline.plan_marts(migration)
    select = pipeline.ALWAYS if plan.is_empty else pipeline.EVERYTHING
    run_dbt(
        migration, "run", "--select", select, *(["--full-refresh"] if plan.full_refresh else [])
    )
    if not plan.is_empty:
        pipeline.note_built(migration)


def run(config: Path, wave: str | None = None) -> Migration:
    migration = load_migration(config)
    land_all(migration, wave)
    build(migration)
    return migration


def fingerprints(migration: Migration) -> dict[str, tuple[int, str]]:
    """Rows and a hash over what each mart says of events; order does not matter."""
    found = {}
    with duckdb.connect(marts_file(migration), read_only=True) as connection:
        for mart in MARTS:
            columns = connection.table(f"marts.{mart}").columns
            text = ", ".join(
                f"coalesce(\"{c}\"::varchar, '∅')"
                for c in columns
                if c not in LINEAGE | OF_THE_RUNS
            )
            row = connection.execute(
                "select count(*), "
                f"coalesce(bit_xor(md5_number(concat_ws('|', {text}))), 0)::varchar "
                f"from marts.{mart}"
            ).fetchone()
            assert row is not None
            found[mart] = (row[0], row[1])
    return found


def ledger(migration: Migration) -> dict[str, dict[str, int]]:
    """The ledger's totals by source."""
    columns = (
        *("read", "loaded", "duplicate", "identity", "filtered", "quarantined", "erased"),
        "pending",
    )
    sums = ", ".join(f'sum("{column}")::bigint' for column in columns)
    with duckdb.connect(marts_file(migration), read_only=True) as connection:
        rows = connection.execute(
            f"select source, {sums} from quality.fct_ledger group by source order by source"
        ).fetchall()
        unbalanced = connection.execute(
            "select * from quality.fct_ledger where not is_balanced"
        ).fetchall()
    assert not unbalanced
    return {row[0]: dict(zip(columns, row[1:], strict=True)) for row in rows}
