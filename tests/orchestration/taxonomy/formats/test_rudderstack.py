"""RudderStack: the API's JSON and both YAML dialects: references, custom types, variants."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestration.errors import ConfigurationError
from orchestration.taxonomy.formats import read, write

DEFINITIONS_V1 = """\
events:
  - {id: signup, name: Signup, event_type: track, category: "#category:growth"}
  - {id: seen, event_type: page}
  - {id: lone, name: Lone, event_type: track}
properties:
  - {id: mail, name: Mail, type: "#custom-type:email"}
  - {id: tags, name: Tags, type: array, item_types: ["#custom-type:email"]}
  - {id: code, name: Code, types: [integer, "null"], config: {multiple_of: 2, unique_items: true}}
  - {id: box, name: Box, type: object}
  - {id: unused, name: Unused, type: string}
custom-types:
  - {id: email, name: Email, type: string, config: {format: email, min_length: 5}}
categories:
  - {id: growth, name: Growth}
"""
RULES_V1 = """\
id: plan
display_name: Plan
rules:
  - type: event_rule
    id: signup_rule
    event: "#event:signup"
    additional_properties: false
    properties:
      - {property: "#property:mail", required: true}
      - {property: "#property:tags"}
      - property: "#property:box"
        properties:
          - {property: "#property:code", required: true}
    variants:
      - type: discriminator
        discriminator: "#property:mail"
        cases: [{display_name: c, match: [x], properties: [{property: "#property:code"}]}]
        default: [{property: "#property:code", required: true}]
  - {type: event_rule, id: other, event: "#event:seen"}
"""


def project(folder: Path, definitions: str = DEFINITIONS_V1, rules: str = RULES_V1) -> Path:
    folder.mkdir(exist_ok=True)
    kinds: dict[str, str] = {}
    for line in definitions.splitlines():
        if not line.startswith(" "):
            kind = line.rstrip(":")
            kinds[kind] = ""
        else:
            kinds[kind] += f"  {line}\n"
    for kind, items in kinds.items():
        key = "types" if kind == "custom-types" else kind
        text = (
            f"version: rudder/v1\nkind: {kind}\nmetadata: {{name: all}}\nspec:\n  {key}:\n{items}"
        )
        (folder / f"{kind}.yaml").write_text(text)
    indented = "".join(f"  {line}\n" for line in rules.splitlines())
    head = "version: rudder/v1\nkind: tracking-plan\nmetadata: {name: plan}\nspec:\n"
    (folder / "plan.yaml").write_text(head + indented)
    return folder


def test_references_are_unfolded(tmp_path: Path) -> None:
    found = read("rudderstack", project(tmp_path / "p"))
    events = found.taxonomy.events
    assert [*events] == ["Signup", "page", "Lone"]
    mail = events["Signup"].properties["Mail"]
    assert (mail.type, mail.format, mail.min_length, mail.required) == (
        ["string"],
        "email",
        5,
        True,
    )
    assert events["Signup"].properties["Tags"].items.format == "email"
    code = events["Signup"].properties["Box"].properties["Code"]
    assert (code.type, code.multiple_of, code.required) == (["integer", "null"], 2, True)
    assert events["Signup"].enforcement == {"extra_property": "flag"}
    assert events["Signup"].meta["rudderstack"]["category"] == {"id": "growth", "name": "Growth"}
    assert events["Lone"].meta["rudderstack"] == {"in_plan": False}
    assert {each.what for each in found.dropped} == {
        "properties.Box.properties.Code.unique_items: kept in meta, not checked",
        "variants: kept in meta, not checked",
        "#property:unused: in no event",
    }


@pytest.mark.parametrize("variant", ["v1", "v0.1"])
def test_both_dialects_hold_the_same(variant: str, tmp_path: Path) -> None:
    taxonomy = read("rudderstack", project(tmp_path / "p")).taxonomy
    target = tmp_path / "out"
    assert write("rudderstack", taxonomy, target, variant) == []
    assert read("rudderstack", target).taxonomy == taxonomy
    text = (target / "plan.yaml").read_text()
    assert ("#property:mail" in text) == (variant == "v1")
    assert ("#/properties/event_dictionary/mail" in text) == (variant == "v0.1")
    assert ("minLength" in (target / "custom_types.yaml").read_text()) == (variant == "v0.1")


def test_one_file_has_its_definitions_beside_it(tmp_path: Path) -> None:
    plan = project(tmp_path / "p") / "plan.yaml"
    taxonomy = read("rudderstack", plan).taxonomy
    assert [*taxonomy.events] == ["Signup", "page"]
    (tmp_path / "out").mkdir()
    assert write("rudderstack", taxonomy, tmp_path / "out" / "all.yaml") == []
    assert {each.name for each in (tmp_path / "out").iterdir()} >= {"all.yaml", "all_events.yaml"}
    with pytest.raises(ConfigurationError, match="no single plan; name a folder"):
        write("rudderstack", read("rudderstack", tmp_path / "p").taxonomy, tmp_path / "x.yaml")


def test_what_does_not_fit_together(tmp_path: Path) -> None:
    folder = project(tmp_path / "p")
    with pytest.raises(ConfigurationError, match="defines no event"):
        read("rudderstack", folder / "properties.yaml")
    (folder / "more.yaml").write_text((folder / "categories.yaml").read_text())
    with pytest.raises(
        ConfigurationError, match=r"#category:growth is defined in .* too; keep one"
    ):
        read("rudderstack", folder)
    (folder / "more.yaml").unlink()
    (folder / "properties.yaml").unlink()
    with pytest.raises(ConfigurationError, match="#property:mail is defined in no file"):
        read("rudderstack", folder)
    (folder / "events.yaml").write_text("version: rudder/v1\nkind: [")
    with pytest.raises(ConfigurationError, match=r"events.yaml:3: not YAML"):
        read("rudderstack", folder)


def test_a_type_that_contains_itself(tmp_path: Path) -> None:
    definitions = DEFINITIONS_V1.replace(
        "type: string, config: {format: email, min_length: 5}",
        'type: object, properties: [{property: "#property:mail"}]',
    )
    found = read("rudderstack", project(tmp_path / "p", definitions))
    assert any("contains itself" in each.what for each in found.dropped)


def test_the_api_has_sections_and_definitions(tmp_path: Path) -> None:
    path = tmp_path / "api.json"
    inner = {
        "type": "object",
        "properties": {"email": {"$ref": "#/$defs/Mail"}},
        "required": ["email"],
        "unevaluatedProperties": False,
    }
    identify = {
        "name": "", "eventType": "identify", "identitySection": "context.traits",
        "rules": {
            "type": "object",
            "properties": {"context": {"type": "object", "properties": {"traits": inner}}},
            "$defs": {"Mail": {"type": ["string"], "format": "email"}},
        },
    }  # fmt: skip
    old = {"name": "a", "eventType": "track", "version": 2, "rules": {"properties": {}}}
    path.write_text(json.dumps({"id": "tp", "name": "Plan", "events": [identify, old]}))
    found = read("rudderstack", path).taxonomy
    assert [*found.events] == ["identify", "a"]
    event = found.events["identify"]
    assert event.properties["email"].format == "email" and event.properties["email"].required
    assert event.enforcement == {"extra_property": "flag"}
    assert found.events["a"].since_version == "2.0.0"
    assert write("rudderstack", found, tmp_path / "x.json") == []
    back = json.loads((tmp_path / "x.json").read_text())["events"][0]["rules"]["properties"]
    assert back["context"]["properties"]["traits"]["unevaluatedProperties"] is False
