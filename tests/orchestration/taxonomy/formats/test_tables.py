"""Amplitude's and Mixpanel's tables, where a property belongs to the row of the event above it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from orchestration.errors import ConfigurationError
from orchestration.taxonomy.formats import read, write
from orchestration.taxonomy.formats.amplitude import EVENT_COLUMNS, USER_COLUMNS
from orchestration.taxonomy.formats.mixpanel import COLUMNS


def table(columns: tuple[str, ...], *rows: dict[str, str]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    for row in rows:
        assert set(row) <= set(columns)
        writer.writerow([row.get(column, "") for column in columns])
    return out.getvalue()


def an_event(name: str, **more: str) -> dict[str, str]:
    return {"Object Type": "Event", "Object Name": name, **more}


def a_property(name: str, kind: str = "string", **more: str) -> dict[str, str]:
    named = {"Property Type": "Event Property", "Event Property Name": name}
    return {**named, "Property Value Type": kind, "Property Required": "FALSE", **more}


@pytest.fixture
def amplitude(tmp_path: Path):
    def _amplitude(*rows: dict[str, str], columns: tuple[str, ...] = EVENT_COLUMNS):
        path = tmp_path / "events.csv"
        path.write_text(table(columns, *rows), newline="")
        return read("amplitude", path)

    return _amplitude


def test_amplitude_rows_belong_to_the_event_above(amplitude, tmp_path: Path) -> None:
    found = amplitude(
        an_event('"a"', **{"Object Owner": "o", "Tags": "x, y", "Event Activity": "ACTIVE"}),
        a_property("p", **{"Property Description": "two\nlines", "Property Required": "TRUE"}),
        an_event("b"),
        a_property(
            "p", "number", **{"Number Is Integer": "TRUE", "Number Property Value Max": "9"}
        ),
        a_property(
            "e",
            "enum",
            **{"Enum Values": "x,y", "Property Is Array": "TRUE", "Array Max Items": "3"},
        ),
        a_property("c", "const", **{"Const Value": "a, b"}),
        a_property("any", "any", **{"Property Visibility": "VISIBLE"}),
    )
    a, b = found.taxonomy.events['"a"'], found.taxonomy.events["b"]
    assert (a.owner, a.tags, a.properties["p"].required) == ("o", ["x", "y"], True)
    assert a.properties["p"].description == "two\nlines"
    assert a.meta == {"amplitude": {"Event Activity": "ACTIVE"}}
    assert (b.properties["p"].type, b.properties["p"].maximum) == (["integer"], 9)
    assert b.properties["e"].max_items == 3 and b.properties["e"].items.enum == ["x", "y"]
    assert b.properties["c"].enum == ["a, b"] and b.properties["any"].type is None
    assert found.dropped == () and write("amplitude", found.taxonomy, tmp_path / "x.csv") == []
    header = (tmp_path / "x.csv").read_text().splitlines()[0]
    assert header == ",".join(EVENT_COLUMNS) and len(EVENT_COLUMNS) == 41


def test_amplitude_leaves_out_what_is_not_planned(amplitude) -> None:
    found = amplitude(
        {**an_event("gone"), "Action": "IGNORE", "Event Schema Status": "DELETED"},
        a_property("with it"),
        {**an_event("seen"), "Event Schema Status": "UNEXPECTED"},
        an_event("kept"),
        {**a_property("odd"), "Action": "Ignore"},
        a_property("p"),
    )
    assert [*found.taxonomy.events] == ["kept"]
    assert [*found.taxonomy.events["kept"].properties] == ["p"]
    assert [(each.event, each.what.split(":")[0]) for each in found.dropped] == [
        ("gone", "the whole event"),
        ("seen", "the whole event"),
        ("kept", "properties.odd"),
    ]


def test_amplitude_tells_a_sorted_file(amplitude) -> None:
    with pytest.raises(ConfigurationError, match=r"events.csv:2.*do not sort it"):
        amplitude(a_property("p"), an_event("a"))
    with pytest.raises(ConfigurationError, match="nothing is planned"):
        amplitude({**an_event("a"), "Action": "IGNORE"})


def test_amplitude_columns_in_any_case_and_the_one_that_stands_twice(tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    row = {
        "Property Type": "User Property",
        "Property Name": "plan",
        "Property Value Type": "string",
    }
    path.write_text(table(USER_COLUMNS, row).replace("Property Name", "Property name"))
    found = read("amplitude", path).taxonomy
    assert found.events["user properties"].properties["plan"].type == ["string"]
    assert write("amplitude", found, tmp_path / "x.csv") == []
    assert (tmp_path / "x.csv").read_text().splitlines()[0] == ",".join(USER_COLUMNS)
    assert USER_COLUMNS.count("Property Value Type") == 2


def test_amplitude_answers_of_the_api(tmp_path: Path) -> None:
    path = tmp_path / "api.json"
    data: list[dict[str, Any]] = [
        {"event_type": "a", "category": {"name": "c"}, "is_active": False, "tags": ["t"]},
        {"event_type": "a", "event_property": "p", "type": "enum", "enum_values": "x,y",
         "is_required": True, "classifications": ["PII", "REVENUE"]},
        {"event_type": None, "event_property": "q", "type": "string", "regex": "^a"},
        {"user_property": "gp:plan", "type": "number", "is_array_type": True},
    ]  # fmt: skip
    path.write_text(json.dumps({"success": True, "data": data}))
    found = read("amplitude", path).taxonomy
    assert {*found.events} == {"a", "user properties", "event properties"}
    rule = found.events["a"].properties["p"]
    assert (rule.enum, rule.required, rule.pii) == (["x", "y"], True, "other")
    assert found.events["event properties"].properties["q"].pattern == "^a"
    assert write("amplitude", found, tmp_path / "x.json") == []
    path.write_text(json.dumps({"success": True, "data": data[0]}))  # one, not a list
    assert [*read("amplitude", path).taxonomy.events] == ["a"]


def test_mixpanel_rows_and_what_a_cell_cannot_say(tmp_path: Path) -> None:
    path = tmp_path / "lexicon.csv"
    rows = [
        {"Entity Type": "event", "Entity Name": "a", "Event Tags": "t", "Event Hidden": "TRUE"},
        {"Property Name": "n", "Property Type": "number", "Property Example Values": "2.5"},
        {"Property Name": "at", "Property Type": "datetime", "Property Sensitive": "TRUE"},
        {"Property Name": "l", "Property Type": "list", "Property Required": "TRUE"},
        {"Property Name": "odd", "Property Type": "colour"},
        {"Entity Type": "profile", "Entity Name": "$user"},
    ]
    path.write_text(table(COLUMNS, *rows))
    found = read("mixpanel", path)
    event = found.taxonomy.events["a"]
    assert [*found.taxonomy.events] == ["a", "profile: $user"]
    assert event.meta == {"mixpanel": {"Event Hidden": "TRUE"}} and event.tags == ["t"]
    assert event.properties["n"].examples == [2.5]
    assert (event.properties["at"].format, event.properties["at"].pii) == ("date-time", "other")
    assert event.properties["l"].type == ["array"] and event.properties["l"].required
    assert [each.what for each in found.dropped] == ["properties.odd.type: unknown type colour"]
    assert write("mixpanel", found.taxonomy, tmp_path / "x.csv") == []
    path.write_text(table(COLUMNS, rows[1], rows[0]))
    with pytest.raises(ConfigurationError, match=r"lexicon.csv:2.*do not sort it"):
        read("mixpanel", path)


def test_mixpanel_answers_of_the_api(tmp_path: Path) -> None:
    path = tmp_path / "schemas.json"
    said = {"displayName": "A", "tags": ["t"], "hidden": True}
    schema = {
        "properties": {"big": {"type": "integer", "examples": [2**60 + 1]}},
        "metadata": {"com.mixpanel": said, "com.other": 1},
    }
    entries = [
        {"entityType": "event", "name": "a", "schemaJson": schema},
        {"entityType": "profile", "name": "$user", "schemaJson": {}},
    ]
    path.write_text(json.dumps({"results": entries, "status": "ok"}))
    found = read("mixpanel", path).taxonomy
    a = found.events["a"]
    assert (a.display_name, a.tags, a.properties["big"].examples) == ("A", ["t"], [2**60 + 1])
    assert write("mixpanel", found, tmp_path / "x.json") == []
    assert str(2**60 + 1) in (tmp_path / "x.json").read_text()
