"""The Data Contract Specification 1.x, ODCS's forerunner: models are events, fields properties."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestration.taxonomy.formats.parts import (
    Draft,
    Place,
    Reading,
    settle,
    text_list,
    without_empty,
)
from orchestration.taxonomy.properties import PropertyRule

NAMESPACE = "data_contract"
_SPELLINGS: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
    (("string", "text", "varchar", "char", "uuid"), {"type": ["string"]}),
    (("integer", "int", "long", "bigint", "smallint"), {"type": ["integer"]}),
    (("number", "decimal", "numeric", "float", "double"), {"type": ["number"]}),
    (("boolean",), {"type": ["boolean"]}),
    (("date",), {"type": ["string"], "format": "date"}),
    (
        ("timestamp", "timestamp_tz", "timestamp_ntz"),
        {"type": ["string"], "format": "date-time"},
    ),
    (("time",), {"type": ["string"], "format": "time"}),
    (("array",), {"type": ["array"]}),
    (("object", "record", "struct", "map"), {"type": ["object"]}),
    (("null",), {"type": ["null"]}),
)
_TYPES = {word: fields for words, fields in _SPELLINGS for word in words}
_EXACT = (
    "string",
    "integer",
    "number",
    "boolean",
    "date",
    "timestamp",
    "time",
    "array",
    "object",
    "null",
)
_FIELDS = {
    "description": "description",
    "required": "required",
    "enum": "enum",
    "pattern": "pattern",
    "format": "format",
    "minLength": "min_length",
    "maxLength": "max_length",
    "minimum": "minimum",
    "maximum": "maximum",
    "exclusiveMinimum": "exclusive_minimum",
    "exclusiveMaximum": "exclusive_maximum",
    "examples": "examples",
}


def drafts(document: Mapping[str, Any], models: Mapping[str, Any]) -> list[Draft]:
    """The events of a contract's models."""
    return [_draft(name, model, document.get("definitions")) for name, model in models.items()]


def _draft(name: str, model: Mapping[str, Any], definitions: Any) -> Draft:
    reading = Reading(NAMESPACE)
    known = definitions if isinstance(definitions, Mapping) else {}
    kept = ("description", "title", "fields", "tags")
    if model.get("quality"):
        reading.drop(("quality",), "kept in meta, not checked")
    return Draft(
        name=name,
        keys=(name,),
        fields={
            "description": model.get("description"),
            "display_name": model.get("title"),
            "tags": text_list(model.get("tags")),
            "properties": _rules(model.get("fields"), known, reading, ()),
            "meta": without_empty(
                {NAMESPACE: {key: each for key, each in model.items() if key not in kept}}
            ),
        },
        rank=(name,),
        dropped=reading.dropped,
    )


def _rules(
    fields: Any, definitions: Mapping[str, Any], reading: Reading, at: Place
) -> dict[str, PropertyRule]:
    rules: dict[str, PropertyRule] = {}
    for name, field in fields.items() if isinstance(fields, Mapping) else ():
        place = (*at, "properties", name)
        if not name or not isinstance(field, Mapping):
            reading.drop(place, "is no field")
        else:
            rules[name] = _rule(field, definitions, reading, place)
    return rules


def _rule(
    field: Mapping[str, Any], definitions: Mapping[str, Any], reading: Reading, at: Place
) -> PropertyRule:
    reference = field.get("$ref")
    defined = definitions.get(str(reference).removeprefix("#/definitions/")) if reference else None
    if isinstance(defined, Mapping):
        field = {**defined, **{key: each for key, each in field.items() if key != "$ref"}}
    elif reference:
        reading.drop((*at, "$ref"), "points to nothing in the file")
    kind = str(field.get("type", "")).lower()
    fields: dict[str, Any] = {**_TYPES.get(kind, {})}
    fields |= {name: field[key] for key, name in _FIELDS.items() if key in field}
    if field.get("pii") is True:
        fields["pii"] = "other"
    if isinstance(field.get("fields"), Mapping):
        fields["properties"] = _rules(field["fields"], definitions, reading, at)
    if isinstance(field.get("items"), Mapping):
        fields["items"] = _rule(field["items"], definitions, reading, (*at, "items"))
    _, refused = settle(PropertyRule, fields)
    if kind and kind not in _TYPES:
        reading.drop((*at, "type"), f"unknown type {kind}")
    taken = {key for key, name in _FIELDS.items() if name in fields and name not in refused}
    taken |= {"fields", "items", *(["type"] if kind in _EXACT else [])}
    taken |= {"pii"} if isinstance(field.get("pii"), bool) else set()
    rest = {key: each for key, each in field.items() if key not in taken}
    for key in rest:
        if key in _FIELDS or key == "quality":
            reading.drop((*at, key), "kept in meta, not checked")
    said = {name: each for name, each in fields.items() if name not in refused}
    return PropertyRule.model_validate({**said, "meta": without_empty({NAMESPACE: rest})})
