"""Each way to break the event dictionary, from the raw line to the gate, in each mode."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.end_to_end.test_command_line import waybill

MODES = ("pass", "flag", "strip", "quarantine")
KINDS = ("missing_required", "wrong_type", "bad_value", "extra_property")
NOON = 1740830400  # 2025-03-01 12:00 UTC
FORM = {
    "kind": "micro",
    "description": "A form was sent.",
    "properties": {
        "form_type": {"type": "string", "enum": ["1040", "W2"], "required": True},
        "pages": {"type": ["integer", "null"], "minimum": 1},
        "sender": {"type": "object", "properties": {"zip": {"pattern": "^[0-9]{5}$"}}},
    },
}
GOOD: dict[str, Any] = {"form_type": "1040", "pages": 2, "sender": {"zip": "10115"}}
# properties of a record by what it breaks; a number outside its range and a member of an object too
RECORDS: dict[str, dict[str, Any]] = {
    "good": GOOD,
    "null where null may be": {**GOOD, "pages": None},
    "missing_required": {k: v for k, v in GOOD.items() if k != "form_type"},
    "wrong_type": {**GOOD, "pages": "many"},
    "bad_value": {**GOOD, "form_type": "1099"},
    "bad_value below": {**GOOD, "pages": 0},
    "bad_value deep": {**GOOD, "sender": {"zip": "1011"}},
    "extra_property": {**GOOD, "colour": "blue"},
}


def event(mode: str) -> dict[str, Any]:
    modes = dict.fromkeys(KINDS, mode)
    if mode == "strip":
        modes["missing_required"] = "flag"
    return {**FORM, "enforcement": modes}


def taxonomy(unplanned: str) -> dict[str, Any]:
    events: dict[str, Any] = {f"form_{mode}": event(mode) for mode in MODES}
    for mode in ("pass", "flag", "quarantine"):
        events[f"old_{mode}"] = {
            "kind": "micro",
            "description": "Was sent.",
            "status": "retired",
            "retired_on": "2025-03-01",
            "enforcement": {"retired_event": mode},
        }
    events["tax_sent"] = {
        "kind": "micro",
        "description": "A tax form was sent.",
        "aliases": {"app": [{"name": "Sent", "when": {"type": ["tax", "vat"]}}]},
        "properties": {
            "form_type": {
                "type": "string",
                "enum": ["1040"],
                "renames": {"mixpanel": ["formType"]},
                "values": {"app": {"Form 1040": "1040"}},
            }
        },
        "enforcement": {"bad_value": "quarantine"},
    }
    events["message_sent"] = {
        "kind": "micro",
        "description": "A message was sent.",
        "aliases": {"app": ["Sent"]},
    }
    return {"version": "2.1.0", "enforcement": {"unplanned_event": unplanned}, "events": events}


def lines() -> list[tuple[str, dict[str, Any]]]:
    found = [
        (f"form_{mode}", {**own, "label": what}) for mode in MODES for what, own in RECORDS.items()
    ]
    found += [(f"old_{mode}", {}) for mode in ("pass", "flag", "quarantine")]
    found += [
        ("Sent", {"type": "tax", "formType": "Form 1040"}),
        ("Sent", {"type": "vat", "formType": "W2"}),
        ("Sent", {"type": "text"}),
        ("nobody_planned_it", {}),
    ]
    return found


def build(folder: Path, unplanned: str, gates: str = "{}") -> dict[str, Any]:
    (folder / "in").mkdir(parents=True)
    written = [
        json.dumps(
            {
                "event": name,
                "properties": {
                    "time": NOON + number, "distinct_id": "u", "$insert_id": f"i{number}", **own
                },
            }
        )
        for number, (name, own) in enumerate(lines())
    ]  # fmt: skip
    (folder / "in/a.json").write_text("\n".join(written) + "\n")
    dictionary = taxonomy(unplanned)
    for name, each in dictionary["events"].items():
        if name.startswith("form_"):
            each["properties"] = {**each["properties"], "label": {"type": "string"}}
    (folder / "taxonomy.yaml").write_text(json.dumps(dictionary))
    config = folder / "migration.yaml"
    config.write_text(
        f"home: home\ntaxonomy: taxonomy.yaml\ngates: {gates}\n"
        "sources: {app: {vendor: mixpanel, location: in, timezone: UTC}}\n"
    )
    done = waybill(config, "run", "--json")
    assert done.stdout, done.stderr
    printed: dict[str, Any] = json.loads(done.stdout)
    return {**printed, "exit": done.returncode}


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    return build(tmp_path_factory.mktemp("dictionary"), "flag")


@pytest.fixture(scope="module")
def ask(printed: Mapping[str, Any]) -> Any:
    def _ask(query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(printed["warehouse"], read_only=True) as connection:
            return connection.execute(query).fetchall()

    return _ask


def loaded(ask: Any, mode: str) -> dict[str, tuple[dict[str, Any], dict[str, Any] | None]]:
    rows = ask(
        f"select properties, stripped_properties from marts.fct_events"
        f" where event_name = 'form_{mode}'"
    )
    parsed = [(json.loads(kept), stripped and json.loads(stripped)) for kept, stripped in rows]
    return {kept.pop("label"): (kept, stripped) for kept, stripped in parsed}


def violations(ask: Any, name: str) -> list[tuple[Any, ...]]:
    return ask(
        "select kind, property_name, enforcement, records from quality.fct_taxonomy_violations"
        f" where event_name = '{name}' order by all"
    )


FOUND = [
    ("bad_value", "form_type"),
    ("bad_value", "pages"),
    ("bad_value", "sender.zip"),
    ("extra_property", "colour"),
    ("missing_required", "form_type"),
    ("wrong_type", "pages"),
]


@pytest.mark.parametrize("mode", ["pass", "flag"])
def test_what_is_passed_or_flagged_is_loaded_as_it_came(ask: Any, mode: str) -> None:
    assert loaded(ask, mode) == {what: (own, None) for what, own in RECORDS.items()}
    expected = [(kind, name, "flag", 1) for kind, name in FOUND]
    assert violations(ask, f"form_{mode}") == ([] if mode == "pass" else expected)


def test_what_is_stripped_is_loaded_without_it_and_kept_beside(ask: Any) -> None:
    stripped = {
        "wrong_type": "pages",
        "bad_value": "form_type",
        "bad_value below": "pages",
        "bad_value deep": "sender",
        "extra_property": "colour",
    }
    assert loaded(ask, "strip") == {
        what: (
            {key: value for key, value in own.items() if key != stripped.get(what)},
            {stripped[what]: own[stripped[what]]} if what in stripped else None,
        )
        for what, own in RECORDS.items()
    }
    assert [row[:3] for row in violations(ask, "form_strip")] == [
        (kind, name, "flag" if kind == "missing_required" else "strip") for kind, name in FOUND
    ]


def test_what_is_quarantined_is_kept_out_with_its_reason(ask: Any) -> None:
    assert set(loaded(ask, "quarantine")) == {"good", "null where null may be"}
    reasons = ask(
        """select reason, count(*) from quality.fct_quarantine
        where json_extract_string(raw, '$.label') is not null group by 1 order by 1"""
    )
    assert reasons == [
        ("bad_value", 3), ("extra_property", 1), ("missing_required", 1), ("wrong_type", 1)
    ]  # fmt: skip
    assert [row[:3] for row in violations(ask, "form_quarantine")] == [
        (kind, name, "quarantine") for kind, name in FOUND
    ]


def test_retired_events(ask: Any) -> None:
    kept = {row[0] for row in ask("select event_name from marts.fct_events") if row[0]}
    assert {"old_pass", "old_flag"} <= kept and "old_quarantine" not in kept
    assert violations(ask, "old_pass") == []
    assert violations(ask, "old_flag") == [("retired_event", None, "flag", 1)]
    assert violations(ask, "old_quarantine") == [("retired_event", None, "quarantine", 1)]


def test_an_alias_with_a_condition_a_rename_and_a_value_map(ask: Any) -> None:
    found = ask(
        """select event_name, properties ->> 'form_type', properties ->> 'formType'
        from marts.fct_events where source_event_name = 'Sent' order by all"""
    )
    # the second tax form, a W2, is no allowed value and is kept out
    assert found == [("message_sent", None, None), ("tax_sent", "1040", None)]
    assert violations(ask, "tax_sent") == [("bad_value", "form_type", "quarantine", 1)]


def test_the_ledger_balances_and_the_gates_tell(printed: Mapping[str, Any]) -> None:
    read, *fates = printed["ledger"]["app"].values()
    assert read == sum(fates) == len(lines())
    assert printed["ledger"]["app"]["quarantined"] == 6 + 1 + 1
    rules = {each["rule"] for gate in printed["gates"] for each in gate["warned"]}
    assert {*KINDS, "retired_event", "unplanned_event"} <= rules
    assert printed["exit"] == 0


def test_an_unplanned_event_is_kept_out_where_that_is_asked_for(tmp_path: Path) -> None:
    printed = build(tmp_path, "quarantine", "{violation_share: {wrong_type: 0.5}}")
    with duckdb.connect(printed["warehouse"], read_only=True) as connection:
        found = connection.execute(
            "select count(*) from quality.fct_quarantine where reason = 'unplanned_event'"
        ).fetchone()
        counted = connection.execute(
            """select event_name, enforcement, records from quality.fct_taxonomy_violations
            where kind = 'unplanned_event'"""
        ).fetchall()
    assert found == (1,)
    assert counted == [("nobody_planned_it", "quarantine", 1)]
    assert printed["exit"] == 0


def test_too_many_of_a_kind_are_a_red_gate_that_holds_the_delivery(tmp_path: Path) -> None:
    kinds = {*KINDS, "retired_event"}
    limits = ", ".join(f"{kind}: 0.0" for kind in sorted(kinds))
    printed = build(tmp_path, "flag", f"{{violation_share: {{{limits}}}}}")
    (red,) = [g for g in printed["gates"] if g["stage"] == "staging"]
    assert {each["rule"] for each in red["failed"]} == {f"{k}_share_is_within_limit" for k in kinds}
    assert printed["exit"] == 1
    assert printed["ledger"]["app"]["pending"] == len(lines())
