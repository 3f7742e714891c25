"""Avo's export: the JSON of its Export API.

Events are known by an id, so two may have one name. Names as other tools have them, triggers,
sources and actions stay in `meta`. Source: Avo's public API, `export/v1`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestration.taxonomy.formats.files import read_json, write_json
from orchestration.taxonomy.formats.json_schema import (
    UNCHECKED,
    Dialect,
    hoisted,
    section_fields,
    section_schema,
    unwrapped,
    wrapped,
)
from orchestration.taxonomy.formats.parts import (
    Draft,
    Files,
    Imported,
    Reading,
    gather,
    native_name,
    own_meta,
    text_list,
    without_empty,
)
from orchestration.taxonomy.formats.recognition import not_of_format, recognised
from orchestration.taxonomy.model import Event, Taxonomy

NAMESPACE = "avo"
VARIANTS = ("json",)
_DIALECT = Dialect(NAMESPACE, pii="pii")
_DRAFT_06 = "http://json-schema.org/draft-06/schema#"
_PATH = ("properties",)
# What Avo always writes around the properties.
_AROUND = {"$schema": _DRAFT_06, "required": ["properties", "nameMapping"], "nameMapping": []}


def read(path: Path) -> Imported:
    """Read an export. Raises ConfigurationError for a file that holds none."""
    document = read_json(path)
    expected = "an object with `events`, each with a `name` and `rules`"
    events = document.get("events") if isinstance(document, dict) else None
    if (
        not isinstance(events, list)
        or recognised(document) not in ("avo", None)
        or not all(isinstance(e, dict) and isinstance(e.get("name"), str) for e in events)
    ):
        raise not_of_format(path, NAMESPACE, expected, document)
    plan = {key: value for key, value in document.items() if key != "events"}
    return gather([_draft(event) for event in events], NAMESPACE, meta=plan)


def _draft(event: Mapping[str, Any]) -> Draft:
    reading = Reading(NAMESPACE)
    name = event["name"]
    rules = event.get("rules")
    section, outer = unwrapped(rules if isinstance(rules, Mapping) else {}, _PATH)
    fields = section_fields(section, reading, _DIALECT)
    for other in outer.get("properties", {}):
        reading.drop((other,), UNCHECKED)
    meta = {
        **fields.get("meta", {}).get(NAMESPACE, {}),
        **{k: v for k, v in event.items() if k not in ("name", "description", "tags", "rules")},
        **without_empty({"outer": {k: v for k, v in outer.items() if _AROUND.get(k) != v}}),
    }
    tags = text_list(event.get("tags"))
    if tags is None and event.get("tags"):
        meta["tags"] = event["tags"]
    return Draft(
        name=name,
        keys=(name, f"{name} ({event.get('id', 'another')})"),
        fields={
            **fields,
            "description": event.get("description"),
            "tags": tags,
            "meta": {**fields.get("meta", {}), **without_empty({NAMESPACE: meta})},
        },
        rank=(name, str(event.get("id", ""))),
        dropped=reading.dropped,
    )


def write(taxonomy: Taxonomy, path: Path, variant: str) -> Files:
    """The export as text."""
    events = [_event(key, event) for key, event in taxonomy.events.items()]
    return Files({path: write_json({**own_meta(taxonomy, NAMESPACE), "events": events})})


def _event(key: str, event: Event) -> dict[str, Any]:
    meta = own_meta(event, NAMESPACE)
    outer = {**_AROUND, **meta.pop("outer", {})}
    section, definitions = hoisted(section_schema(event, _DIALECT))
    meta.pop("schema", None)
    name = native_name(key, event, NAMESPACE)
    meta.pop("name", None)
    return {
        **{k: v for k, v in meta.items() if k == "id"},
        "name": name,
        "description": event.description,
        **{"tags": list(event.tags), **meta},
        "rules": {**wrapped(section, _PATH, outer), **definitions},
    }
