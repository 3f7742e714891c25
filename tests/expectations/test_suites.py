"""Each rule of each gate, red and green, through Great Expectations itself.

A stage is judged twice: once with a good row alone, once with a bad row a rule beside the good one.
The rows that must turn red are written from what the rule claims, and all others must stay green.
"""

import pytest

from expectations.checkpoints import run_gate
from expectations.rules import Limits
from expectations.suites import all_rules, find_rule, rules_for
from expectations.suites.drift import CAUSES
from orchestration.errors import ConfigurationError

KINDS = ("retired_event", "missing_required", "wrong_type", "bad_value", "extra_property")
LIMITS = Limits(
    unreadable_share=0.01,
    unmapped_share=0.05,
    gone_share=0.01,
    clock_rows=3,
    violations=dict.fromkeys(KINDS, 0.02),
)

# view -> name of the row -> its figures that differ from a good row's.
ROWS = {
    "landing": {
        "gate_landing": {
            "torn": {"state": "torn", "torn_reason": "gzip ends early"},
            "cut by vendor": {"ends_early": True},
            "stray": {"state": "unrecognised"},
            "of amplitude": {"state": "unrecognised", "looks_like": "amplitude"},
            "lacks a column": {"missing_columns": "timestamp"},
            "row not written": {"rows_written": 999, "parquet_rows": 999},
            "parquet row deleted": {"parquet_rows": 999},
            "never counted": {"parquet_rows": None},
            "ten of 1000 unreadable": {"unreadable": 10},
            "eleven of 1000 unreadable": {"unreadable": 11},
            "empty": {"records": 0, "rows_written": 0, "parquet_rows": 0},
            "manifest says more": {"declared_records": 1001},
            "manifest agrees": {"declared_records": 1000},
            "without header": {"advice": "a: nothing names its columns"},
            "short of a file": {"shortfall": "b is in the manifest and did not come"},
            "other digest": {"doubt": "a has another digest than its manifest says"},
            "empty as usual": {
                "records": 0,
                "rows_written": 0,
                "parquet_rows": 0,
                "is_usually_empty": True,
            },
            "lost a column": {"lost_columns": "properties.platform"},
        }
    },
    "staging": {
        "gate_staging": {
            "no key": {"null_keys": 1},
            "eight hours late": {"lag_quarter_hours": 32, "zone_hint": "US/Pacific"},
            "received before it happened": {"lag_quarter_hours": -4},
            "late but hardly live": {"lag_quarter_hours": 32, "live_rows": 2},
            "no received time": {"lag_quarter_hours": None, "live_rows": 0},
            "fifty of 1000 unmapped": {"unmapped": 50},
            "fifty-one of 1000 unmapped": {"unmapped": 51},
            **{f"twenty of 1000 {kind}": {kind: 20, "breaches": "a.b (20)"} for kind in KINDS},
            **{f"twenty-one of 1000 {kind}": {kind: 21, "breaches": "a.b (21)"} for kind in KINDS},
            "future": {"future_dated": 1},
            "no ids": {"without_ids": 1000},
            "repeats": {"repeated_without_id": 2},
            "lost one per cent": {"previous_events": 1000, "gone": 10, "added": 0, "changed": 0},
            "lost more": {"previous_events": 1000, "gone": 11, "added": 0, "changed": 0},
            "gained": {"previous_events": 1000, "gone": 0, "added": 3, "changed": 0},
            "altered": {"previous_events": 1000, "gone": 0, "added": 0, "changed": 3},
        },
        "gate_arrivals": {
            "silent hours": {"missing_hours": 3},
            "silent day": {"missing_days": 1},
            "half a day": {"days_outside": 1},
            "new": {"known_days": 0, "judged_days": 0},
        },
        "gate_drift": {
            f"departs by {cause}": {
                "cause": cause,
                "verdict": "drift",
                "records": 12,
                "sentence": "app: other than usual (12 records).",
            }
            for cause in CAUSES
        },
        "gate_events": {
            "keyless": {"event_key": None},
            "timeless": {"occurred_at": None},
            "nameless": {"source_event_name": None},
            "of unknown quality": {"id_quality": "guessed"},
            "derived": {"id_quality": "derived"},
        },
    },
    "marts": {
        "gate_taxonomy": {
            "unplanned": {"kind": "unplanned_event"},
            "lacking": {"kind": "missing_required"},
            "mistyped": {"kind": "wrong_type"},
            "off the list": {"kind": "bad_value", "enforcement": "strip"},
            "unheard of": {"kind": "extra_property", "enforcement": "quarantine"},
            "past its day": {"kind": "retired_event"},
        },
        "gate_freshness": {
            "silent": {"is_late": 1, "late_by_hours": 7.5},
            "thin": {"is_short": 1, "daily_events": 100},
            "nothing agreed of volume": {"min_daily": None, "daily_events": None},
        },
        "gate_mart_freshness": {"old": {"is_late": 1, "late_by_hours": 3.0}},
        "gate_changes": {"fell": {"severity": "warning"}},
        "gate_ledger": {
            "record lost": {"loaded": 899},
            "record doubled": {"duplicate": 51},
            "fate unknown": {"erased": None},
            "row lost in landing": {"landed": 999},
        },
        "gate_marts": {
            "mart row deleted": {"observed": 899},
            "mart missing": {"observed": None},
        },
        "gate_sources": {
            "staged twice": {"staged": 2000},
            "not in the marts": {"in_marts": 899},
            "eleven of 1000 quarantined": {"quarantined": 11},
        },
        "gate_totals": {
            "segment missing": {"parts": 11},
            "total missing": {"total": None},
            "no event": {"total": 0, "parts": 0},
        },
        "gate_persons": {
            "ghosts": {"persons": 51},
            "fewer persons": {"persons": 1},
            "event without": {"events_of_persons": 899},
        },
        "gate_restatements": {"late": {}},
        "gate_rates": {
            "over one": {"rate": 1.01},
            "below zero": {"rate": -0.01},
            "whole": {"rate": 1},
            "nobody active": {"rate": None},
        },
        "gate_funnels": {
            "grows": {"entities": 11},
            "first step": {"entities": 11, "previous_entities": None},
        },
        "gate_double_tracked": {"twice": {}},
    },
}

