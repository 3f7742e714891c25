"""What was fetched lands whole: each file is read by its vendor's own reader."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.landing.arrivals import arrive, land_arrivals
from orchestration.landing.manifest import Manifest
from orchestration.sources import REGISTRY
from tests.orchestration.fetch.steps import SOURCE, fetch, fetched_from, files
from tests.orchestration.fetch.worlds import WORLDS, World

READ = [world for world in WORLDS if world.vendor in REGISTRY]


def landed(world: World, home: Path, *, empty_then: bool = False) -> dict[str, Manifest]:
    with fetched_from(world, home) as migration:
        fetch(migration, world)
        if empty_then:
            world.data = {}
            fetch(migration, world, again=True)
        waiting = arrive(migration, SOURCE)
        found = {m.files[0].name: m for m in land_arrivals(migration, SOURCE, waiting)}
        assert set(found) == set(files(migration))
    return found


@pytest.mark.parametrize("kind", READ, ids=lambda kind: kind.vendor)
def test_each_file_is_read_whole(kind: type[World], tmp_path: Path) -> None:
    world = kind()
    found = landed(world, tmp_path)
    assert {m.state for m in found.values()} == {"complete"}
    assert [m.files[0].unreadable for m in found.values() if m.files[0].unreadable] == []
    assert sum(n for m in found.values() for n in m.dated.values()) == len(world.data)


@pytest.mark.parametrize("kind", READ, ids=lambda kind: kind.vendor)
def test_an_interval_that_was_emptied_is_a_whole_file_without_records(
    kind: type[World], tmp_path: Path
) -> None:
    found = landed(kind(), tmp_path, empty_then=True)
    assert {m.state for m in found.values()} == {"complete"}
    assert not any(m.dated for m in found.values())
