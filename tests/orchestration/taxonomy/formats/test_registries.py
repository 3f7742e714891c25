"""Iglu's registries, Avo's export, and data contracts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.errors import ConfigurationError
from orchestration.taxonomy.formats import read, write
from orchestration.taxonomy.model import Event, Taxonomy


def schema(folder: Path, vendor: str, name: str, version: str, **more: Any) -> None:
    path = folder / vendor / name / "jsonschema" / version
    path.parent.mkdir(parents=True, exist_ok=True)
    named = {"vendor": vendor, "name": name, "format": "jsonschema", "version": version}
    path.write_text(json.dumps({"self": named, "type": "object", **more}))


def test_versions_and_vendors_of_one_name_keep_apart(tmp_path: Path) -> None:
    registry = tmp_path / "r"
    schema(registry, "com.a", "open", "1-0-0", properties={"a": {}})
    schema(registry, "com.a", "open", "2-0-1", properties={"b": {}})
    schema(registry, "com.b", "open", "2-0-1", properties={"c": {}})
    (registry / "README.md").write_text("x")
    imported = read("iglu", registry)
    found = imported.taxonomy
    assert {key: [*event.properties] for key, event in found.events.items()} == {
        "open (1-0-0)": ["a"], "open": ["b"], "open (2-0-1)": ["c"]
    }  # fmt: skip
    assert found.version == "2.0.1"
    assert [each.what for each in imported.dropped] == [
        "README.md: no schema of a registry by its path, not read"
    ]
    assert write("iglu", found, tmp_path / "x") == []
    assert read("iglu", tmp_path / "x").taxonomy == found
    with pytest.raises(ConfigurationError, match="expected files vendor/name"):
        read("iglu", (tmp_path / "empty").mkdir() or tmp_path / "empty")


def test_names_never_leave_the_folder(tmp_path: Path) -> None:
    names = ["../../evil", "..", "a/b", "Order Paid", "order_paid", "ORDER PAID"]
    plan = Taxonomy(version="1.0.0", events={n: Event(status="proposed") for n in names})
    dropped = write("iglu", plan, tmp_path / "x")
    renamed = {each.event: each.kept for each in dropped if each.at == ("name",)}
    assert renamed == {
        "../../evil": "evil", "..": "event", "a/b": "a_b", "Order Paid": "Order_Paid_2",
        "ORDER PAID": "ORDER_PAID_3",
    }  # fmt: skip
    assert [*tmp_path.iterdir()] == [tmp_path / "x"]


def test_avo_events_are_known_by_their_id(tmp_path: Path) -> None:
    path = tmp_path / "avo.json"
    inner = {"type": "object", "properties": {"mail": {"id": "p", "pii": True, "type": "string"}}}
    around = {
        "$schema": "http://json-schema.org/draft-06/schema#", "type": "object",
        "required": ["properties", "nameMapping"], "nameMapping": [],
    }  # fmt: skip
    events = [
        {"id": each, "name": "a", "actions": ["logEvent"], "tags": ["t"],
         "rules": {**around, "properties": {"properties": inner}}}
        for each in ("y", "x")
    ]  # fmt: skip
    path.write_text(json.dumps({"name": "Plan", "events": events}))
    found = read("avo", path).taxonomy
    assert [*found.events] == ["a (y)", "a"]
    event = found.events["a"]
    assert event.meta["avo"] == {"id": "x", "actions": ["logEvent"]}
    assert event.properties["mail"].pii == "other" and [*event.properties] == ["mail"]
    assert write("avo", found, tmp_path / "x.json") == []
    assert json.loads((tmp_path / "x.json").read_text())["events"][0]["rules"]["required"] == [
        "properties", "nameMapping"
    ]  # fmt: skip


CONTRACT: dict[str, Any] = {
    "apiVersion": "v3.0.2", "kind": "DataContract", "id": "i", "version": "2.1.0",
    "status": "draft", "servers": [{"server": "s"}],
}  # fmt: skip


def contract(path: Path, *properties: dict[str, Any], **more: Any) -> Path:
    objects = [{"name": "orders", "physicalType": "table", "properties": [*properties]}]
    path.write_text(yaml.safe_dump({**CONTRACT, "schema": objects, **more}))
    return path


def test_a_contract_becomes_events(tmp_path: Path) -> None:
    allowed = {"metric": "invalidValues", "arguments": {"validValues": ["a", None]}, "mustBe": 0}
    path = contract(
        tmp_path / "c.yaml",
        {"name": "id", "logicalType": "string", "required": True, "unique": True,
         "logicalTypeOptions": {"minLength": 3, "format": "uuid"}},
        {"name": "at", "logicalType": "timestamp",
         "logicalTypeOptions": {"minimum": "2020-01-01", "format": "yyyy"}},
        {"name": "kind", "quality": [allowed]},
        {"name": "some", "quality": [{**allowed, "mustBe": 5}]},
        {"name": "lines", "logicalType": "array",
         "items": {"logicalType": "object", "properties": [{"name": "sku"}]}},
    )  # fmt: skip
    imported = read("odcs", path)
    rules = imported.taxonomy.events["orders"].properties
    assert (rules["id"].format, rules["id"].min_length, rules["id"].required) == ("uuid", 3, True)
    assert (rules["at"].type, rules["at"].format) == (["string"], "date-time")
    assert (rules["kind"].enum, rules["some"].enum) == (["a", None], None)
    assert [*rules["lines"].items.properties] == ["sku"]
    assert imported.taxonomy.version == "2.1.0"
    assert [each.what for each in imported.dropped] == [
        "properties.at.minimum: kept in meta, not checked",
        "properties.some.quality: kept in meta, not checked",
    ]
    assert write("odcs", imported.taxonomy, tmp_path / "x.yaml") == []
    again = yaml.safe_load((tmp_path / "x.yaml").read_text())
    assert (again["servers"], again["status"]) == ([{"server": "s"}], "draft")
    assert again["schema"][0]["physicalType"] == "table"


def test_contracts_that_lack_something(tmp_path: Path) -> None:
    path = contract(tmp_path / "c.yaml", status=None, id=None)
    with pytest.raises(ConfigurationError, match="id, status missing; add them"):
        read("odcs", path)
    with pytest.raises(ConfigurationError, match="only v3 of the standard"):
        read("odcs", contract(path, apiVersion="v2.2.2"))
    with pytest.raises(ConfigurationError, match="schema must be a list"):
        read("odcs", contract(path, schema=[]))


def test_what_was_written_into_a_contract_by_hand_is_checked(tmp_path: Path) -> None:
    custom = [{"property": "waybill", "value": {"pii": "nothing"}}]
    path = contract(tmp_path / "c.yaml", {"name": "id", "customProperties": custom})
    with pytest.raises(ConfigurationError, match="nothing the dictionary can hold"):
        read("odcs", path)


def test_the_older_specification_is_read(tmp_path: Path) -> None:
    path = tmp_path / "datacontract.yaml"
    field = {"type": "varchar", "required": True, "pii": True, "enum": ["a"]}
    document = {
        "dataContractSpecification": "1.2.1",
        "info": {"version": "3.0.0"},
        "models": {"orders": {"fields": {"id": field, "who": {"$ref": "#/definitions/who"}}}},
        "definitions": {"who": {"type": "string", "format": "uuid"}},
    }
    path.write_text(yaml.safe_dump(document))
    found = read("odcs", path).taxonomy
    rules = found.events["orders"].properties
    assert (rules["id"].type, rules["id"].pii, rules["id"].enum) == (["string"], "other", ["a"])
    assert (rules["who"].format, found.version) == ("uuid", "3.0.0")
    assert write("odcs", found, tmp_path / "x.yaml") == []
