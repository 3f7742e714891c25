"""`waybill taxonomy import` and `export`, and every sample there is."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from orchestration.cli import main
from orchestration.errors import ConfigurationError
from orchestration.taxonomy.formats import FORMATS, read, write
from orchestration.taxonomy.formats.merging import add_to
from orchestration.taxonomy.model import load_taxonomy

SAMPLES = Path(__file__).parents[5] / "shared/samples/tracking_plans"
PLAN = {
    "results": [
        {
            "entityType": "event",
            "name": name,
            "schemaJson": {"properties": {"a": {"type": "string"}, "b": {"oneOf": []}}},
        }
        for name in ("order_paid", "NO")
    ]
}
DICTIONARY = """\
# ours
version: 2
events:
  order_paid: # the aim
    description: An order was paid.
    kind:   macro
    aliases: {shop_log: ["ORDER"], a_source_with_a_long_name: ["one", "two"], another: ["x", "y"]}

# how names look
naming:
  events: {case: snake_case}
"""


@pytest.fixture
def waybill(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path):
    monkeypatch.chdir(tmp_path)  # no migration.yaml here
    monkeypatch.delenv("WAYBILL_TAXONOMY", raising=False)
    (tmp_path / "plan.json").write_text(json.dumps(PLAN))

    def _waybill(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["waybill", "taxonomy", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return _waybill


def test_import_prints_a_dictionary(waybill, tmp_path: Path) -> None:
    code, out, err = waybill("import", "mixpanel", "plan.json")
    assert code == 0 and "dropped: 2" in err
    (tmp_path / "t.yaml").write_text(out)
    assert load_taxonomy(tmp_path / "t.yaml") == read("mixpanel", tmp_path / "plan.json").taxonomy


def test_the_json_has_these_keys_and_nothing_else_is_on_standard_output(waybill) -> None:
    code, out, _ = waybill("import", "mixpanel", "plan.json", "--json")
    assert code == 0
    assert json.loads(out) == {
        "events": 2,
        "properties": 4,
        "dropped": [
            {"event": "order_paid", "what": "properties.b.oneOf: kept in meta, not checked"},
            {"event": "NO", "what": "properties.b.oneOf: kept in meta, not checked"},
        ],
    }


def test_a_dictionary_is_added_to_and_otherwise_left_alone(waybill, tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(DICTIONARY)
    code, out, _ = waybill("import", "mixpanel", "plan.json", "--into", "t.yaml", "--json")
    said = json.loads(out)
    assert (code, said["events"], said["properties"]) == (0, 1, 2)
    assert {
        "event": "order_paid",
        "what": "the whole event: is in the dictionary already and stays as it is there",
    } in said["dropped"]
    text = path.read_text()
    start, end = DICTIONARY.split("\n\n")
    assert text.startswith(start + "\n  NO:\n") and text.endswith("\n\n" + end)
    assert [*load_taxonomy(path).events] == ["order_paid", "NO"]
    waybill("import", "mixpanel", "plan.json", "--into", "t.yaml")
    assert path.read_text() == text


def test_a_dictionary_in_one_line_is_added_to_as_well(waybill, tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text("version: 1\nevents: {x: {status: proposed}} # few\nmeta: {mixpanel: 1}")
    code, _, _ = waybill("import", "mixpanel", "plan.json", "--into", "t.yaml", "--json")
    assert code == 0 and [*load_taxonomy(path).events] == ["x", "order_paid", "NO"]
    assert "# few" in path.read_text()


def test_a_later_version_is_brought_down_to_the_dictionarys(tmp_path: Path) -> None:
    path, plan = tmp_path / "t.yaml", tmp_path / "plan.json"
    path.write_text(DICTIONARY)
    rule = {"type": "TRACK", "key": "b", "version": 7, "jsonSchema": {}}
    plan.write_text(json.dumps({"name": "Plan", "rules": [rule]}))
    added, lost = add_to(path, read("segment", plan).taxonomy)
    assert added["b"].since_version == "2.0.0" and [each.at for each in lost] == [
        ("since_version",)
    ]
    assert load_taxonomy(path).meta == {"segment": {"name": "Plan"}}


def test_a_new_dictionary_is_made_and_a_wrong_one_left(waybill, tmp_path: Path) -> None:
    code, out, _ = waybill("import", "mixpanel", "plan.json", "--into", "new/t.yaml", "--json")
    assert code == 0 and json.loads(out)["events"] == 2
    assert len(load_taxonomy(tmp_path / "new" / "t.yaml").events) == 2
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("version: 1\nevent: {}\n")
    code, _, err = waybill("import", "mixpanel", "plan.json", "--into", "wrong.yaml")
    assert code == 2 and "wrong.yaml:2" in err and wrong.read_text() == "version: 1\nevent: {}\n"


def test_export_says_what_is_lost(waybill, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "t.yaml").write_text(DICTIONARY)
    code, out, _ = waybill("export", "segment", "x.json", "--taxonomy", "t.yaml", "--json")
    assert (code, json.loads(out)) == (
        0,
        {
            "events": 1,
            "properties": 0,
            "dropped": [
                {"event": "order_paid", "what": "aliases"},
                {"event": None, "what": 'version: becomes "1.0.0"'},
                {"event": None, "what": "naming"},
            ],
        },
    )
    monkeypatch.setenv("WAYBILL_TAXONOMY", str(tmp_path / "t.yaml"))
    code, out, _ = waybill("export", "iglu", "registry")
    assert code == 0 and "order_paid" in out and max(map(len, out.splitlines())) <= 80
    code, _, err = waybill("export", "iglu", "registry")
    assert code == 2 and "not empty" in err
    code, _, err = waybill("export", "sgment", "x.json")
    assert code == 2 and "did you mean 'segment'" in err


@pytest.mark.parametrize("verb", ["import", "export"])
def test_help_shows_an_example(verb: str, waybill) -> None:
    code, out, _ = waybill(verb, "--help")
    assert code == 0 and f"Example: waybill taxonomy {verb}" in out


FILES = {
    "segment": ["segment/public_api_plan.json"],
    "rudderstack": [
        "rudderstack", "rudderstack/remote_tracking_plan.golden.json",
        "rudderstack/create_trackingplan.yaml", "rudderstack/create_trackingplan_v1.yaml",
        "rudderstack/create_events.yaml", "rudderstack/create_events_v1.yaml",
    ],
    "amplitude": ["amplitude/*"],
    "mixpanel": ["mixpanel/*"],
    "avo": ["avo/*"],
    "iglu": ["snowplow_iglu", "snowplow_iglu/*"],
    "odcs": ["data_contracts/*"],
}  # fmt: skip
PLANS = [
    (name, path.relative_to(SAMPLES).as_posix())
    for name, patterns in FILES.items()
    for pattern in patterns
    for path in sorted(SAMPLES.glob(pattern))
]


@pytest.mark.skipif(not SAMPLES.exists(), reason="no samples here")
@pytest.mark.parametrize(("name", "file"), PLANS)
def test_samples_come_back_as_they_were(name: str, file: str, tmp_path: Path) -> None:
    path = SAMPLES / file
    if "invalid" in file:
        with pytest.raises(ConfigurationError, match="status missing; add it"):
            read(name, path)
        return
    found = read(name, path).taxonomy
    if path.is_dir() or "create_" in file:
        target = tmp_path / "x"
    else:
        target = tmp_path / f"x{'.yaml' if name == 'odcs' else path.suffix}"
    assert write(name, found, target) == []
    assert read(name, target).taxonomy == found
    for other in FORMATS:
        write(other, found, tmp_path / (f"{other}.yaml" if other == "odcs" else f"{other}.json"))


@pytest.mark.skipif(not SAMPLES.exists(), reason="no samples here")
def test_every_sample_is_read_as_something() -> None:
    alone = {"create_categories", "create_customtypes", "create_properties"}
    files = {path for path in SAMPLES.rglob("*") if path.is_file() and path.parent != SAMPLES}
    known = {file for _, each in PLANS for file in [SAMPLES / each] if file.is_file()}
    inside = {each for each in files if "snowplow_iglu" in each.parts}
    left = {each.name for each in files - known - inside}
    assert {name.split(".")[0].removesuffix("_v1") for name in left} == alone
