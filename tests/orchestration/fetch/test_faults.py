"""Every vendor's fetcher against every fault it must survive."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration.errors import CannotFinish, ConfigurationError
from orchestration.fetch.fetching import DiskFull
from tests.orchestration.fetch.servers import Fault, cut, instead, serving, status, truncated
from tests.orchestration.fetch.steps import (
    SOURCE,
    drafts,
    fetch,
    fetched_from,
    files,
    folder_of,
    migration_of,
)
from tests.orchestration.fetch.worlds import WORLDS, World

each_vendor = pytest.mark.parametrize("kind", WORLDS, ids=lambda kind: kind.vendor)

DATED = ("from_date", "start=", "since", "created[", "createdAfter", "created_at", "startDate")
PASSING: dict[str, Fault | None] = {
    "429": status(429),
    "429 with Retry-After": status(429, retry_after="0"),
    "503": status(503),
    "504": status(504),
    "truncated": truncated,
    "cut without a word": cut,
    "no JSON": instead(b"<html>Sorry</html>"),
    "an error in a 200": None,  # the vendor's own
}


def everything(world: World) -> list[str]:
    return sorted(world.data)


@each_vendor
def test_all_records_come_once(kind: type[World], tmp_path: Path) -> None:
    world = kind()
    with fetched_from(world, tmp_path) as migration:
        result = fetch(migration, world)
        assert (result.failed, result.changed, result.same) == ([], 0, 0)
        assert world.read(folder_of(migration)) == everything(world)
        asked = len(world.requests)
        again = fetch(migration, world)
    # what has settled is not asked for; what is as of now is, and says the same
    assert again.new == again.changed == 0
    assert [line for line in world.lines[asked:] if world.fetch.get("from") and _dated(line)] == []
    assert drafts(migration) == []


def _dated(line: str) -> bool:
    return any(word in line for word in DATED)


@each_vendor
@pytest.mark.parametrize("fault", PASSING)
def test_what_passes_is_tried_again(kind: type[World], fault: str, tmp_path: Path) -> None:
    world = kind()
    befalls = PASSING[fault] or instead(world.error_in_200)
    # the first, one in the midst, and two in a row; none may make a file that is not whole
    world.faults = [befalls, None, befalls, None, None, befalls, befalls]
    world.fetch = {**world.fetch, "parallel": 1}  # or one part may meet them all
    with fetched_from(world, tmp_path) as migration:
        result = fetch(migration, world)
        assert result.failed == []
        assert world.read(folder_of(migration)) == everything(world)
    assert drafts(migration) == []


@each_vendor
@pytest.mark.parametrize("fault", ["truncated", "cut without a word", "an error in a 200", "429"])
def test_what_does_not_pass_is_told_and_no_file(
    kind: type[World], fault: str, tmp_path: Path
) -> None:
    world = kind()
    world.faults = [PASSING[fault] or instead(world.error_in_200)] * 1000
    with fetched_from(world, tmp_path) as migration:
        result = fetch(migration, world)
        assert result.failed and result.new == 0
        assert files(migration) == {}
        with pytest.raises(CannotFinish, match=r"src: .*; tried 4 times\. .*run the same command"):
            result.refuse_failures()
        world.faults = []
        fetch(migration, world)  # goes on
        assert world.read(folder_of(migration)) == everything(world)


@each_vendor
def test_an_empty_interval_is_no_file(kind: type[World], tmp_path: Path) -> None:
    world = kind()
    world.data = {}
    with fetched_from(world, tmp_path) as migration:
        result = fetch(migration, world)
        assert result.failed == [] and result.empty >= 1
        assert world.read(folder_of(migration)) == []
        asked = len(world.requests)
        fetch(migration, world)
    assert [line for line in world.lines[asked:] if _dated(line)] == []


@each_vendor
def test_another_answer_is_another_version(kind: type[World], tmp_path: Path) -> None:
    world = kind()
    with fetched_from(world, tmp_path) as migration:
        fetch(migration, world)
        before = files(migration)
        same = fetch(migration, world, again=True)
        assert same.changed == same.new == 0 and files(migration) == before
        world.change()
        result = fetch(migration, world, again=True)
        assert result.changed >= 1 and result.failed == []
        assert world.read(folder_of(migration)) == everything(world)
    assert set(files(migration)) == set(before)  # under the same names


@each_vendor
def test_what_was_there_and_is_gone_is_an_empty_file(kind: type[World], tmp_path: Path) -> None:
    world = kind()
    with fetched_from(world, tmp_path) as migration:
        fetch(migration, world)
        before = set(files(migration))
        world.data = {}
        result = fetch(migration, world, again=True)
        assert result.changed >= 1
        assert world.read(folder_of(migration)) == []
    assert set(files(migration)) == before


@each_vendor
def test_an_expired_token(kind: type[World], tmp_path: Path) -> None:
    world = kind()
    with fetched_from(world, tmp_path) as migration:
        world.refuses = lambda _: len(world.requests) > 2
        with pytest.raises(ConfigurationError) as told:
            fetch(migration, world)
        assert "$TOKEN" in str(told.value) and "sources.src.fetch" in str(told.value)
        assert world.token not in str(told.value)
        world.refuses = lambda _: False
        kept = files(migration)
        asked = len(world.requests)
        fetch(migration, world)
        assert world.read(folder_of(migration)) == everything(world)
    journal = (folder_of(migration) / ".journal.jsonl").read_text()
    assert world.token not in journal
    assert kept.items() <= files(migration).items()
    assert _repeated(world, asked, kept) == []


def _repeated(world: World, asked: int, kept: dict[str, bytes]) -> list[str]:
    """Requests for intervals whose file was there, asked for a second time."""
    days = [name.split(".")[0] for name in kept if name[:4] == "2025"]
    return [line for line in world.lines[asked:] for day in days if f"from_date={day}" in line]


@each_vendor
def test_a_secret_that_is_not_set(kind: type[World], tmp_path: Path) -> None:
    world = kind()
    with (
        fetched_from(world, tmp_path) as migration,
        pytest.raises(ConfigurationError, match="has no TOKEN; set it and run again"),
    ):
        fetch(migration, world, environment={"ACCOUNT": "account"})


@pytest.fixture
def little_room() -> Iterator[None]:
    """No file of this process may grow beyond 16 KiB: a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16 << 10, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@each_vendor
