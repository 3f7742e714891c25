"""Which format a file seems to be, for the message that refuses it as another."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from orchestration.errors import ConfigurationError

_COLUMNS = {
    "mixpanel": {"entity type", "entity name"},
    "amplitude": {"object type", "object name", "property value type"},
    "segment": {"event type", "event name", "property name", "property data type"},
}


def not_of_format(path: Path, name: str, expected: str, document: Any) -> ConfigurationError:
    """The refusal of a file that is not what its format asks for; `document` is what it holds."""
    other = recognised(document)
    if other is None or other == name:
        hint = "; give the right file, or name its format"
    elif other == "waybill":
        hint = "; it seems to be a dictionary of Waybill's own, which needs no import"
    else:
        hint = f"; it seems to be {other}: waybill taxonomy import {other} {path}"
    return ConfigurationError(f"{path}: not of the format {name}: expected {expected}{hint}")


def recognised_header(header: Collection[str]) -> str | None:
    """The format whose CSV files have these columns."""
    columns = {column.lower() for column in header}
    if {"property name", "property value type", "property visibility"} <= columns:
        return "amplitude"
    return next((name for name, wanted in _COLUMNS.items() if wanted <= columns), None)


def recognised(document: Any) -> str | None:
    """The format of a JSON or YAML document, None where it is none of those known."""
    if isinstance(document, list | tuple) and all(isinstance(each, str) for each in document):
        return recognised_header(document)
    if not isinstance(document, Mapping):
        return None
    version, rules = document.get("version"), document.get("rules")
    events, results, data = (document.get(key) for key in ("events", "results", "data"))
    first = (
        next((e for e in events if isinstance(e, Mapping)), {}) if isinstance(events, list) else {}
    )
    if isinstance(version, str) and version.startswith("rudder/"):
        return "rudderstack"
    if "dataContractSpecification" in document or document.get("kind") == "DataContract":
        return "odcs"
    if isinstance(document.get("self"), Mapping):
        return "iglu"
    if isinstance(rules, list) or (isinstance(rules, Mapping) and "events" in rules):
        return "segment"
    if isinstance(data, Mapping) and ("rules" in data or "trackingPlan" in data):
        return "segment"
    if "eventType" in first or "identitySection" in first:
        return "rudderstack"
    if first and ("actions" in first or "rules" in first):
        return "avo"
    if isinstance(results, list) and any(
        "schemaJson" in r for r in results if isinstance(r, Mapping)
    ):
        return "mixpanel"
    if "success" in document and "data" in document:
        return "amplitude"
    if isinstance(events, Mapping) and "version" in document:
        return "waybill"
    return None
