"""A project of rudder-cli, YAML of the dialects v0.1 and v1, as events.

A file by itself is read with the definitions of its folder. Custom types are unfolded into the
properties that have them. Variants, rules for some values of a property, stay in `meta` with their
references unfolded, and are listed: the dictionary does not check them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from orchestration.errors import ConfigurationError
from orchestration.taxonomy.formats.json_schema import NAMESPACE as JSON_SCHEMA
from orchestration.taxonomy.formats.json_schema import UNCHECKED
from orchestration.taxonomy.formats.parts import (
    Draft,
    Dropped,
    Imported,
    Place,
    Reading,
    gather,
    settle,
    without_empty,
)
from orchestration.taxonomy.formats.rudderstack_names import (
    CONFIG,
    NAMESPACE,
    PLAN,
    is_default,
    slug,
    snake,
    type_name,
)
from orchestration.taxonomy.formats.rudderstack_project import Project, load
from orchestration.taxonomy.properties import PropertyRule
from orchestration.taxonomy.writing import to_document

_TYPES = ("string", "integer", "number", "boolean", "array", "object", "null")


def read(path: Path) -> Imported:
    """Read a project's folder, or one file of it.

    Raises ConfigurationError where there is no event in it.
    """
    project, lost = load(path)
    plans = [p for p in project.plans if path.is_dir() or p[0] == path]
    several = len(plans) > 1
    drafts = [
        _draft(project, file, plan, rule, several=several)
        for file, plan in plans
        for rule in _rules(file, plan)
    ]
    planned = {*project.used}
    for reference, definition in project.definitions.items():
        is_event = reference.startswith(("#event:", "#/events/"))
        if (
            is_event
            and reference not in planned
            and (path.is_dir() or path == project.files[reference])
        ):
            drafts.append(_unplanned(project, reference, definition))
    if not drafts:
        raise ConfigurationError(
            f"{path}: defines no event and no tracking plan; give the folder of the whole project"
        )
    if path.is_dir():
        lost += [
            Dropped(None, (reference,), "in no event")
            for reference in project.definitions
            if reference not in project.used
        ]
    said = [_plan_meta(plan) for _, plan in plans]
    meta = {} if said in ([], [PLAN]) else {"plans": said}
    return gather(drafts, NAMESPACE, meta=meta, dropped=lost)


def _rules(path: Path, plan: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    rules = plan.get("rules")
    for number, rule in enumerate(rules if isinstance(rules, list) else []):
        if not isinstance(rule, dict):
            raise ConfigurationError(f"{path}: spec.rules.{number} must be a mapping")
        yield rule


def _plan_meta(plan: Mapping[str, Any]) -> dict[str, Any]:
    return {key: each for key, each in plan.items() if key != "rules"}


def _draft(
    project: Project,
    path: Path,
    plan: Mapping[str, Any],
    rule: Mapping[str, Any],
    *,
    several: bool,
) -> Draft:
    event = rule.get("event")
    reading = Reading(NAMESPACE)
    said = event if isinstance(event, dict) else {"$ref": event}
    definition = project.get(said.get("$ref"), path)
    about = {**said, **rule}
    closed = about.get("additional_properties", about.get("allow_unplanned"))
    closed = about.get("additionalProperties") if closed is None else closed
    rules = _members(project, path, rule.get("properties"), reading, ())
    kind, name = _identity(definition)
    identifier = str(rule.get("id", ""))
    default = f"{definition['id']}_rule"
    meta = without_empty(
        {
            "rule_id": identifier if identifier != default else None,
            "plan": plan.get("id") if several else None,
            "identity_section": about.get("identity_section"),
            "variants": _variants(project, path, rule.get("variants"), reading, ()),
        }
    )
    draft = _event(project, definition, meta, f"plan {plan.get('id')}")
    return Draft(
        draft.name,
        draft.keys,
        {
            **draft.fields,
            "properties": rules,
            "enforcement": {"extra_property": "pass" if closed else "flag"}
            if isinstance(closed, bool)
            else {},
        },
        (kind != "track", kind, name, str(plan.get("id"))),
        reading.dropped,
    )


def _unplanned(project: Project, reference: str, definition: dict[str, Any]) -> Draft:
    project.used.add(reference)
    return _event(project, definition, {"in_plan": False}, "in no plan")


def _identity(definition: Mapping[str, Any]) -> tuple[str, str]:
    name = definition.get("name")
    return str(definition.get("event_type") or "track").lower(), name if isinstance(
        name, str
    ) else ""


def _event(
    project: Project, definition: Mapping[str, Any], meta: Mapping[str, Any], qualifier: str
) -> Draft:
    kind, name = _identity(definition)
    plain = name if kind == "track" else f"{kind}: {name}" if name else kind
    known = ("id", "name", "event_type", "description", "category")
    whole = {
        **({} if kind == "track" else {"type": kind, "name": name}),
        **({} if is_default(definition["id"], name, kind) else {"id": definition["id"]}),
        **without_empty({"category": _category(project, definition.get("category"))}),
        **{key: each for key, each in definition.items() if key not in known},
        **meta,
    }
    return Draft(
        name=name,
        keys=(plain, f"{plain} ({qualifier})", f"{plain} ({kind} {definition['id']}, {qualifier})"),
        fields={
            "description": definition.get("description"),
            "meta": without_empty({NAMESPACE: whole}),
        },
        rank=(kind != "track", kind, name, "~"),
    )


def _category(project: Project, reference: Any) -> Any:
    """A category's id, and its name where the project defines it."""
    if isinstance(reference, dict):
        reference = reference.get("$ref")
    if not isinstance(reference, str) or not reference:
        return None
    identifier = _last(reference)
    # A project may mix the dialects, and define in one what it names in the other.
    alike = (
        each
        for each in project.definitions
        if each.startswith(("#/categories/", "#category:")) and _last(each) == identifier
    )
    known = reference if reference in project.definitions else next(alike, reference)
    project.used.add(known)
    definition = project.definitions.get(known, {})
    return without_empty({"id": identifier, "name": definition.get("name")})


