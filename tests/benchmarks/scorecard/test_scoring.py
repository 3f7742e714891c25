"""Scores of hand-made alarms: what counts as found, named, soon, and false."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from benchmarks.scorecard.alarms import Alarm
from benchmarks.scorecard.faults import FAULTS
from benchmarks.scorecard.report import Scorecard, lines, markdown
from benchmarks.scorecard.scoring import (
    Score,
    false_alarms,
    known_at,
    score,
    score_all,
    summary,
    wilson_low,
)
from benchmarks.scorecard.world import FIRST_BAD_DAY, steady

FAULT = FAULTS["loss_on_platform"]
START = FAULT.first_bad_at
RUN_ENDS = [datetime(*FIRST_BAD_DAY.timetuple()[:3]) + timedelta(days=days) for days in (1, 7)]


def alarm(**changes: Any) -> Alarm:
    fields: dict[str, Any] = {
        "origin": "change",
        "key": "k",
        "cause": "loss_on_platform",
        "source": "amplitude_app",
        "severity": "warning",
        "where": "platform=android",
        "first_bad_at": START,
        "detected_at": START + timedelta(hours=42),
        "direction": "down",
    }
    return Alarm(**fields | changes)


def result(*runs: list[Alarm], fault: str = "loss_on_platform", seed: int = 11) -> dict[str, Any]:
    return {
        "fault": fault,
        "size": "middle",
        "seed": seed,
        "runs": [
            {"until": until.isoformat(), "failure": None, "alarms": [a.to_json() for a in alarms]}
            for until, alarms in zip(RUN_ENDS, runs, strict=False)
        ],
    }


def scored(*runs: list[Alarm]) -> Score:
    return score(FAULT, result(*runs), set())


def test_an_alarm_of_the_second_run_counts_from_the_day_that_told_it() -> None:
    found = scored([], [alarm()])
    assert found.detected and found.named and not found.first_run
    assert found.hours == 42
    assert found.noise == 0


def test_a_run_knows_no_more_than_its_last_day() -> None:
    found = scored([alarm(detected_at=datetime(2030, 1, 1))], [])
    assert found.first_run and found.hours == 18  # from 06:00 to the end of the first day
    assert known_at(alarm(detected_at=None), RUN_ENDS[1]) == RUN_ENDS[1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"source": "segment_shop"},
        {"first_bad_at": START - timedelta(days=3)},
        {"first_bad_at": START + timedelta(days=30)},
        {"source": None, "cause": "marts_reconcile"},
    ],
)
def test_an_alarm_of_another_source_or_time_finds_nothing(wrong: dict[str, Any]) -> None:
    found = scored([], [alarm(**wrong)])
    assert not found.detected and found.hours is None
    assert found.noise == 1


def test_the_cause_and_the_segment_must_be_told() -> None:
    assert not scored([], [alarm(cause="surge")]).named
    assert not scored([], [alarm(where="platform=ios")]).named
    assert scored([], [alarm(where="Android lost 12 %")]).named


def test_what_is_told_without_the_fault_too_finds_nothing() -> None:
    usual = alarm()
    base = {"seed": 11, "runs": [result([], [])["runs"][0]]}
    clean = result([], [usual], fault="clean_week")
    [found] = score_all([base], [clean, result([], [usual])])
    assert not found.detected
    [found] = score_all([base], [clean, result([], [usual, alarm(cause="loss_on_version")])])
    assert found.detected and not found.named


def test_false_alarms_are_those_of_clean_days_each_once() -> None:
    world = steady(11)
    in_history = alarm(first_bad_at=datetime(2025, 9, 20))
    rise = alarm(
        cause="surge",
        direction="up",
        first_bad_at=datetime(*world.unknown[0].first.timetuple()[:3]),
    )
    base = {"seed": 11, **result([in_history, rise])}
    clean = result([in_history], [in_history, alarm()], fault="clean_week")
    holiday = result([in_history], [alarm()], fault="known_holiday")
    reordered = result([in_history], [alarm()], fault="reordered_export")
    told, days = false_alarms([base], [reordered, holiday, clean], {11: world})
    assert [each.week for each in told] == ["history", "clean_week"]
    assert days == 56 + 7 + 7


def test_figures_by_hand() -> None:
    scores = [
        Score("a", "large", 1, True, True, True, 10.0, 0, (), None),
        Score("b", "large", 1, True, False, False, 60.0, 2, (), None),
        Score("c", "large", 1, False, False, False, None, 1, (), None),
        Score("d", "large", 1, True, True, False, 30.0, 1, (), None),
    ]
    figures = summary("large", scores)
    assert (figures.recall, figures.first_run, figures.within_48) == (0.75, 0.25, 0.5)
    assert figures.named == pytest.approx(2 / 3)
    assert (figures.median_hours, figures.noise) == (30.0, 1.0)
    with pytest.raises(ValueError, match="no case of none"):
        summary("none", [])


def test_wilson_interval_of_a_published_example() -> None:
    # Brown, Cai and DasGupta (2001): all of 10 successes leave 0.722 possible at 95 %
    assert wilson_low(10, 10) == pytest.approx(0.7225, abs=1e-3)
    assert wilson_low(0, 10) == 0


def card(*, false: int) -> Scorecard:
    scores = [Score("loss_on_platform", "large", 1, True, True, True, 18.0, 0, (), None)]
    told, _ = false_alarms([{"seed": 11, **result([alarm()])}], [], {11: steady(11)})
    return Scorecard(scores, told * false, 30.0, (11,), 1000, 56, "abc")


def test_goals_are_judged() -> None:
    assert card(false=0).is_good and card(false=1).is_good
    assert not card(false=2).is_good
    page = markdown(card(false=2), day="2026-11-22")
    assert "Not all are reached" in page and "2.0 a month" in page
    assert "2 of loss_on_platform on amplitude_app (history)" in page
    assert lines(card(false=0))[0].startswith("False alarms: 0 in 30 clean days")


def test_alarms_survive_being_kept() -> None:
    assert Alarm.from_json(alarm().to_json()) == alarm()
