"""What is kept of a gate, what it holds back, and how it is told."""

import pytest

from expectations.rules import RuleResult
from orchestration.errors import CannotFinish
from orchestration.quality.decisions import record
from orchestration.quality.gate_results import (
    blocking,
    held_deliveries,
    read_judgements,
    read_results,
    to_gates_json,
    to_rows,
    write_results,
)


def _result(rule="file_is_whole", *, stage="landing", source="app", delivery="d1", red=True,
            severity="block"):  # fmt: skip
    return RuleResult(
        rule=rule,
        stage=stage,
        source=source,
        delivery_id=delivery,
        success=not red,
        severity=severity,
        observed="torn" if red else "1 row checked",
        next_step="fetch it again" if red else "",
        status="failed" if red else "passed",
    )


def _accept(tmp_path, **named):
    return record(tmp_path, kind="accept", by="ada", why="known", **named)


def test_one_file_a_stage_source_and_delivery(tmp_path):
    write_results(
        tmp_path,
        "staging",
        "run1",
        [
            _result(stage="staging", delivery="d1"),
            _result(stage="staging", delivery="d2"),
            _result("other", stage="staging", delivery="d2"),
            _result(stage="staging", delivery=None),
            _result(stage="staging", source=None, delivery=None),
        ],
    )
    found = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()}
    assert found == {
        "staging/app/d1.json",
        "staging/app/d2.json",
        "staging/app/_all.json",
        "staging/_all/_all.json",
    }


def test_results_come_back_as_they_were_written(tmp_path):
    results = [_result(), _result("two_counts_agree", red=False), _result(delivery="d2")]
    write_results(tmp_path, "landing", "run1", results)
    assert read_results(tmp_path) == results
    assert {judgement.run_id for judgement in read_judgements(tmp_path)} == {"run1"}


def test_newest_judgement_replaces_a_delivery_whole(tmp_path):
    write_results(tmp_path, "landing", "run1", [_result(), _result("dropped_rule")])
    write_results(tmp_path, "landing", "run2", [_result(red=False)])
    assert read_results(tmp_path) == [_result(red=False)]


def test_landing_keeps_what_a_later_run_does_not_judge(tmp_path):
    write_results(tmp_path, "landing", "run1", [_result(delivery="d1")])
    write_results(tmp_path, "landing", "run2", [_result(delivery="d2")])
    assert {r.delivery_id for r in read_results(tmp_path)} == {"d1", "d2"}


def test_marts_forget_what_they_no_longer_judge(tmp_path):
    write_results(tmp_path, "marts", "run1", [_result(stage="marts", delivery="d1")])
    write_results(tmp_path, "marts", "run2", [_result(stage="marts", delivery="d2")])
    assert {r.delivery_id for r in read_results(tmp_path)} == {"d2"}


def test_superseded_deliveries_can_be_left_out(tmp_path):
    write_results(
        tmp_path,
        "landing",
        "run1",
        [_result(delivery="old"), _result(delivery="new"), _result(delivery=None)],
    )
    assert {r.delivery_id for r in read_results(tmp_path, {"new"})} == {"new", None}


@pytest.mark.parametrize("name", ["../up", "a/b", "_all", ".hidden", "..", "50 %"])
def test_names_from_configuration_stay_inside_the_folder(tmp_path, name):
    gates = tmp_path / "gates"
    write_results(gates, "landing", "run1", [_result(source=name), _result(source=None)])
    assert {r.source for r in read_results(gates)} == {name, None}
    assert [p.name for p in tmp_path.iterdir()] == ["gates"]


def test_half_written_judgement_is_not_seen(tmp_path):
    [path] = write_results(tmp_path, "landing", "run1", [_result()])
    path.with_name(f".{path.name}.99.json").write_text("{")
    assert read_results(tmp_path) == [_result()]


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"results": [{"rule": "x"}]}'])
def test_broken_judgement_is_told_by_its_file(tmp_path, content):
    [path] = write_results(tmp_path, "landing", "run1", [_result()])
    path.write_text(content)
    with pytest.raises(CannotFinish, match=r"d1\.json is not a gate's judgement"):
        read_results(tmp_path)


def test_no_results_and_strangers_are_refused(tmp_path):
    with pytest.raises(CannotFinish, match="no results"):
        write_results(tmp_path, "landing", "run1", [])
    with pytest.raises(CannotFinish, match="file_is_whole"):
        write_results(tmp_path, "marts", "run1", [_result()])


def test_red_blocking_rule_holds_its_delivery_until_accepted(tmp_path):
    gates = tmp_path / "gates"
    red = _result("clock_agrees_with_receipt", stage="staging", delivery="d2")
    write_results(gates, "landing", "run1", [_result(), _result(delivery="d3", red=False)])
    write_results(gates, "staging", "run1", [red])
    assert held_deliveries(gates, []) == {"d1": [_result()], "d2": [red]}
    decision = _accept(tmp_path, rule="file_is_whole", delivery_id="d1")
    assert held_deliveries(gates, [decision]) == {"d2": [red]}


def test_accepting_one_of_two_red_rules_still_holds(tmp_path):
    gates = tmp_path / "gates"
    other = _result("two_counts_agree")
    write_results(gates, "landing", "run1", [_result(), other])
    decision = _accept(tmp_path, rule="file_is_whole", delivery_id="d1")
    assert held_deliveries(gates, [decision]) == {"d1": [other]}


def test_warnings_and_marts_hold_no_delivery(tmp_path):
    write_results(tmp_path, "landing", "run1", [_result(severity="warn")])
    write_results(tmp_path, "marts", "run1", [_result(stage="marts")])
    assert held_deliveries(tmp_path, []) == {}
    assert blocking(read_results(tmp_path), []) == [_result(stage="marts")]


def test_gates_are_told_by_stage_and_source():
    told = to_gates_json(
        [
            _result(stage="marts", source=None, delivery=None, red=False),
            _result("events_have_an_id", stage="staging", severity="warn"),
            _result(source="web", red=False),
            _result(),
            _result(delivery="d2"),
        ],
        [],
    )
    assert [(g["stage"], g["source"], g["success"]) for g in told] == [
        ("landing", "app", False),
        ("landing", "web", True),
        ("staging", "app", True),
        ("marts", "_all", True),
    ]
    assert [failed["delivery_id"] for failed in told[0]["failed"]] == ["d1", "d2"]
    assert told[0]["failed"][0] == {
        "rule": "file_is_whole",
        "delivery_id": "d1",
        "observed": "torn",
        "next_step": "fetch it again",
        "dimension": None,
        "runbook": "file_is_whole",
    }
    assert (told[2]["failed"], told[2]["warned"][0]["rule"]) == ([], "events_have_an_id")


def test_accepted_red_rule_is_told_with_its_acceptance_and_is_a_success(tmp_path):
    decision = _accept(tmp_path, rule="file_is_whole", delivery_id="d1")
    [gate] = to_gates_json([_result()], [decision])
    assert gate["success"]
    assert gate["failed"][0]["accepted"] == {"by": "ada", "why": "known", "at": decision.at}


def test_rows_for_the_warehouse_carry_run_and_acceptance(tmp_path):
    gates = tmp_path / "gates"
    write_results(gates, "landing", "run1", [_result(), _result("two_counts_agree", red=False)])
    decision = _accept(tmp_path, rule="file_is_whole", delivery_id="d1")
    red, green = to_rows(read_judgements(gates), [decision])
    assert (red["run_id"], red["rule"], red["accepted_by"]) == ("run1", "file_is_whole", "ada")
    assert (green["status"], green["accepted_by"]) == ("passed", None)
    assert red.keys() == green.keys()
