"""Names are proposed for the right event, or for none; whatever the order of rows."""

import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.taxonomy.model import Taxonomy
from orchestration.taxonomy.suggestion.behaviour import Behaviours
from orchestration.taxonomy.suggestion.model import shares
from orchestration.taxonomy.suggestion.properties import Property
from orchestration.taxonomy.suggestion.records import count_records
from orchestration.taxonomy.suggestion.report import Report, report_on
from orchestration.taxonomy.suggestion.suggesting import Arrival, candidates, judge, split_arrivals
from tests.orchestration.taxonomy.suggestion.conftest import Fill, act, app_rows
from tests.orchestration.taxonomy.suggestion.test_words import OPPOSITES

VENDORS = {"app": "app", "web": "web"}


def dictionary(**aliases: list[str]) -> Taxonomy:
    """Three events; the keyword arguments are more aliases of the app's."""
    events = {
        name: {
            "description": name,
            "kind": "micro",
            "aliases": {"app": [alias, *aliases.get(name, [])]},
        }
        for name, alias in (
            ("app_opened", "app_open"),
            ("reminder_enabled", "reminder_on"),
            ("message_shared", "share"),
        )
    }
    return Taxonomy.model_validate({"version": 1, "events": events})


def reported(warehouse: Fill, rows: list, taxonomy: Taxonomy | None = None) -> Report:
    return report_on(warehouse(rows), "marts.fct_events", taxonomy or dictionary(), VENDORS)


def test_casing_drift_is_suggested(warehouse: Fill) -> None:
    (found,) = reported(warehouse, app_rows("Reminder-On")).suggestions
    assert (found.arrival.source, found.arrival.name, found.arrival.records) == (
        "app",
        "Reminder-On",
        72,
    )
    assert found.event == "reminder_enabled"
    assert found.probability > 0.99
    assert found.evidence[0] == "'Reminder-On' is 'reminder_on' in another case or style"


def test_a_hand_over_and_properties_speak_for_another_word(warehouse: Fill) -> None:
    (found,) = reported(warehouse, app_rows("alert_activated")).suggestions
    assert found.event == "reminder_enabled"
    assert found.probability > 0.9
    assert any(
        "2025-03-07" in each and "fell from 33.3% to 0.0%" in each for each in found.evidence
    )
    assert "it has properties of the event: channel" in found.evidence


def test_a_hand_over_worked_by_hand(warehouse: Fill) -> None:
    records = count_records(warehouse(app_rows()), "marts.fct_events")
    beside = Behaviours(records).of("app", "alarm_set")
    # 72 records: counted with 72 / (72 + 20); a third of the source before, nothing after
    assert beside["reminder_enabled"].handover == pytest.approx(72 / 92)
    assert (beside["reminder_enabled"].share_before, beside["reminder_enabled"].share_after) == (
        pytest.approx(1 / 3, abs=1e-6),
        0,
    )
    assert beside["reminder_enabled"].side_by_side == 0
    assert beside["message_shared"].handover == 0
    assert beside["message_shared"].side_by_side == pytest.approx(72 / 92, abs=1e-6)


def test_the_same_act_in_another_source_is_a_twin(warehouse: Fill) -> None:
    rows = [
        row
        for day in range(10)
        for person in range(8)
        for row in (
            act(day, person, 0, "app", "app_open", "app_opened", "{}"),
            act(day, person, 1, "app", "share", "message_shared", "{}"),
            act(day, person, 0, "web", "event1", None, "{}"),
            act(day, person, 1, "web", "event2", None, "{}"),
        )
    ]
    by_name = {each.arrival.name: each for each in reported(warehouse, rows).suggestions}
    assert {name: each.event for name, each in by_name.items()} == {
        "event1": "app_opened",
        "event2": "message_shared",
    }
    assert all(each.probability > 0.7 for each in by_name.values())
    # 80 records, counted with 80 / 100
    assert any(
        each.startswith("80% of its records have one") for each in by_name["event1"].evidence
    )


def test_what_is_no_known_event_is_unmatched_and_may_be_new(warehouse: Fill) -> None:
    rows = app_rows("Reminder-On")
    rows += [act(day, 3, 5, "app", "Invoice Printed", None, '{"pages": "2"}') for day in range(12)]
    (found,) = reported(warehouse, rows).unmatched
    assert found.arrival.name == "Invoice Printed"
    assert found.new_event == "invoice_printed"
    assert found.is_new(0.9)


def test_the_opposite_is_never_suggested_whatever_the_records_say(warehouse: Fill) -> None:
    for name in ("reminder_off", "Disabled Reminder", "reminder_turned_off"):
        report = reported(warehouse, app_rows(name))
        assert report.suggestions == ()
        assert [each.arrival.name for each in report.unmatched] == [name]


@pytest.mark.parametrize(("one", "other"), [*OPPOSITES, *((b, a) for a, b in OPPOSITES)])
def test_opposites_have_no_probability(one: str, other: str) -> None:
    taxonomy = Taxonomy.model_validate(
        {"version": 1, "events": {one: {"description": one, "kind": "micro"}}}
    )
    same = (Property("channel", frozenset({"sms", "push"})),)
    (found,) = judge(taxonomy, [Arrival("app", other, properties=same)])
    assert found.best[1] == 0


