"""What is wrong now, read from judgements on file and from the working marts."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from expectations.rules import RuleResult
from expectations.suites import all_rules
from orchestration.config import Migration
from orchestration.errors import ConfigurationError
from orchestration.landing.manifest import MANIFEST, LandedFile, Manifest
from orchestration.quality.decisions import record
from orchestration.quality.gate_results import write_results
from orchestration.quality.incidents import current_incidents, gathering, log, write_incidents
from orchestration.quality.incidents.acting import act, incident_named
from orchestration.quality.incidents.findings import days_of
from orchestration.quality.tables import CHANGES, INCIDENTS, replace_table
from orchestration.taxonomy.writing import to_yaml
from orchestration.warehouse import marts_file, writing
from tests.orchestration.taxonomy.snapshots import dictionary, snapshot


@pytest.fixture
def migration(tmp_path: Path) -> Migration:
    (tmp_path / "t.yaml").write_text(to_yaml(dictionary()))
    source = {"vendor": "mixpanel", "location": tmp_path / "exports", "timezone": "UTC"}
    made = Migration(
        home=tmp_path / "home",
        taxonomy=tmp_path / "t.yaml",
        sources={"app": {**source, "owner": "mobile"}, "web": source},
    )
    made.warehouse_dir.mkdir(parents=True)
    return made


def deliver(migration: Migration, delivery: str, raw_dates: dict[str, int]) -> Manifest:
    file = LandedFile(
        name=f"{delivery}.json",
        sha256=delivery,
        size=1,
        plain_size=1,
        state="complete",
        records=sum(raw_dates.values()),
        written=sum(raw_dates.values()),
    )
    manifest = Manifest(
        delivery_id=delivery,
        source="app",
        vendor="mixpanel",
        landed_at=datetime(2025, 3, 9, tzinfo=UTC),
        files=[file],
        raw_dates=raw_dates,
    )
    folder = migration.landing_dir / "app" / f"delivery={delivery}"
    folder.mkdir(parents=True)
    (folder / MANIFEST).write_text(manifest.model_dump_json())
    return manifest


def judge(migration: Migration, rule: str, delivery: str | None, success: bool, **named) -> None:
    fields = {"stage": "landing", "severity": "block", "source": "app"} | named
    result = RuleResult(
        rule=rule,
        delivery_id=delivery,
        success=success,
        observed=f"{rule} of {delivery}",
        next_step="Mend it.",
        status="passed" if success else "failed",
        **fields,
    )
    write_results(migration.gates_dir, fields["stage"], "run", [result])


def write(migration: Migration) -> int:
    with writing(migration):
        return write_incidents(migration, "run")


def test_a_new_home_has_no_incident(migration):
    assert write(migration) == 0
    with duckdb.connect(marts_file(migration), read_only=True) as connection:
        assert connection.execute("from quality.fct_incidents").arrow().schema.names == [
            *INCIDENTS.names
        ]


def test_a_judgement_is_dated_by_its_delivery(migration):
    deliver(migration, "d1", {"2025-03-05": 90, "2025-03-06": 100, "2025-04-30": 1, "unknown": 2})
    judge(migration, "file_is_whole", "d1", False)
    assert write(migration) == 1
    (incident,) = current_incidents(migration)
    assert incident.facts.first_bad_at == datetime(2025, 3, 5, tzinfo=UTC)
    assert incident.detected_at == datetime(2025, 3, 7, tzinfo=UTC), "when the file was due"
    assert (incident.team, incident.facts.delivery_ids) == ("mobile", ("d1",))
    judge(migration, "file_is_whole", "d1", True)
    assert write(migration) == 0
    assert current_incidents(migration)[0].status == "verified"


def test_a_delivery_that_is_gone_is_nobodys_concern(migration):
    judge(migration, "file_is_whole", "gone", False)
    assert write(migration) == 0


def test_what_a_source_sends_is_good_again_with_a_later_good_delivery(migration, monkeypatch):
    """Rules that hold a delivery against those before it judge the stream, not the file."""
    stream = replace(all_rules()[0], name="login_stopped", view="gate_drift")
    monkeypatch.setattr(gathering, "all_rules", lambda: [stream, *all_rules()])
    for day, success in ((4, True), (5, False), (6, False)):
        deliver(migration, f"d{day}", {f"2025-03-0{day}": 90})
        judge(migration, "login_stopped", f"d{day}", success, stage="staging", severity="warn")
    assert write(migration) == 1
    deliver(migration, "d7", {"2025-03-07": 90})
    judge(migration, "login_stopped", "d7", True, stage="staging", severity="warn")
    assert write(migration) == 0
    (incident,) = current_incidents(migration)
    assert incident.facts.first_bad_at == datetime(2025, 3, 5, tzinfo=UTC)
    assert incident.fixed_at == datetime(2025, 3, 7, tzinfo=UTC)
    assert incident.facts.findings == 2


def test_news_of_a_source_is_no_incident(migration):
    deliver(migration, "d1", {"2025-03-05": 90})
    named = {"stage": "staging", "severity": "warn"}
    judge(migration, "reexport_is_unchanged", "d1", False, **named)
    assert write(migration) == 0 and current_incidents(migration) == []


def test_what_is_accepted_closes_its_incident(migration):
    deliver(migration, "d1", {"2025-03-05": 90})
    judge(migration, "file_is_whole", "d1", False)
    assert write(migration) == 1
    record(
        migration.decisions_dir,
        kind="accept",
        rule="file_is_whole",
        delivery_id="d1",
        by="ada",
        why="it is all there is",
    )
    assert write(migration) == 0
    (incident,) = current_incidents(migration)
    assert incident.is_accepted and incident.facts.severity == "notice"


def test_an_unplanned_name_explains_the_event_it_resembles(migration):
    snapshot(
        marts_file(migration),
        [],
        violations=[("app", "Order-Paid", None, "unplanned_event", date(2025, 3, 5), 300)],
    )
    judge(migration, "unplanned_event", None, False, stage="marts", severity="warn")
    change = {
        **dict.fromkeys(CHANGES.names),
        "cause": "loss_of_event",
        "source": "app",
        "event_name": "order_paid",
        "first_bad_at": datetime(2025, 3, 5, 7),
        "ended_at": datetime(2025, 3, 6),
        "detected_at": datetime(2025, 3, 6),
        "estimated_lost": 290.0,
        "severity": "warning",
        "sentence": "order_paid is gone.",
        "next_step": "Look.",
    }
    replace_table(migration, "fct_changes", CHANGES, [change])
    assert write(migration) == 1
    (incident,) = current_incidents(migration)
    assert incident.facts.cause == "unplanned_event"
    assert incident.facts.explains == ("loss_of_event (order_paid)",)
    assert incident.team == "commerce", "the owner of the event it resembles"


def test_a_change_becomes_an_incident_with_its_figures(migration):
    change = {
        **dict.fromkeys(CHANGES.names),
        "metric": "events",
        "cause": "loss_on_platform",
        "source": "app",
        "segment": "platform=android",
        "platform": "android",
        "direction": "down",
        "first_bad_at": datetime(2025, 3, 5, 7),
        "detected_at": datetime(2025, 3, 6),
        "expected": 1000.0,
        "observed": 880.0,
        "estimated_lost": 120.0,
        "lost_low": 80.0,
        "lost_high": 160.0,
        "severity": "critical",
        "sentence": "android lost 12 %.",
        "next_step": "Ask mobile.",
    }
    replace_table(migration, "fct_changes", CHANGES, [change])
    assert write(migration) == 1
    with duckdb.connect(marts_file(migration), read_only=True) as connection:
        row = connection.execute(
            """select cause, segment, severity, estimated_lost, lost_low, lost_high, expected,
                first_bad_at, detected_at, runbook, owner, is_open from quality.fct_incidents"""
        ).fetchone()
        hours = connection.execute(
            "select hours_to_detect from quality.fct_incident_times"
        ).fetchone()
    assert row == (
        *("loss_on_platform", "platform=android", "critical", 120.0, 80.0, 160.0, 1000.0),
        *(datetime(2025, 3, 5, 7), datetime(2025, 3, 6), "runbooks.html#loss_on_platform"),
        *("mobile", True),
    )
    assert hours == (17.0,)


def test_stragglers_do_not_date_a_delivery(migration):
    manifest = deliver(migration, "d1", {"2024-12-31": 1, "2025-03-05": 90, "2025-03-06": 50})
    days = days_of(manifest)
    assert days is not None and (days.first, days.last) == (date(2025, 3, 5), date(2025, 3, 6))


def test_ids_are_found_by_their_beginning(migration):
    deliver(migration, "d1", {"2025-03-05": 90})
    judge(migration, "file_is_whole", "d1", False)
    write(migration)
    (incident,) = current_incidents(migration)
    assert incident_named(migration, incident.incident_id[:4].upper()) == incident
    for wrong, said in (("", "no incident"), (f"{incident.incident_id[:-1]}x", "did you mean")):
        with pytest.raises(ConfigurationError, match=said):
            incident_named(migration, wrong)


def test_nothing_is_decided_about_what_is_verified(migration):
    deliver(migration, "d1", {"2025-03-05": 90})
    judge(migration, "file_is_whole", "d1", False)
    write(migration)
    judge(migration, "file_is_whole", "d1", True)
    write(migration)
    (incident,) = current_incidents(migration)
    with pytest.raises(ConfigurationError, match="is verified"):
        act(migration, "resolve", incident, by="ada", why="done")
    act(migration, "note", incident, by="ada", why="it was the vendor")
    assert current_incidents(migration)[0].status == "verified"


def test_a_broken_line_of_the_log_is_told_with_its_place(migration):
    path = log.path_of(migration)
    path.parent.mkdir(parents=True)
    path.write_text('{"incident_id": "a", "kind": "vanished", "at": "2025-03-01T00:00:00+00:00"}\n')
    with pytest.raises(ConfigurationError, match=r"incidents\.jsonl:1: .*unknown kind 'vanished'"):
        log.history(migration)
