"""Each finding has the case that shows it and one beside it that does not."""

from datetime import date, datetime
from typing import Any

import pytest

from orchestration.taxonomy.audit import FoundName, FoundProperty, Inventory, Violations
from orchestration.taxonomy.audit_findings import Finding, findings, folded
from orchestration.taxonomy.model import Taxonomy
from tests.orchestration.taxonomy.snapshots import dictionary

AT = datetime(2025, 3, 1)


def event(description: str, owner: str, **keys: Any) -> dict[str, Any]:
    return {"description": description, "kind": "micro", "owner": owner, **keys}


def arrived(source: str, name: str, to: str | None, **types: dict[str, int]) -> FoundName:
    properties = [
        FoundProperty(key, each, 0, 1, 1, False, [], None, True) for key, each in types.items()
    ]
    return FoundName(source, name, to, None, 10, 1, AT, AT, properties)


def found(
    *names: FoundName, taxonomy: Taxonomy | None = None, violations: tuple[Violations, ...] = ()
) -> dict[str, list[Finding]]:
    by_kind: dict[str, list[Finding]] = {}
    inventory = Inventory(list(names), list(violations), 0)
    for each in findings(inventory, taxonomy or dictionary()):
        by_kind.setdefault(each.kind, []).append(each)
    return by_kind


def test_unmapped_names_come_first_and_mapped_ones_not_at_all() -> None:
    by_kind = found(arrived("new", "Mystery", None), arrived("new", "order_paid", "order_paid"))
    assert next(iter(by_kind)) == "unmapped_name"
    assert [each.what for each in by_kind["unmapped_name"]] == ["'Mystery' is in no definition"]


def test_a_number_in_one_source_and_a_text_in_another_is_a_conflict() -> None:
    (conflict,) = found(
        arrived("old", "ORDER", "order_paid", total={"string": 5, "null": 1}),  # a rename
        arrived("new", "Order Paid", "order_paid", amount={"integer": 7, "number": 2}),
    )["type_conflict"]
    assert conflict.what == "order_paid.amount has number and string"
    assert conflict.where == "new: number 9; old: string 5"
    assert conflict.records == 5


@pytest.mark.parametrize(
    ("one", "other"), [({"integer": 5}, {"number": 5}), ({"string": 5}, {"null": 5})]
)
def test_whole_numbers_and_nulls_are_no_conflict(
    one: dict[str, int], other: dict[str, int]
) -> None:
    assert "type_conflict" not in found(
        arrived("old", "a", "order_paid", amount=one),
        arrived("new", "b", "order_paid", amount=other),
    )


def test_violations_are_summed_over_sources_and_unplanned_events_told_once() -> None:
    broken = [
        Violations("wrong_type", source, "order_paid", "amount", n, date(2025, 3, 1))
        for source, n in (("old", 3), ("new", 4))
    ]
    unplanned = Violations("unplanned_event", "new", "Mystery", None, 9, date(2025, 3, 1))
    (violation,) = found(violations=(*broken, unplanned))["violation"]
    assert (violation.what, violation.records) == ("order_paid.amount: wrong type", 7)
    assert violation.where == "new 4; old 3"


def test_spellings_within_a_source_are_drift_and_across_sources_are_not() -> None:
    (drift,) = found(
        arrived("new", "tax_reminder_on", None), arrived("new", "Tax Reminder-ON", None)
    )["naming_drift"]
    assert "'Tax Reminder-ON' is also spelled 'tax_reminder_on' (10)" in drift.what
    assert "naming_drift" not in found(
        arrived("new", "Order Paid", "order_paid"), arrived("old", "order_paid", "order_paid")
    )


def test_spellings_of_a_property_are_drift() -> None:
    (drift,) = found(
        arrived("new", "x", None, formType={"string": 3}, form_type={"string": 1}, form={"null": 1})
    )["naming_drift"]
    assert drift.what == "the property 'formType' is also spelled 'form_type' (1)"


def test_names_without_letters_are_not_one_name() -> None:
    assert folded("!") != folded("?")
    assert "naming_drift" not in found(arrived("new", "!", None), arrived("new", "?", None))


@pytest.mark.parametrize(
    "other",
    [
        {"orders_paid": event("Something else entirely.", "growth")},
        {"purchase": event("An order was paid!", "growth")},
        {"purchase": event("Bought.", "growth", aliases={"web": ["order-paid"]})},
    ],
)
def test_the_same_words_with_two_owners_stand_side_by_side(other: dict[str, Any]) -> None:
    (same,) = found(taxonomy=dictionary(**other))["same_words"]
    assert "commerce: An order was paid." in same.where and "growth: " in same.where


def test_the_same_words_of_one_owner_and_other_words_are_left_alone() -> None:
    assert "same_words" not in found(
        taxonomy=dictionary(
            orders_paid=event("Of the same team.", "commerce"),
            order_placed=event("Not paid yet.", "growth"),
        )
    )


def test_one_property_with_two_rules_stands_side_by_side() -> None:
    text = event("Left.", "growth", properties={"amount": {"type": "string"}})
    (differs,) = found(taxonomy=dictionary(cart_left=text))["different_rules"]
    assert differs.what == "property amount has 2 rules"
    assert differs.where == "number: order_paid (commerce) | string: cart_left (growth)"
    same = event("Left.", "growth", properties={"amount": {"type": "number"}})
    assert "different_rules" not in found(taxonomy=dictionary(cart_left=same))


def test_events_that_never_arrived_are_told_unless_they_need_not() -> None:
    by_kind = found(
        arrived("new", "Order Paid", "order_paid"),
        taxonomy=dictionary(
            planned={"status": "proposed"}, gone=event("Gone.", "growth", status="retired")
        ),
    )
    assert {each.what for each in by_kind["never_seen"]} == {
        "cart_opened never arrived",
        "never_built never arrived",
    }
