"""Properties of a data contract of ODCS v3 as rules, and back.

What reading a written property back would not give is written into the custom property besides.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestration.taxonomy.formats.parts import Place, Reading, own_meta, settle, without_empty
from orchestration.taxonomy.properties import PropertyRule
from orchestration.taxonomy.writing import to_document

NAMESPACE = "odcs"
CUSTOM = "waybill"
_DATED = {"date": "date", "timestamp": "date-time", "time": "time"}
_FORMATS = {each: kind for kind, each in _DATED.items()}
_TYPES = ("string", "number", "integer", "boolean", "object", "array")
_OPTIONS = {
    "minLength": "min_length",
    "maxLength": "max_length",
    "pattern": "pattern",
    "minimum": "minimum",
    "maximum": "maximum",
    "exclusiveMinimum": "exclusive_minimum",
    "exclusiveMaximum": "exclusive_maximum",
    "multipleOf": "multiple_of",
    "minItems": "min_items",
    "maxItems": "max_items",
}
_FIELDS = {"description": "description", "examples": "examples", "required": "required"}


def said_in_custom(listed: Any) -> tuple[dict[str, Any], list[Any]]:
    """What this project wrote into custom properties, and the others."""
    items = listed if isinstance(listed, list) else [listed] if listed else []
    ours = [
        each["value"]
        for each in items
        if isinstance(each, dict)
        and each.get("property") == CUSTOM
        and isinstance(each.get("value"), dict)
    ]
    others = (
        [each for each in items if not (isinstance(each, dict) and each.get("value") in ours)]
        if ours
        else items
    )
    return (dict(ours[0]) if ours else {}), others


def custom_list(said: Mapping[str, Any], others: Any) -> list[Any]:
    """Custom properties with what this project says."""
    rest = others if isinstance(others, list) else [others]
    return [*rest, *([{"property": CUSTOM, "value": dict(said)}] if said else [])]


def member_rules(listed: Any, reading: Reading, at: Place) -> dict[str, PropertyRule]:
    """The rules of a list of properties."""
    rules: dict[str, PropertyRule] = {}
    for item in listed if isinstance(listed, list) else []:
        name = item.get("name") if isinstance(item, dict) else None
        place = (*at, "properties", str(name))
        if not isinstance(name, str) or not name or name in rules:
            reading.drop(place, "has no name, or stands twice")
            continue
        rules[name] = rule_of(item, reading, place)
    return rules


def rule_of(item: Mapping[str, Any], reading: Reading, at: Place) -> PropertyRule:
    """The rule of a property, what it cannot hold in `meta`."""
    kind = item.get("logicalType")
    options = item.get("logicalTypeOptions")
    options = dict(options) if isinstance(options, dict) else {}
    custom, others = said_in_custom(item.get("customProperties"))
    fields: dict[str, Any] = {}
    rest = {key: each for key, each in item.items() if key not in ("name", "customProperties")}
    if kind in _DATED:
        fields |= {"type": ["string"], "format": _DATED[kind]}
    elif kind in _TYPES:
        fields["type"] = [kind]
    if kind in (*_DATED, *_TYPES):
        del rest["logicalType"]
    if kind in ("string", None) and isinstance(options.get("format"), str):
        fields["format"] = options["format"]
    for key, name in _OPTIONS.items():
        if key in options:
            fields[name] = options[key]
    for key, name in _FIELDS.items():
        if key in item:
            fields[name] = item[key]
    if isinstance(item.get("items"), dict):
        fields["items"] = rule_of(item["items"], reading, (*at, "items"))
        del rest["items"]
    members = member_rules(item.get("properties"), reading, at)
    for name in _texts(options.get("required")):
        members[name] = members.get(name, PropertyRule()).model_copy(update={"required": True})
    if members:
        fields["properties"] = members
    rest.pop("properties", None)
    values, quality = _allowed(item.get("quality"))
    if values:
        fields["enum"] = values
    if quality:
        reading.drop((*at, "quality"), "kept in meta, not checked")
    _, refused = settle(PropertyRule, fields)
    left = {
        key: each
        for key, each in options.items()
        if not _is_taken(key, kind, fields, refused) and not (key == "required" and _texts(each))
    }
    for key in left:
        if key not in ("format", "timezone", "defaultTimezone"):
            reading.drop((*at, key), "kept in meta, not checked")
    for key in _FIELDS:
        if key in rest and key not in refused:
            del rest[key]
    rest |= {"logicalTypeOptions": left, "quality": quality, "customProperties": others}
    said = {key: each for key, each in fields.items() if key not in refused}
    own: Any = custom.get("meta", {})
    meta = {**own, **without_empty({NAMESPACE: without_empty(rest)})}
    return PropertyRule.model_validate({**said, **custom, "meta": meta})


def _is_taken(key: str, kind: Any, fields: Mapping[str, Any], refused: list[str]) -> bool:
    """Whether an option became a field; a format of dates and numbers is another thing."""
    name = "format" if key == "format" else _OPTIONS.get(key, "")
    return name in fields and name not in refused and (key != "format" or kind in ("string", None))


def _texts(value: Any) -> list[str]:
    return (
        [each for each in value if isinstance(each, str) and each]
        if isinstance(value, list)
        else []
    )


def _allowed(quality: Any) -> tuple[list[Any], list[Any]]:
    """The allowed values that a rule without exceptions lists, and the other rules."""
    rules = quality if isinstance(quality, list) else [quality] if quality else []
    for rule in rules:
        if (
            isinstance(rule, dict)
            and rule.get("metric") == "invalidValues"
            and rule.get("mustBe") == 0
            and set(rule) <= {"metric", "mustBe", "arguments", "type"}
            and isinstance(rule.get("arguments"), dict)
            and isinstance(rule["arguments"].get("validValues"), list)
            and set(rule["arguments"]) == {"validValues"}
        ):
            return rule["arguments"]["validValues"], [each for each in rules if each is not rule]
    return [], rules


def property_of(name: str, rule: PropertyRule) -> dict[str, Any]:
    """A property of a contract."""
    return {"name": name, **_element(rule)}


def _element(rule: PropertyRule) -> dict[str, Any]:
    meta = own_meta(rule, NAMESPACE)
    others = meta.pop("customProperties", [])
    options = {key: getattr(rule, name) for key, name in _OPTIONS.items()}
    kind: str | None = rule.type[0] if rule.type is not None else None
    kinds = [each for each in rule.type or () if each != "null"]
    if len(kinds) == 1:
        kind = kinds[0]
    if kind in ("string", None):
        options["format"] = rule.format
    if rule.type == ["string"] and rule.format in _FORMATS:
        kind = _FORMATS[rule.format]
        del options["format"]
    quality = meta.pop("quality", [])
    if rule.enum:
        allowed = {"metric": "invalidValues", "arguments": {"validValues": rule.enum}, "mustBe": 0}
        quality = [allowed, *quality]
    native = {
        **without_empty({"logicalType": kind if kind in (*_TYPES, *_DATED) else None}),
        **meta,
        **without_empty(
            {
                "description": rule.description,
                "required": rule.required or None,
                "logicalTypeOptions": {
                    **{k: v for k, v in options.items() if v is not None},
                    **meta.get("logicalTypeOptions", {}),
                },
                "quality": quality,
                "examples": rule.examples,
                "properties": [property_of(n, each) for n, each in rule.properties.items()],
                "items": None if rule.items is None else _element(rule.items),
                "customProperties": others,
            }
        ),
    }
    # `items: {}` says that elements may be anything, which is not nothing.
    if rule.items is not None:
        native["items"] = _element(rule.items)
    found = to_document(rule_of(native, Reading(NAMESPACE), ()))
    wanted = to_document(rule)
    custom = {
        key: value
        for key, value in wanted.items()
        if key not in ("meta", "items", "properties") and found.get(key) != value
    }
    further = {key: each for key, each in rule.meta.items() if key != NAMESPACE}
    said = {**custom, **without_empty({"meta": further})}
    return {**native, **without_empty({"customProperties": custom_list(said, others)})}
