"""Who is told what, and when."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from orchestration.alert_config import AlertSettings, QuietHours, Route
from orchestration.quality.alerts.due import key_of, news_of
from orchestration.quality.alerts.outbox import Mail, Message
from orchestration.quality.incidents.grouping import Owners, observe
from orchestration.quality.incidents.lifecycle import transitions
from orchestration.quality.incidents.log import Transition, incidents_of
from tests.orchestration.quality.incidents.findings import change, held

NIGHT = datetime(2025, 4, 20, 3, tzinfo=UTC)
NOON = datetime(2025, 4, 20, 12, tzinfo=UTC)
TORN = held("file_is_whole", "d1", 7)
LOSS = change("loss_of_source", 5)
MOBILE = Owners(by_source={"app": "mobile"})
QUIET = {"from": "22:00", "to": "07:00"}


def told(at, *findings, mail=None, log=None, group_minutes=5, **route):
    """(causes told now, causes that wait)."""
    settings = AlertSettings(
        routes={"one": {"url_env": "URL", **route}}, group_minutes=group_minutes
    )
    log = log if log is not None else transitions({}, observe(findings, MOBILE), at, "run")
    incidents = list(incidents_of(log).values())
    due, later = news_of("one", settings, incidents, log, mail or Mail(), at)
    return tuple(sorted(n.incident.facts.cause for n in news) for news in (due, later))


def message(at, *refs):
    return Message("k", "one", at.isoformat(), "warning", "t", "b", refs, ("i",))


def test_a_route_takes_its_team_and_its_severities():
    assert told(NOON, TORN, LOSS)[0] == ["file_is_whole", "loss_of_source"]
    assert told(NOON, TORN, owner="mobile")[0] == ["file_is_whole"]
    assert told(NOON, TORN, owner="growth")[0] == []
    assert told(NOON, TORN, LOSS, severities=["critical"])[0] == ["file_is_whole"]


def test_quiet_hours_delay_warnings_and_nothing_critical():
    assert told(NIGHT, TORN, LOSS, quiet_hours=QUIET) == (["file_is_whole"], ["loss_of_source"])
    assert told(NOON, TORN, LOSS, quiet_hours=QUIET)[1] == []
    assert told(NIGHT, TORN, quiet_hours=QUIET, quiet_critical=True) == ([], ["file_is_whole"])


@pytest.mark.parametrize(
    ("hours", "zone", "moment", "expected"),
    [
        (("22:00", "07:00"), "UTC", datetime(2025, 4, 20, 22, tzinfo=UTC), True),
        (("22:00", "07:00"), "UTC", datetime(2025, 4, 20, 7, tzinfo=UTC), False),
        (("12:00", "13:30"), "UTC", datetime(2025, 4, 20, 13, 29, tzinfo=UTC), True),
        (("12:00", "13:30"), "UTC", datetime(2025, 4, 20, 11, 59, tzinfo=UTC), False),
        (("22:00", "07:00"), "America/New_York", datetime(2025, 4, 20, 3, tzinfo=UTC), True),
        (("22:00", "07:00"), "America/New_York", datetime(2025, 4, 20, 12, tzinfo=UTC), False),
    ],
)
def test_quiet_hours_are_of_their_zone_and_cross_midnight(hours, zone, moment, expected):
    quiet = QuietHours.model_validate({"from": hours[0], "to": hours[1], "timezone": zone})
    assert quiet.hold(moment) is expected


def test_what_is_not_critical_goes_out_together():
    recent = Mail((message(NOON - timedelta(minutes=3)),))
    assert told(NOON, LOSS, mail=recent) == ([], ["loss_of_source"])
    assert told(NOON, LOSS, TORN, mail=recent)[0] == ["file_is_whole", "loss_of_source"]
    older = Mail((message(NOON - timedelta(minutes=6)),))
    assert told(NOON, LOSS, mail=older)[0] == ["loss_of_source"]


def test_nobody_is_told_of_old_history():
    over = change("loss_of_source", 5, 9)
    log = transitions({}, observe([over], MOBILE), NOON, "run")
    assert told(NOON, log=log) == ([], [])
    fresh = transitions({}, observe([change("loss_of_source", 15, 18)], MOBILE), NOON, "run")
    assert told(NOON, log=fresh)[0] == ["loss_of_source"]


def test_who_says_it_is_mended_needs_no_alert():
    log = transitions({}, observe([LOSS], MOBILE), NOON, "run")
    log.append(Transition(log[0].incident_id, "resolve", NOON, by="ada", why="done"))
    assert told(NOON, log=log) == ([], [])


def test_a_key_is_of_its_news_and_its_route():
    log = transitions({}, observe([TORN, LOSS], MOBILE), NOON, "run")
    settings = AlertSettings(routes={"one": {"url_env": "URL"}})
    news, _ = news_of("one", settings, incidents_of(log).values(), log, Mail(), NOON)
    assert key_of("one", news) == key_of("one", news[::-1])
    assert len({key_of("one", news), key_of("two", news), key_of("one", news[:1])}) == 3


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "either url_env or url"),
        ({"url": "json://x", "url_env": "X"}, "either url_env or url"),
        ({"url_env": "https://hooks.slack.com/s3cret"}, "must name an environment variable"),
        ({"url_env": "X", "quiet_hours": {"from": "25:00", "to": "07:00"}}, "no time of day"),
    ],
)
def test_wrong_settings_are_refused(fields, said):
    with pytest.raises(ValidationError) as refused:
        Route.model_validate(fields)
    problems = [p.message for e in refused.value.errors() for p in e["ctx"]["problems"]]
    assert any(said in each for each in problems)
    assert not any("s3cret" in each for each in problems)


def test_an_unquoted_time_of_yaml_is_a_time():
    assert QuietHours.model_validate({"from": 1320, "to": "07:00"}).start.hour == 22
