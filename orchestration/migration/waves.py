"""Waves that were run: which sources and dates are in scope, as an append-only record.

A plain run brings everything into scope for ever; a wave brings its sources and dates. What is in
no scope stays pending. Nothing ever leaves scope but by a rollback.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, date, datetime
from pathlib import Path

from orchestration.config import Migration
from orchestration.control import Scope
from orchestration.errors import ConfigurationError
from orchestration.taxonomy.tables import EARLIEST, LATEST
from orchestration.yaml_models import unknown

FILE_NAME = "scopes.jsonl"


def keep_scope(migration: Migration) -> None:
    """Leave in scope what is; where nothing ever was, everything is."""
    if not scopes(migration):
        bring_into_scope(migration, None)


def bring_into_scope(migration: Migration, wave: str | None) -> None:
    """Record that a wave, or without a name every source and date, is to be loaded."""
    if wave is None:
        wanted = [Scope(source) for source in migration.sources]
    else:
        if wave not in migration.waves:
            raise ConfigurationError(f"--wave: {unknown('wave', wave, migration.waves)}")
        parts = migration.waves[wave]
        wanted = [Scope(source, parts.start, parts.end) for source in parts.sources]
    known = set(scopes(migration))
    new = [scope for scope in wanted if scope not in known]
    if not new:
        return
    migration.decisions_dir.mkdir(parents=True, exist_ok=True)
    with _file(migration).open("a") as file:
        for scope in new:
            row = {
                "wave": wave,
                "source": scope.source,
                "from": scope.start.isoformat(),
                "to": scope.end.isoformat(),
                "at": datetime.now(UTC).isoformat(),
            }
            file.write(json.dumps(row) + "\n")
        file.flush()
        os.fsync(file.fileno())


def scopes(migration: Migration) -> list[Scope]:
    """Everything that was ever brought into scope, for sources that are still configured."""
    path = _file(migration)
    if not path.exists():
        return []
    found = []
    for line in path.read_text().split("\n"):
        if not line:
            continue
        try:
            row = json.loads(line)
        except ValueError:
            continue  # a torn last line: the run that wrote it was killed and is asked again
        scope = Scope(row["source"], date.fromisoformat(row["from"]), date.fromisoformat(row["to"]))
        if scope.source in migration.sources:
            found.append(scope)
    return found


def _file(migration: Migration) -> Path:
    return migration.decisions_dir / FILE_NAME


__all__ = ["EARLIEST", "LATEST", "Scope", "bring_into_scope", "keep_scope", "scopes"]