# rule -> the rows that break it; a rule not named here breaks the test that looks for it.
RED = {
    "file_is_whole": {"torn"},
    "file_is_not_cut_by_vendor": {"cut by vendor"},
    "file_is_recognised": {"stray"},
    "file_is_of_its_vendor": {"of amplitude"},
    "mapped_columns_are_present": {"lacks a column"},
    "two_counts_agree": {"row not written", "parquet row deleted", "never counted"},
    "most_records_are_readable": {"eleven of 1000 unreadable"},
    "all_records_are_readable": {"ten of 1000 unreadable", "eleven of 1000 unreadable"},
    "delivery_is_not_empty": {"empty"},
    "known_columns_are_present": {"lost a column"},
    "hours_are_present": {"silent hours"},
    "days_are_present": {"silent day"},
    "volume_is_in_band": {"half a day"},
    "vendor_manifest_agrees": {"manifest says more"},
    "file_can_be_read": {"without header"},
    "delivery_is_complete": {"short of a file"},
    "vendor_digests_agree": {"other digest"},
    "events_have_keys": {"no key"},
    "clock_agrees_with_receipt": {"eight hours late", "received before it happened"},
    "unmapped_share_is_within_limit": {"fifty-one of 1000 unmapped"},
    "all_events_are_mapped": {"fifty of 1000 unmapped", "fifty-one of 1000 unmapped"},
    "no_event_is_future_dated": {"future"},
    "events_have_an_id": {"no ids"},
    "rows_without_id_do_not_repeat": {"repeats"},
    "reexport_keeps_its_events": {"lost more"},
    "reexport_is_unchanged": {"gained", "altered"},
    "unplanned_event": {"unplanned"},
    "missing_required": {"lacking"},
    "wrong_type": {"mistyped"},
    "bad_value": {"off the list"},
    "extra_property": {"unheard of"},
    "retired_event": {"past its day"},
    **{f"{kind}_share_is_within_limit": {f"twenty-one of 1000 {kind}"} for kind in KINDS},
    "every_event_has_a_key": {"keyless"},
    "every_event_has_a_time": {"timeless"},
    "every_event_has_a_name": {"nameless"},
    "every_id_tells_its_quality": {"of unknown quality"},
    "ledger_balances": {"record lost", "record doubled", "fate unknown"},
    "landed_equals_read": {"row lost in landing"},
    "marts_reconcile": {"mart row deleted", "mart missing"},
    "staging_reconciles": {"staged twice"},
    "sources_reconcile": {"not in the marts"},
    "few_records_are_quarantined": {"eleven of 1000 quarantined"},
    "segments_sum_to_totals": {"segment missing", "total missing"},
    "persons_never_exceed_ids": {"ghosts"},
    "persons_reconcile": {"event without"},
    "published_dates_stay": {"late"},
    "rates_stay_between_0_and_1": {"over one", "below zero"},
    "funnels_never_grow": {"grows"},
    "double_tracked": {"twice"},
    "source_is_fresh": {"silent"},
    "daily_volume_is_met": {"thin"},
    "mart_is_fresh": {"old"},
    "volumes_are_as_expected": {"fell"},
    **{cause: {f"departs by {cause}"} for cause in CAUSES},
}

# What names a row of a view in a result: the delivery where there is one, else the source or the
# figures told.
NAMED_BY = {
    "gate_taxonomy": "source",
    "gate_ledger": "source",
    "gate_sources": "source",
    "gate_restatements": "source",
    "gate_freshness": "source",
    "gate_mart_freshness": "mart",
    "gate_changes": "source",
    "gate_marts": "name",
    "gate_totals": "cell",
    "gate_persons": "mart",
    "gate_rates": "cell",
    "gate_funnels": "funnel",
    "gate_double_tracked": "event_name",
}
BY_SOURCE = {view for view, name in NAMED_BY.items() if name == "source"}
AS_A_WHOLE = NAMED_BY.keys() - BY_SOURCE
NEED_NO_ROWS = {
    "gate_totals",
    "gate_restatements",
    "gate_taxonomy",
    "gate_rates",
    "gate_funnels",
    "gate_double_tracked",
    "gate_freshness",
    "gate_mart_freshness",
    "gate_changes",
}

