"""Metrics by MetricFlow on DuckDB, and the example queries, over the demo."""

from __future__ import annotations

import time
from pathlib import Path

import duckdb
import pytest

from orchestration.analysis.queries import Example, ask, examples
from orchestration.config import Migration
from orchestration.pages.questions import metrics
from orchestration.warehouse import marts_file
from tests.dbt_project.metricflow import answers


@pytest.mark.parametrize("query", examples(), ids=lambda each: each.name)
def test_every_example_is_answered_in_under_a_second(demo: Migration, query: Example) -> None:
    with duckdb.connect(marts_file(demo), read_only=True) as connection:
        began = time.process_time()
        answer = ask(connection, query.sql, 100)
        assert time.process_time() - began < 1
    assert answer.columns


def test_metricflow_answers_every_metric_as_the_marts_do(demo: Migration, tmp_path: Path) -> None:
    names = [metric.name for metric in metrics()]
    rows = answers(demo, tmp_path, names, "week")
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
