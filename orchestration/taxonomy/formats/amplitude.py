"""Amplitude: the CSV export of events or of user properties, and the Taxonomy API's JSON.

A CSV row of a property belongs to the event row above it. What Amplitude marks to be ignored, as
unexpected, blocked or deleted is not planned, so it is left out and listed. User properties become
one event, `user properties`. Source: Amplitude's CSV import and export and its Taxonomy API.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from orchestration.errors import ConfigurationError
from orchestration.taxonomy.formats import amplitude_api
from orchestration.taxonomy.formats.amplitude_types import cells_of, rule_of
from orchestration.taxonomy.formats.files import (
    is_csv,
    read_json,
    read_table,
    write_json,
    write_table,
)
from orchestration.taxonomy.formats.parts import (
    Draft,
    Dropped,
    Files,
    Imported,
    Place,
    gather,
    native_name,
    own_meta,
    without_empty,
)
from orchestration.taxonomy.formats.recognition import not_of_format, recognised
from orchestration.taxonomy.model import Event, Taxonomy
from orchestration.taxonomy.properties import PropertyRule

NAMESPACE = "amplitude"
VARIANTS = ("events", "user")
USER = "user properties"
_BEFORE = (
    "Action", "Object Type", "Object Name", "Event Display Name", "Object Owner",
    "Object Description", "Event Category", "Tags", "Event Schema Status", "Event Activity",
    "Event Hidden From Dropdowns", "Event Hidden From Persona Results",
    "Event Hidden From Pathfinder", "Event Hidden From Timeline", "Event Source",
    "Event 30 Day Volume", "Event 30 Day Queries", "Event First Seen", "Event Last Seen",
)  # fmt: skip
_LIMITS = (
    "String Property Value Min Length", "String Property Value Max Length", "Number Is Integer",
    "Number Property Value Min", "Number Property Value Max", "Array Unique Items",
    "Array Min Items", "Array Max Items", "Enum Values", "Const Value", "Property Regex",
    "Property First Seen", "Property Last Seen",
)  # fmt: skip
EVENT_COLUMNS = (
    *_BEFORE,
    "Property Type", "Property Group Names", "Event Property Name", "Property Description",
    "Property Value Type", "Property Schema Status", "Property Required", "Property Visibility",
    "Property Is Array",
    *_LIMITS,
)  # fmt: skip
# The value type stands twice in Amplitude's own export of user properties.
USER_COLUMNS = (
    "Action", "Property Type", "Property Name", "Property Description", "Property Value Type",
    "Property Schema Status", "Property Visibility", "Property Is Array", "Property Value Type",
    *_LIMITS,
)  # fmt: skip
_UNPLANNED = ("UNEXPECTED", "BLOCKED", "DELETED")
_OF_EVENT = ("object type", "object name", "event display name", "object owner",
             "object description", "tags")  # fmt: skip


def read(path: Path) -> Imported:
    """Read a file. Raises ConfigurationError for one that is none of Amplitude's."""
    if not is_csv(path):
        document = read_json(path)
        drafts = amplitude_api.drafts(document)
        if drafts is None:
            expected = "an object with `data`: events, event properties or user properties"
            raise not_of_format(path, NAMESPACE, expected, document)
        return gather(drafts, NAMESPACE)
    header, rows = read_table(path)
    if recognised(header) != NAMESPACE:
        expected = (
            "a CSV export with the columns Object Type, Object Name, Property Value Type, ..."
        )
        raise not_of_format(path, NAMESPACE, expected, header)
    names: list[str] = []
    for column in header:
        again = names.count(column.lower())
        names.append(f"{column.lower()} ({again + 1})" if again else column.lower())
    cells = [(line, dict(zip(names, row, strict=True))) for line, row in rows]
    spelled = dict(zip(names, header, strict=True))
    if "object name" in names:
        return _events(path, cells, spelled)
    return _user_properties(cells, spelled)


def _events(
    path: Path, rows: Sequence[tuple[int, dict[str, str]]], spelled: Mapping[str, str]
) -> Imported:
    drafts: list[dict[str, Any]] = []
    lost: list[Dropped] = []
    current: dict[str, Any] | None = None
    for line, row in rows:
        is_event = bool(row["object name"] or row.get("object type"))
        why = _unplanned(row, "event schema status" if is_event else "property schema status")
        if is_event:
            name = row["object name"]
            current = {"name": name, "row": row, "rules": {}, "dropped": [], "is_planned": not why}
            if why:
                lost.append(Dropped(name, (), why))
            else:
                drafts.append(current)
            continue
        if current is None:
            raise ConfigurationError(
                f"{path}:{line}: a property before any event; rows belong to the event above, "
                "so export the file again and do not sort it"
            )
        name = row.get("event property name") or row.get("property name") or ""
        place: Place = ("properties", name)
        if not current["is_planned"]:
            continue
        if why or not name:
            current["dropped"].append(Dropped(None, place, why or "a property needs a name"))
        elif name in current["rules"]:
            current["dropped"].append(Dropped(None, place, f"stands twice, again on line {line}"))
        else:
            current["rules"][name] = _rule(row, spelled, place, current["dropped"])
    if not drafts:
        raise ConfigurationError(f"{path}: every event in it is to be ignored; nothing is planned")
    return gather([_draft(each, spelled) for each in drafts], NAMESPACE, dropped=lost)


