"""What the tests of fetching share: a migration of one source, and a quick fetch of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from orchestration.config import Migration
from orchestration.fetch.fetching import Fetched, fetch_source
from orchestration.fetch.http import Patience
from orchestration.fetch_config import FETCHABLE
from orchestration.source_config import KNOWN_VENDORS
from tests.orchestration.fetch.servers import serving
from tests.orchestration.fetch.worlds import World

SOURCE = "src"
QUICK = Patience(attempts=4, first=0.005, longest=0.02, longest_asked=5.0)


def migration_of(home: Path, settings: dict[str, Any]) -> Migration:
    return Migration.model_validate(
        {"home": home, "taxonomy": home / "taxonomy.yaml", "sources": {SOURCE: settings}},
        context={"vendors": (*KNOWN_VENDORS, *FETCHABLE)},
    )


@contextmanager
def fetched_from(world: World, home: Path) -> Iterator[Migration]:
    """A migration whose source is fetched from a world that is being served."""
    with serving(world) as url:
        settings = world.settings
        settings["fetch"]["base_url"] = url
        yield migration_of(home, settings)


def environment(world: World) -> dict[str, str]:
    return {"TOKEN": world.token, "ACCOUNT": "account"}


def fetch(migration: Migration, world: World, **options: Any) -> Fetched:
    options.setdefault("environment", environment(world))
    return fetch_source(migration, SOURCE, patience=QUICK, **options)


def folder_of(migration: Migration) -> Path:
    return migration.sources[SOURCE].location


def files(migration: Migration) -> dict[str, bytes]:
    """What lies in the source's folder, journal and drafts left out."""
    folder = folder_of(migration)
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(p.startswith(".") for p in path.relative_to(folder).parts)
    }


def drafts(migration: Migration) -> list[str]:
    return sorted(path.name for path in (folder_of(migration) / ".drafts").rglob("*"))