def _last(reference: str) -> str:
    """The id at the end of a reference."""
    return reference.replace(":", "/").split("/")[-1]


def _members(
    project: Project,
    path: Path,
    listed: Any,
    reading: Reading,
    at: Place,
    above: tuple[str, ...] = (),
) -> dict[str, PropertyRule]:
    rules: dict[str, PropertyRule] = {}
    for entry in listed if isinstance(listed, list) else []:
        said = entry if isinstance(entry, dict) else {"property": entry}
        reference = said.get("property", said.get("$ref"))
        definition = project.get(reference, path)
        name = definition.get("name")
        name = name if isinstance(name, str) and name else definition["id"]
        place = (*at, "properties", name)
        if name in rules:
            reading.drop(place, "stands twice")
            continue
        rule = _property(project, path, definition, said, reading, place, above)
        update: dict[str, Any] = {"required": said.get("required") is True}
        if not is_default(definition["id"], name, "property"):
            update["meta"] = _with(rule, id=definition["id"])
        rules[name] = rule.model_copy(update=update)
    return rules


def _with(rule: PropertyRule, **said: Any) -> dict[str, Any]:
    own: Any = rule.meta.get(NAMESPACE, {})
    return {**rule.meta, NAMESPACE: {**said, **own}}


def _property(
    project: Project,
    path: Path,
    definition: Mapping[str, Any],
    entry: Mapping[str, Any],
    reading: Reading,
    at: Place,
    above: tuple[str, ...],
) -> PropertyRule:
    """The rule of a property or of a custom type; `above` are the custom types around it."""
    kinds = definition.get("types", definition.get("type"))
    kinds = [each.strip() for each in kinds.split(",")] if isinstance(kinds, str) else kinds
    kinds = [each for each in kinds if each] if isinstance(kinds, list) else []
    base = PropertyRule()
    meta: dict[str, Any] = {}
    if len(kinds) == 1 and str(kinds[0]).startswith("#"):
        base = _custom(project, path, kinds[0], reading, at, above)
        meta["custom_type"] = _type_meta(project.get(kinds[0], path))
        kinds = []
    fields: dict[str, Any] = {name: getattr(base, name) for name in base.model_fields_set}
    if kinds and set(kinds) <= {*_TYPES}:
        fields["type"] = kinds
    elif kinds:
        reading.drop((*at, "type"), f"unknown type {', '.join(map(str, kinds))}")
        meta["type"] = kinds
    config = {
        snake(key): each
        for part in ("propConfig", "config")
        for key, each in (definition.get(part) or {}).items()
    }
    items = [
        config.pop("item_types", None),
        definition.get("item_types"),
        definition.get("item_type"),
    ]
    item_types = next((each for each in items if each), None)
    if item_types is not None:
        listed = item_types if isinstance(item_types, list) else [item_types]
        fields["items"] = _items(
            project, path, listed, reading, (*at, "items"), above, str(definition["id"])
        )
    fields |= {CONFIG[key]: each for key, each in config.items() if key in CONFIG}
    members = {
        **_members(project, path, definition.get("properties"), reading, at, above),
        **_members(project, path, entry.get("properties"), reading, at, above),
    }
    fields["properties"] = {**base.properties, **members}
    _, refused = settle(PropertyRule, fields)
    left = {k: v for k, v in config.items() if CONFIG.get(k) is None or CONFIG[k] in refused}
    for key in left:
        reading.drop((*at, key), UNCHECKED)
    meta |= without_empty(
        {
            "config": left,
            "variants": _variants(project, path, definition.get("variants"), reading, at),
        }
    )
    own: Any = base.meta.get(NAMESPACE, {})
    closed = (
        {"additionalProperties": entry["additional_properties"]}
        if "additional_properties" in entry
        else {}
    )
    if False in closed.values():
        reading.drop((*at, "additional_properties"), UNCHECKED)
    said = {
        **{name: each for name, each in fields.items() if name not in refused},
        "description": str(definition.get("description") or ""),
        "meta": without_empty({JSON_SCHEMA: closed, NAMESPACE: {**own, **meta}}),
    }
    return PropertyRule.model_validate(said)


