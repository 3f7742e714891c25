"""Segment Protocols: the Public API's rules, Typewriter's saved plan, the Config API, and CSV.

Rules of identify, group, page, screen and common become events called so (`identify`,
`page: Pricing`), with their type in `meta`. A version is a whole number; the newest of one name
has the name as key. Labels that say an owner, kind, stage, objective or KPI become these.
Source: the `rules` of Segment's Public and Config API and Typewriter's plan.json.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, get_args

from orchestration.errors import ConfigurationError
from orchestration.taxonomy.formats import segment_csv
from orchestration.taxonomy.formats.files import is_csv, read_json, write_json
from orchestration.taxonomy.formats.json_schema import (
    DRAFT_07,
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
    Dropped,
    Files,
    Imported,
    Reading,
    gather,
    major_version,
    native_name,
    own_meta,
    without_empty,
)
from orchestration.taxonomy.formats.recognition import not_of_format
from orchestration.taxonomy.formats.references import inlined
from orchestration.taxonomy.model import Event, EventKind, Taxonomy

NAMESPACE = "segment"
VARIANTS = ("wrapped", "unwrapped", "config")
TYPES = ("TRACK", "IDENTIFY", "GROUP", "PAGE", "SCREEN", "COMMON")
NEVER = "0001-01-01T00:00:00.000Z"
_DIALECT = Dialect(NAMESPACE)
_SECTIONS = {"context", "properties", "traits"}
_LABELS = ("owner", "kind", "stage", "objective", "kpi")
_CONFIG = {"global": "COMMON", "identify": "IDENTIFY", "group": "GROUP"}
_OF_RULE = {"type", "key", "version", "jsonSchema", "deprecatedAt"}


def read(path: Path) -> Imported:
    """Read a plan. Raises ConfigurationError for a file that holds none."""
    if is_csv(path):
        return gather(segment_csv.drafts(path), NAMESPACE)
    document = read_json(path)
    plan, rules, lost = _rules_of(document, path)
    is_wrapped = _is_wrapped(rules)
    return gather([_draft(rule, is_wrapped) for rule in rules], NAMESPACE, meta=plan, dropped=lost)


def _rules_of(
    document: Any, path: Path
) -> tuple[dict[str, Any], list[dict[str, Any]], list[Dropped]]:
    """What a file says of the plan, and its rules in the Public API's shape."""
    plan = document
    lost: list[Dropped] = []
    for envelope in ("data", "trackingPlan"):
        if isinstance(plan, dict) and isinstance(plan.get(envelope), dict):
            plan = {**{k: v for k, v in plan.items() if k != envelope}, **plan[envelope]}
    expected = "an object with `rules`, a list of rules each with a `jsonSchema`"
    if not isinstance(plan, dict):
        raise not_of_format(path, NAMESPACE, expected, document)
    rules = plan.get("rules")
    rest = {key: value for key, value in plan.items() if key != "rules"}
    if isinstance(rules, dict) and isinstance(rules.get("events"), list):
        further = {key: each for key, each in rules.items() if key not in ("events", *_CONFIG)}
        rest |= without_empty({"config": further})
        rules = [*_of_config(rules)]
    if not isinstance(rules, list) or not all(
        isinstance(rule, dict) and isinstance(rule.get("jsonSchema"), dict) for rule in rules
    ):
        raise not_of_format(path, NAMESPACE, expected, document)
    if isinstance(pages := rest.pop("pagination", None), dict) and pages.get("next"):
        lost.append(Dropped(None, ("pagination",), "the file is one page of several; get the rest"))
    for number, rule in enumerate(rules):
        if rule.get("type", "TRACK") not in TYPES:
            raise ConfigurationError(
                f"{path}: rules.{number}.type is '{rule['type']}'; known: {', '.join(TYPES)}"
            )
    return rest, rules, lost


