"""The verdict, the things to do and what they mean, state by state."""

from dataclasses import replace

import pytest

from orchestration.quality.report.model import Figures
from orchestration.quality.report.verdict import (
    command_in,
    reach_of,
    reasons_left,
    steps_of,
    verdict_of,
)
from tests.orchestration.quality.report.states import (
    FAILED,
    FIRST_DAY,
    GREEN,
    INCIDENT,
    LOSS,
    RED_LANDING,
    RED_MARTS,
    SILENT_LOSS,
    STATES,
    TORN,
    rule,
)


@pytest.mark.parametrize(
    ("figures", "kind", "sentence"),
    [
        (GREEN, "green", "Every gate is green. All 65,020 records are accounted for."),
        (
            RED_LANDING,
            "held",
            "One delivery of web_events is held back; all else is loaded and published.",
        ),
        (
            RED_MARTS,
            "red",
            "The marts break one rule, so they are not published. Readers keep the last good "
            "snapshot.",
        ),
        (FAILED, "failed", "The run did not finish. Readers keep the last good snapshot."),
        (
            FIRST_DAY,
            "first",
            "No record has come yet.",
        ),
        (
            SILENT_LOSS,
            "warned",
            "Every gate let the data through and they are published; one thing to look at.",
        ),
    ],
)
def test_one_sentence_says_how_it_stands(figures: Figures, kind: str, sentence: str) -> None:
    verdict = verdict_of(figures)
    assert (verdict.kind, verdict.sentence) == (kind, sentence)


def test_a_loss_behind_green_gates_stands_in_the_title() -> None:
    assert verdict_of(SILENT_LOSS).title == "Green, but losing events"
    assert verdict_of(replace(SILENT_LOSS, incidents=(), changes=())).title == "Green"


def test_what_was_accepted_holds_nothing() -> None:
    accepted = replace(RED_LANDING, facts=(replace(TORN, accepted="known"),), rules=())
    assert verdict_of(accepted).kind == "green"


def test_a_red_mart_outweighs_a_held_delivery_and_a_failure_both() -> None:
    both = replace(RED_MARTS, facts=(TORN, *RED_MARTS.facts))
    assert verdict_of(both).kind == "red"
    assert verdict_of(replace(both, failure="disk full")).kind == "failed"


@pytest.mark.parametrize("figures", STATES.values(), ids=STATES)
def test_never_more_than_three_things_to_do(figures: Figures) -> None:
    flooded = replace(figures, facts=(TORN,) * 40, todo=("x: y. Do z.",) * 9)
    assert len(steps_of(flooded)) <= 3
    assert len(steps_of(figures)) <= 3


def test_a_first_run_over_an_unknown_export_floods_nobody() -> None:
    unmapped = tuple(
        rule(f"rule_{number}", severity="warn", failed=60, observed=f"{number} is unknown")
        for number in range(30)
    )
    first = replace(
        GREEN, earlier=(), rules=unmapped, todo=tuple(f"app: e{n}. Do it." for n in range(3))
    )
    verdict = verdict_of(first)
    assert verdict.kind == "first"
    assert len(steps_of(first)) == 3
    assert len(verdict.reasons) == 30  # one a rule, not one a delivery; the page shows five


def test_the_first_run_says_which_rules_wait_for_history() -> None:
    assert "One rule cannot judge yet" in verdict_of(replace(GREEN, earlier=())).sentence


def test_incidents_come_before_findings_and_keep_their_command() -> None:
    [step] = steps_of(SILENT_LOSS)
    assert step.command == f"waybill incidents show {INCIDENT.incident_id}"
    assert step.anchor == "loss_on_platform"


def test_a_change_without_incident_is_a_thing_to_do() -> None:
    [step] = steps_of(replace(SILENT_LOSS, incidents=()))
    assert step.what == LOSS.sentence


def test_a_notice_and_what_ended_are_nothing_to_do() -> None:
    quiet = (replace(LOSS, severity="notice"), replace(LOSS, ended_at=LOSS.detected_at))
    figures = replace(SILENT_LOSS, incidents=(), changes=quiet)
    assert steps_of(figures) == ()
    assert verdict_of(figures).kind == "green"
    assert reach_of(figures) == ()


def test_a_thing_is_said_once() -> None:
    assert reasons_left(verdict_of(RED_LANDING), steps_of(RED_LANDING)) == ()


@pytest.mark.parametrize(
    ("text", "command"),
    [
        (TORN.next_step, "waybill run"),
        ("Look; then `waybill replay --source app`.", "waybill replay --source app"),
        (
            'To go on: waybill run --accept r --delivery d --why "..."',
            'waybill run --accept r --delivery d --why "..."',
        ),
        ("Ask the owner.", "waybill status"),
    ],
)
def test_the_command_to_copy(text: str, command: str) -> None:
    assert command_in(text) == command


def test_what_it_means_names_marts_and_readers() -> None:
    [held] = reach_of(RED_LANDING)
    assert held.effect == "web_events is incomplete on 2025-04-15, with is_complete = false"
    assert "fct_funnel_steps" in held.marts and "product analyst" in held.readers
    survey = replace(RED_LANDING, held={"survey": RED_LANDING.held["web_events"]})
    assert reach_of(survey)[0].marts == ("fct_survey_answers",)
    assert reach_of(RED_MARTS)[0].effect == "All marts are as of the last green run"
    assert reach_of(replace(RED_MARTS, snapshot_at=None))[0].effect == "Nothing is published"