def _custom(
    project: Project,
    path: Path,
    reference: str,
    reading: Reading,
    at: Place,
    above: tuple[str, ...],
) -> PropertyRule:
    definition = project.get(reference, path)
    if reference in above:
        reading.drop(at, f"{reference} contains itself")
        return PropertyRule()
    rule = _property(project, path, definition, {}, reading, at, (*above, reference))
    return rule.model_copy(update={"description": ""})


def _type_meta(definition: Mapping[str, Any]) -> dict[str, Any]:
    return without_empty({key: definition.get(key) for key in ("id", "name", "description")})


def _items(
    project: Project,
    path: Path,
    kinds: list[Any],
    reading: Reading,
    at: Place,
    above: tuple[str, ...],
    owner: str,
) -> PropertyRule:
    if len(kinds) == 1 and str(kinds[0]).startswith("#"):
        rule = _custom(project, path, kinds[0], reading, at, above)
        said = _type_meta(project.get(kinds[0], path))
        description = said.pop("description", "")
        rule = rule.model_copy(update={"description": description})
        # The owner's id may be numbered, where its like was taken; the type's is then not.
        is_plain = said.get("name") == type_name(said["id"]) and any(
            is_default(said["id"], f"{slug(each, 'property')}_item", "type")
            for each in (owner, re.sub(r"_\d+$", "", owner))
        )
        return rule if is_plain else rule.model_copy(update={"meta": _with(rule, custom_type=said)})
    if kinds and set(map(str, kinds)) <= {*_TYPES}:
        return PropertyRule(type=kinds)
    reading.drop((*at, "type"), f"unknown type {', '.join(map(str, kinds))}")
    return PropertyRule(meta={NAMESPACE: {"type": kinds}})


def _variants(project: Project, path: Path, listed: Any, reading: Reading, at: Place) -> list[Any]:
    """Variants with properties by name in place of references."""
    found: list[Any] = []
    for variant in listed if isinstance(listed, list) else []:
        if not isinstance(variant, dict):
            continue
        key = variant.get("discriminator")
        cases = variant.get("cases")
        told = {
            **variant,
            "discriminator": project.get(key, path).get("name")
            if str(key).startswith("#")
            else key,
            "cases": [
                {**case, "properties": _documents(project, path, case.get("properties"))}
                for case in (cases if isinstance(cases, list) else [])
                if isinstance(case, dict)
            ],
        }
        if "default" in variant:
            default = variant["default"]
            listed_default = default.get("properties") if isinstance(default, dict) else default
            told["default"] = _documents(project, path, listed_default)
        found.append(told)
    if found:
        reading.drop((*at, "variants"), UNCHECKED)
    return found


def _documents(project: Project, path: Path, listed: Any) -> dict[str, Any]:
    rules = _members(project, path, listed, Reading(NAMESPACE), ())
    return {name: to_document(rule) for name, rule in rules.items()}
