"""Laws of incidents that hold for every history of runs and people."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from orchestration.quality.incidents.telling import log_rows, times_of
from tests.orchestration.quality.incidents.findings import change, held, rule
from tests.orchestration.quality.incidents.test_lifecycle import Life

FINDINGS = (
    held("file_is_whole", "d1", 7),
    held("file_is_whole", "d2", 9),
    rule("events_have_an_id", "d1", 7),
    rule("unplanned_event", events=("a",)),
    change("loss_on_platform", 5, platform="android", segment="platform=android"),
    change("loss_on_platform", 5, 9, platform="android", segment="platform=android"),
    change("loss_of_event", 5, events=("a",)),
    change("loss_of_event", 6, severity="critical", events=("a",)),
    change("surge", 14),
)
RUNS = st.lists(st.sets(st.sampled_from(range(len(FINDINGS)))), min_size=1, max_size=8)


@given(RUNS)
def test_a_second_look_changes_nothing(runs):
    life = Life()
    for run in runs:
        findings = [FINDINGS[n] for n in sorted(run)]
        life.run(*findings)
        assert life.run(*findings, after=timedelta(0)) == []


@given(RUNS)
def test_what_happened_once_stays(runs):
    life = Life()
    first_seen = {}
    for run in runs:
        life.run(*(FINDINGS[n] for n in sorted(run)))
        for incident_id, incident in life.incidents.items():
            assert first_seen.setdefault(incident_id, incident.detected_at) == incident.detected_at
        assert first_seen.keys() == life.incidents.keys()


@given(RUNS)
def test_when_all_is_good_for_a_day_nothing_is_open(runs):
    life = Life()
    for run in runs:
        life.run(*(FINDINGS[n] for n in sorted(run)))
    life.run(after=timedelta(days=2))
    assert not any(each.is_open for each in life.incidents.values())


@given(RUNS)
def test_tables_tell_the_log(runs):
    life = Life()
    for run in runs:
        life.run(*(FINDINGS[n] for n in sorted(run)))
    rows = log_rows(life.log)
    assert len(rows) == len(life.log)
    for incident in life.incidents.values():
        own = [row for row in rows if row["incident_id"] == incident.incident_id]
        assert [row["number"] for row in own] == list(range(1, incident.number + 1))
        assert own[-1]["status"] == incident.status
        hours = [v for k, v in times_of(incident, life.now).items() if k.startswith("hours_")]
        assert all(value is None or value >= 0 for value in hours)
