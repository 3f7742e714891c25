"""What has arrived and which version counts, with a real store and real landings."""

from __future__ import annotations

import gzip
import hashlib
import os
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from orchestration.config import Migration
from orchestration.errors import CannotFinish, ConfigurationError
from orchestration.landing.arrivals import arrive, land_arrivals, waiting
from orchestration.landing.catalog import (
    Landed,
    export_files,
    folder_of,
    new_deliveries,
    stale_deliveries,
    states,
)
from orchestration.landing.land import land
from orchestration.landing.manifest import PARSER_VERSION, manifests
from orchestration.landing.store import keep, refer, sha256_of
from tests.orchestration.landing.exports import event

SOURCE = "app"


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    folder = tmp_path / "exports"
    folder.mkdir()
    return folder


@pytest.fixture
def migration(tmp_path: Path, exports: Path) -> Migration:
    source = {"vendor": "mixpanel", "location": exports, "timezone": "UTC"}
    return Migration(home=tmp_path / "home", taxonomy=tmp_path / "t.yaml", sources={SOURCE: source})


def lines(*names: str) -> bytes:
    return b"".join(event(name) + b"\n" for name in names)


class Feed:
    """Lands what is new, one second after the landing before."""

    def __init__(self, migration: Migration) -> None:
        self.migration = migration
        self.clock = datetime(2025, 3, 1)

    def scan(self) -> int:
        config = self.migration.sources[SOURCE]
        count = 0
        for delivery in new_deliveries(SOURCE, config, self.migration):
            self.clock += timedelta(seconds=1)
            land(delivery, config, self.migration.landing_dir, self.clock)
            count += 1
        return count

    def states(self, held: set[str] = frozenset()) -> list[tuple[str, str]]:  # type: ignore[assignment]
        return [(each.manifest.files[0].name, each.state) for each in self.landed(held)]

    def landed(self, held: set[str] = frozenset()) -> list[Landed]:  # type: ignore[assignment]
        return states(manifests(self.migration.landing_dir, SOURCE), held)


@pytest.fixture
def feed(migration: Migration) -> Feed:
    return Feed(migration)


def test_empty_folder(feed: Feed) -> None:
    assert feed.scan() == 0 and feed.states() == []


def test_a_location_that_does_not_exist_is_told(migration: Migration, exports: Path) -> None:
    exports.rmdir()
    with pytest.raises(ConfigurationError, match=r"sources\.app\.location.*does not exist"):
        export_files(SOURCE, migration.sources[SOURCE])


def test_markers_are_not_read(migration: Migration, exports: Path) -> None:
    for name in (".hidden", "x.part", "_SUCCESS", "complete", "a.json.crc", ".git/a.json"):
        (exports / name).parent.mkdir(exist_ok=True)
        (exports / name).write_bytes(b"x")
    (exports / "day").mkdir()
    (exports / "day/a.json").write_bytes(b"x")
    assert export_files(SOURCE, migration.sources[SOURCE]) == [exports / "day/a.json"]


def test_what_was_landed_is_not_landed_again(feed: Feed, exports: Path) -> None:
    (exports / "a.json").write_bytes(lines("a"))
    assert [feed.scan(), feed.scan()] == [1, 0]
    os.utime(exports / "a.json", (1, 1))
    assert feed.scan() == 0  # looked at again, and known by its hash
    (exports / "b.json").write_bytes(lines("b"))
    assert feed.scan() == 1


def test_the_same_file_under_two_names(feed: Feed, exports: Path) -> None:
    for name in ("a.json", "b.json"):
        (exports / name).write_bytes(lines("a"))
    assert feed.scan() == 2
    assert feed.states() == [("a.json", "current"), ("b.json", "same_file")]


def test_a_re_export_of_a_name_supersedes(feed: Feed, exports: Path) -> None:
    (exports / "a.json").write_bytes(lines("a"))
    feed.scan()
    (exports / "a.json").write_bytes(lines("a", "b"))
    feed.scan()
    old, new = feed.landed()
    assert (old.state, new.state) == ("superseded", "current")
    assert old.by == new.manifest.delivery_id


def test_bytes_that_come_back_are_the_latest_again(
    migration: Migration, feed: Feed, exports: Path
) -> None:
    for name in ("a", "b", "a"):
        (exports / "x.json").write_bytes(lines(name))
        os.utime(exports / "x.json", ns=(0, time.time_ns()))
        list(land_arrivals(migration, SOURCE, arrive(migration, SOURCE)))
    assert feed.states() == [("x.json", "superseded"), ("x.json", "current")]
    (current,) = (each for each in feed.landed() if each.state == "current")
    assert current.manifest.files[0].sha256 == hashlib.sha256(lines("a")).hexdigest()
    assert arrive(migration, SOURCE) == []


