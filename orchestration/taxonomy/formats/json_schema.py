"""JSON Schema, draft 04 to 2020-12, as the dictionary's property rules, and back.

Keywords that rules have no field for stay in `meta: {json_schema: ...}`, or in the format's own
namespace where no draft knows them, and are written again. Those that restrict values are listed
as dropped all the same: the dictionary does not check them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from orchestration.taxonomy.formats.parts import Place, Reading, own_meta, settle, without_empty
from orchestration.taxonomy.formats.references import DEFINITIONS, inlined
from orchestration.taxonomy.model import Event
from orchestration.taxonomy.properties import JsonType, PropertyRule

NAMESPACE = "json_schema"
DRAFT_07 = "http://json-schema.org/draft-07/schema#"

_FIELDS = {
    "description": "description",
    "enum": "enum",
    "format": "format",
    "pattern": "pattern",
    "minimum": "minimum",
    "maximum": "maximum",
    "exclusiveMinimum": "exclusive_minimum",
    "exclusiveMaximum": "exclusive_maximum",
    "multipleOf": "multiple_of",
    "minLength": "min_length",
    "maxLength": "max_length",
    "minItems": "min_items",
    "maxItems": "max_items",
    "examples": "examples",
}
_COUNTS = ("min_length", "max_length", "min_items", "max_items")
# Keywords of the standard that rules have no field for.
_SAYS = {
    "$anchor", "$comment", "$defs", "$id", "$schema", "contentEncoding", "contentMediaType",
    "default", "definitions", "deprecated", "readOnly", "title", "writeOnly",
}  # fmt: skip
_RESTRICTS = {
    "$dynamicRef", "$recursiveRef", "$ref", "additionalItems", "additionalProperties", "allOf",
    "anyOf", "const", "contains", "contentSchema", "dependencies", "dependentRequired",
    "dependentSchemas", "disallow", "else", "extends", "if", "items", "maxContains",
    "maxProperties", "minContains", "minProperties", "not", "oneOf", "patternProperties",
    "prefixItems", "properties", "propertyNames", "required", "then", "type", "unevaluatedItems",
    "unevaluatedProperties", "uniqueItems",
}  # fmt: skip
_TYPES = {*get_args(JsonType)} - {"null-free"}
_NOT_NULL = {"type": "null"}
UNCHECKED = "kept in meta, not checked"


@dataclass(frozen=True)
class Dialect:
    """How a format writes JSON Schema.

    `closed` is the keyword that forbids further properties, `pii` a flag of personal properties.
    Draft 04 has exclusive bounds as flags.
    """

    namespace: str
    closed: str = "additionalProperties"
    pii: str | None = None
    is_draft_04: bool = False


def section_fields(schema: Mapping[str, Any], reading: Reading, dialect: Dialect) -> dict[str, Any]:
    """The fields of an event from the object schema of its properties."""
    closed = next(
        (
            key
            for key in (dialect.closed, "additionalProperties", "unevaluatedProperties")
            if isinstance(schema.get(key), bool)
        ),
        None,
    )
    rules = _members(schema, reading, (), dialect)
    rest, own = _leftovers(
        {
            key: value
            for key, value in schema.items()
            if key not in ("description", "properties", "required", closed)
            and not (key == "type" and value in ("object", ["object"]))
        },
        reading,
        (),
        dialect,
    )
    for key, value in schema.items():
        if (key == "properties" and not isinstance(value, Mapping)) or (
            key == "required" and not isinstance(value, list | bool)
        ):
            reading.drop((key,), "not in a form that JSON Schema has")
    return without_empty(
        {
            "description": schema.get("description"),
            "properties": rules,
            "enforcement": {"extra_property": "pass" if schema[closed] else "flag"}
            if closed
            else {},
            "meta": without_empty(
                {NAMESPACE: rest, dialect.namespace: without_empty({"schema": own})}
            ),
        }
    )


def section_schema(event: Event, dialect: Dialect) -> dict[str, Any]:
    """The object schema of an event's properties, without its description."""
    mode = event.enforcement.get("extra_property")
    return {
        **own_meta(event, NAMESPACE),
        **own_meta(event, dialect.namespace).get("schema", {}),
        "type": "object",
        **_with_members(event.properties, dialect, always=True),
        **({} if mode is None else {dialect.closed: mode == "pass"}),
    }


