"""Dates whose figures readers already have, and which this run changed."""

from __future__ import annotations

from orchestration.config import Migration
from orchestration.sql import literal
from orchestration.warehouse import open_work, snapshot_file

RESTATEMENTS = """
create schema if not exists warehouse.quality;
create table if not exists warehouse.quality.fct_restatements (
    run_id varchar, occurred_on date, source varchar, before bigint, after bigint)
"""


def write_restatements(migration: Migration, run_id: str) -> None:
    """Note in `quality.fct_restatements` the dates that differ from the last snapshot, by source.

    `before` and `after` are events in `marts.fct_events`; dates are those of the reporting zone. A
    source's newest published date is no restatement: it was still filling. Before the first
    snapshot there is none. The rows of earlier runs stay; those of this run are replaced.
    """
    with open_work(migration) as connection:
        connection.execute(RESTATEMENTS)
        connection.execute(
            "delete from warehouse.quality.fct_restatements where run_id = ?", [run_id]
        )
        if not snapshot_file(migration).exists():
            return
        path = literal(str(snapshot_file(migration)))
        connection.execute(f"attach {path} as published (read_only)")
        connection.execute(
            """
            insert into warehouse.quality.fct_restatements
            with counted as (
                select source, occurred_on, 'before' as state, count(*) as events
                from published.marts.fct_events group by all
                union all
                select source, occurred_on, 'after', count(*)
                from warehouse.marts.fct_events group by all
            ),
            dates as (
                select source, occurred_on,
                    coalesce(sum(events) filter (state = 'before'), 0) as before,
                    coalesce(sum(events) filter (state = 'after'), 0) as after
                from counted group by all
            ),
            newest as (
                select source, max(occurred_on) as occurred_on, min(occurred_on) as first_on
                from dates where before > 0 group by source
            )
            select ?, dates.occurred_on, dates.source, before, after
            from dates join newest using (source)
            where dates.occurred_on < newest.occurred_on and dates.occurred_on >= first_on
                and before <> after
            order by all
            """,
            [run_id],
        )
        connection.execute("detach published")


def restatement_views(run_id: str) -> dict[str, str]:
    """The view of the marts gate over what this run restated."""
    return {
        "gate_restatements": f"""
            select source, occurred_on, before, after from warehouse.quality.fct_restatements
            where run_id = {literal(run_id)}"""
    }
