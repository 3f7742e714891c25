"""The life of an incident, run by run."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from orchestration.quality.incidents.grouping import Facts, Owners, observe
from orchestration.quality.incidents.lifecycle import FLAPS_AFTER, transitions
from orchestration.quality.incidents.log import Transition, incidents_of
from tests.orchestration.quality.incidents.findings import (
    NEWEST,
    NOW,
    acceptance,
    change,
    day,
    held,
    rule,
)

HOUR = timedelta(hours=1)


class Life:
    """A log that runs are added to, an hour between them."""

    def __init__(self) -> None:
        self.now = NOW
        self.log: list[Transition] = []

    @property
    def incidents(self):
        return incidents_of(self.log)

    @property
    def one(self):
        (incident,) = [i for i in self.incidents.values() if i.merged_into is None]
        return incident

    def run(self, *findings, after: timedelta = HOUR) -> list[str]:
        self.now += after
        seen = [replace(f, seen_at=self.now) for f in findings]
        made = transitions(self.incidents, observe(seen, Owners()), self.now, "run")
        self.log += made
        return [each.kind for each in made]

    def decide(self, kind, to=None) -> None:
        self.now += HOUR
        self.log.append(Transition(self.one.incident_id, kind, self.now, by="ada", why="so", to=to))


@pytest.fixture
def life():
    return Life()


def test_running_again_changes_nothing(life):
    findings = [held("file_is_whole", "d1", 7), change("loss_of_source", 12)]
    assert life.run(*findings) == ["opened", "opened"]
    assert life.run(*findings) == [] == life.run(*reversed(findings))


def test_open_to_verified_with_people_between(life):
    torn = held("file_is_whole", "d1", 7)
    life.run(torn)
    assert life.one.status == "open"
    life.decide("acknowledge")
    assert life.one.status == "acknowledged"
    life.decide("assign", to="mobile")
    assert (life.one.status, life.one.team) == ("assigned", "mobile")
    life.decide("resolve")
    assert life.one.status == "resolved" and life.one.is_open
    assert life.run() == ["verified"]
    assert life.one.status == "verified" and not life.one.is_open
    assert life.one.fixed_at == life.now


def test_the_data_verify_what_nobody_resolved(life):
    life.run(change("loss_of_source", 5))
    assert life.run(change("loss_of_source", 5, 9)) == ["verified"]
    assert life.one.fixed_at == day(9), "the first good moment, not that of the run"
    assert life.run(change("loss_of_source", 5, 9)) == [], "it stays in the data for good"


def test_a_spell_that_was_over_before_the_run_is_opened_and_verified(life):
    assert life.run(change("loss_of_source", 5, 9)) == ["opened", "verified"]
    assert life.run(change("loss_of_source", 5, 9)) == []


def test_detection_never_moves(life):
    life.run(change("loss_of_source", 5))
    first = life.one.detected_at
    life.run(change("loss_of_source", 4, detected_at=day(19), lost=7.0))
    assert life.one.detected_at == first == life.one.facts.detected_at
    assert life.one.facts.first_bad_at == day(4)


def test_a_refined_first_bad_hour_is_the_same_incident(life):
    life.run(change("loss_of_source", 5))
    assert life.run(change("loss_of_source", 6)) == ["updated"]
    assert len(life.incidents) == 1


def test_resolved_and_still_bad_is_reopened(life):
    torn = held("file_is_whole", "d1", 7)
    life.run(torn)
    life.decide("resolve")
    assert life.run(torn) == ["reopened"]
    assert life.one.status == "open" and life.one.resolved_at is None
    assert len(life.one.reopened_at) == 1


def test_a_judgement_older_than_the_mending_says_nothing(life):
    torn = held("file_is_whole", "d1", 7)
    life.run(torn)
    judged_at = life.now
    life.decide("resolve")
    life.now += HOUR
    old = observe([replace(torn, seen_at=judged_at)], Owners())
    assert transitions(life.incidents, old, life.now, "run") == []


def test_a_change_is_reopened_by_new_bad_data_alone(life):
    lasting = change("loss_of_source", 5)
    life.run(lasting)
    life.decide("resolve")
    assert life.run(lasting) == [], "nothing new arrived, so nothing is known of the mending"
    worse = change("loss_of_source", 5, bad_until=NEWEST + timedelta(days=2))
    assert life.run(worse) == ["reopened"]


def test_the_day_of_the_mending_itself_is_no_proof_against_it(life):
    life.run(change("loss_of_source", 5))
    life.decide("resolve")
    rest_of_day = change("loss_of_source", 5, bad_until=NEWEST + timedelta(days=1))
    assert life.run(rest_of_day) == ["updated"]
    assert life.one.status == "resolved"


def test_recurrence_after_verified_is_reopened_and_counted(life):
    torn = held("file_is_whole", "d1", 7)
    life.run(torn)
    life.run()
    assert life.run(held("file_is_whole", "d2", 9)) == ["reopened"]
    assert len(life.incidents) == 1 and life.one.verified_at is None


def test_recurrence_long_after_is_a_new_incident(life):
    life.run(held("file_is_whole", "d1", 7))
    life.run()
    assert life.run(held("file_is_whole", "d2", 9), after=timedelta(days=40)) == ["opened"]
    assert len(life.incidents) == 2


def test_one_that_flaps_is_not_verified_before_a_steady_day(life):
    torn = held("file_is_whole", "d1", 7)
    life.run(torn)
    for _ in range(FLAPS_AFTER):
        assert life.run() == ["verified"]
        assert life.run(torn) == ["reopened"]
    assert life.run() == [], "it waits"
    assert life.run(after=timedelta(days=1)) == ["verified"]


def test_escalation(life):
    life.run(change("loss_of_source", 5))
    assert life.run(change("loss_of_source", 5, severity="critical")) == ["escalated"]
    assert life.run(change("loss_of_source", 5)) == ["updated"]


def test_a_cause_found_later_takes_in_what_it_explains(life):
    event = change("loss_of_event", 5, events=("a",), platform="android")
    platform = change("loss_on_platform", 5, platform="android", segment="platform=android")
    life.run(event)
    assert sorted(life.run(event, platform)) == ["merged", "opened"]
    assert life.one.facts.cause == "loss_on_platform"
    assert life.run(event, platform) == []
    assert sorted(life.run(event)) == ["reopened", "verified"], "it is there without the platform"


def test_what_is_accepted_is_known(life):
    torn = held("file_is_whole", "d1", 7)
    known = replace(torn, accepted=acceptance(), holds=False)
    assert life.run(known) == [], "accepted before anybody was told"
    life.run(torn)
    assert life.run(known) == ["accepted"]
    assert not life.one.is_open and life.log[-1].by == "ada"
    assert life.run(known) == []
    assert life.run(known, held("file_is_whole", "d2", 9)) == ["reopened"]


def test_ids_are_the_same_in_every_home():
    lives = [Life(), Life()]
    for life in lives:
        life.run(held("file_is_whole", "d1", 7), change("rate_fell", 5, events=("a",)))
    first, second = (sorted(life.incidents) for life in lives)
    assert first == second and len(set(first)) == 2
    assert all(len(each) == 12 for each in first)


def test_different_segments_and_events_are_different_incidents(life):
    life.run(
        change("loss_on_platform", 5, segment="platform=android", platform="android"),
        change("loss_on_platform", 5, segment="platform=ios", platform="ios"),
        change("rate_rose", 5, events=("a",)),
        change("rate_rose", 5, events=("b",)),
        rule("events_have_an_id", "d1", 3),
    )
    assert len(life.incidents) == 5


def test_a_log_is_read_as_it_was_written(life):
    life.run(held("file_is_whole", "d1", 7), change("rate_fell", 5, events=("a",)))
    for event in life.log:
        told = event.to_json()
        assert Facts.from_json(told["facts"]) == event.facts
        assert datetime.fromisoformat(told["at"]) == event.at
