"""Alerts reach people once, whatever becomes of the channel or of the process."""

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orchestration.config import Migration
from orchestration.quality import alerts
from orchestration.quality.alerts import deliver_alerts, outbox
from orchestration.quality.incidents import log
from orchestration.quality.incidents.acting import act
from orchestration.quality.incidents.grouping import Owners, observe
from orchestration.quality.incidents.lifecycle import transitions
from orchestration.quality.incidents.telling import current_incidents
from tests.orchestration.quality.alerts.receiver import Receiver
from tests.orchestration.quality.incidents.findings import change, held

MORNING = datetime(2025, 4, 20, 9, tzinfo=UTC)


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()


class Home:
    """A migration with routes, and a clock of its own."""

    def __init__(self, folder: Path, routes: dict, **settings) -> None:
        source = {"vendor": "mixpanel", "location": folder / "exports", "timezone": "UTC"}
        self.migration = Migration(
            home=folder / "home",
            taxonomy=folder / "t.yaml",
            sources={"app": source},
            alerts={"routes": routes, **settings},
        )
        self.now = MORNING

    def found(self, *findings) -> None:
        known = log.incidents_of(log.history(self.migration))
        seen = observe(findings, Owners(by_source={"app": "mobile"}))
        log.write(self.migration, transitions(known, seen, self.now, "run-1"))

    def deliver(self, after: timedelta = timedelta(0), **how):
        self.now += after
        return deliver_alerts(self.migration, "run-1", clock=lambda: self.now, **how)

    @property
    def rows(self):
        return outbox.delivery_rows(outbox.read_mail(self.migration))


@pytest.fixture
def home(tmp_path, receiver):
    return Home(tmp_path, {"all": {"url": receiver.url()}})


TORN = held("file_is_whole", "d1", 7, next_step="Fetch it again, then `waybill run`.")
MINUTES = timedelta(minutes=1)


def test_an_incident_is_told_once(home, receiver):
    home.found(TORN)
    assert home.deliver().sent == 1
    assert home.deliver().queued == 0 and home.deliver(10 * MINUTES).sent == 0
    (taken,) = receiver.taken
    assert taken["title"] == "critical: A file is cut off: app"
    for part in ("Run: waybill run", "Owner: mobile", "runbooks.html#file_is_whole", "run-1.html"):
        assert part in taken["message"]


def test_it_is_told_again_when_it_is_good_again_and_when_it_comes_back(home, receiver):
    home.found(TORN)
    home.deliver()
    home.now += 10 * MINUTES
    home.found()
    home.deliver()
    home.now += 10 * MINUTES
    home.found(TORN)
    home.deliver()
    titles = [each["title"] for each in receiver.taken]
    assert [t.split(":")[0] for t in titles] == ["critical", "good again", "again critical"]


@pytest.mark.parametrize(
    ("answer", "told"), [(500, "HTTP 500"), (429, "HTTP 429"), ("hang", "no answer in time")]
)
def test_a_channel_that_fails_is_tried_again_later(home, receiver, answer, told):
    receiver.answer = answer
    home.found(TORN)
    done = home.deliver()
    assert (done.sent, done.waiting) == (0, 1) and told in done.failures["all"]
    asked = receiver.asked
    home.deliver(1 * MINUTES)
    assert receiver.asked == asked, "it is left alone for five minutes"
    receiver.answer = 200
    assert home.deliver(5 * MINUTES).sent == 1
    assert len(receiver.taken) == 1 and home.deliver(60 * MINUTES).sent == 0
    (row,) = home.rows
    assert row["attempts"] == 2 and row["answer"] == "taken" and row["delivered_at"]


def test_a_channel_that_is_down_loses_nothing(home, receiver):
    receiver.close()
    home.found(TORN)
    for _ in range(4):
        assert home.deliver(timedelta(hours=7)).waiting >= 1
    assert home.rows[0]["answer"] == "the channel refused the connection"
    assert home.rows[0]["attempts"] == 4


def test_the_wait_doubles_up_to_six_hours(home, receiver):
    receiver.answer = 500
    home.found(TORN)
    waits = []
    for _ in range(9):
        home.deliver(timedelta(hours=7))
        until = outbox.read_mail(home.migration).rests_until("all")
        waits.append((until - home.now) / MINUTES)
    assert waits == [5, 10, 20, 40, 80, 160, 320, 360, 360]


