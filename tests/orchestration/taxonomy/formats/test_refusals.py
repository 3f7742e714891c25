"""What is no plan of a format is refused, with what was expected and what it seems to be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestration.errors import ConfigurationError
from orchestration.taxonomy.formats import FORMATS, read, write
from orchestration.taxonomy.model import Event, Taxonomy

SEGMENT = {"rules": [{"type": "TRACK", "key": "a", "version": 1, "jsonSchema": {}}]}
RUDDER = {"events": [{"name": "a", "eventType": "track", "rules": {}}]}
AVO = {"events": [{"name": "a", "actions": [], "rules": {}}]}
MIXPANEL = {"results": [{"entityType": "event", "name": "a", "schemaJson": {}}]}
AMPLITUDE = {"success": True, "data": [{"event_type": "a"}]}
IGLU = {"self": {"vendor": "v", "name": "a", "format": "jsonschema", "version": "1-0-0"}}
CONTRACT = {
    "apiVersion": "v3.1.0", "kind": "DataContract", "id": "i", "version": "1.0.0",
    "status": "active", "schema": [{"name": "a"}],
}  # fmt: skip
PLANS = {
    "segment": SEGMENT, "rudderstack": RUDDER, "avo": AVO, "mixpanel": MIXPANEL,
    "amplitude": AMPLITUDE, "iglu": IGLU, "odcs": CONTRACT,
}  # fmt: skip


@pytest.fixture
def save(tmp_path: Path):
    def _save(name: str, content: object) -> Path:
        path = tmp_path / name
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        path.write_bytes(data)
        return path

    return _save


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("other", PLANS)
def test_each_format_takes_its_own_and_names_the_others(name: str, other: str, save) -> None:
    path = save("plan.json", PLANS[other])
    if name == other:
        assert [*read(name, path).taxonomy.events] == ["a"]
        return
    with pytest.raises(ConfigurationError, match=f"not of the format {name}.*seems to be {other}"):
        read(name, path)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b" \n", "the file is empty"),
        (b'{"rules": [{"type": "TRACK"', "not JSON.*cut off"),
        ('{"name": "Zürich"}'.encode("utf-16"), "not UTF-8"),
        ('{"name": "Zürich"}'.encode("latin-1"), "not UTF-8"),
        (b'{"a": 1, "a": 2}', "'a' stands twice"),
        (b'{"a": NaN}', "no number of JSON"),
        (b'{"a": 1e999}', "no number of JSON"),
        (b'{"a": "\\ud800"}', "surrogate"),
        (b"[" * 100_000, "nests too deep"),
        (b"[1, 2]", "not of the format"),
        (b'"text"', "not of the format"),
        (b"{}", "not of the format"),
    ],
)
def test_broken_files(name: str, content: bytes, said: str, save) -> None:
    with pytest.raises(ConfigurationError, match=said) as refused:
        read(name, save("plan.json", content))
    assert "plan.json" in str(refused.value)


@pytest.mark.parametrize("name", ["segment", "amplitude", "mixpanel"])
def test_tables_of_others(name: str, save) -> None:
    with pytest.raises(ConfigurationError, match="not of the format"):
        read(name, save("plan.csv", b"a,b\n1,2\n"))
    with pytest.raises(ConfigurationError, match="3 cells under 2 columns"):
        read(name, save("plan.csv", b"a,b\n1,2,3\n"))
    with pytest.raises(ConfigurationError, match="not CSV"):
        read(name, save("plan.csv", b'a,b\n1,"2\n'))


def test_a_dictionary_needs_no_import(tmp_path: Path) -> None:
    path = tmp_path / "taxonomy.yaml"
    path.write_text("version: 1\nevents:\n  a: {status: proposed}\n")
    with pytest.raises(ConfigurationError, match="dictionary of Waybill's own"):
        read("odcs", path)


def test_names_that_are_wrong(tmp_path: Path) -> None:
    plan = Taxonomy(version="1.0.0", events={"a": Event(status="proposed")})
    with pytest.raises(ConfigurationError, match="did you mean 'segment'"):
        read("segmnt", tmp_path)
    with pytest.raises(ConfigurationError, match="no such file"):
        read("segment", tmp_path / "none.json")
    with pytest.raises(ConfigurationError, match="did you mean 'unwrapped'"):
        write("segment", plan, tmp_path / "x.json", "unwraped")
    with pytest.raises(ConfigurationError, match="is a folder; name a file"):
        write("segment", plan, tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigurationError, match="is not empty"):
        write("iglu", plan, tmp_path)
    with pytest.raises(ConfigurationError, match="is a file"):
        write("iglu", plan, tmp_path / "file")
