"""Mixpanel Lexicon: its CSV, and the answer of the Lexicon Schemas API.

A CSV row of a property belongs to the event row above it. Profiles become events called
`profile: $user`, with their type in `meta`. The API returns only what has a schema, so less than
the CSV. Source: Mixpanel's Lexicon import and export, and its Lexicon Schemas API.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from orchestration.errors import ConfigurationError
from orchestration.taxonomy.formats.files import (
    is_csv,
    read_json,
    read_table,
    write_json,
    write_table,
)
from orchestration.taxonomy.formats.json_schema import Dialect, section_fields, section_schema
from orchestration.taxonomy.formats.parts import (
    Draft,
    Dropped,
    Files,
    Imported,
    Place,
    Reading,
    gather,
    native_name,
    own_meta,
    text_list,
    without_empty,
)
from orchestration.taxonomy.formats.recognition import not_of_format, recognised
from orchestration.taxonomy.formats.references import inlined
from orchestration.taxonomy.model import Event, Taxonomy
from orchestration.taxonomy.properties import PropertyRule

NAMESPACE = "mixpanel"
VARIANTS = ("lexicon",)
COLUMNS = (
    "Entity Type", "Entity Name", "Entity Display Name", "Entity Description", "Event Volume",
    "Event Query Volume", "Event Tags", "Event Hidden", "Event Dropped", "Property Name",
    "Property Display Name", "Property Description", "Property Volume", "Property Query Volume",
    "Property Type", "Property Example Values", "Property Hidden", "Property Dropped",
    "Property Required", "Property Sensitive",
)  # fmt: skip
_DIALECT = Dialect(NAMESPACE)
_DRAFT_07 = "http://json-schema.org/draft-07/schema"
_READ = (
    "Entity Type", "Entity Name", "Entity Display Name", "Entity Description", "Event Tags",
    "Property Name", "Property Description", "Property Type", "Property Example Values",
    "Property Required", "Property Sensitive",
)  # fmt: skip
_TYPES: dict[str, dict[str, Any]] = {
    "string": {"type": "string"},
    "number": {"type": "number"},
    "integer": {"type": "integer"},
    "boolean": {"type": "boolean"},
    "list": {"type": "array"},
    "array": {"type": "array"},
    "object": {"type": "object"},
    "null": {"type": "null"},
    "datetime": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"},
    "": {},
}


def read(path: Path) -> Imported:
    """Read a file. Raises ConfigurationError for one that is none of Lexicon's."""
    return _read_csv(path) if is_csv(path) else _read_json(path)


def _read_json(path: Path) -> Imported:
    document = read_json(path)
    entries = document
    if isinstance(document, dict):
        entries = document.get("results", document.get("entries"))
    entries = [entries] if isinstance(entries, dict) else entries
    if not isinstance(entries, list) or not all(
        isinstance(each, dict)
        and isinstance(each.get("entityType"), str)
        and isinstance(each.get("schemaJson"), dict)
        and isinstance(each.get("name") or "", str)
        for each in entries
    ):
        expected = (
            "an object with `results`, each with an `entityType`, a `name` and a `schemaJson`"
        )
        raise not_of_format(path, NAMESPACE, expected, document)
    return gather([_entry(each) for each in entries], NAMESPACE)


def _entry(entry: Mapping[str, Any]) -> Draft:
    reading = Reading(NAMESPACE)
    schema = dict(entry["schemaJson"])
    if str(schema.get("$schema", "")).rstrip("#") == _DRAFT_07:
        del schema["$schema"]
    metadata = schema.pop("metadata", None)
    metadata = dict(metadata) if isinstance(metadata, dict) else without_empty({"other": metadata})
    said = metadata.pop("com.mixpanel", None)
    said = dict(said) if isinstance(said, dict) else {}
    tags = text_list(said.get("tags"))
    fields = section_fields(inlined(schema), reading, _DIALECT)
    kept = {
        k: v
        for k, v in said.items()
        if k != "displayName" and not (k == "tags" and tags is not None)
    }
    meta = {
        **fields.get("meta", {}).get(NAMESPACE, {}),
        **without_empty({"com.mixpanel": kept, "metadata": metadata}),
        **{k: v for k, v in entry.items() if k not in ("entityType", "name", "schemaJson")},
    }
    return _named(
        entry["entityType"],
        entry.get("name") or "",
        {**fields, "display_name": said.get("displayName"), "tags": tags},
        meta,
        reading.dropped,
    )


def _named(
    kind: str, name: str, fields: Mapping[str, Any], meta: Mapping[str, Any], dropped: list[Dropped]
) -> Draft:
    is_event = kind.lower() == "event"
    key = name if is_event else f"{kind.lower()}: {name}" if name else kind.lower()
    said = {**meta, **({} if is_event else {"entity": kind, "name": name})}
    return Draft(
        name=name,
        keys=(key, f"{key} ({kind.lower()})"),
        fields={**fields, "meta": {**fields.get("meta", {}), **without_empty({NAMESPACE: said})}},
        rank=(not is_event, kind, name),
        dropped=dropped,
    )