def hoisted(section: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A section without its definitions, and these: references find them in the root alone."""
    return (
        {key: value for key, value in section.items() if key not in DEFINITIONS},
        {key: value for key, value in section.items() if key in DEFINITIONS},
    )


def unwrapped(
    rules: Mapping[str, Any], path: tuple[str, ...]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The section at `path` below the properties of a schema, and what else the schema says.

    The section has the references of the whole schema replaced, and its definitions where they
    are still needed.
    """
    whole = inlined(rules)
    section: Any = whole
    for key in path:
        members = section.get("properties") if isinstance(section, Mapping) else None
        section = members.get(key) if isinstance(members, Mapping) else None
    section = dict(section) if isinstance(section, Mapping) else {}
    section.update({key: whole.pop(key) for key in DEFINITIONS if key in whole})
    return section, _without(whole, path)


def _without(schema: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """A schema without the member at `path`, and without what only carried it."""
    outer = dict(schema)
    members = outer.get("properties")
    if isinstance(members, Mapping):
        rest = dict(members)
        inner = rest.pop(path[0], None)
        if len(path) > 1 and isinstance(inner, Mapping):
            rest |= without_empty({path[0]: _without(inner, path[1:])})
        outer = {**outer, "properties": rest}
        if not rest:
            del outer["properties"]
    if outer.get("type") == "object":
        del outer["type"]
    return outer


def wrapped(
    section: Mapping[str, Any], path: tuple[str, ...], outer: Mapping[str, Any]
) -> dict[str, Any]:
    """A section put back to its place in the schema around it; the opposite of `unwrapped`."""
    members = outer.get("properties")
    members = dict(members) if isinstance(members, Mapping) else {}
    around = members.get(path[0])
    inner = (
        dict(section)
        if len(path) == 1
        else wrapped(section, path[1:], around if isinstance(around, Mapping) else {})
    )
    return {"type": "object", **outer, "properties": {**members, path[0]: inner}}


def rule_of(
    schema: Any, reading: Reading, at: Place, dialect: Dialect, *, required: bool = False
) -> PropertyRule:
    """A property's rule from its schema; what it cannot hold is in `meta` and listed."""
    if isinstance(schema, bool):
        schema = {} if schema else {"not": {}}
    if not isinstance(schema, Mapping):
        reading.drop(at, "is no schema")
        return PropertyRule(required=required)
    taken: dict[str, str] = {}  # field to keyword
    fields: dict[str, Any] = {"required": required or schema.get("required") is True}

    def take(keyword: str, name: str, value: Any) -> None:
        taken[name] = keyword
        fields[name] = value

    for keyword, name in _FIELDS.items():
        if keyword in schema:
            value = schema[keyword]
            if name in _COUNTS and isinstance(value, float) and value.is_integer():
                value = int(value)
            take(keyword, name, value)
    _bounds(schema, fields, taken)
    kinds = schema.get("type")
    listed = [kinds] if isinstance(kinds, str) else kinds
    if listed == ["any"]:  # draft 03
        taken["any"] = "type"
    elif isinstance(listed, list) and listed and {*map(str, listed)} <= _TYPES:
        take("type", "type", listed)
    elif "type" not in schema and schema.get("not") == _NOT_NULL:
        take("not", "type", ["null-free"])
    if "const" in schema and "enum" not in schema:
        take("const", "enum", [schema["const"]])
    if isinstance(schema.get("items"), Mapping | bool):
        take("items", "items", rule_of(schema["items"], reading, (*at, "items"), dialect))
    if isinstance(schema.get("properties"), Mapping):
        take("properties", "properties", _members(schema, reading, at, dialect))
        taken["required"] = "required"
    elif isinstance(schema.get("required"), list):
        take("required", "properties", _members(schema, reading, at, dialect))
    if isinstance(schema.get("required"), bool):  # draft 03
        taken["required"] = "required"
    if dialect.pii and isinstance(schema.get(dialect.pii), bool):
        taken["pii"] = dialect.pii
        if schema[dialect.pii]:
            fields["pii"] = "other"
    _, refused = settle(PropertyRule, fields)
    fields = {name: value for name, value in fields.items() if name not in refused}
    used = {taken[name] for name in taken if name not in refused}
    rest, own = _leftovers(
        {key: value for key, value in schema.items() if key not in used}, reading, at, dialect
    )
    meta = without_empty({NAMESPACE: rest, dialect.namespace: own})
    return PropertyRule.model_validate({**fields, "meta": meta}, strict=True)


def _bounds(schema: Mapping[str, Any], fields: dict[str, Any], taken: dict[str, str]) -> None:
    """Draft 04 says by a flag that a bound is not itself allowed."""
    for name, exclusive, keyword in (
        ("minimum", "exclusive_minimum", "exclusiveMinimum"),
        ("maximum", "exclusive_maximum", "exclusiveMaximum"),
    ):
        flag = schema.get(keyword)
        if isinstance(flag, bool):
            del fields[exclusive]
            if flag and isinstance(fields.get(name), int | float):
                fields[exclusive] = fields.pop(name)


def _members(
    schema: Mapping[str, Any], reading: Reading, at: Place, dialect: Dialect
) -> dict[str, PropertyRule]:
    members = schema.get("properties")
    members = members if isinstance(members, Mapping) else {}
    listed = schema.get("required")
    # One that is required and not described may be anything.
    required = (
        [each for each in listed if isinstance(each, str)] if isinstance(listed, list) else []
    )
    rules: dict[str, PropertyRule] = {}
    for name, each in {**members, **{key: {} for key in required if key not in members}}.items():
        place = (*at, "properties", name)
        if not name:
            reading.drop(place, "a property needs a name")
            continue
        rules[name] = rule_of(each, reading, place, dialect, required=name in required)
    return rules


def _leftovers(
    schema: Mapping[str, Any], reading: Reading, at: Place, dialect: Dialect
) -> tuple[dict[str, Any], dict[str, Any]]:
    rest: dict[str, Any] = {}
    own: dict[str, Any] = {}
    for keyword, value in schema.items():
        is_field = keyword in _FIELDS
        if keyword not in _SAYS | _RESTRICTS and not is_field:
            own[keyword] = value
            continue
        rest[keyword] = value
        is_harmless = keyword in ("additionalProperties", "unevaluatedProperties") and value is True
        if (keyword in _RESTRICTS or is_field) and not is_harmless:
            reading.drop((*at, keyword), UNCHECKED)
    return rest, own


def schema_of(rule: PropertyRule, dialect: Dialect) -> dict[str, Any]:
    """The schema of a property. Whether it is required is said by the object around it."""
    schema: dict[str, Any] = {**own_meta(rule, NAMESPACE), **own_meta(rule, dialect.namespace)}
    if rule.type == ["null-free"]:
        schema["not"] = dict(_NOT_NULL)
    elif rule.type is not None:
        schema["type"] = rule.type[0] if len(rule.type) == 1 else list(rule.type)
    for keyword, name in _FIELDS.items():
        value = getattr(rule, name)
        if value not in (None, "", []):
            schema[keyword] = value
    if dialect.is_draft_04:
        _flag_bounds(rule, schema)
    if rule.items is not None:
        schema["items"] = schema_of(rule.items, dialect)
    if rule.properties:
        schema.update(_with_members(rule.properties, dialect))
    if dialect.pii and rule.pii:
        schema[dialect.pii] = True
    return schema


def _with_members(
    rules: Mapping[str, PropertyRule], dialect: Dialect, *, always: bool = False
) -> dict[str, Any]:
    required = [name for name, rule in rules.items() if rule.required]
    return {
        **(
            {"properties": {n: schema_of(r, dialect) for n, r in rules.items()}}
            if rules or always
            else {}
        ),
        **({"required": required} if required else {}),
    }


def _flag_bounds(rule: PropertyRule, schema: dict[str, Any]) -> None:
    """Of two bounds on one side, draft 04 can say the stricter only."""
    low, high = rule.exclusive_minimum, rule.exclusive_maximum
    if low is not None:
        del schema["exclusiveMinimum"]
        if rule.minimum is None or low >= rule.minimum:
            schema |= {"minimum": low, "exclusiveMinimum": True}
    if high is not None:
        del schema["exclusiveMaximum"]
        if rule.maximum is None or high <= rule.maximum:
            schema |= {"maximum": high, "exclusiveMaximum": True}
