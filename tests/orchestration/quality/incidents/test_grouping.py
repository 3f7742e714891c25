"""One incident a cause: what comes from something else is no incident of its own."""

import random

import pytest

from orchestration.quality.incidents.causes import CAUSAL_ORDER, title_of
from orchestration.quality.incidents.findings import as_spell
from orchestration.quality.incidents.grouping import Owners, observe
from tests.orchestration.quality.incidents.findings import acceptance, change, day, held, rule


def causes(*findings):
    return sorted(each.facts.cause for each in observe(findings, Owners()))


def test_a_platform_explains_its_versions_events_and_rates():
    found = observe(
        [
            change("loss_on_platform", 5, segment="platform=android", platform="android"),
            change("loss_of_event", 6, events=("cart_opened",), platform="android"),
            change("loss_of_event", 6, events=("order_paid",)),
            change("rate_fell", 5, events=("cart_opened",), platform="android"),
            change("loss_on_version", 5, platform="android", app_version="5.2.0"),
        ],
        Owners(),
    )
    assert [each.facts.cause for each in found] == ["loss_on_platform"]
    assert found[0].facts.findings == 5
    assert "loss_of_event (cart_opened)" in found[0].facts.explains


def test_a_platform_explains_no_other_platform_source_or_time():
    android = change("loss_on_platform", 5, segment="platform=android", platform="android")
    others = [
        change("loss_of_event", 5, events=("a",), platform="ios"),
        change("loss_of_event", 5, events=("b",), source="web"),
        change("loss_of_event", 12, events=("c",)),
        change("loss_of_event", 5, 9, events=("d",)),  # it ended, the platform's loss did not
    ]
    assert len(causes(android, *others)) == 5


def test_a_held_delivery_explains_the_losses_of_its_days_alone():
    torn = held("file_is_whole", "d1", 7)
    assert causes(torn, change("loss_of_source", 7, 8)) == ["file_is_whole"]
    assert causes(torn, change("loss_of_source", 7, 15)) == ["file_is_whole", "loss_of_source"]


def test_deliveries_held_in_a_row_explain_a_loss_that_lasts():
    torn = [held("clock_agrees_with_receipt", f"d{n}", n) for n in range(5, 20)]
    assert causes(*torn, change("loss_of_source", 5)) == ["clock_agrees_with_receipt"]


def test_an_accepted_file_still_explains_what_it_lacks():
    torn = held("file_is_whole", "d1", 7, accepted=acceptance(), holds=False)
    (found,) = observe([torn, rule("all_records_are_readable", "d1", 7)], Owners())
    assert found.accepted is not None and found.facts.severity == "notice"


def test_a_loss_that_lasts_explains_what_is_told_of_each_of_its_days():
    lasting = change("loss_on_platform", 9, platform="android")
    missed = [
        as_spell(rule("companion_missing", f"d{n}", n, platform="android"), None)
        for n in (9, 13, 17)
    ]
    assert causes(lasting, *missed) == ["loss_on_platform"]
    before = as_spell(rule("companion_missing", "d1", 1, platform="android"), None)
    assert causes(lasting, before) == ["companion_missing", "loss_on_platform"]


def test_a_few_unreadable_records_explain_no_large_loss():
    few = rule("delivery_is_short", "d1", 7, records=18)
    assert causes(few, change("loss_of_source", 7, 8, lost=1_500.0)) == [
        "delivery_is_short",
        "loss_of_source",
    ]
    assert causes(few, change("loss_of_source", 7, 8, lost=20.0)) == ["delivery_is_short"]


def test_a_renamed_event_explains_the_loss_of_that_event_alone():
    renamed = rule("unplanned_event", events=("cart_opened",), first_bad_at=day(5))
    lost = change("loss_of_event", 5, events=("cart_opened",))
    other = change("loss_of_event", 5, events=("order_paid",))
    assert causes(renamed, lost) == ["unplanned_event"]
    assert causes(renamed, other) == ["loss_of_event", "unplanned_event"]


