"""Files from a real SFTP server on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestration.config import Migration
from orchestration.errors import ConfigurationError
from orchestration.fetch.fetching import Fetched, fetch_source
from tests.orchestration.fetch.sftp_server import PASSWORD, USER, serving_folder
from tests.orchestration.fetch.steps import QUICK, SOURCE, files, migration_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "server" / "exports" / "deep").mkdir(parents=True)
    return tmp_path / "server"


@pytest.fixture
def migration(folder: Path, tmp_path: Path) -> Iterator[Migration]:
    with serving_folder(folder) as port:
        fetch = {
            "options": {"port": port, "look_for_keys": False, "allow_agent": False},
            "options_env": {"password": "SFTP_PASSWORD"},
        }
        source: dict[str, Any] = {"vendor": "amplitude", "fetch": fetch}
        source["location"] = f"sftp://{USER}@127.0.0.1/exports"
        yield migration_of(tmp_path / "home", source)


def fetch(migration: Migration, password: str = PASSWORD) -> Fetched:
    environment = {"SFTP_PASSWORD": password}
    return fetch_source(migration, SOURCE, patience=QUICK, environment=environment)


def test_files_come_once_and_again_when_they_change(folder: Path, migration: Migration) -> None:
    (folder / "exports" / "a.json").write_bytes(b"a\n" * 100_000)
    (folder / "exports" / "deep" / "b.json").write_bytes(b"b\n")
    result = fetch(migration)
    assert (result.failed, result.new) == ([], 2)
    assert files(migration) == {"a.json": b"a\n" * 100_000, "deep/b.json": b"b\n"}
    assert fetch(migration).asked == 0
    (folder / "exports" / "deep" / "b.json").write_bytes(b"bb\n")
    (folder / "exports" / "a.json").unlink()
    result = fetch(migration)
    assert (result.changed, result.missing) == (1, ["a.json"])
    assert files(migration)["deep/b.json"] == b"bb\n"


def test_a_wrong_password_is_told_without_it(migration: Migration) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read: AuthenticationException") as told:
        fetch(migration, password="wr0ng-passw0rd")
    assert "wr0ng-passw0rd" not in str(told.value)