def test_versions_count_in_the_order_they_came_whichever_lands_first(
    migration: Migration, feed: Feed, exports: Path
) -> None:
    ids: list[str] = []
    for name in "abcde":
        (exports / "x.json").write_bytes(lines(name))
        os.utime(exports / "x.json", ns=(0, time.time_ns()))
        ids += [each for each in arrive(migration, SOURCE) if each not in ids]
    landed = list(land_arrivals(migration, SOURCE, list(reversed(ids))))
    assert [each.delivery_id for each in landed] == list(reversed(ids))
    assert [each.manifest.delivery_id for each in feed.landed()] == ids
    assert feed.states()[-1] == ("x.json", "current")


def test_a_failed_landing_is_raised_and_the_rest_still_waits(
    migration: Migration, exports: Path
) -> None:
    for name in ("a", "b", "c"):
        (exports / f"{name}.json").write_bytes(lines(name))
    ids = arrive(migration, SOURCE)
    (migration.store_dir / sha256_of(exports / "b.json")).unlink()
    with pytest.raises(FileNotFoundError):
        list(land_arrivals(migration, SOURCE, ids))
    landed = {each.delivery_id for each in manifests(migration.landing_dir, SOURCE)}
    still = waiting(migration, SOURCE)
    assert set(still) == set(ids) - landed and still != []


def test_an_incomplete_version_never_supersedes(feed: Feed, exports: Path) -> None:
    incomplete = [
        gzip.compress(lines("a", "b"))[:-3],
        lines("a", "b") + b"terminated early\n",
        lines("a")[:-5],
    ]
    (exports / "a.json").write_bytes(lines("a"))
    feed.scan()
    for content in incomplete:
        (exports / "a.json").write_bytes(content)
        feed.scan()
    assert [state for _, state in feed.states()] == ["current", *["superseded"] * 3]
    (exports / "a.json").write_bytes(lines("a", "b", "c"))
    feed.scan()
    assert [state for _, state in feed.states()] == [*["superseded"] * 4, "current"]


def test_an_incomplete_version_stands_until_there_is_a_complete_one(
    feed: Feed, exports: Path
) -> None:
    (exports / "a.json").write_bytes(gzip.compress(lines("a"))[:-3])
    feed.scan()
    assert feed.states() == [("a.json", "current")]


def test_a_held_version_does_not_supersede(feed: Feed, exports: Path) -> None:
    (exports / "a.json").write_bytes(lines("a"))
    feed.scan()
    (exports / "a.json").write_bytes(lines("b"))
    feed.scan()
    newest = feed.landed()[-1].manifest.delivery_id
    assert [state for _, state in feed.states({newest})] == ["current", "held"]


def test_a_rotated_log_stays_loaded_once(feed: Feed, exports: Path) -> None:
    (exports / "log").write_bytes(lines("a"))
    feed.scan()
    (exports / "log").rename(exports / "log.1")
    (exports / "log").write_bytes(lines("b"))
    feed.scan()
    assert feed.states() == [("log", "superseded"), ("log", "current"), ("log.1", "current")]


def test_a_landing_that_was_killed_is_tried_again(feed: Feed, exports: Path) -> None:
    (exports / "a.json").write_bytes(lines("a"))
    config = feed.migration.sources[SOURCE]
    for _ in new_deliveries(SOURCE, config, feed.migration):
        break  # arrived, never landed
    assert feed.scan() == 1


def test_a_delivery_of_an_older_parser_is_stale(feed: Feed, exports: Path) -> None:
    (exports / "a.json").write_bytes(lines("a"))
    feed.scan()
    config = feed.migration.sources[SOURCE]
    assert list(stale_deliveries(SOURCE, config, feed.migration)) == []
    manifest = manifests(feed.migration.landing_dir, SOURCE)[0]
    older = manifest.model_copy(update={"parser_version": PARSER_VERSION - 1})
    older.write(folder_of(manifest, feed.migration))
    (again,) = stale_deliveries(SOURCE, config, feed.migration)
    assert again.id == manifest.delivery_id
    assert land(again, config, feed.migration.landing_dir).landed_at == manifest.landed_at
    assert list(stale_deliveries(SOURCE, config, feed.migration)) == []


def test_the_store_keeps_bytes_under_their_hash_once(tmp_path: Path, exports: Path) -> None:
    store = tmp_path / "store"
    for name in ("a", "é" * 100):
        (exports / name).write_bytes(b"bytes")
        stored = keep(exports / name, store)
        assert stored.path.read_bytes() == b"bytes" and stored.size == 5
        assert stored.path.name == stored.sha256 == sha256_of(exports / name)
    assert [path.name for path in store.iterdir()] == [stored.sha256]


def test_the_store_tells_what_it_cannot_keep(tmp_path: Path) -> None:
    with pytest.raises(CannotFinish, match="cannot be kept"):
        keep(tmp_path / "gone", tmp_path / "store")
    with pytest.raises(CannotFinish, match="cannot be read"):
        refer(tmp_path / "gone")
    assert list((tmp_path / "store").iterdir()) == []