def _unplanned(row: Mapping[str, str], status_column: str) -> str:
    action, status = row.get("action", "").strip(), row.get(status_column, "").strip()
    if action.upper() == "IGNORE" or status.upper() in _UNPLANNED:
        said = " and ".join(part for part in (action, status) if part)
        return f"is {said} in Amplitude, so it is not planned"
    return ""


def _draft(event: Mapping[str, Any], spelled: Mapping[str, str]) -> Draft:
    row, name = event["row"], event["name"]
    property_columns = [column.lower() for column in EVENT_COLUMNS[len(_BEFORE) :]]
    meta = {
        spelled[column]: cell
        for column, cell in row.items()
        if cell and column not in _OF_EVENT and column not in property_columns
    }
    kind = row.get("object type", "")
    if kind.lower() not in ("event", ""):
        meta["Object Type"] = kind
    return Draft(
        name=name,
        keys=(name or kind.lower(), f"{name or kind} ({kind.lower() or 'event'})"),
        fields={
            "description": row.get("object description"),
            "display_name": row.get("event display name"),
            "owner": row.get("object owner"),
            "tags": [tag.strip() for tag in row.get("tags", "").split(",") if tag.strip()],
            "properties": event["rules"],
            "meta": without_empty({NAMESPACE: meta}),
        },
        rank=(kind.lower() not in ("event", ""), name),
        dropped=event["dropped"],
    )


def _rule(
    row: Mapping[str, str], spelled: Mapping[str, str], at: Place, dropped: list[Dropped]
) -> PropertyRule:
    event_columns = [column.lower() for column in _BEFORE if column != "Action"]
    cells = {column: cell for column, cell in row.items() if column not in event_columns}
    return rule_of(cells, spelled, at, dropped)


def _user_properties(
    rows: Sequence[tuple[int, dict[str, str]]], spelled: Mapping[str, str]
) -> Imported:
    rules: dict[str, PropertyRule] = {}
    dropped: list[Dropped] = []
    for line, row in rows:
        name = row["property name"]
        place: Place = ("properties", name)
        if why := _unplanned(row, "property schema status"):
            dropped.append(Dropped(None, place, why))
        elif not name or name in rules:
            dropped.append(Dropped(None, place, f"has no name, or stands twice, on line {line}"))
        else:
            if row.get("property value type (2)") == row["property value type"]:
                row = {key: cell for key, cell in row.items() if key != "property value type (2)"}
            rules[name] = rule_of(row, spelled, place, dropped)
    return gather([user_draft(rules, dropped)], NAMESPACE)


def user_draft(rules: Mapping[str, PropertyRule], dropped: Sequence[Dropped]) -> Draft:
    """The event that stands for the properties of users."""
    return Draft(
        name=USER,
        keys=(USER,),
        fields={
            "description": "Properties of users, not of an event.",
            "kind": "system",
            "properties": dict(rules),
            "meta": {NAMESPACE: {"entity": "user"}},
        },
        dropped=dropped,
    )


def write(taxonomy: Taxonomy, path: Path, variant: str) -> Files:
    """The API's JSON for a name that ends so, else CSV: of the events, or of user properties."""
    if not is_csv(path):
        return Files({path: write_json(amplitude_api.document(taxonomy))})
    users = [e for e in taxonomy.events.values() if _is_user(e)]
    if variant == "user" or len(users) == len(taxonomy.events):
        rows = [
            {"Property Type": "User Property", "Property Name": name, **cells_of(rule)}
            for event in users
            for name, rule in event.properties.items()
        ]
        return Files({path: write_table(USER_COLUMNS, rows)})
    rows = [
        row
        for key, event in taxonomy.events.items()
        if not _is_user(event)
        for row in _rows(key, event)
    ]
    return Files({path: write_table(EVENT_COLUMNS, rows)})


def _is_user(event: Event) -> bool:
    return own_meta(event, NAMESPACE).get("entity") == "user"


def _rows(key: str, event: Event) -> Iterator[dict[str, str]]:
    meta = {column: str(cell) for column, cell in own_meta(event, NAMESPACE).items()}
    yield {
        "Object Type": "Event",
        **meta,
        "Object Name": native_name(key, event, NAMESPACE),
        "Event Display Name": event.display_name or "",
        "Object Owner": event.owner or "",
        "Object Description": event.description,
        "Tags": ",".join(event.tags),
    }
    for name, rule in event.properties.items():
        kept = {
            "Property Type": "Event Property",
            "Event Property Name": name,
            "Property Required": "TRUE" if rule.required else "FALSE",
        }
        yield {**kept, **cells_of(rule)}
