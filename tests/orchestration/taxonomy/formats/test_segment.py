"""Segment: the nestings of its JSON, versions and types of one name, labels, and CSV."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from orchestration.taxonomy.formats import read, write

NEVER = "0001-01-01T00:00:00.000Z"


def rule(
    key: str | None = "Paid", kind: str = "TRACK", version: int = 1, **schema: Any
) -> dict[str, Any]:
    named = {} if key is None else {"key": key}
    return {"type": kind, **named, "version": version, "jsonSchema": {"type": "object", **schema}}


@pytest.fixture
def imported(tmp_path: Path):
    def _imported(*rules: dict[str, Any], **plan: Any):
        path = tmp_path / "plan.json"
        path.write_text(json.dumps({**plan, "rules": rules}))
        return read("segment", path)

    return _imported


def section(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def test_both_nestings_mean_the_same(imported) -> None:
    bare = imported(rule(properties={"total": {"type": "number"}}, required=["total"]))
    inner = {**section(total={"type": "number"}), "required": ["total"]}
    whole = imported(
        rule(properties={"properties": inner, "context": section(), "traits": section()})
    )
    assert bare.taxonomy.events["Paid"].properties == whole.taxonomy.events["Paid"].properties
    assert [each.what for each in whole.dropped] == [
        "context: kept in meta, not checked",
        "traits: kept in meta, not checked",
    ]


def test_a_property_that_is_called_context_is_no_section(imported) -> None:
    found = imported(rule(properties={"context": {"type": "string"}})).taxonomy
    assert [*found.events["Paid"].properties] == ["context"]


def test_versions_and_types_of_one_name_keep_apart(imported, tmp_path: Path) -> None:
    found = imported(
        rule("Paid", version=1, properties={"a": {}}),
        rule("Paid", version=3, properties={"b": {}}),
        rule("identify"),
        rule(None, "IDENTIFY", properties={"traits": section(email={"type": "string"})}),
        rule("Pricing", "PAGE"),
        rule("paid"),
    ).taxonomy
    assert [*found.events] == [
        "Paid (TRACK version 1)", "Paid", "identify", "identify (IDENTIFY version 1)",
        "page: Pricing", "paid",
    ]  # fmt: skip
    assert found.events["Paid"].since_version == "3.0.0" == found.version
    assert write("segment", found, tmp_path / "x.json") == []
    assert read("segment", tmp_path / "x.json").taxonomy == found
    back = json.loads((tmp_path / "x.json").read_text())["rules"]
    assert [(each["type"], each.get("key"), each["version"]) for each in back] == [
        ("TRACK", "Paid", 1), ("TRACK", "Paid", 3), ("TRACK", "identify", 1),
        ("IDENTIFY", None, 1), ("PAGE", "Pricing", 1), ("TRACK", "paid", 1),
    ]  # fmt: skip


def test_twins_and_the_nameless_are_kept(imported, tmp_path: Path) -> None:
    found = imported(
        rule(""), rule("a", properties={"x": {}}), rule("a", properties={"y": {}})
    ).taxonomy
    assert {*found.events} == {"unnamed", "a", "a (TRACK version 1)"}
    assert write("segment", found, tmp_path / "x.json") == []


def test_labels_dates_and_closed_schemas(imported, tmp_path: Path) -> None:
    one = rule(labels={"owner": "sales", "kind": "huge", "tier": "1"}, additionalProperties=False)
    found = imported(
        {**one, "deprecatedAt": "2025-03-01T10:00:00.000Z", "createdAt": "2024"},
        {**rule("b"), "deprecatedAt": NEVER},
        name="Plan",
    ).taxonomy
    paid, other = found.events["Paid"], found.events["b"]
    assert (paid.owner, paid.kind, paid.deprecated_on) == ("sales", None, date(2025, 3, 1))
    assert paid.enforcement == {"extra_property": "flag"}
    assert paid.meta["segment"] == {
        "labels": {"kind": "huge", "tier": "1"},
        "createdAt": "2024",
        "deprecatedAt": "2025-03-01T10:00:00.000Z",
    }
    assert (other.deprecated_on, other.meta) == (None, {})
    assert found.meta == {"segment": {"name": "Plan"}}
    assert write("segment", found, tmp_path / "x.json") == []


def test_the_old_api_and_envelopes(tmp_path: Path) -> None:
    inner = {"properties": {"properties": section(a={"type": "integer"})}}
    path = tmp_path / "old.json"
    path.write_text(
        json.dumps(
            {
                "name": "rs_1",
                "rules": {
                    "events": [{"name": "Paid", "description": "d", "version": 2, "rules": inner}],
                    "global": {},
                    "identify": {"properties": {"traits": section(email={})}},
                    "identify_traits": [],
                },
            }
        )
    )
    found = read("segment", path).taxonomy
    assert [*found.events] == ["Paid", "identify"]
    assert found.events["Paid"].description == "d"
    assert write("segment", found, tmp_path / "x.json", "config") == []
    page = {"data": {"rules": [rule()], "pagination": {"next": "MjA="}}}
    path.write_text(json.dumps(page))
    (said,) = read("segment", path).dropped
    assert "one page of several" in said.what


def test_csv_says_required_by_the_type(tmp_path: Path) -> None:
    path = tmp_path / "plan.csv"
    path.write_text(
        "Version,Event Type,Event Name,Property Name,Description,Labels,"
        "Property Data Type,Enum Values\n"
        '1,track,Paid,,An order,"a:b",,\n'
        "1,track,Paid,total,,,number,\n"
        '1,track,Paid,coupon,,,"string,null","X, Y"\n'
        "1,track,Paid,items,,,array,\n"
        "1,track,Paid,items.$,,,object,\n"
        "1,track,Paid,items.$.sku,,,string,\n"
        '2,track,Paid,total,,,"integer,null","1,2"\n'
    )
    found = read("segment", path).taxonomy
    new, old = found.events["Paid"], found.events["Paid (TRACK version 1)"]
    assert new.properties["total"].enum == [1, 2] and not new.properties["total"].required
    assert old.properties["total"].required and old.description == "An order"
    assert old.properties["coupon"].enum == ["X", "Y"]
    assert old.properties["items"].items.properties["sku"].required
    assert write("segment", found, tmp_path / "x.csv") == []
