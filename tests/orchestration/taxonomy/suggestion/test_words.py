"""What two names have in common, and what they contradict each other in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.taxonomy.suggestion import vocabulary
from orchestration.taxonomy.suggestion.words import (
    are_opposite,
    contradicts,
    likeness,
    rarity,
    read,
    stem,
    words,
)

WEIGHT = rarity(["cart_opened", "order_paid", "tax_reminder_enabled"])
NAMES = st.text(max_size=30)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("taxReminder_ON", ("tax", "reminder", "on")),
        ("[Amplitude] Page Viewed", ("page", "viewed")),
        ("$pageview", ("pageview",)),
        ("HTTPError-404", ("http", "error", "404")),
        ("購入_done", ("購入", "done")),
        ("", ()),
    ],
)
def test_words_whatever_the_style(name: str, expected: tuple[str, ...]) -> None:
    assert words(name) == expected


@pytest.mark.parametrize(
    "forms",
    [
        ("create", "created", "creation", "creating"),
        ("submit", "submits", "submitted", "submitting"),
        ("cancel", "cancelled", "canceled"),
        ("apply", "applied", "applies"),
        ("begin", "began", "begun"),
        ("delete", "deletion", "deleted"),
    ],
)
def test_forms_of_a_word_have_one_stem(forms: tuple[str, ...]) -> None:
    assert len({stem(form) for form in forms}) == 1


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("Clicked Tax Form Upload", "tax_form_uploaded"),
        ("pay_start", "payment_started"),
        ("basket_open", "cart_opened"),
        ("Tax_Reminder_On", "tax_reminder_enabled"),
        ("Opted In To Notifications", "notification_opted_in"),
        ("New Folder", "folder_created"),
        ("button_tapped", "button_clicked"),
        ("checkout_begun", "checkout_initiated"),
        ("survey done", "survey_finished"),
    ],
)
def test_the_same_act_in_other_words(name: str, known: str) -> None:
    found = likeness(name, known, WEIGHT)
    assert found.same_verb == 1
    assert found.things > 0.8
    assert not are_opposite(name, known)


OPPOSITES = [
    ("video_started", "video_finished"),
    ("Video Begun", "video_completed"),
    ("feature_enabled", "feature_disabled"),
    ("turned on reminders", "reminders_turned_off"),
    ("reminder_on", "reminder_off"),
    ("cart_opened", "cart_closed"),
    ("openCart", "Cart Shut"),
    ("subscribed", "unsubscribed"),
    ("user_followed", "user_unfollowed"),
    ("signed in", "signed_out"),
    ("opted_in", "opted_out"),
    ("item_added", "item_removed"),
    ("payment_started", "Payment Declined"),
    ("order_paid", "order_refunded"),
    ("file_uploaded", "file_downloaded"),
    ("plan_upgraded", "plan_downgraded"),
]


@pytest.mark.parametrize(("one", "other"), OPPOSITES)
def test_opposites_are_known_either_way(one: str, other: str) -> None:
    assert are_opposite(one, other)
    assert are_opposite(other, one)


@pytest.mark.parametrize(
    "pair", [line for line in vocabulary.OPPOSITES.splitlines() if line.strip()]
)
def test_every_pair_of_the_table_is_of_known_verbs(pair: str) -> None:
    one, other = pair.split()
    groups = {line.split()[0] for line in vocabulary.VERBS.splitlines() if line.strip()}
    assert {one, other} <= groups
    assert are_opposite(f"invoice_{one}", f"invoice_{other}")


def test_an_event_with_both_sides_is_the_opposite_of_neither() -> None:
    known = ("feature_toggled", "Feature On", "Feature Off")
    assert not contradicts("feature_disabled", known, WEIGHT)
    assert contradicts("feature_disabled", ("feature_toggled", "Feature On"), WEIGHT)


def test_a_name_without_words_tells_nothing() -> None:
    found = likeness("event12", "cart_opened", WEIGHT)
    assert (found.score, found.extra, found.missing, found.other_verb) == (0, 0, 0, 0)


@given(NAMES, NAMES)
def test_likeness_is_bounded_for_any_text(one: str, other: str) -> None:
    assert read(one)
    found = likeness(one, other, WEIGHT)
    for share in (found.things, found.extra, found.missing):
        assert 0 <= share <= 1 + 1e-9
    assert are_opposite(one, other) == are_opposite(other, one)


@given(NAMES)
def test_no_name_is_its_own_opposite(name: str) -> None:
    assert not are_opposite(name, name)
    assert likeness(name, name, WEIGHT).same_letters == 1
