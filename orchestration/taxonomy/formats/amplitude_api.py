"""The answers of Amplitude's Taxonomy API: events, event properties and user properties.

The API answers each kind by itself; a file may hold them in one list, which is how it is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestration.taxonomy.formats.amplitude_types import NAMESPACE, kind_of, typed
from orchestration.taxonomy.formats.parts import (
    Draft,
    Dropped,
    native_name,
    own_meta,
    text_list,
    without_empty,
)
from orchestration.taxonomy.model import Event, Taxonomy
from orchestration.taxonomy.properties import PropertyRule

USER, SHARED = "user properties", "event properties"
_EVENT = ("event_type", "description", "display_name", "owner", "tags", "event_properties")
_PROPERTY = (
    "event_property", "user_property", "event_type", "description", "type", "regex", "enum_values",
    "is_array_type", "is_required",
)  # fmt: skip
_ENTITIES = {
    "user": (USER, "Properties of users, not of an event."),
    "shared": (SHARED, "Properties that no single event owns."),
}


def drafts(document: Any) -> list[Draft] | None:
    """The events of an answer, None where it is no answer of the API."""
    data = document.get("data") if isinstance(document, dict) else document
    items = data if isinstance(data, list) else [data]
    known = ("event_type", "event_property", "user_property")
    if not items or not all(
        isinstance(item, dict) and any(isinstance(item.get(key), str) for key in known)
        for item in items
    ):
        return None
    events: dict[str, dict[str, Any]] = {}
    properties: list[tuple[str, dict[str, Any]]] = []
    entities: dict[str, list[dict[str, Any]]] = {}
    for item in items:
        if isinstance(item.get("user_property"), str):
            entities.setdefault("user", []).append(item)
        elif not isinstance(item.get("event_property"), str):
            events[item["event_type"]] = item
        elif isinstance(item.get("event_type"), str):
            properties.append((item["event_type"], item))
        else:
            entities.setdefault("shared", []).append(item)
    for name, _ in properties:
        events.setdefault(name, {"event_type": name})
    found = [
        _draft(name, item, [each for owner, each in properties if owner == name])
        for name, item in events.items()
    ]
    return found + [_entity(kind, each) for kind, each in entities.items()]


def _draft(name: str, item: Mapping[str, Any], properties: list[dict[str, Any]]) -> Draft:
    dropped: list[Dropped] = []
    tags = text_list(item.get("tags"))
    meta = {k: v for k, v in item.items() if k not in _EVENT and v is not None}
    if tags is None and item.get("tags"):
        meta["tags"] = item["tags"]
    nested = item.get("event_properties")
    return Draft(
        name=name,
        keys=(name,),
        fields={
            "description": item.get("description"),
            "display_name": item.get("display_name"),
            "owner": item.get("owner"),
            "tags": tags,
            "properties": _rules(
                [*properties, *(nested if isinstance(nested, list) else [])], dropped
            ),
            "meta": without_empty({NAMESPACE: meta}),
        },
        rank=(0, name),
        dropped=dropped,
    )


def _entity(kind: str, items: list[dict[str, Any]]) -> Draft:
    dropped: list[Dropped] = []
    key, description = _ENTITIES[kind]
    return Draft(
        name=key,
        keys=(key, f"{key} (of {kind})"),
        fields={
            "description": description,
            "kind": "system",
            "properties": _rules(items, dropped),
            "meta": {NAMESPACE: {"entity": kind}},
        },
        rank=(1, key),
        dropped=dropped,
    )


def _rules(items: list[Any], dropped: list[Dropped]) -> dict[str, PropertyRule]:
    rules: dict[str, PropertyRule] = {}
    for item in items:
        name = (
            item.get("event_property") or item.get("user_property")
            if isinstance(item, dict)
            else ""
        )
        if not isinstance(name, str) or not name or name in rules:
            dropped.append(Dropped(None, ("properties", str(name)), "has no name, or stands twice"))
            continue
        values = item.get("enum_values")
        enum = ",".join(map(str, values)) if isinstance(values, list) else str(values or "")
        kind = str(item.get("type") or ("enum" if enum else ""))
        pattern = item.get("regex")
        rule = typed(
            kind,
            enum,
            enum,
            is_whole=False,
            said={"pattern": pattern} if isinstance(pattern, str) and pattern else {},
            is_array=item.get("is_array_type") is True,
        )
        meta = {k: v for k, v in item.items() if k not in _PROPERTY and v is not None}
        if rule is None:
            dropped.append(Dropped(None, ("properties", name, "type"), f"unknown type {kind}"))
            rule, meta = PropertyRule(), {**meta, "type": kind}
        labels = item.get("classifications")
        update: dict[str, Any] = {
            "description": str(item.get("description") or ""),
            "required": item.get("is_required") is True,
        }
        if isinstance(labels, list) and "PII" in labels:
            update["pii"] = "other"
            meta["classifications"] = [each for each in labels if each != "PII"]
        update["meta"] = {NAMESPACE: kept} if (kept := without_empty_lists(meta)) else {}
        rules[name] = rule.model_copy(update=update)
    return rules


def without_empty_lists(meta: Mapping[str, Any]) -> dict[str, Any]:
    """What a property says besides; no classification is as good as none."""
    return {key: each for key, each in meta.items() if key != "classifications" or each}


def document(taxonomy: Taxonomy) -> dict[str, Any]:
    """One answer with the events, each followed by its properties, and the users' properties."""
    return {
        "success": True,
        "data": [item for key, event in taxonomy.events.items() for item in _items(key, event)],
    }


def _items(key: str, event: Event) -> list[dict[str, Any]]:
    meta = own_meta(event, NAMESPACE)
    entity, name = meta.pop("entity", None), native_name(key, event, NAMESPACE)
    meta.pop("name", None)
    items = [
        {
            **({"user_property": each} if entity == "user" else {"event_property": each}),
            **({} if entity == "user" else {"event_type": None if entity == "shared" else name}),
            **_property(rule),
        }
        for each, rule in event.properties.items()
    ]
    if entity in _ENTITIES:
        return items
    said = {
        "event_type": name,
        "description": event.description or None,
        "display_name": event.display_name,
        "owner": event.owner,
        "tags": list(event.tags),
    }
    return [{**said, **meta}, *items]


def _property(rule: PropertyRule) -> dict[str, Any]:
    is_array = rule.type == ["array"]
    element = (rule.items or PropertyRule()) if is_array else rule
    kind, enum, const = kind_of(element)
    meta = own_meta(rule, NAMESPACE)
    labels = [*(["PII"] if rule.pii else []), *(meta.pop("classifications", None) or [])]
    return {
        "description": rule.description or None,
        "type": kind,
        "regex": element.pattern,
        "enum_values": enum or const or None,
        "is_array_type": is_array,
        "is_required": rule.required,
        **({"classifications": labels} if labels else {}),
        **meta,
    }