# Of these every row breaks its rule.
NEVER_GOOD = {"gate_double_tracked", "gate_restatements"}


def _named(view, name):
    return {NAMED_BY.get(view, "delivery_id"): name}


@pytest.fixture(scope="module")
def red(facts):
    """Every rule's results over all rows, by rule."""
    found = {}
    for stage, views in ROWS.items():
        selects = {
            view: facts(
                view,
                [
                    *([{}] if view not in NEVER_GOOD else []),
                    *(figures | _named(view, name) for name, figures in rows.items()),
                ],
            )
            for view, rows in views.items()
        }
        for result in run_gate(stage, rules_for(stage, LIMITS), selects, {}):
            found.setdefault(result.rule, []).append(result)
    return found


@pytest.fixture(scope="module")
def green(facts):
    """Every rule's results over good rows alone; views that may be empty are."""
    found = {}
    for stage, views in ROWS.items():
        selects = {v: facts(v, [] if v in NEED_NO_ROWS else [{}]) for v in views}
        for result in run_gate(stage, rules_for(stage, LIMITS), selects, {}):
            found.setdefault(result.rule, []).append(result)
    return found


RULES = all_rules(LIMITS)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_rule_is_red_for_the_rows_that_break_it_and_for_no_other(rule, red):
    failed = [result for result in red[rule.name] if not result.success]
    assert failed
    if rule.view in AS_A_WHOLE:
        # Judged as a whole: one result, whose figure names every row that breaks the rule.
        [result] = failed
        assert len(result.observed.split("; ")) == len(RED[rule.name])
        assert all(name in result.observed for name in RED[rule.name])
    else:
        names = {r.source if rule.view in BY_SOURCE else r.delivery_id for r in failed}
        assert names == RED[rule.name]
    assert {result.severity for result in failed} == {rule.severity}
    assert {result.status for result in failed} == {"failed"}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_rule_is_green_for_good_rows(rule, green):
    assert green[rule.name]
    assert all(result.success for result in green[rule.name])


def test_red_rules_tell_the_figure_and_the_next_step(red):
    [torn] = [r for r in red["file_is_whole"] if not r.success]
    assert torn.observed == (
        "app/day.json.gz is cut off: gzip ends early (2,048 bytes, 1,000 records read)"
    )
    assert '--accept file_is_whole --delivery torn --why "..."' in torn.next_step
    [late] = [r for r in red["clock_agrees_with_receipt"] if r.delivery_id == "eight hours late"]
    assert late.observed == (
        "app/day.json.gz: events are received 8.00 hours after they happen (500 live rows);"
        " US/Pacific would fit"
    )
    [bad] = [r for r in red["most_records_are_readable"] if not r.success]
    assert bad.observed == (
        "app/day.json.gz: 11 of 1,000 records are unreadable (1.10 %, limit 1.00 %)"
    )
    [gone] = [r for r in red["reexport_keeps_its_events"] if not r.success]
    assert "11 of the 1,000 events of the version before are gone" in gone.observed
    assert red["marts_reconcile"][0].observed.startswith("mart missing: unknown instead of 900")


def test_every_red_result_names_its_source_where_the_step_speaks_of_one(red):
    told = [result for results in red.values() for result in results if not result.success]
    assert told
    assert not any("{" in result.next_step for result in told)
    assert all(result.next_step and result.observed for result in told)


def test_first_version_of_a_file_has_not_enough_history(green):
    for name in ("reexport_keeps_its_events", "reexport_is_unchanged"):
        [result] = green[name]
        assert (result.status, result.success) == ("not enough history", True)


def test_source_without_violations_is_judged_all_the_same(green):
    """Otherwise yesterday's warning would stay on file for ever."""
    [result] = green["unplanned_event"]
    assert (result.source, result.delivery_id, result.status) == ("app", None, "passed")


def test_limits_move_what_blocks(facts):
    bad = facts("gate_landing", [{"unreadable": 400}])
    rules = rules_for("landing", Limits(unreadable_share=0.5))
    assert all(
        r.success
        for r in run_gate("landing", rules, {"gate_landing": bad}, {})
        if r.rule == "most_records_are_readable"
    )


def test_rule_names_are_used_once_and_every_rule_is_tested():
    names = [rule.name for rule in RULES]
    assert len(names) == len(set(names))
    assert set(names) == set(RED)


def test_rules_that_hold_a_delivery_are_judged_by_delivery(red):
    """A landing or staging rule that blocked a whole source could hold nothing."""
    blocking = [r for r in RULES if r.severity == "block" and r.stage != "marts"]
    assert all(result.delivery_id for rule in blocking for result in red[rule.name])


def test_unknown_rule_is_refused_with_the_nearest_name():
    assert find_rule("file_is_whole").stage == "landing"
    with pytest.raises(ConfigurationError, match="did you mean file_is_whole"):
        find_rule("file_is_hole")