def test_send_does_not_wait(home, receiver):
    receiver.answer = 500
    home.found(TORN)
    home.deliver()
    receiver.answer = 200
    assert home.deliver(at_once=True).sent == 1


def test_a_broken_route_stops_no_other(tmp_path, receiver, monkeypatch):
    monkeypatch.delenv("NOT_SET", raising=False)
    routes = {
        "a_unset": {"url_env": "NOT_SET"},
        "b_nonsense": {"url": "nonsense"},
        "c_down": {"url": "json://127.0.0.1:1/x"},
        "d_works": {"url": receiver.url()},
    }
    home = Home(tmp_path, routes)
    home.found(TORN)
    done = home.deliver()
    assert (done.sent, done.waiting, len(receiver.taken)) == (1, 3, 1)
    assert done.failures.keys() == {"a_unset", "b_nonsense", "c_down"}


def test_a_route_that_was_taken_out_is_said_and_kept(tmp_path, receiver):
    receiver.answer = 500
    home = Home(tmp_path, {"old": {"url": receiver.url()}})
    home.found(TORN)
    home.deliver()
    receiver.answer = 200
    home = Home(tmp_path, {"new": {"url": receiver.url()}})
    done = home.deliver()
    assert (done.sent, done.waiting) == (1, 1) and "no route" in done.failures["old"]


def test_killed_between_sending_and_noting_it_is_sent_again_with_its_key(
    home, receiver, monkeypatch
):
    home.found(TORN)

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(alerts.outbox, "note", killed)
        with pytest.raises(KeyboardInterrupt):
            home.deliver()
    assert home.deliver().sent == 1, "at least once"
    first, second = (each["message"].splitlines()[-1] for each in receiver.taken)
    assert first == second == f"[waybill {home.rows[0]['message_key']}]"


def test_killed_before_sending_it_is_sent_by_the_next(home, receiver, monkeypatch):
    home.found(TORN)

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(alerts, "send", killed)
        with pytest.raises(KeyboardInterrupt):
            home.deliver()
    done = home.deliver()
    assert (done.queued, done.sent, len(receiver.taken)) == (0, 1, 1)


def test_slack_shaped_messages(tmp_path, receiver):
    routes = {"chat": {"url": f"mmost://127.0.0.1:{receiver.port}/{'t' * 24}?rto=1"}}
    home = Home(tmp_path, routes)
    home.found(TORN)
    assert home.deliver().sent == 1
    assert "A file is cut off" in receiver.taken[0]["text"]


def test_no_secret_is_kept_or_logged(tmp_path, receiver, caplog, capfd):
    receiver.answer = 500
    home = Home(
        tmp_path,
        {"all": {"url": receiver.url()}, "bad": {"url": "s3cret://s3cret"}},
    )
    home.found(TORN)
    with caplog.at_level(logging.DEBUG):
        home.deliver()
    receiver.answer = 200
    home.deliver(at_once=True)
    kept = "".join(p.read_text() for p in (tmp_path / "home").rglob("*.jsonl"))
    said = "".join(capfd.readouterr())
    for text in (kept, said, caplog.text, repr(home.migration), str(home.migration.alerts)):
        assert "s3cret" not in text


def test_people_who_look_are_not_reminded(home, receiver):
    home.found(TORN)
    home.deliver()
    assert home.deliver(timedelta(hours=23)).sent == 0
    assert home.deliver(timedelta(hours=2)).sent == 1
    assert receiver.taken[-1]["title"].startswith("still critical")
    assert home.deliver(timedelta(hours=1)).sent == 0
    (incident,) = current_incidents(home.migration)
    act(home.migration, "acknowledge", incident, by="ada", why="seen")
    assert home.deliver(timedelta(hours=48)).sent == 0


def test_one_message_a_route_and_run(home, receiver):
    many = [
        change("rate_fell", 5, events=(f"event_{n}",), sentence=f"event_{n} fell.")
        for n in range(9)
    ]
    home.found(TORN, *many)
    home.deliver()
    (taken,) = receiver.taken
    assert taken["title"] == "Waybill: 10 incidents (1 critical, 9 warning)"
    assert "And 4 more: waybill incidents" in taken["message"]
    assert taken["message"].startswith("CRITICAL") and len(taken["message"]) < 1_800


def test_personal_values_in_names_are_left_out(home, receiver):
    home.found(change("unplanned_event", 5, sentence="signup of ada@example.org\nis new"))
    home.deliver()
    message = receiver.taken[0]["message"]
    assert "ada@" not in message and "signup of (personal) is new" in message