def _read_csv(path: Path) -> Imported:
    header, rows = read_table(path)
    if recognised(header) != NAMESPACE:
        raise not_of_format(path, NAMESPACE, "the columns Entity Type, Entity Name, ...", header)
    spelled = {column.lower(): column for column in COLUMNS}
    names = [spelled.get(column.lower(), column) for column in header]
    events: list[tuple[dict[str, str], dict[str, PropertyRule], list[Dropped]]] = []
    for line, cells in rows:
        row = dict(zip(names, cells, strict=True))
        if row.get("Entity Type") or row["Entity Name"]:
            events.append((row, {}, []))
            if not row.get("Property Name"):
                continue
        elif not events:
            raise ConfigurationError(
                f"{path}:{line}: a property before any event; rows belong to the event above, "
                "so export the file again and do not sort it"
            )
        _, rules, dropped = events[-1]
        name = row.get("Property Name", "")
        if not name or name in rules:
            dropped.append(
                Dropped(None, ("properties", name), f"has no name, or stands twice, on line {line}")
            )
            continue
        rules[name] = _rule(row, ("properties", name), dropped)
    return gather([_event(*each) for each in events], NAMESPACE)


def _event(row: dict[str, str], rules: dict[str, PropertyRule], dropped: list[Dropped]) -> Draft:
    fields = {
        "description": row.get("Entity Description"),
        "display_name": row.get("Entity Display Name"),
        "tags": [tag.strip() for tag in row.get("Event Tags", "").split(",") if tag.strip()],
        "properties": rules,
    }
    meta = _kept(row, is_property=False)
    return _named(row.get("Entity Type") or "event", row["Entity Name"], fields, meta, dropped)


def _kept(row: Mapping[str, str], *, is_property: bool) -> dict[str, str]:
    """The cells that rules have no field for, by column."""
    return {
        column: cell
        for column, cell in row.items()
        if cell and column not in _READ and column.startswith("Property ") == is_property
    }


def _rule(row: Mapping[str, str], at: Place, dropped: list[Dropped]) -> PropertyRule:
    kind = row.get("Property Type", "").strip()
    meta = _kept(row, is_property=True)
    if kind.lower() not in _TYPES:
        dropped.append(Dropped(None, (*at, "type"), f"unknown type {kind}"))
        meta["Property Type"] = kind
    example = row.get("Property Example Values", "")
    return PropertyRule.model_validate(
        {
            **_TYPES.get(kind.lower(), {}),
            "description": row.get("Property Description", ""),
            "required": row.get("Property Required", "").strip().upper() == "TRUE",
            "pii": "other" if row.get("Property Sensitive", "").strip().upper() == "TRUE" else None,
            "examples": [_example(example, kind.lower())] if example else [],
            "meta": without_empty({NAMESPACE: meta}),
        }
    )


def _example(text: str, kind: str) -> str | int | float:
    """An example as the value it shows; several in one cell stay one text."""
    if kind in ("number", "integer") and re.fullmatch(r"-?\d+", text):
        return int(text)
    if kind == "number" and re.fullmatch(r"-?\d+\.\d+", text):
        return float(text)
    return text


def write(taxonomy: Taxonomy, path: Path, variant: str) -> Files:
    """CSV for a name that ends so, else the JSON of the Schemas API."""
    if is_csv(path):
        rows = (row for key, event in taxonomy.events.items() for row in _rows(key, event))
        return Files({path: write_table(COLUMNS, rows)})
    results = [_result(key, event) for key, event in taxonomy.events.items()]
    return Files({path: write_json({"results": results, "status": "ok"})})


def _result(key: str, event: Event) -> dict[str, Any]:
    meta = own_meta(event, NAMESPACE)
    said = {
        **without_empty({"displayName": event.display_name}),
        "tags": list(event.tags),
        **(meta.pop("com.mixpanel", None) or {}),
    }
    metadata = {**(meta.pop("metadata", None) or {}), "com.mixpanel": said}
    entity, name = meta.pop("entity", "event"), native_name(key, event, NAMESPACE)
    for known in ("name", "schema"):
        meta.pop(known, None)
    schema = {
        "$schema": _DRAFT_07,
        **({"description": event.description} if event.description else {}),
        **section_schema(event, _DIALECT),
        "metadata": metadata,
    }
    return {"entityType": entity, "name": name, "schemaJson": schema, **meta}


def _rows(key: str, event: Event) -> Iterator[dict[str, str]]:
    meta = {column: str(cell) for column, cell in own_meta(event, NAMESPACE).items()}
    yield {
        **meta,
        "Entity Type": meta.get("entity", "event"),
        "Entity Name": native_name(key, event, NAMESPACE),
        "Entity Display Name": event.display_name or "",
        "Entity Description": event.description,
        "Event Tags": ",".join(event.tags),
    }
    for name, rule in event.properties.items():
        yield {
            "Property Type": _type_of(rule),
            **{column: str(cell) for column, cell in own_meta(rule, NAMESPACE).items()},
            "Property Name": name,
            "Property Description": rule.description,
            "Property Example Values": ", ".join(map(str, rule.examples)),
            "Property Required": "TRUE" if rule.required else "FALSE",
            "Property Sensitive": "TRUE" if rule.pii else "FALSE",
        }


def _type_of(rule: PropertyRule) -> str:
    kinds = [kind for kind in rule.type or () if kind != "null"] or [*(rule.type or ())]
    if len(kinds) != 1 or kinds == ["null-free"]:
        return ""
    dated = {"date-time": "datetime", "date": "date"}.get(rule.format or "")
    if kinds == ["string"] and dated:
        return dated
    return "list" if kinds == ["array"] else str(kinds[0])
