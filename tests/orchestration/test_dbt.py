"""dbt's manifest for Dagster: parsed once, anew when the project is newer, never half of one."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from orchestration import dbt
from orchestration.config import Migration
from orchestration.errors import CannotFinish


@pytest.fixture
def migration(tmp_path: Path) -> Migration:
    source = {"vendor": "mixpanel", "location": tmp_path / "exports", "timezone": "UTC"}
    migration = Migration(
        home=tmp_path / "home", taxonomy=tmp_path / "t.yaml", sources={"app": source}
    )
    migration.warehouse_dir.mkdir(parents=True)
    return migration


def test_it_is_what_dbt_writes_and_a_torn_one_of_dbt_is_not_read(migration: Migration) -> None:
    torn = migration.dbt_dir / "target" / "manifest.json"
    torn.parent.mkdir(parents=True)
    torn.write_text('{"nodes": {')  # as a parse killed while it writes leaves it
    torn.with_name("partial_parse.msgpack").write_bytes(b"\xde\x00")
    path = dbt.parsed_manifest(migration)
    manifest = json.loads(path.read_bytes())
    assert "model.waybill.fct_events" in manifest["nodes"]
    written = json.loads(torn.read_bytes())
    for document in (manifest, written):
        del document["metadata"]["generated_at"]
    assert manifest == written


class _Manifest:
    def write(self, path: str) -> None:
        Path(path).write_text("whole")


def test_it_is_made_once_and_anew_when_the_project_is_newer(
    migration: Migration, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, ...]] = []

    def parse(_: Migration, *arguments: str) -> _Manifest:
        asked.append(arguments)
        return _Manifest()

    monkeypatch.setattr(dbt, "_invoke", parse)
    path = dbt.parsed_manifest(migration)
    assert dbt.parsed_manifest(migration) == path
    assert path.read_text() == "whole"
    assert asked == [("parse",)]
    os.utime(path, (0, 0))  # older than any file of the project
    dbt.parsed_manifest(migration)
    assert len(asked) == 2


def test_a_parse_that_fails_leaves_no_manifest(
    migration: Migration, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Half:
        def write(self, path: str) -> None:
            Path(path).write_text('{"nodes"')
            raise CannotFinish("disk full")

    monkeypatch.setattr(dbt, "_invoke", lambda *_: Half())
    with pytest.raises(CannotFinish, match="disk full"):
        dbt.parsed_manifest(migration)
    assert not [path for path in migration.dbt_dir.rglob("*") if path.is_file()]
