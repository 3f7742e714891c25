"""Metrics by MetricFlow on DuckDB, and the example queries, over the demo."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from orchestration.analysis.queries import Example, ask, examples
from orchestration.config import Migration
from orchestration.dbt import PROJECT, dbt_environment
from orchestration.pages.questions import metrics
from orchestration.warehouse import marts_file


@pytest.mark.parametrize("query", examples(), ids=lambda each: each.name)
def test_every_example_is_answered_in_under_a_second(demo: Migration, query: Example) -> None:
    with duckdb.connect(marts_file(demo), read_only=True) as connection:
        began = time.process_time()
        answer = ask(connection, query.sql, 100)
        assert time.process_time() - began < 1
    assert answer.columns


def test_metricflow_answers_every_metric_as_the_marts_do(demo: Migration, tmp_path: Path) -> None:
    """MetricFlow reads the project in its folder alone, so it gets a copy with the manifest."""
    project = tmp_path / "project"
    shutil.copytree(PROJECT, project)
    (project / "target").mkdir(exist_ok=True)
    manifest = demo.dbt_dir / "target" / "semantic_manifest.json"
    shutil.copy(manifest, project / "target" / manifest.name)
    answers = tmp_path / "answers.csv"
    names = [metric.name for metric in metrics()]
    done = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("mf")), "query", "--metrics", ",".join(names)),
            *("--group-by", "metric_time__week", "--csv", str(answers)),
        ],
        cwd=project,
        env={**os.environ, **dbt_environment(demo)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    with answers.open() as lines:
        rows = {row["metric_time__week"][:10]: row for row in csv.DictReader(lines)}
    assert set(names) <= set(next(iter(rows.values())))
    with duckdb.connect(marts_file(demo), read_only=True) as connection:
        weeks = connection.execute(
            """select period_start::varchar, max(active_persons)
            from marts.fct_micro_conversion_rates
            where granularity = 'week' and dimension = '(all)' group by 1"""
        ).fetchall()
    assert len(weeks) > 4
    for week, persons in weeks:
        assert int(rows[week]["active_persons"]) == persons