def test_a_rule_tells_of_an_event_in_its_sentence():
    renamed = as_spell(
        rule("event_renamed", "d1", 5, sentence="cart_opened arrives as CartOpened."), None
    )
    assert causes(renamed, change("loss_of_event", 5, 6, events=("cart_opened",))) == [
        "event_renamed"
    ]
    assert len(causes(renamed, change("loss_of_event", 5, 6, events=("opened",)))) == 2


def test_causes_are_followed_to_the_first():
    chain = [
        held("file_is_whole", "d1", 7),
        change("loss_on_platform", 7, 8, platform="android"),
        change("loss_of_event", 7, 8, events=("a",), platform="android"),
        change("rate_fell", 7, 8, events=("a",)),
    ]
    assert causes(*chain) == ["file_is_whole"]


def test_the_order_of_findings_does_not_matter():
    findings = [
        held("file_is_whole", "d1", 7),
        change("loss_on_platform", 7, 8, platform="android"),
        change("loss_of_event", 7, 8, events=("a",)),
        change("loss_of_event", 14, events=("a",)),
        rule("unplanned_event", events=("a",)),
        *(rule("all_events_are_mapped", f"d{n}", n) for n in range(1, 9)),
    ]
    told = [(each.facts.key, each.facts.findings) for each in observe(findings, Owners())]
    for seed in range(10):
        random.Random(seed).shuffle(findings)
        again = [(each.facts.key, each.facts.findings) for each in observe(findings, Owners())]
        assert sorted(again, key=str) == sorted(told, key=str)


def test_a_first_run_over_unknown_data_is_one_incident_a_source():
    flood = [rule("all_events_are_mapped", f"d{n}", n % 28 + 1) for n in range(400)]
    (found,) = observe([*flood, rule("unplanned_event", records=90_000)], Owners())
    assert (found.facts.cause, found.facts.findings) == ("unplanned_event", 401)
    assert found.facts.severity == "warning"


def test_judgements_of_past_deliveries_end_with_the_marts_own():
    assert causes(rule("all_events_are_mapped", "d1", 3)) == []


def test_spells_far_apart_are_two_incidents_and_near_ones_are_one():
    far = [change("loss_of_source", 1, 3), change("loss_of_source", 14, 16)]
    near = [change("loss_of_source", 1, 3), change("loss_of_source", 6)]
    assert len(observe(far, Owners())) == 2
    (found,) = observe(near, Owners())
    assert found.ended_at is None and found.facts.first_bad_at == day(1)


def test_what_overlaps_is_not_added_up():
    (found,) = observe(
        [
            change("loss_on_platform", 5, platform="android", lost=100.0, lost_low=80.0),
            change("loss_of_event", 5, events=("a",), platform="android", lost=60.0),
        ],
        Owners(),
    )
    assert (found.facts.lost, found.facts.lost_low) == (100.0, 80.0)


@pytest.mark.parametrize(
    ("finding", "owner"),
    [
        (change("loss_of_event", 5, events=("cart_opened",)), "growth"),
        (change("loss_of_source", 5), "mobile"),
        (change("loss_of_source", 5, source="web"), "data"),
        (change("loss_of_event", 5, events=("unknown",)), "mobile"),
    ],
)
def test_the_owner_is_the_events_else_the_sources(finding, owner):
    owners = Owners({"cart_opened": "growth"}, {"app": "mobile"})
    (found,) = observe([finding], owners)
    assert found.facts.owner == owner


def test_every_step_of_the_causal_order_says_why():
    assert all(each.reason.endswith(".") and each.causes and each.effects for each in CAUSAL_ORDER)


def test_a_rule_is_titled_by_the_claim_that_does_not_hold():
    assert title_of("amounts_are_whole") == "Not met: amounts are whole"
    assert title_of("login_stopped", is_rule=False) == "Login stopped"
