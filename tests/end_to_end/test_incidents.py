"""Incidents and alerts through the command line: found, told, mended, verified by the data."""

import gzip
import json

import duckdb
import pytest

from tests.end_to_end.test_command_line import waybill
from tests.orchestration.quality.alerts.receiver import Receiver

CONFIG = """
home: home
taxonomy: taxonomy.yaml
sources:
  app: {{vendor: mixpanel, location: exports, timezone: UTC, owner: mobile}}
alerts:
  group_minutes: 0
  report_url: https://reports.example.org
  routes:
    mobile: {{url: "{url}", owner: mobile}}
    elsewhere: {{url_env: NOBODY_SET_THIS, owner: growth}}
"""
TAXONOMY = """
version: 1
enforcement: {{unplanned_event: quarantine}}
events:
  order_paid: {{description: Paid., kind: macro, owner: sales, aliases: {{app: [paid{more}]}}}}
"""
NOON = 1740830400  # 2025-03-01 12:00 UTC


def export(day: int, *names: str) -> bytes:
    rows = [
        {
            "event": name,
            "properties": {
                "time": NOON + 86_400 * day + n,
                "distinct_id": f"u{n}",
                "$insert_id": f"{day}-{n}",
            },
        }
        for n, name in enumerate(names)
    ]
    return gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode(), mtime=0)


@pytest.fixture(scope="module")
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture(scope="module")
def config(tmp_path_factory, receiver):
    folder = tmp_path_factory.mktemp("incidents")
    (folder / "exports").mkdir()
    (folder / "migration.yaml").write_text(CONFIG.format(url=receiver.url()))
    (folder / "taxonomy.yaml").write_text(TAXONOMY.format(more=""))
    (folder / "exports/0.jsonl.gz").write_bytes(export(0, *["paid"] * 40))
    torn = export(1, *["paid"] * 2000)[:-500]
    (folder / "exports/1.jsonl.gz").write_bytes(torn)
    (folder / "exports/2.jsonl.gz").write_bytes(export(2, *["paid"] * 40, *["Paid!"] * 3))
    return folder / "migration.yaml"


def listed(config):
    done = waybill(config, "incidents", "--all", "--json")
    assert done.returncode == 0, done.stderr
    return {each["cause"]: each for each in json.loads(done.stdout)["incidents"]}


def test_from_the_first_red_run_to_all_verified(config, receiver):
    folder = config.parent
    assert waybill(config, "run").returncode == 1, "the torn file holds its delivery"
    found = listed(config)
    assert found.keys() == {"file_is_whole", "unplanned_event"}
    torn = found["file_is_whole"]
    assert (torn["severity"], torn["status"], torn["owner"]) == ("critical", "open", "mobile")
    assert torn["first_bad_at"] == "2025-03-02 00:00:00"
    (told,) = receiver.taken
    assert told["title"].startswith("Waybill: ") or told["title"].startswith("critical: ")
    assert "https://reports.example.org/runbooks.html#file_is_whole" in told["message"]

    shown = json.loads(waybill(config, "status", "--json").stdout)["incidents"]
    assert shown["open"] == 2 and shown["first"][0]["cause"] == "file_is_whole"

    log = folder / "home/quality/incidents.jsonl"
    before = log.read_text()
    assert waybill(config, "run").returncode == 1
    assert log.read_text() == before and len(receiver.taken) == 1, "again is a no-op"

    short = torn["incident_id"][:6]
    for verb in (["ack", short], ["assign", short, "growth"], ["resolve", short, "--why", "sent"]):
        done = waybill(config, "incidents", *verb)
        assert done.returncode == 0, done.stderr
    assert listed(config)["file_is_whole"]["status"] == "resolved"
    (folder / "exports/1.jsonl.gz").write_bytes(export(1, *["paid"] * 2000))
    (folder / "taxonomy.yaml").write_text(TAXONOMY.format(more=", Paid!"))
    assert waybill(config, "replay").returncode == 0
    found = listed(config)
    assert {each["status"] for each in found.values()} == {"verified"}
    assert found["file_is_whole"]["owner"] == "growth" and found["file_is_whole"]["fixed_at"]
    with duckdb.connect(folder / "home/warehouse/snapshot.duckdb", read_only=True) as connection:
        kept = connection.execute(
            """select fct_incidents.cause, status, within_target from quality.fct_incidents
            join quality.fct_incident_times using (incident_id) order by all"""
        ).fetchall()
        kinds = connection.execute(
            """select list(transition order by number) from quality.fct_incident_log
            join quality.fct_incidents using (incident_id)
            where fct_incidents.cause = 'file_is_whole'"""
        ).fetchone()
    assert kept == [("file_is_whole", "verified", True), ("unplanned_event", "verified", True)]
    assert kinds == (["opened", "acknowledge", "assign", "resolve", "verified"],)


def test_wrong_words_are_said(config):
    for arguments, said in (
        (["incidents", "show", "zzzz"], "no incident has an id that begins with 'zzzz'"),
        (["incidents", "ack", "zzzz"], "`waybill incidents` lists them"),
        (["alerts", "test", "--route", "mobil"], "did you mean 'mobile'?"),
    ):
        done = waybill(config, *arguments)
        assert done.returncode == 2 and said in done.stderr


def test_the_verb_that_tries_routes(config, receiver):
    receiver.taken.clear()
    done = waybill(config, "alerts", "test", "--json")
    assert done.returncode == 3 and "NOBODY_SET_THIS is not set" in done.stderr
    assert [each["delivered"] for each in json.loads(done.stdout)["routes"]] == [True, False]
    assert receiver.taken[0]["title"] == "Waybill: a test"
    state = json.loads(waybill(config, "alerts", "--json").stdout)
    assert "s3cret" not in json.dumps(state)
    assert {each["route"] for each in state["routes"]} == {"mobile", "elsewhere"}
