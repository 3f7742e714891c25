"""Amplitude's value types, limits and constants of a property as rules, and back.

Types are any, string, number, boolean, enum and const; an array and a whole number are flags.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from orchestration.taxonomy.formats.parts import Dropped, Place, own_meta, without_empty
from orchestration.taxonomy.properties import PropertyRule

NAMESPACE = "amplitude"
_READ = (
    "property name", "event property name", "property description", "property value type",
    "property required", "property is array",
)  # fmt: skip
_TEXTS = {
    "String Property Value Min Length": "min_length",
    "String Property Value Max Length": "max_length",
    "Property Regex": "pattern",
}
_NUMBERS = {"Number Property Value Min": "minimum", "Number Property Value Max": "maximum"}
_ARRAYS = {"Array Min Items": "min_items", "Array Max Items": "max_items"}
DEFAULTS = {"Property Type": ("Event Property", "User Property"), "Number Is Integer": ("FALSE",)}


def rule_of(
    cells: Mapping[str, str], spelled: Mapping[str, str], at: Place, dropped: list[Dropped]
) -> PropertyRule:
    """A rule from the cells of a row by lower-case column; others stay in `meta` as spelled."""
    columns = {column.lower(): name for column, name in (_TEXTS | _NUMBERS | _ARRAYS).items()}
    said: dict[str, Any] = {}
    meta: dict[str, Any] = {}
    for column, cell in cells.items():
        if not cell or column in _READ or column in ("enum values", "const value"):
            continue
        name = columns.get(column)
        value: Any = cell if name in (None, "pattern") else _number(cell)
        if name is not None and name.startswith(("min_", "max_")) and not isinstance(value, int):
            value = None
        if name is not None and value is not None:
            said[name] = value
        elif cell not in DEFAULTS.get(spelled[column], ()):
            meta[spelled[column]] = cell
            if name is not None or column == "array unique items":
                dropped.append(Dropped(None, (*at, column), "kept in meta, not checked"))
    is_whole = meta.get("Number Is Integer", "").upper() == "TRUE"
    kind = cells.get("property value type", "").strip()
    rule = typed(
        kind,
        cells.get("enum values", ""),
        cells.get("const value", ""),
        is_whole=is_whole and meta.pop("Number Is Integer") != "",
        said=said,
        is_array=cells.get("property is array", "").strip().upper() == "TRUE",
    )
    if rule is None:
        meta["Property Value Type"] = kind
        dropped.append(Dropped(None, (*at, "type"), f"unknown type {kind}"))
        rule = PropertyRule()
    return rule.model_copy(
        update={
            "description": cells.get("property description", ""),
            "required": cells.get("property required", "").strip().upper() == "TRUE",
            "meta": without_empty({NAMESPACE: meta}),
        }
    )


def typed(
    kind: str, enum: str, const: str, *, is_whole: bool, said: Mapping[str, Any], is_array: bool
) -> PropertyRule | None:
    """A rule of one of Amplitude's types, None for no such type."""
    kind = kind.lower()
    types = {"string": "string", "number": "number", "boolean": "boolean", "object": "object",
             "enum": "string", "const": "string", "any": None, "": None}  # fmt: skip
    if kind not in types:
        return None
    of_type: Any = "integer" if is_whole and kind == "number" else types[kind]
    values = [each.strip() for each in enum.split(",") if each.strip()] if kind == "enum" else []
    if kind == "const" and const:
        values = [const]
    ordered = _in_order(said)
    limits = {key: value for key, value in ordered.items() if key not in _ARRAYS.values()}
    of_array = {key: value for key, value in ordered.items() if key in _ARRAYS.values()}
    element = without_empty({"type": of_type, "enum": values}) | limits
    if not is_array:
        return PropertyRule.model_validate({**element, **of_array})
    return PropertyRule.model_validate(
        {"type": "array", **of_array, **({"items": element} if element else {})}
    )


def _in_order(said: Mapping[str, Any]) -> dict[str, Any]:
    """The limits, without an upper one that is below its lower."""
    pairs = (("minimum", "maximum"), ("min_length", "max_length"), ("min_items", "max_items"))
    wrong = {high for low, high in pairs if low in said and high in said and said[low] > said[high]}
    return {key: value for key, value in said.items() if key not in wrong}


def cells_of(rule: PropertyRule) -> dict[str, str]:
    """The cells of a property, apart from its name and whether it is required."""
    is_array = rule.type == ["array"]
    element = (rule.items or PropertyRule()) if is_array else rule
    kind, enum, const = kind_of(element)
    cells = {
        "Property Description": rule.description,
        "Property Value Type": kind,
        "Property Is Array": "TRUE" if is_array else "FALSE",
        "Number Is Integer": "TRUE" if element.type == ["integer"] else "",
        "Enum Values": enum,
        "Const Value": const,
    }
    for columns, part in ((_TEXTS, element), (_NUMBERS, element), (_ARRAYS, rule)):
        for column, name in columns.items():
            value = getattr(part, name)
            cells[column] = "" if value is None else str(value)
    return {**cells, **{key: str(cell) for key, cell in own_meta(rule, NAMESPACE).items()}}


def kind_of(rule: PropertyRule) -> tuple[str, str, str]:
    """Amplitude's type, and its allowed values or its constant."""
    kinds = [kind for kind in rule.type or () if kind != "null"]
    plain = str(kinds[0]) if len(kinds) == 1 else "any"
    plain = {"integer": "number", "array": "any", "null-free": "any"}.get(plain, plain)
    values = rule.enum or []
    if not values or not all(isinstance(each, str) for each in values):
        return plain, "", ""
    if len(values) == 1:
        return "const", "", str(values[0])
    return "enum", ",".join(map(str, values)), ""


def _number(text: str) -> int | float | None:
    text = text.strip()
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    try:
        number = float(text)
    except ValueError:
        return None
    return number if number == number and abs(number) != float("inf") else None
