"""RudderStack: the tracking plan of its API as JSON, and projects of its CLI as YAML.

Calls other than track become events called so (`identify`, `page: Pricing`), with their type in
`meta`. Source: RudderStack's tracking plan API and the project files of rudder-cli.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestration.errors import ConfigurationError
from orchestration.taxonomy.formats import rudderstack_reading, rudderstack_writing
from orchestration.taxonomy.formats.files import read_json, read_yaml, write_json
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
    major_version,
    native_name,
    own_meta,
    without_empty,
)
from orchestration.taxonomy.formats.recognition import not_of_format, recognised
from orchestration.taxonomy.model import Event, Taxonomy

NAMESPACE = "rudderstack"
VARIANTS = ("v1", "v0.1")
SECTIONS = {
    "properties": ("properties",),
    "traits": ("traits",),
    "context.traits": ("context", "traits"),
}
_DIALECT = Dialect(NAMESPACE, closed="unevaluatedProperties")
_DRAFT_2019 = "https://json-schema.org/draft/2019-09/schema"
_YAML = (".yaml", ".yml")


def read(path: Path) -> Imported:
    """Read an API's plan, a file or a folder of a CLI project.

    Raises ConfigurationError for what holds no plan.
    """
    if path.is_dir():
        return rudderstack_reading.read(path)
    if path.suffix.lower() in _YAML:
        document = read_yaml(path)
        if recognised(document) != NAMESPACE:
            raise not_of_format(path, NAMESPACE, "`version: rudder/v1` or rudder/v0.1", document)
        return rudderstack_reading.read(path)
    document = read_json(path)
    events = document.get("events") if isinstance(document, dict) else None
    if (
        not isinstance(events, list)
        or recognised(document) not in (NAMESPACE, "avo", None)
        or not all(isinstance(each, dict) and _is_event(each) for each in events)
    ):
        expected = "an object with `events`, each with a `name`, an `eventType` and `rules`"
        raise not_of_format(path, NAMESPACE, expected, document)
    plan = {key: value for key, value in document.items() if key != "events"}
    return gather([_draft(event) for event in events], NAMESPACE, meta=plan)


def _is_event(event: Mapping[str, Any]) -> bool:
    return (
        isinstance(event.get("eventType"), str)
        and isinstance(event.get("name") or "", str)
        and isinstance(event.get("rules") or {}, dict)
    )


def _draft(event: Mapping[str, Any]) -> Draft:
    reading = Reading(NAMESPACE)
    kind, name = event["eventType"].lower(), event.get("name") or ""
    section_name = event.get("identitySection") or _section(kind)
    place = SECTIONS.get(section_name, ("properties",))
    rules = dict(event.get("rules") or {})
    if rules.get("$schema") == _DRAFT_2019:
        del rules["$schema"]
    section, outer = unwrapped(rules, place)
    fields = section_fields(section, reading, _DIALECT)
    for other in outer.get("properties", {}):
        reading.drop((other,), UNCHECKED)
    known = ("name", "description", "eventType", "identitySection", "rules", "version")
    number = major_version(event.get("version"))
    meta = {
        **fields.get("meta", {}).get(NAMESPACE, {}),
        **{key: value for key, value in event.items() if key not in known},
        **identity(kind, name),
        **without_empty(
            {
                "identitySection": section_name if section_name != _section(kind) else None,
                "outer": outer,
                "version": event.get("version") if number is None else None,
            }
        ),
    }
    plain = key_of(kind, name)
    return Draft(
        name=name,
        keys=(plain, f"{plain} ({kind} version {event.get('version', 1)})"),
        fields={
            **fields,
            "description": event.get("description"),
            "since_version": number or "1.0.0",
            "meta": {**fields.get("meta", {}), **without_empty({NAMESPACE: meta})},
        },
        rank=(-int((number or "1").split(".")[0]), kind != "track", kind, name),
        dropped=reading.dropped,
    )


def key_of(kind: str, name: str) -> str:
    """The dictionary's key of a call."""
    return name if kind == "track" else f"{kind}: {name}" if name else kind


def identity(kind: str, name: str) -> dict[str, Any]:
    """What `meta` keeps of a call that is no track call."""
    return {} if kind == "track" else {"type": kind, "name": name}


def _section(kind: str) -> str:
    return "traits" if kind in ("identify", "group") else "properties"


def write(taxonomy: Taxonomy, path: Path, variant: str) -> Files:
    """The API's JSON for a name that ends so, else a CLI project in one of VARIANTS.

    A project is one file of all kinds where the name ends in .yaml, else a folder.
    """
    suffix = path.suffix.lower()
    if suffix == ".json":
        if path.is_dir():
            raise ConfigurationError(f"{path} is a folder; name a file")
        events = [_event(key, event) for key, event in taxonomy.events.items()]
        return Files({path: write_json({**own_meta(taxonomy, NAMESPACE), "events": events})})
    return rudderstack_writing.project(
        taxonomy, path, is_old=variant == "v0.1", is_one_file=suffix in _YAML
    )


def _event(key: str, event: Event) -> dict[str, Any]:
    meta = own_meta(event, NAMESPACE)
    kind, name = str(meta.pop("type", "track")), native_name(key, event, NAMESPACE)
    section_name = str(meta.pop("identitySection", _section(kind)))
    outer = meta.pop("outer", {})
    section, definitions = hoisted(section_schema(event, _DIALECT))
    version = meta.pop("version", int(event.since_version.split(".")[0]))
    for known in ("name", "schema"):
        meta.pop(known, None)
    rules = wrapped(section, SECTIONS.get(section_name, ("properties",)), outer)
    return {
        "name": name,
        "description": event.description,
        "eventType": kind,
        "identitySection": section_name,
        **({"version": version} if version != 1 else {}),
        "rules": {"$schema": _DRAFT_2019, **rules, **definitions},
        **meta,
    }
