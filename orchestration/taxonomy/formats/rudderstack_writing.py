"""A dictionary as a project of rudder-cli: events, properties, custom types and a tracking plan.

Equal properties are defined once. Elements of an array that are more than a type get a custom
type, the only way to say so there.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestration.errors import ConfigurationError
from orchestration.taxonomy.formats.json_schema import NAMESPACE as JSON_SCHEMA
from orchestration.taxonomy.formats.parts import Files, native_name, own_meta, without_empty
from orchestration.taxonomy.formats.rudderstack_names import (
    CONFIG,
    GROUP,
    KINDS,
    LISTS,
    NAMESPACE,
    PLAN,
    camel,
    slug,
    type_name,
)
from orchestration.taxonomy.model import Event, Taxonomy
from orchestration.taxonomy.properties import PropertyRule
from orchestration.taxonomy.writing import dump


def project(taxonomy: Taxonomy, path: Path, *, is_old: bool, is_one_file: bool) -> Files:
    """The files of a project, in v0.1 where `is_old`, else v1.

    With `is_one_file`, `path` is the plan's file, and the definitions stand beside it. Raises
    ConfigurationError where that would leave events without a plan.
    """
    catalog = _Catalog(is_old)
    meta = own_meta(taxonomy, NAMESPACE)
    plans = [dict(each) for each in meta.get("plans", []) if isinstance(each, dict)] or [dict(PLAN)]
    rules: dict[Any, list[dict[str, Any]]] = {}
    for key, event in taxonomy.events.items():
        own = own_meta(event, NAMESPACE)
        identifier = catalog.event(key, event, own)
        if own.get("in_plan") is not False:
            rules.setdefault(own.get("plan", plans[0].get("id")), []).append(
                catalog.rule(identifier, event, own)
            )
    unplanned = [
        e for e in taxonomy.events.values() if own_meta(e, NAMESPACE).get("in_plan") is False
    ]
    if is_one_file and (len(plans) > 1 or unplanned):
        raise ConfigurationError(f"{path}: this project is no single plan; name a folder")
    texts: dict[Path, str] = {}
    for plan in plans:
        kind = "tp" if is_old else "tracking-plan"
        spec = {**plan, "rules": rules.get(plan.get("id"), [])}
        name = slug(str(plan.get("id", "plan")), "plan")
        target = path if is_one_file and plan is plans[0] else _beside(path, name, is_one_file)
        texts[target] = _file(kind, spec, is_old)
    for kind, definitions in catalog.definitions.items():
        if definitions:
            spec = {LISTS[kind]: [{"id": each, **said} for each, said in definitions.items()]}
            texts[_beside(path, kind.replace("-", "_"), is_one_file)] = _file(kind, spec, is_old)
    return Files(texts)


def _beside(path: Path, name: str, is_one_file: bool) -> Path:
    return path.with_name(f"{path.stem}_{name}.yaml") if is_one_file else path / f"{name}.yaml"


def _file(kind: str, spec: Mapping[str, Any], is_old: bool) -> str:
    version = "rudder/v0.1" if is_old else "rudder/v1"
    return dump({"version": version, "kind": kind, "metadata": {"name": GROUP}, "spec": dict(spec)})


class _Catalog:
    """Definitions by kind and id, each once."""

    def __init__(self, is_old: bool) -> None:
        self.is_old = is_old
        self.definitions: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in KINDS}

    def add(self, kind: str, wanted: str, definition: dict[str, Any]) -> str:
        """The id under which a definition stands; another one where the wanted is taken."""
        known = self.definitions[kind]
        identifier, number = wanted, 2
        while identifier in known and known[identifier] != definition:
            identifier, number = f"{wanted}_{number}", number + 1
        known[identifier] = definition
        return identifier

    def reference(self, kind: str, identifier: str) -> str:
        return f"#/{kind}/{GROUP}/{identifier}" if self.is_old else f"#{KINDS[kind]}:{identifier}"

    def event(self, key: str, event: Event, own: Mapping[str, Any]) -> str:
        kind, name = str(own.get("type", "track")), native_name(key, event, NAMESPACE)
        known = (
            "type", "name", "id", "rule_id", "plan", "category", "variants", "in_plan",
            "identity_section",
        )  # fmt: skip
        definition = {
            **without_empty({"name": name}),
            "event_type": kind,
            **without_empty({"description": event.description}),
            **{k: v for k, v in own.items() if k not in known},
        }
        category = own.get("category")
        if isinstance(category, dict) and "id" in category:
            if "name" in category:
                self.definitions["categories"][category["id"]] = {"name": category["name"]}
            definition["category"] = self.reference("categories", category["id"])
        return self.add("events", str(own.get("id", slug(name, kind))), definition)

    def rule(self, identifier: str, event: Event, own: Mapping[str, Any]) -> dict[str, Any]:
        mode = event.enforcement.get("extra_property")
        reference = self.reference("events", identifier)
        is_open = (
            {}
            if mode is None
            else {"allow_unplanned" if self.is_old else "additional_properties": mode == "pass"}
        )
        section = without_empty({"identity_section": own.get("identity_section")})
        said: dict[str, Any] = (
            {"event": {"$ref": reference, **is_open, **section}}
            if self.is_old
            else {"event": reference, **is_open, **section}
        )
        return {
            "type": "event_rule",
            "id": str(own.get("rule_id", f"{identifier}_rule")),
            **said,
            **without_empty(
                {
                    "properties": self.entries(event.properties),
                    "variants": self.variants(own.get("variants")),
                }
            ),
        }

    def entries(self, rules: Mapping[str, PropertyRule]) -> list[dict[str, Any]]:
        return [self.entry(name, rule) for name, rule in rules.items()]

    def entry(self, name: str, rule: PropertyRule) -> dict[str, Any]:
        own = own_meta(rule, NAMESPACE)
        wanted = str(own.get("id", slug(name, "property")))
        custom = own.get("custom_type")
        definition: dict[str, Any] = {
            "name": name,
            **without_empty({"description": rule.description}),
        }
        members = rule.properties
        if isinstance(custom, dict):
            identifier = self.custom(rule, custom, wanted)
            definition["type"] = self.reference("custom-types", identifier)
            members = {}
        else:
            definition |= self.values(rule, own, wanted)
        reference = self.reference("properties", self.add("properties", wanted, definition))
        further = own_meta(rule, JSON_SCHEMA).get("additionalProperties")
        closed = {"additional_properties": further} if isinstance(further, bool) else {}
        return {
            "$ref" if self.is_old else "property": reference,
            "required": rule.required,
            **closed,
            **without_empty({"properties": self.entries(members)}),
        }

    def values(self, rule: PropertyRule, own: Mapping[str, Any], wanted: str) -> dict[str, Any]:
        """A definition's types and limits."""
        kinds = [kind for kind in rule.type or () if kind != "null-free"] or own.get("type", [])
        config = {
            key: value for key, name in CONFIG.items() if (value := getattr(rule, name)) is not None
        } | (own.get("config") or {})
        items = self.item_types(rule.items, wanted) if rule.items is not None else []
        if self.is_old:
            config |= without_empty({"item_types": items})
            spelled = {camel(key): each for key, each in config.items()}
            return without_empty({"type": ", ".join(kinds), "propConfig": spelled})
        single = {"type": kinds[0]} if len(kinds) == 1 else {"types": kinds}
        element = {"item_type": items[0]} if len(items) == 1 else {"item_types": items}
        return without_empty({**single, **element, "config": config})

    def item_types(self, rule: PropertyRule, owner: str) -> list[Any]:
        own = own_meta(rule, NAMESPACE)
        if rule == PropertyRule(type=rule.type, meta=rule.meta) and "custom_type" not in own:
            return list(rule.type or own.get("type", []))
        custom = own.get("custom_type")
        default = f"{slug(owner, 'property')}_item"
        identifier = self.custom(rule, custom if isinstance(custom, dict) else {}, default)
        return [self.reference("custom-types", identifier)]

    def custom(self, rule: PropertyRule, said: Mapping[str, Any], default: str) -> str:
        """The id of a custom type with what a rule says of values."""
        wanted = str(said.get("id", default))
        own = own_meta(rule, NAMESPACE)
        description = said.get(
            "description", "" if "id" in said and "name" in said else rule.description
        )
        definition = {
            **without_empty({"description": description}),
            **self.values(rule, own, wanted),
            **without_empty(
                {
                    "properties": self.entries(rule.properties),
                    "variants": self.variants(own.get("variants")),
                }
            ),
        }
        if self.is_old and "propConfig" in definition:
            definition["config"] = definition.pop("propConfig")
        known = self.definitions["custom-types"]
        number, identifier = 2, wanted
        while True:
            whole = {"name": said.get("name", type_name(identifier)), **definition}
            if known.get(identifier, whole) == whole:
                known[identifier] = whole
                return identifier
            identifier, number = f"{wanted}_{number}", number + 1

    def variants(self, listed: Any) -> list[Any]:
        """Variants with references in place of the properties that `meta` keeps."""
        found = []
        for variant in listed if isinstance(listed, list) else []:
            told = {**variant, "cases": [self.case(each) for each in variant.get("cases", [])]}
            by_name = {
                each["name"]: reference
                for reference, each in self.definitions["properties"].items()
            }
            key = variant.get("discriminator")
            if key in by_name:
                told["discriminator"] = self.reference("properties", by_name[key])
            if isinstance(variant.get("default"), dict):
                told["default"] = self.case({"properties": variant["default"]})["properties"]
            found.append(told)
        return found

    def case(self, case: Mapping[str, Any]) -> dict[str, Any]:
        rules = {
            name: PropertyRule.model_validate(each)
            for name, each in (case.get("properties") or {}).items()
        }
        return {**case, "properties": self.entries(rules)}
