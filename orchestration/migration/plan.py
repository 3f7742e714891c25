"""What a run would do, without doing it: files by source, and the waves."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from orchestration.config import Migration
from orchestration.errors import ConfigurationError
from orchestration.landing.catalog import SEEN, export_files
from orchestration.migration.waves import Scope, scopes
from orchestration.yaml_models import unknown


@dataclass(frozen=True)
class PlannedSource:
    """Files of a source, and those a run would read: new or changed since they were seen."""

    source: str
    vendor: str
    files: int
    new_files: int
    new_bytes: int


@dataclass(frozen=True)
class PlannedWave:
    """A wave as configured, and whether it was brought into scope."""

    wave: str
    sources: list[str]
    start: str
    end: str
    was_run: bool


@dataclass(frozen=True)
class Plan:
    """The whole plan."""

    sources: list[PlannedSource]
    waves: list[PlannedWave]

    def to_json(self) -> dict[str, Any]:
        """One JSON object."""
        return asdict(self)


def plan_of(migration: Migration, wave: str | None = None) -> Plan:
    """Look at the export folders and the waves. Raises ConfigurationError for an unknown wave."""
    if wave is not None and wave not in migration.waves:
        raise ConfigurationError(f"--wave: {unknown('wave', wave, migration.waves)}")
    chosen = {wave: migration.waves[wave]} if wave else migration.waves
    in_scope = set(scopes(migration))
    waves = [
        PlannedWave(
            name,
            list(part.sources),
            part.start.isoformat(),
            part.end.isoformat(),
            all(
                Scope(s, part.start, part.end) in in_scope or Scope(s) in in_scope
                for s in part.sources
            ),
        )
        for name, part in chosen.items()
    ]
    wanted = chosen[wave].sources if wave else list(migration.sources)
    return Plan([_planned(migration, source) for source in wanted], waves)


def _planned(migration: Migration, source: str) -> PlannedSource:
    config = migration.sources[source]
    path = migration.landing_dir / source / SEEN
    seen = json.loads(path.read_text()) if path.exists() else {}
    files = export_files(source, config)
    new = []
    for file in files:
        name = (
            file.name if file == config.location else file.relative_to(config.location).as_posix()
        )
        stat = file.stat()
        if seen.get(name, [None, None, None])[1:3] != [stat.st_size, stat.st_mtime_ns]:
            new.append(stat.st_size)
    return PlannedSource(source, config.vendor, len(files), len(new), sum(new))