def test_no_order_of_rows_changes_the_answer(warehouse: Fill) -> None:
    rows = app_rows("alert_activated")
    rows += [act(day, 3, 5, "app", "Invoice Printed", None, "{}") for day in range(12)]
    shuffled = random.Random(5).sample(rows, len(rows))
    assert reported(warehouse, rows) == reported(warehouse, shuffled)


def test_of_a_large_warehouse_a_share_of_the_persons_is_read(
    warehouse: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        (*row[:5], f"p{day % 3}-{row[5]}", *row[6:])
        for day, row in enumerate(app_rows("Reminder-On"))
    ]
    monkeypatch.setattr("orchestration.taxonomy.suggestion.records.ROWS_READ", 200)
    connection = warehouse(rows)
    records = count_records(connection, "marts.fct_events")
    assert records.thinning == 3
    assert 0 < records.days["records"].sum() < len(rows)
    (found,) = report_on(connection, "marts.fct_events", dictionary(), VENDORS).suggestions
    assert (found.event, found.arrival.records) == ("reminder_enabled", 72)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=4, unique=True),
    st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=4, unique=True),
)
def test_probabilities_of_a_name_are_shares_whatever_the_names(
    known: list[str], names: list[str]
) -> None:
    taxonomy = Taxonomy.model_validate(
        {"version": 1, "events": {name: {"description": "x", "kind": "micro"} for name in known}}
    )
    arrivals = [Arrival("app", name) for name in names]
    found = judge(taxonomy, arrivals)
    for each in found:
        chances = [probability for _, probability in each.ranked]
        assert all(0 <= chance <= 1 for chance in chances)
        assert sum(chances) + each.none_of_them == pytest.approx(1)
    assert found == judge(taxonomy, arrivals[::-1])


def test_two_events_that_fit_alike_share_the_probability() -> None:
    assert shares([5.0, 5.0]) == pytest.approx([0.4983, 0.4983], abs=1e-4)
    assert shares([float("-inf"), 0.0]) == pytest.approx([0, 0.5])
    assert shares([1000.0]) == [1.0]


def test_names_that_are_settled_or_half_settled_are_not_judged() -> None:
    taxonomy = dictionary(reminder_enabled=["Reminder-On"])
    document = taxonomy.model_dump(by_alias=True)
    document["events"]["app_opened"]["aliases"]["app"].append(
        {"name": "opened", "when": {"kind": "app"}}
    )
    document["events"]["printed"] = {"status": "proposed", "aliases": {"app": [{"name": "Print"}]}}
    taxonomy = Taxonomy.model_validate(document)
    judged, left = split_arrivals(
        taxonomy, VENDORS, {"app": {"Reminder-On": 4, "opened": 3, "Print": 2, "other": 1}}
    )
    assert judged == [Arrival("app", "other", 1)]
    assert {each.name: reason.split("; ")[0] for each, reason in left.items()} == {
        "opened": "its aliases have days or conditions that these records do not meet",
        "Print": "it is a name of printed, which is proposed and maps nothing yet",
    }


def test_properties_that_all_events_have_say_nothing(warehouse: Fill) -> None:
    records = count_records(warehouse(app_rows()), "marts.fct_events")
    (options,) = candidates(dictionary(), [Arrival("app", "alarm_set")], records).values()
    shared = {each.event: each.agreement for each in options}
    assert shared["reminder_enabled"].pairs == (("channel", "channel"),)
    assert shared["reminder_enabled"].shared == 1
    assert shared["app_opened"].shared == 0


def test_values_tell_more_than_the_name_of_a_property() -> None:
    taxonomy = Taxonomy.model_validate(
        {
            "version": 1,
            "events": {
                name: {
                    "description": name,
                    "kind": "micro",
                    "properties": {"type": {"type": "string", "enum": values}},
                }
                for name, values in (("paid", ["card", "cash"]), ("sent", ["mail", "parcel"]))
            },
        }
    )
    arrival = Arrival("app", "x1", properties=(Property("kind", frozenset({"card", "cash"})),))
    (options,) = candidates(taxonomy, [arrival]).values()
    by_event = {each.event: each.agreement.shared for each in options}
    assert by_event["paid"] > 0.8
    assert by_event["sent"] == 0


def test_where_every_name_is_known_nothing_is_counted(warehouse: Fill) -> None:
    taxonomy = dictionary(reminder_enabled=["Reminder-On"])
    said: list[str] = []
    connection = warehouse(app_rows("Reminder-On"))
    report = report_on(connection, "marts.fct_events", taxonomy, VENDORS, said.append)
    assert (report, said) == (replace(report, suggestions=(), unmatched=()), [])


def test_the_shipped_vocabulary_knows_the_words_of_the_shipped_dictionary() -> None:
    """The demo's own drift is found by its spelling alone."""
    from orchestration.taxonomy.model import load_taxonomy

    shipped = load_taxonomy(Path(__file__).parents[4] / "expectations" / "taxonomy.yaml")
    (found,) = judge(shipped, [Arrival("amplitude_app", "Tax_Reminder_On")])
    assert found.best[0].event == "tax_reminder_enabled"
    assert found.best[1] > 0.95