def test_a_full_disk(kind: type[World], tmp_path: Path, request: pytest.FixtureRequest) -> None:
    world = kind(each_day=60)
    with fetched_from(world, tmp_path) as migration:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        request.getfixturevalue("little_room")
        try:
            with pytest.raises(DiskFull, match=r"no room on the disk .* run again"):
                fetch(migration, world)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert world.read(folder_of(migration)) == []
        fetch(migration, world)
        assert world.read(folder_of(migration)) == everything(world)


KILLED = """
import json, sys
from pathlib import Path
from tests.orchestration.fetch.steps import fetch, migration_of
from tests.orchestration.fetch.worlds import WORLDS
home, vendor, settings = sys.argv[1:]
world = next(kind for kind in WORLDS if kind.vendor == vendor)()
fetch(migration_of(Path(home), json.loads(settings)), world)
"""


@each_vendor
def test_a_killed_fetch_goes_on(kind: type[World], tmp_path: Path) -> None:
    world = kind()
    # killed after some answers have come, and while another is on its way
    world.holds_from = {"mixpanel": 3, "amplitude": 3, "qualtrics": 4}.get(kind.vendor, 4)
    with serving(world) as url:
        settings = world.settings
        settings["fetch"] |= {"base_url": url, "parallel": 1}
        command = [sys.executable, "-c", KILLED, str(tmp_path), kind.vendor, json.dumps(settings)]
        process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(Path.cwd())})
        assert world.held.wait(30), "the process never asked so often"
        process.send_signal(signal.SIGKILL)
        process.wait()
        first = world.lines[: world.holds_from - 1]
        world.holds_from = None
        asked = len(world.requests)
        migration = migration_of(tmp_path, settings)
        result = fetch(migration, world)
        assert result.failed == []
        assert world.read(folder_of(migration)) == everything(world)
        second = world.lines[asked:]
    if kind.vendor == "qualtrics":  # an export that was not downloaded is started anew
        first = first[:1]
    if kind.vendor == "zigpoll":  # which polls there are is asked for at the start of each try
        first = [line for line in first if "/polls" not in line]
    assert set(first) & set(second) == set()
    assert drafts(migration) == []


def test_a_vendor_that_is_down_is_not_asked_for_ever(tmp_path: Path) -> None:
    world = WORLDS[0]()
    world.fetch = {**world.fetch, "from": "2024-03-01", "parallel": 1}
    world.faults = [status(503)] * 10_000
    with fetched_from(world, tmp_path) as migration:
        result = fetch(migration, world)
    assert len(world.requests) <= 4 * 4  # three in a row gave up, and one may have begun
    assert result.not_asked > 300
    with pytest.raises(CannotFinish, match=r"more were not fetched; run again"):
        result.refuse_failures()


def test_one_interval_that_fails_stops_no_other(tmp_path: Path) -> None:
    world = WORLDS[0]()
    world.fetch = {**world.fetch, "parallel": 1}
    world.faults = [status(504)] * 4
    with fetched_from(world, tmp_path) as migration:
        result = fetch(migration, world)
        assert len(result.failed) == 1 and "2025-03-01" in result.failed[0]
        assert set(files(migration)) == {"2025-03-02.jsonl.gz", "2025-03-03.jsonl.gz"}
        asked = len(world.requests)
        assert fetch(migration, world).failed == []
    assert len(world.requests) == asked + 1  # only what had failed


def test_two_processes_do_not_fetch_one_source(tmp_path: Path) -> None:
    from orchestration.fetch.journal import journal_of

    world = WORLDS[0]()
    with (
        fetched_from(world, tmp_path) as migration,
        journal_of(folder_of(migration), SOURCE),
        pytest.raises(CannotFinish, match="another process fetches it"),
    ):
        fetch(migration, world)
