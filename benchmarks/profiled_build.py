"""Build what is new, and count rows: `python -m benchmarks.profiled_build MIGRATION.YAML`.

The steps of `waybill run` without Dagster and without the gates, so that each statement's profile
can be read. Prints one JSON object: rows scanned, taken and written by model, with the rebuild
set's own queries under `rebuild_set`.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict
from pathlib import Path
from typing import Any
from unittest.mock import patch

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

from benchmarks.landing import land_all
from benchmarks.profiling import RecordedConnection, Recorder, Rows
from orchestration import pipeline
from orchestration.config import Migration, load_migration
from orchestration.dbt import PROJECT, dbt_environment, dbt_vars
from orchestration.migration.waves import bring_into_scope
from orchestration.warehouse import open_work, writing

MARTS = ("tag:intermediate", "tag:marts", "tag:quality")


class BuildFailed(Exception):
    """dbt did not build a model."""


def profiled_build(config: Path) -> dict[str, Rows]:
    """Land and build what is new in `SOURCE`; rows by model. Raises BuildFailed."""
    migration = load_migration(config)
    os.environ.update(dbt_environment(migration))
    bring_into_scope(migration, None)
    land_all(config)
    with tempfile.TemporaryDirectory() as scratch, writing(migration):
        recorder = Recorder(Path(scratch))
        _recorded(recorder, "control tables", lambda: pipeline.plan_staging(migration))
        _dbt(recorder, migration, *pipeline.staging_models(migration))
        pipeline.note_staged(migration)
        _recorded(recorder, "rebuild_set", lambda: pipeline.plan_marts(migration))
        _dbt(recorder, migration, "--select", *MARTS)
        pipeline.note_built(migration)
    return recorder.rows


def _recorded(recorder: Recorder, owner: str, step: Callable[[], object]) -> None:
    """Run a step of the pipeline with its connection recorded."""

    @contextmanager
    def recorded(migration: Migration, **options: Any) -> Iterator[RecordedConnection]:
        with open_work(migration, **options) as connection:
            yield RecordedConnection(connection, recorder, owner)
            recorder.settle()

    with patch.object(pipeline, "open_work", recorded):
        step()


def _dbt(recorder: Recorder, migration: Migration, *models: str) -> None:
    arguments = ["run", "--quiet", *models, "--project-dir", str(PROJECT)]
    arguments += ["--vars", json.dumps(dbt_vars(migration))]
    with recorder.watching_dbt():
        done = dbtRunner().invoke(arguments)
    # dbt keeps the warehouse open for as long as its process lives
    DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
    if not done.success:
        raise BuildFailed(f"dbt run {' '.join(models)}: {done.exception or done.result}")


if __name__ == "__main__":
    with redirect_stdout(sys.stderr):
        rows = profiled_build(Path(sys.argv[1]))
    print(json.dumps({owner: asdict(each) for owner, each in rows.items()}))
