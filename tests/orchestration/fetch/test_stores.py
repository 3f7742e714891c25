"""Files from an S3 (moto's own server), and the same from a folder: one way for both."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import boto3
import pytest
import s3fs
from fsspec.implementations.local import LocalFileSystem
from moto.server import ThreadedMotoServer

from orchestration.config import Migration
from orchestration.errors import CannotFinish, ConfigurationError
from orchestration.fetch.fetching import DiskFull, Fetched, fetch_source
from orchestration.fetch.stores import version_of
from tests.orchestration.fetch.steps import QUICK, SOURCE, drafts, files, migration_of

KEYS = {"KEY": "testing", "SECRET": "t3st1ng-s3cr3t"}


class Store(Protocol):
    """A place with files."""

    url: str
    options: dict[str, Any]

    def put(self, name: str, content: bytes) -> None: ...
    def remove(self, name: str) -> None: ...


class Bucket:
    def __init__(self, endpoint: str, name: str) -> None:
        self.url = f"s3://{name}/exports/app"
        self.options = {
            "options": {"endpoint_url": endpoint},
            "options_env": {"key": "KEY", "secret": "SECRET"},
        }
        self.name = name
        self.client = boto3.client(
            "s3",
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id=KEYS["KEY"],
            aws_secret_access_key=KEYS["SECRET"],
        )
        self.client.create_bucket(Bucket=name)

    def put(self, name: str, content: bytes) -> None:
        self.client.put_object(Bucket=self.name, Key=f"exports/app/{name}", Body=content)

    def remove(self, name: str) -> None:
        self.client.delete_object(Bucket=self.name, Key=f"exports/app/{name}")


class Folder:
    def __init__(self, folder: Path) -> None:
        self.url, self.options, self.folder = f"file://{folder}", {}, folder
        folder.mkdir(parents=True)
        self.changes = 0

    def put(self, name: str, content: bytes) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        self.changes += 1  # two changes within one tick of the clock
        os.utime(path, (self.changes * 10, self.changes * 10))

    def remove(self, name: str) -> None:
        (self.folder / name).unlink()


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["s3", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "file":
        return Folder(tmp_path / "elsewhere")
    name = "".join(c for c in request.node.name.lower() if c.isalnum())[:60]
    return Bucket(request.getfixturevalue("endpoint"), name)


@pytest.fixture
def migration(store: Store, tmp_path: Path) -> Migration:
    return migration_for(store, tmp_path / "home")


def migration_for(store: Store, home: Path, **settings: Any) -> Migration:
    source = {"vendor": "mixpanel", "timezone": "UTC", "location": store.url}
    return migration_of(home, {**source, "fetch": {**store.options, **settings}})


def fetch(migration: Migration, **options: Any) -> Fetched:
    options.setdefault("environment", KEYS)
    return fetch_source(migration, SOURCE, patience=QUICK, **options)


def figures(result: Fetched) -> tuple[int, int, int, int]:
    assert result.failed == []
    return result.asked, result.new, result.changed, result.same


def test_objects_come_once_and_again_when_they_change(store: Store, migration: Migration) -> None:
    store.put("2025-03-01.jsonl", b"one\n")
    store.put("deep/2025-03-02.jsonl", b"two\n")
    store.put("deep/.hidden", b"no")
    store.put("_SUCCESS", b"")
    assert figures(fetch(migration)) == (2, 2, 0, 0)
    assert files(migration) == {"2025-03-01.jsonl": b"one\n", "deep/2025-03-02.jsonl": b"two\n"}
    assert figures(fetch(migration)) == (0, 0, 0, 0)

    store.put("2025-03-01.jsonl", b"uno\n")  # as long as before
    store.put("2025-03-03.jsonl", b"three\n")
    assert figures(fetch(migration)) == (2, 1, 1, 0)
    assert files(migration)["2025-03-01.jsonl"] == b"uno\n"
    assert drafts(migration) == []


def test_an_object_that_is_gone_is_told_once_and_stays(store: Store, migration: Migration) -> None:
    store.put("a.jsonl", b"a\n")
    store.put("b.jsonl", b"b\n")
    fetch(migration)
    store.remove("a.jsonl")
    assert fetch(migration).missing == ["a.jsonl"]
    assert fetch(migration).missing == []
    assert set(files(migration)) == {"a.jsonl", "b.jsonl"}
    store.put("a.jsonl", b"a\n")  # it is back
    assert figures(fetch(migration))[0] == 1


def test_what_was_put_again_unchanged_is_the_same(store: Store, migration: Migration) -> None:
    store.put("a.jsonl", b"a\n")
    fetch(migration)
    before = (migration.sources[SOURCE].location / "a.jsonl").stat().st_mtime_ns
    store.put("a.jsonl", b"a\n")
    result = fetch(migration)
    assert result.changed == 0
    assert (migration.sources[SOURCE].location / "a.jsonl").stat().st_mtime_ns == before


def test_a_place_that_is_not_there(store: Store, tmp_path: Path) -> None:
    store.url += "/nowhere"
    with pytest.raises(ConfigurationError, match=r"fetch\.url: .*/nowhere cannot be read"):
        fetch(migration_for(store, tmp_path / "home"))


def test_one_object_alone(store: Store, tmp_path: Path) -> None:
    store.put("2025-03-01.jsonl", b"one\n")
    store.url += "/2025-03-01.jsonl"
    migration = migration_for(store, tmp_path / "home")
    assert figures(fetch(migration)) == (1, 1, 0, 0)
    assert files(migration) == {"2025-03-01.jsonl": b"one\n"}


def test_a_broken_off_fetch_goes_on(store: Store, tmp_path: Path) -> None:
    migration = migration_for(store, tmp_path / "home", parallel=1)
    for number in range(5):
        store.put(f"{number}.jsonl", b"x" * (100 if number < 4 else 5000))
    seen: list[str] = []

    def killed(source: str, done: int, due: int, doing: str) -> None:
        seen.append(doing)
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(migration, tell=killed)
    kept = len(files(migration))
    assert 2 <= kept < 5
    result = fetch(migration)
    assert result.asked == 5 - kept and len(files(migration)) == 5


def test_less_than_there_is_makes_no_file(
    store: Store, migration: Migration, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(_: Any, path: str, target: str, **__: Any) -> None:
        Path(target).write_bytes(b"half")

    store.put("a.jsonl", b"whole\n")
    for kind in KINDS:
        monkeypatch.setattr(kind, "get_file", half)
    result = fetch(migration)
    assert "4 of 6 bytes came" in result.failed[0] and files(migration) == {}
    with pytest.raises(CannotFinish, match="tried 4 times"):
        result.refuse_failures()
    monkeypatch.undo()
    assert figures(fetch(migration)) == (1, 1, 0, 0)


KINDS = (s3fs.S3FileSystem, LocalFileSystem)


def test_a_store_that_fails_is_tried_again(
    store: Store, migration: Migration, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = [TimeoutError("slow down"), EOFError("cut off"), ConnectionError("reset")]
    for kind in KINDS:
        get_file = kind.get_file

        def failing(self: Any, *args: Any, get_file: Any = get_file, **how: Any) -> None:
            if failures:
                raise failures.pop()
            get_file(self, *args, **how)

        monkeypatch.setattr(kind, "get_file", failing)
    store.put("a.jsonl", b"a\n")
    assert figures(fetch(migration)) == (1, 1, 0, 0)
    assert failures == []


def test_access_that_is_refused_names_the_address(
    store: Store, migration: Migration, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise PermissionError(f"the token {KEYS['SECRET']} has expired")

    store.put("a.jsonl", b"a\n")
    for kind in KINDS:
        monkeypatch.setattr(kind, "get_file", refused)
    with pytest.raises(ConfigurationError, match="has expired; correct the address") as told:
        fetch(migration)
    if store.url.startswith("s3"):  # where it is one of the source's secrets
        assert KEYS["SECRET"] not in str(told.value) and "$SECRET" in str(told.value)


def test_a_full_disk(store: Store, migration: Migration) -> None:
    store.put("big.jsonl", b"x" * 300_000)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(DiskFull, match=r"no room on the disk .* run again"):
            fetch(migration)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert files(migration) == {}
    assert figures(fetch(migration)) == (1, 1, 0, 0)


def test_a_secret_that_is_not_set(endpoint: str, tmp_path: Path) -> None:
    migration = migration_for(Bucket(endpoint, "nobody"), tmp_path)
    with pytest.raises(ConfigurationError, match=r"options_env\.key: the environment has no KEY"):
        fetch(migration, environment={})


def test_a_package_that_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    source = {"vendor": "amplitude", "location": "gs://bucket/prefix"}
    migration = migration_of(tmp_path, source)
    with pytest.raises(ConfigurationError, match=r"pip install 'waybill\[gcs\]'"):
        fetch(migration)


@pytest.mark.parametrize(
    ("info", "version"),
    [
        ({"ETag": '"abc"', "size": 3, "LastModified": "x"}, '"abc" 3'),
        ({"generation": 17, "size": 3}, "17 3"),
        ({"mtime": 1.5, "size": 3}, "1.5 3"),
        ({"size": 3}, " 3"),
    ],
)
def test_what_tells_contents_apart(info: dict[str, Any], version: str) -> None:
    assert version_of(info) == version
