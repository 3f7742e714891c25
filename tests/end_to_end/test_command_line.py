"""The whole job through the command line: real Dagster, dbt, Great Expectations and DuckDB."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from orchestration.config import load_migration
from tests.end_to_end import steps

WAYBILL = str(Path(sys.executable).with_name("waybill"))
PACKAGED = Path(__file__).parents[2]
KILLS = int(os.environ.get("WAYBILL_TEST_KILLS", "3"))  # half a minute each


def waybill(config: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k != "DAGSTER_HOME"}
    return subprocess.run(
        [WAYBILL, *arguments, "--config", str(config)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The demo's migration in a folder of its own, run; (config, what it printed as JSON)."""
    folder = tmp_path_factory.mktemp("demo")
    (folder / "expectations").mkdir()
    (folder / "orchestration").mkdir()
    shutil.copy(PACKAGED / "expectations" / "taxonomy.yaml", folder / "expectations")
    shutil.copy(PACKAGED / "orchestration" / "migration.yaml", folder / "orchestration")
    config = folder / "orchestration" / "migration.yaml"
    done = waybill(config, "demo", "--events", "6000", "--json")
    assert done.returncode == 0, done.stderr
    return config, json.loads(done.stdout)


def rows(path: str, query: str) -> list[tuple]:
    with duckdb.connect(path, read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_the_demo_equals_its_truth(demo):
    """Ledger, events, persons, sessions and funnels; the faults show as fates and warnings."""
    _, printed = demo
    truth = json.loads(Path(printed["truth"]).read_text())
    expected = truth["expected"]
    assert printed["ledger"] == expected["ledger"]
    warehouse = printed["warehouse"]
    by_event: dict[str, dict[str, int]] = {}
    for source, event, count in rows(
        warehouse,
        "select source, coalesce(event_name, '(unmapped)'), count(*)"
        " from marts.fct_events group by all",
    ):
        by_event.setdefault(source, {})[event] = count
    for source, events in expected["events"].items():
        assert by_event.get(source, {}) == {e: n for e, n in events.items() if n}
    commerce = expected["commerce"]
    revenue = rows(
        warehouse,
        "select currency, sum(amount_minor)::bigint from marts.fct_revenue group by all",
    )
    assert dict(revenue) == commerce["revenue_minor"]
    paid = rows(
        warehouse,
        "select authority, count(*), count(distinct person_id) from marts.fct_macro_conversions"
        " where event_name = 'order_paid' group by all",
    )
    assert paid == [("commerce", commerce["payments"], commerce["payers"])]
    [(persons,)] = rows(warehouse, "select count(distinct person_id) from marts.fct_events")
    [(sessions,)] = rows(warehouse, "select count(*) from marts.fct_sessions")
    assert (persons, sessions) == (expected["persons"], expected["sessions"])
    for funnel, wanted in expected["funnels"].items():
        found = rows(
            warehouse,
            f"select step, entities from marts.fct_funnel_steps where funnel = '{funnel}'"
            " order by step_number",
        )
        assert [{"step": s, "entities": n} for s, n in found] == wanted
    sales = expected["sales"]
    assert rows(
        warehouse,
        """select count(*), count(*) filter (where is_won),
            sum(amount_minor) filter (where is_won)::bigint,
            count(distinct person_id) filter (where is_won),
            count(*) filter (where person_id in (select person_id from marts.dim_persons)) > 0
        from marts.fct_opportunities where source = 'hubspot_crm'""",
    ) == [(sales["deals"], sales["won"], sales["won_minor"]["USD"], sales["buyers"], True)]


def test_the_torn_file_is_accepted_on_the_record(demo):
    _, printed = demo
    accepted = [i for gate in printed["gates"] for i in gate["failed"] if "accepted" in i]
    assert [item["rule"] for item in accepted] == ["file_is_whole"]
    assert set(accepted[0]["accepted"]) == {"by", "why", "at"}


def test_status_and_funnel_print_one_json_object(demo):
    config, printed = demo
    done = waybill(config, "status", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["ledger"] == printed["ledger"]
    steps_named = "cart_opened,payment_started,order_paid"
    done = waybill(config, "funnel", "--steps", steps_named, "--within", "7d", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["within"] == "7d"


def test_wrong_usage_is_one_line_and_exit_code_2(demo):
    config, _ = demo
    for arguments in (
        ("run", "--wave", "pilott"),
        ("run", "--source", "mixpanel_ap"),
        ("run", "--from", "soon"),
        ("run", "--accept", "file_is_hole", "--why", "x"),
        ("funnel", "--steps", "cart_openned,order_paid"),
    ):
        done = waybill(config, *arguments)
        assert done.returncode == 2, (arguments, done.stderr)
        assert "Traceback" not in done.stderr
        assert done.stderr.strip()


def test_verify_finds_a_mart_row_deleted_by_hand_and_the_ledger_turns_red(demo):
    config, _ = demo
    migration = load_migration(config)
    path = migration.warehouse_dir / "warehouse.duckdb"
    spare = path.with_suffix(".spare")
    shutil.copy(path, spare)
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "delete from marts.fct_events"
            " where event_id = (select min(event_id) from marts.fct_events)"
        )
    assert waybill(config, "verify").returncode == 1
    done = waybill(config, "run", "--json")
    assert done.returncode == 1
    failed = {i["rule"] for gate in json.loads(done.stdout)["gates"] for i in gate["failed"]}
    assert "ledger_balances" in failed
    shutil.move(spare, path)
    assert waybill(config, "run").returncode == 0
    assert waybill(config, "verify").returncode == 0


def test_a_parquet_row_deleted_by_hand_turns_the_ledger_red(demo):
    config, _ = demo
    migration = load_migration(config)
    file = next(p for p in sorted(migration.landing_dir.glob("mixpanel_app/*/*/*.parquet")))
    spare = file.with_suffix(".spare")
    file.rename(spare)
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (from read_parquet('{spare}') order by record_number offset 1)"
            f" to '{file}' (format parquet)"
        )
    assert waybill(config, "verify").returncode == 1
    done = waybill(config, "run", "--json")
    assert done.returncode == 1
    failed = {i["rule"] for gate in json.loads(done.stdout)["gates"] for i in gate["failed"]}
    assert "landed_equals_read" in failed
    spare.rename(file)
    assert waybill(config, "run").returncode == 0


def test_killed_at_random_moments_and_run_again_gives_the_same_marts(demo, tmp_path):
    """Files arrive between the kills, so that each of them stops a run that has work to do."""
    config, _ = demo
    expected = steps.fingerprints(load_migration(config))
    folder = tmp_path / "again"
    shutil.copytree(config.parents[1], folder, ignore=shutil.ignore_patterns("data"))
    decisions = Path("data") / "decisions"  # the same acceptance of the torn file
    shutil.copytree(config.parents[1] / decisions, folder / decisions)
    shutil.copy(config.parents[1] / "data" / "key", folder / "data" / "key")
    again = folder / "orchestration" / "migration.yaml"
    exports = config.parents[1] / "data" / "demo" / "exports"
    arriving = sorted(path for path in exports.rglob("*") if path.is_file())
    draw = random.Random(11)
    draw.shuffle(arriving)
    environment = {k: v for k, v in os.environ.items() if k != "DAGSTER_HOME"}
    for source in exports.iterdir():
        (folder / exports.relative_to(config.parents[1]) / source.name).mkdir(parents=True)
    for number in range(KILLS):
        for path in arriving[number::KILLS]:
            target = folder / path.relative_to(config.parents[1])
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
        process = subprocess.Popen(
            [WAYBILL, "run", "--config", str(again)],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(3 + 17 * draw.random())
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    done = waybill(again, "run")
    assert done.returncode == 0, done.stderr
    assert steps.fingerprints(load_migration(again)) == expected
    assert waybill(again, "verify").returncode == 0
