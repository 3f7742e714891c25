"""JSON Schema of any draft as rules: what is held, what is listed, and what comes back."""

from __future__ import annotations

from typing import Any

import pytest

from orchestration.errors import ConfigurationError
from orchestration.taxonomy.formats.json_schema import Dialect, rule_of, schema_of
from orchestration.taxonomy.formats.parts import Reading
from orchestration.taxonomy.formats.references import inlined
from orchestration.taxonomy.properties import PropertyRule

DIALECT = Dialect("tool")


def read(schema: Any, dialect: Dialect = DIALECT) -> tuple[PropertyRule, list[str]]:
    reading = Reading(dialect.namespace)
    rule = rule_of(schema, reading, (), dialect)
    return rule, [each.what for each in reading.dropped]


@pytest.mark.parametrize(
    ("schema", "fields"),
    [
        ({"type": ["string", "null"]}, {"type": ["string", "null"]}),
        ({"const": 2**60 + 1}, {"enum": [2**60 + 1]}),
        ({"minimum": 5, "exclusiveMinimum": True}, {"exclusive_minimum": 5}),  # draft 04
        ({"maximum": 5, "exclusiveMaximum": False}, {"maximum": 5}),
        ({"exclusiveMaximum": 1.5}, {"exclusive_maximum": 1.5}),
        ({"maxLength": 3.0}, {"max_length": 3}),
        ({"not": {"type": "null"}}, {"type": "null-free"}),
        ({"type": "any", "required": True}, {"required": True}),  # draft 03
        (True, {}),
        ({"items": {"type": "string"}}, {"items": {"type": "string"}}),
        ({"required": ["a"]}, {"properties": {"a": {"required": True}}}),
    ],
)
def test_what_rules_hold(schema: Any, fields: dict[str, Any]) -> None:
    assert read(schema) == (PropertyRule.model_validate(fields), [])


@pytest.mark.parametrize(
    "schema",
    [
        {"oneOf": [{"type": "string"}, {"type": "integer"}]},
        {"patternProperties": {"^x": {}}},
        {"if": {}, "then": {}},
        {"items": [{"type": "string"}]},
        {"uniqueItems": True},
        {"minimum": "2020-01-01"},
        {"minimum": 5, "maximum": 4},
        {"enum": []},
        {"type": "date"},
        {"$ref": "http://example.com/other.json"},
        {"additionalProperties": False},
        {"not": {}},
    ],
)
def test_what_they_cannot_hold_is_listed_and_comes_back(schema: dict[str, Any]) -> None:
    rule, dropped = read(schema)
    assert len(dropped) >= 1 and all("not checked" in each for each in dropped)
    assert schema_of(rule, DIALECT) == schema


def test_what_only_says_something_is_kept_without_a_word() -> None:
    schema = {"title": "T", "default": 1, "$comment": "c", "index": 3}
    rule, dropped = read(schema)
    assert dropped == []
    assert rule.meta == {
        "json_schema": {"title": "T", "default": 1, "$comment": "c"},
        "tool": {"index": 3},
    }
    assert schema_of(rule, DIALECT) == schema


def test_draft_04_says_the_stricter_of_two_bounds() -> None:
    old = Dialect("tool", is_draft_04=True)
    both = PropertyRule(minimum=1, exclusive_minimum=2, maximum=9, exclusive_maximum=10)
    assert schema_of(both, old) == {"minimum": 2, "exclusiveMinimum": True, "maximum": 9}


def test_references_are_replaced_wherever_schemas_stand() -> None:
    root = {
        "$defs": {"a/b": {"type": "string"}, "n": {"minimum": 1}},
        "properties": {
            "x": {"$ref": "#/$defs/a~1b", "description": "mine"},
            "$ref": {"items": {"$ref": "#/definitions/none"}},
            "y": {"enum": [{"$ref": "#/$defs/n"}], "allOf": [{"$ref": "#/$defs/n"}]},
        },
    }
    assert inlined({**root, "properties": {k: root["properties"][k] for k in "xy"}}) == {
        "properties": {
            "x": {"type": "string", "description": "mine"},
            "y": {"enum": [{"$ref": "#/$defs/n"}], "allOf": [{"minimum": 1}]},
        }
    }
    assert inlined(root)["$defs"] == root["$defs"]  # one that leads nowhere stays, with these


def test_what_contains_itself_stays_a_reference() -> None:
    root = {
        "$defs": {"node": {"properties": {"child": {"$ref": "#/$defs/node"}}}},
        "properties": {"tree": {"$ref": "#/$defs/node"}, "all": {"$ref": "#"}},
    }
    assert inlined(root) == root


def test_definitions_that_multiply_are_refused() -> None:
    defs: dict[str, Any] = {"d0": {"type": "string"}}
    for n in range(1, 40):
        each = {"$ref": f"#/$defs/d{n - 1}"}
        defs[f"d{n}"] = {"properties": {"a": each, "b": each}}
    with pytest.raises(ConfigurationError, match="unfold to over"):
        inlined({"$defs": defs, "properties": {"x": {"$ref": "#/$defs/d39"}}})
