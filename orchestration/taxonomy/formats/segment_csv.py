"""Segment's CSV: one row a property, members of objects by a dotted path, elements by `.$`.

A type without `null` is required, one with it is not: the file can say nothing between.
Source: the columns of Segment's tracking plan upload.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from orchestration.taxonomy.formats.files import read_table, write_table
from orchestration.taxonomy.formats.parts import (
    Draft,
    Dropped,
    major_version,
    native_name,
    own_meta,
    without_empty,
)
from orchestration.taxonomy.formats.recognition import not_of_format
from orchestration.taxonomy.model import Event, Taxonomy
from orchestration.taxonomy.properties import PropertyRule

NAMESPACE = "segment"
COLUMNS = (
    "Version",
    "Event Type",
    "Event Name",
    "Property Name",
    "Description",
    "Labels",
    "Property Data Type",
    "Enum Values",
)
_TYPES = ("string", "integer", "number", "boolean", "array", "object", "null")
_KINDS = ("track", "identify", "group", "page", "screen", "common")


def drafts(path: Path) -> list[Draft]:
    """The events of a file. Raises ConfigurationError for another table."""
    header, rows = read_table(path)
    names = [column.lower() for column in header]
    needed = {"event name", "property name", "property data type"}
    if not needed <= set(names):
        raise not_of_format(path, NAMESPACE, f"the columns {', '.join(COLUMNS)}", header)
    events: dict[tuple[str, str, str], dict[str, Any]] = {}
    for line, row in rows:
        cells = dict(zip(names, row, strict=True))
        kind = cells.get("event type", "").strip().lower() or "track"
        version = cells.get("version", "").strip() or "1"
        event = events.setdefault(
            (kind, cells["event name"], version), {"tree": {}, "dropped": [], "fields": {}}
        )
        labels = cells.get("labels", "")
        if not cells["property name"]:
            event["fields"] |= {"description": cells.get("description", ""), "labels": labels}
        else:
            _place(event["tree"], cells["property name"], cells, line)
    return [_draft(*identity, event) for identity, event in events.items()]


def _place(tree: dict[str, Any], path: str, cells: dict[str, str], line: int) -> None:
    node = tree
    *above, last = path.split(".")
    for part in above:
        node = node.setdefault(part or ".", {}).setdefault("below", {})
    node.setdefault(last or ".", {}).update(cells=cells, line=line)


def _draft(kind: str, name: str, version: str, event: dict[str, Any]) -> Draft:
    dropped: list[Dropped] = event["dropped"]
    plain = name if kind == "track" else f"{kind}: {name}" if name else kind
    number = major_version(version)
    meta = without_empty(
        {
            "labels_text": event["fields"].get("labels", ""),
            "version": version if number is None else None,
        }
    )
    if kind != "track":
        meta |= {"type": kind.upper(), "name": name}
    if kind not in _KINDS:
        dropped.append(Dropped(None, ("type",), f"'{kind}' is no call of Segment; kept in meta"))
    return Draft(
        name=name,
        keys=(plain, f"{plain} ({kind.upper()} version {version})"),
        fields={
            "description": event["fields"].get("description", ""),
            "since_version": number or "1.0.0",
            "properties": {
                key: _rule(node, ("properties", key), dropped)
                for key, node in event["tree"].items()
            },
            "meta": without_empty({NAMESPACE: meta}),
        },
        rank=(-int((number or "1").split(".")[0]), kind != "track", kind, name),
        dropped=dropped,
    )


def _rule(node: dict[str, Any], at: tuple[str, ...], dropped: list[Dropped]) -> PropertyRule:
    cells = node.get("cells", {})
    below = dict(node.get("below", {}))
    kinds = [kind.strip().lower() for kind in cells.get("property data type", "").split(",")]
    known = [kind for kind in kinds if kind in _TYPES]
    if strange := [kind for kind in kinds if kind not in (*_TYPES, "any", "")]:
        dropped.append(Dropped(None, (*at, "type"), f"unknown type {', '.join(strange)}"))
    items = below.pop("$", None)
    values = cells.get("enum values") or cells.get("allowed property values") or ""
    labels = cells.get("labels", "")
    if not cells:
        known = ["array"] if items else ["object"]
    return PropertyRule(
        type=known if (known and known != ["null"]) or kinds == ["null"] else None,
        required=bool(cells) and "null" not in kinds,
        description=cells.get("description", ""),
        enum=[_value(each, known) for each in _split(values)] or None,
        items=None if items is None else _rule(items, (*at, "items"), dropped),
        properties={
            key: _rule(each, (*at, "properties", key), dropped) for key, each in below.items()
        },
        meta={NAMESPACE: {"labels_text": labels}} if labels else {},
    )


def _split(text: str) -> list[str]:
    return [each.strip() for each in re.split(r"[,|]", text) if each.strip()]


def _value(text: str, kinds: list[str]) -> JsonValue:
    """An allowed value; numbers only where the type has no text."""
    if "string" not in kinds and re.fullmatch(r"-?\d+", text) and {"integer", "number"} & {*kinds}:
        return int(text)
    if "string" not in kinds and "number" in kinds:
        try:
            return float(text)
        except ValueError:
            return text
    return text


def text(taxonomy: Taxonomy) -> str:
    """The rows of a dictionary."""
    return write_table(
        COLUMNS, (row for key, event in taxonomy.events.items() for row in _rows(key, event))
    )


def _rows(key: str, event: Event) -> Iterator[dict[str, str]]:
    meta = own_meta(event, NAMESPACE)
    identity = {
        "Version": str(meta.get("version", event.since_version.split(".")[0])),
        "Event Type": str(meta.get("type", "TRACK")).lower(),
        "Event Name": native_name(key, event, NAMESPACE),
    }
    yield {
        **identity,
        "Description": event.description,
        "Labels": str(meta.get("labels_text", "")),
    }
    for name, rule in event.properties.items():
        for path, each in _below(name, rule):
            yield {**identity, "Property Name": path, **_cells(each)}


def _below(path: str, rule: PropertyRule) -> Iterator[tuple[str, PropertyRule]]:
    yield path, rule
    for name, member in rule.properties.items():
        yield from _below(f"{path}.{name}", member)
    if rule.items is not None:
        yield from _below(f"{path}.$", rule.items)


def _cells(rule: PropertyRule) -> dict[str, str]:
    kinds = [str(kind) for kind in rule.type or () if kind != "null"]
    kinds = kinds or (["null"] if rule.type else ["any"])
    if kinds == ["null-free"]:
        kinds = ["any"]
    values = rule.enum or []
    is_listed = all(isinstance(each, str | int | float) for each in values)
    return {
        "Property Data Type": ",".join(
            kinds if rule.required and not rule.is_nullable else [*kinds, "null"]
        ),
        "Description": rule.description,
        "Enum Values": ",".join(map(str, values)) if is_listed else "",
        "Labels": str(own_meta(rule, NAMESPACE).get("labels_text", "")),
    }
