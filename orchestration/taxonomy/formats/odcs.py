"""The Open Data Contract Standard v3; the Data Contract Specification 1.x is read too.

A contract's schema object is an event. Fields that the standard has no place for stand in a custom
property called `waybill`, on the contract, its objects and properties, so nothing is lost.
The two standards are told apart by their keys, not by the file's name. A JSON Schema of an object
is read as one event. Source: bitol-io's standard v3.1.0; datacontract.com's specification 1.2.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from orchestration.errors import ConfigurationError
from orchestration.taxonomy.formats.data_contract import drafts as old_drafts
from orchestration.taxonomy.formats.files import read_json, read_yaml
from orchestration.taxonomy.formats.json_schema import Dialect
from orchestration.taxonomy.formats.odcs_properties import (
    NAMESPACE,
    custom_list,
    member_rules,
    property_of,
    said_in_custom,
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
from orchestration.taxonomy.formats.plain_schema import is_plain_schema, plain_draft
from orchestration.taxonomy.formats.recognition import not_of_format
from orchestration.taxonomy.model import Event, Taxonomy, Version
from orchestration.taxonomy.writing import dump, to_document

VARIANTS = ("v3",)
_REQUIRED = ("apiVersion", "kind", "id", "version", "status")
_DEFAULTS = {
    "apiVersion": "v3.1.0",
    "kind": "DataContract",
    "id": "event-dictionary",
    "status": "active",
}
_OF_EVENT = ("name", "description", "tags", "properties", "customProperties", "logicalType")


def read(path: Path) -> Imported:
    """Read a contract. Raises ConfigurationError for what is none, or lacks what it must have."""
    document = read_json(path) if path.suffix.lower() == ".json" else read_yaml(path)
    if isinstance(document, dict) and "dataContractSpecification" in document:
        return _read_old(document, path)
    if is_plain_schema(document):
        return gather([plain_draft(document, path, Dialect(NAMESPACE))], NAMESPACE)
    if not isinstance(document, dict) or not (
        document.get("kind") == "DataContract" or "apiVersion" in document
    ):
        expected = "`kind: DataContract` with an `apiVersion`, or `dataContractSpecification`"
        raise not_of_format(path, NAMESPACE, expected, document)
    if missing := [key for key in _REQUIRED if document.get(key) in (None, "")]:
        raise ConfigurationError(
            f"{path}: not a whole data contract: {', '.join(missing)} missing; add "
            f"{'it' if len(missing) == 1 else 'them'}"
        )
    if not str(document["apiVersion"]).startswith("v3"):
        raise ConfigurationError(
            f"{path}: apiVersion is {document['apiVersion']}; only v3 of the standard is read, "
            "convert the file first"
        )
    objects = document.get("schema")
    if (
        not isinstance(objects, list)
        or not objects
        or not all(
            isinstance(each, dict) and isinstance(each.get("name"), str) and each["name"]
            for each in objects
        )
    ):
        raise ConfigurationError(
            f"{path}: schema must be a list of objects, each with a name; nothing to import"
        )
    return _imported(document, objects)


def _imported(document: Mapping[str, Any], objects: list[dict[str, Any]]) -> Imported:
    custom, others = said_in_custom(document.get("customProperties"))
    version = valid_version(document["version"])
    known = ("schema", "customProperties", *([] if version is None else ["version"]))
    meta = {
        **{k: v for k, v in document.items() if k not in known and _DEFAULTS.get(k) != v},
        **without_empty({"customProperties": others}),
    }
    imported = gather([_draft(each) for each in objects], NAMESPACE, meta=meta, version=version)
    # What only this project writes is validated as the dictionary itself is.
    whole = {**imported.taxonomy.model_dump(by_alias=True, exclude_unset=True), **custom}
    whole["meta"] = {**custom.get("meta", {}), **imported.taxonomy.meta}
    return Imported(Taxonomy.model_validate(whole), imported.dropped)


def _draft(item: Mapping[str, Any]) -> Draft:
    reading = Reading(NAMESPACE)
    custom, others = said_in_custom(item.get("customProperties"))
    tags = text_list(item.get("tags"))
    meta = without_empty(
        {
            **{key: each for key, each in item.items() if key not in _OF_EVENT},
            "tags": item.get("tags") if tags is None else None,
            "customProperties": others,
            "logicalType": item.get("logicalType") if item.get("logicalType") != "object" else None,
        }
    )
    if item.get("quality"):
        reading.drop(("quality",), "kept in meta, not checked")
    said = Event.model_validate({"status": "proposed", **custom})
    own: Any = said.meta.get(NAMESPACE)
    name = item["name"]
    return Draft(
        name=name,
        keys=(name,),
        fields={
            **said.model_dump(by_alias=True, exclude_unset=True),
            "status": "proposed",
            "description": item.get("description"),
            "tags": tags,
            "properties": member_rules(item.get("properties"), reading, ()),
            "meta": {
                **said.meta,
                **without_empty({NAMESPACE: {**meta, **(own if isinstance(own, dict) else {})}}),
            },
        },
        rank=(name,),
        dropped=reading.dropped,
    )


def valid_version(value: Any) -> str | None:
    """A contract's version where the dictionary can have it, else None."""
    try:
        return TypeAdapter[str](Version).validate_python(value)
    except ValidationError:
        return None


def _read_old(document: Mapping[str, Any], path: Path) -> Imported:
    models = document.get("models")
    if not isinstance(models, dict) or not all(isinstance(each, dict) for each in models.values()):
        raise ConfigurationError(f"{path}: models must be a mapping of models; nothing to import")
    info = document.get("info")
    version = valid_version(info.get("version")) if isinstance(info, dict) else None
    meta = {key: each for key, each in document.items() if key != "models"}
    return gather(old_drafts(document, models), "data_contract", meta=meta, version=version)


def write(taxonomy: Taxonomy, path: Path, variant: str) -> Files:
    """The contract as YAML, for JSON is YAML too."""
    meta = own_meta(taxonomy, NAMESPACE)
    others = meta.pop("customProperties", [])
    version = meta.pop("version", taxonomy.version)
    rest = {k: v for k, v in to_document(taxonomy).items() if k in ("naming", "enforcement")}
    further = {k: v for k, v in taxonomy.meta.items() if k != NAMESPACE}
    custom = {**rest, **without_empty({"meta": further})}
    document = {
        **_DEFAULTS,
        "version": version,
        **meta,
        "schema": [_object(key, event) for key, event in taxonomy.events.items()],
        **without_empty({"customProperties": custom_list(custom, others)}),
    }
    return Files({path: dump(document)})


def _object(key: str, event: Event) -> dict[str, Any]:
    meta = own_meta(event, NAMESPACE)
    others = meta.pop("customProperties", [])
    name = native_name(key, event, NAMESPACE)
    meta.pop("name", None)
    native = ("description", "tags", "properties", "status", "meta")
    custom = {k: v for k, v in to_document(event).items() if k not in native}
    further = {k: v for k, v in event.meta.items() if k != NAMESPACE}
    return {
        "name": name,
        "logicalType": "object",
        **without_empty({"description": event.description, "tags": list(event.tags)}),
        **meta,
        "properties": [property_of(n, rule) for n, rule in event.properties.items()],
        **without_empty(
            {
                "customProperties": custom_list(
                    {**custom, **without_empty({"meta": further})}, others
                )
            }
        ),
    }
