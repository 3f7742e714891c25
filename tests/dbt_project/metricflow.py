"""Metrics as MetricFlow answers them on a built warehouse."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from orchestration.config import Migration
from orchestration.dbt import PROJECT, dbt_environment


def answers(
    migration: Migration, folder: Path, metrics: Sequence[str], grain: str
) -> dict[str, dict[str, str]]:
    """Values by metric, by the first date of each week or month, as text.

    MetricFlow reads the project in its folder alone, so it gets a copy with the manifest.
    """
    project = folder / "project"
    shutil.copytree(PROJECT, project)
    (project / "target").mkdir(exist_ok=True)
    manifest = migration.dbt_dir / "target" / "semantic_manifest.json"
    shutil.copy(manifest, project / "target" / manifest.name)
    path = folder / "answers.csv"
    time = f"metric_time__{grain}"
    done = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("mf")), "query", "--metrics", ",".join(metrics)),
            *("--group-by", time, "--csv", str(path)),
        ],
        cwd=project,
        env={**os.environ, **dbt_environment(migration)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    with path.open() as lines:
        return {row[time][:10]: row for row in csv.DictReader(lines)}