def _of_config(rules: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for event in rules["events"]:
        if not isinstance(event, dict) or not isinstance(event.get("rules"), dict):
            yield {}
            continue
        described = {"description": event.get("description", ""), **event["rules"]}
        further = {
            k: v for k, v in event.items() if k not in ("name", "version", "rules", "description")
        }
        yield {
            "type": "TRACK",
            "key": event.get("name", ""),
            "version": event.get("version", 1),
            "jsonSchema": described,
            **further,
        }
    for key, kind in _CONFIG.items():
        if isinstance(rules.get(key), dict) and rules[key]:
            yield {"type": kind, "version": 1, "jsonSchema": rules[key]}


def _is_wrapped(rules: list[dict[str, Any]]) -> bool:
    """Whether schemas are of whole calls, with sections, not of the properties alone."""
    members = [rule["jsonSchema"].get("properties") for rule in rules]
    told = [each for each in members if isinstance(each, dict) and each]
    return bool(told) and all(
        set(each) <= _SECTIONS
        and all(isinstance(s, dict) and s.get("type", "object") == "object" for s in each.values())
        for each in told
    )


def _draft(rule: Mapping[str, Any], is_wrapped: bool) -> Draft:
    schema = dict(rule["jsonSchema"])
    kind, name = rule.get("type", "TRACK"), rule.get("key") or ""
    name = name if isinstance(name, str) else str(name)
    version = rule.get("version", 1)
    reading = Reading(NAMESPACE)
    labels = schema.pop("labels", None)
    labels = labels if isinstance(labels, dict) else {"labels": labels} if labels else {}
    described = schema.pop("description", None)
    told = schema.pop("eventMetadata", None)
    if schema.get("$schema") in (DRAFT_07, DRAFT_07.rstrip("#")):
        del schema["$schema"]
    outer: dict[str, Any] = {}
    if is_wrapped:
        section, outer = unwrapped(schema, (section_of(kind),))
        for other in outer.get("properties", {}):
            reading.drop((other,), UNCHECKED)
    else:
        section = inlined(schema)
    fields = section_fields(section, reading, _DIALECT)
    known = {key: labels[key] for key in _LABELS if _is_field(key, labels.get(key))}
    ended, day = rule.get("deprecatedAt"), None
    if isinstance(ended, str) and ended != NEVER:
        day = _day(ended)
    meta = {
        **fields.get("meta", {}).get(NAMESPACE, {}),
        **{key: value for key, value in rule.items() if key not in _OF_RULE},
        **({} if kind == "TRACK" else {"type": kind, "name": name}),
        **without_empty(
            {
                "labels": {key: each for key, each in labels.items() if key not in known},
                "eventMetadata": None if told == _event_metadata(kind, name) else told,
                "outer": outer,
                "deprecatedAt": ended if ended not in (None, NEVER, _midnight(day)) else None,
                "version": version if major_version(version) is None else None,
            }
        ),
    }
    number = major_version(version) or "1.0.0"
    plain = name if kind == "TRACK" else f"{kind.lower()}: {name}" if name else kind.lower()
    return Draft(
        name=name,
        keys=(plain, f"{plain} ({kind} version {version})"),
        fields={
            **fields,
            **known,
            "description": described,
            "deprecated_on": day,
            "since_version": number,
            "meta": {**fields.get("meta", {}), **without_empty({NAMESPACE: meta})},
        },
        rank=(-int(number.split(".")[0]), TYPES.index(kind), name),
        dropped=reading.dropped,
    )


def section_of(kind: str) -> str:
    """The part of a call that a rule is about."""
    return "traits" if kind in ("IDENTIFY", "GROUP") else "properties"


def _is_field(key: str, value: Any) -> bool:
    if key == "kind":
        return value in get_args(EventKind)
    return isinstance(value, str) and bool(value)


def _event_metadata(kind: str, name: str) -> dict[str, Any]:
    return {"name": name, "type": kind}


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _midnight(day: date | None) -> str | None:
    return None if day is None else f"{day}T00:00:00.000Z"


def write(taxonomy: Taxonomy, path: Path, variant: str) -> Files:
    """The plan as text, in one of VARIANTS or as CSV, by the file's name."""
    if is_csv(path):
        return Files({path: segment_csv.text(taxonomy)})
    rules = [_rule(key, event, variant) for key, event in taxonomy.events.items()]
    plan = own_meta(taxonomy, NAMESPACE)
    if variant == "config":
        return Files({path: write_json(_config(plan, rules))})
    plan.pop("config", None)
    return Files({path: write_json({**plan, "rules": rules})})


def _rule(key: str, event: Event, variant: str) -> dict[str, Any]:
    meta = own_meta(event, NAMESPACE)
    kind, name = str(meta.pop("type", "TRACK")), native_name(key, event, NAMESPACE)
    labels = {
        **(meta.pop("labels", None) or {}),
        **without_empty({label: getattr(event, label) for label in _LABELS}),
    }
    told = meta.pop("eventMetadata", _event_metadata(kind, name))
    outer = meta.pop("outer", {})
    ended = meta.pop("deprecatedAt", None)
    if event.deprecated_on is not None and _day(str(ended)) != event.deprecated_on:
        ended = _midnight(event.deprecated_on)
    section, definitions = hoisted(section_schema(event, _DIALECT))
    if variant != "unwrapped":
        section = {"$schema": DRAFT_07, **wrapped(section, (section_of(kind),), outer)}
    schema = {
        "$schema": DRAFT_07,
        **section,
        **definitions,
        "description": event.description,
        "labels": labels,
        "eventMetadata": told,
    }
    version = meta.pop("version", int(event.since_version.split(".")[0]))
    for known in ("name", "schema"):
        meta.pop(known, None)
    return {
        "type": kind,
        **({"key": name} if name or kind == "TRACK" else {}),
        "version": version,
        "jsonSchema": schema,
        "deprecatedAt": ended or NEVER,
        **meta,
    }


def _config(plan: dict[str, Any], rules: list[dict[str, Any]]) -> dict[str, Any]:
    further = plan.pop("config", {})
    by_kind = {kind: key for key, kind in _CONFIG.items()}
    events, others = [], {}
    for rule in rules:
        if rule["type"] == "TRACK":
            schema = dict(rule["jsonSchema"])
            kept = {k: v for k, v in rule.items() if k not in {*_OF_RULE, "createdAt", "updatedAt"}}
            described = schema.pop("description")
            events.append(
                {
                    "name": rule["key"],
                    "description": described,
                    "version": rule["version"],
                    "rules": schema,
                    **kept,
                }
            )
        elif rule["type"] in by_kind:
            others[by_kind[rule["type"]]] = rule["jsonSchema"]
    return {**plan, "rules": {"events": events, **others, **further}}
