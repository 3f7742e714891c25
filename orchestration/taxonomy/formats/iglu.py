"""Snowplow's Iglu: a registry of self-describing schemas, vendor/name/jsonschema/version.

SchemaVer 1-0-2 is the version 1.0.2 here: the parts are counted alike, though they promise other
things. Of an event in several versions the newest has its name as key. Schemas of entities look
like those of events and become events too. A JSON Schema without `self` is read as well.
Source: Iglu's self-describing JSON Schema 1-0-0, which is draft 04.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from orchestration.errors import ConfigurationError
from orchestration.taxonomy.formats.files import read_json, write_json
from orchestration.taxonomy.formats.json_schema import Dialect, section_fields, section_schema
from orchestration.taxonomy.formats.parts import (
    FIRST_VERSION,
    Draft,
    Dropped,
    Files,
    Imported,
    Reading,
    gather,
    native_name,
    own_meta,
    without_empty,
)
from orchestration.taxonomy.formats.plain_schema import is_plain_schema, plain_draft
from orchestration.taxonomy.formats.recognition import not_of_format
from orchestration.taxonomy.formats.references import inlined
from orchestration.taxonomy.model import Event, Taxonomy, version_key

NAMESPACE = "iglu"
VARIANTS = ("registry",)
SELF_DESCRIBING = (
    "http://iglucentral.com/schemas/com.snowplowanalytics.self-desc/schema/jsonschema/1-0-0#"
)
DEFAULT_VENDOR = "com.example"
"""The vendor of events of which none is known, and which is therefore not read as one."""

_DIALECT = Dialect(NAMESPACE, is_draft_04=True)
_NAME = re.compile(r"[a-zA-Z0-9_-]+")
_VENDOR = re.compile(r"[a-zA-Z0-9_-]+(\.[a-zA-Z0-9_-]+)*")
_SCHEMAVER = re.compile(r"(0|[1-9]\d*)-(0|[1-9]\d*)-(0|[1-9]\d*)")
_FORMAT = "jsonschema"


def read(path: Path) -> Imported:
    """Read a registry, a folder within one, or one schema.

    Raises ConfigurationError for a file that is no schema, or a folder without any.
    """
    if not path.is_dir():
        return gather([_draft(path)], NAMESPACE)
    files = sorted(each for each in path.rglob("*") if each.is_file())
    schemas = [
        each for each in files if _SCHEMAVER.fullmatch(each.name) and each.parent.name == _FORMAT
    ]
    if not schemas:
        raise ConfigurationError(
            f"{path}: not of the format iglu: expected files vendor/name/{_FORMAT}/1-0-0; "
            "give the folder that holds them"
        )
    others = [
        Dropped(
            None, (str(each.relative_to(path)),), "no schema of a registry by its path, not read"
        )
        for each in files
        if each not in {*schemas}
    ]
    return gather([_draft(each) for each in schemas], NAMESPACE, dropped=others)


def _draft(path: Path) -> Draft:
    document = read_json(path)
    if is_plain_schema(document):
        return plain_draft(document, path, _DIALECT)
    named = document.get("self") if isinstance(document, dict) else None
    parts = ("vendor", "name", "format", "version")
    if not isinstance(named, Mapping) or not all(isinstance(named.get(p), str) for p in parts):
        expected = "a self-describing schema, with `self` and its vendor, name, format and version"
        raise not_of_format(path, NAMESPACE, expected, document)
    vendor, name, version = named["vendor"], named["name"], named["version"]
    if not name or not _SCHEMAVER.fullmatch(version):
        raise ConfigurationError(
            f"{path}: self.version is '{version}' of '{name}'; "
            "write a name and MODEL-REVISION-ADDITION"
        )
    reading = Reading(NAMESPACE)
    schema = {key: each for key, each in document.items() if key not in ("self", "description")}
    if schema.get("$schema") == SELF_DESCRIBING:
        del schema["$schema"]
    fields = section_fields(inlined(schema), reading, _DIALECT)
    meta = {
        **fields.get("meta", {}).get(NAMESPACE, {}),
        **({"vendor": vendor} if vendor != DEFAULT_VENDOR else {}),
        **({"format": named["format"]} if named["format"] != _FORMAT else {}),
        **without_empty({"self": {key: each for key, each in named.items() if key not in parts}}),
    }
    number = version.replace("-", ".")
    return Draft(
        name=name,
        keys=(name, f"{name} ({version})", f"{name} ({vendor} {version})"),
        fields={
            **fields,
            "description": document.get("description"),
            "since_version": number,
            "meta": {**fields.get("meta", {}), **without_empty({NAMESPACE: meta})},
        },
        rank=(tuple(-part for part in version_key(number)), name, vendor),
        dropped=reading.dropped,
    )


def write(taxonomy: Taxonomy, path: Path, variant: str) -> Files:
    """The registry's files; a name that Iglu does not allow is spelled with `_`."""
    texts: dict[Path, str] = {}
    renamed: dict[str, str] = {}
    for key, place, event in _placed(taxonomy):
        vendor, name, version = place
        texts[path / vendor / name / _FORMAT / version] = write_json(_schema(event, *place))
        if name != native_name(key, event, NAMESPACE):
            renamed[key] = name
    return Files(texts, renamed)


def _placed(taxonomy: Taxonomy) -> Iterator[tuple[str, tuple[str, str, str], Event]]:
    """Events with vendor, name and version, no two the same whatever the case."""
    taken: set[tuple[str, str, str]] = set()
    native = {key: native_name(key, event, NAMESPACE) for key, event in taxonomy.events.items()}
    names = {name.casefold() for name in native.values() if _NAME.fullmatch(name)}
    # Names that are right as they are choose first, so that only the others give way.
    for key, event in sorted(
        taxonomy.events.items(), key=lambda item: not _NAME.fullmatch(native[item[0]])
    ):
        vendor = str(own_meta(event, NAMESPACE).get("vendor", DEFAULT_VENDOR))
        vendor = vendor if _VENDOR.fullmatch(vendor) else DEFAULT_VENDOR
        is_right = bool(_NAME.fullmatch(native[key]))
        plain = native[key] if is_right else re.sub(r"[^a-zA-Z0-9]+", "_", native[key]).strip("_")
        name, number = plain or "event", 2
        version = event.since_version.replace(".", "-")
        version = version if not version.startswith("0-") else FIRST_VERSION.replace(".", "-")
        while (vendor, name.casefold(), version) in taken or (
            not is_right and name.casefold() in names
        ):
            name, number = f"{plain or 'event'}_{number}", number + 1
        taken.add((vendor, name.casefold(), version))
        if not is_right:
            names.add(name.casefold())
        yield key, (vendor, name, version), event


def _schema(event: Event, vendor: str, name: str, version: str) -> dict[str, Any]:
    meta = own_meta(event, NAMESPACE)
    named = {"vendor": vendor, "name": name, "format": _FORMAT, "version": version}
    return {
        "$schema": SELF_DESCRIBING,
        "description": event.description,
        "self": {**named, **meta.get("self", {})},
        **section_schema(event, _DIALECT),
    }
