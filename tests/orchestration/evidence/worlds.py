"""A story's log and context as the tables that the marts of evidence read, without the pipeline."""

from functools import lru_cache
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa

from orchestration.config import load_migration
from orchestration.context_config import CompanyContext, read_context
from orchestration.context_tables import context_tables
from orchestration.demo.stories import STORIES, Story, write_story


def warehouse(events: pd.DataFrame, context: CompanyContext) -> duckdb.DuckDBPyConnection:
    """`events` has the columns of a story's rows and `kind`; users are persons."""
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    connection.execute("attach ':memory:' as warehouse")
    connection.execute("create schema warehouse.marts; create schema control")
    connection.execute("create table control.incomplete_dates (occurred_on date)")
    connection.register("log", events)
    connection.execute(
        """create table warehouse.marts.fct_events as
        select event_id, event as event_name, kind as event_kind, true as is_primary,
            occurred_at::timestamp as occurred_at, occurred_at::date as occurred_on,
            "user" as person_id, platform, country, campaign::varchar as campaign,
            null::varchar as utm_campaign,
            experiment::varchar as experiment_id, variant::varchar as variant_id,
            case when amount is null then '{}' else json_object('amount', amount) end as properties
        from log"""
    )
    connection.execute(
        """create table warehouse.marts.fct_sessions as
        with gaps as (
            select *, occurred_at - lag(occurred_at) over (
                partition by person_id order by occurred_at) as gap
            from warehouse.marts.fct_events
        ),
        numbered as (
            select *, count(*) filter (gap is null or gap > interval 30 minute) over (
                partition by person_id order by occurred_at rows unbounded preceding) as number
            from gaps
        )
        select person_id, min(occurred_on) as started_on,
            date_diff('millisecond', min(occurred_at), max(occurred_at)) / 1000 as duration_seconds
        from numbered group by person_id, number"""
    )
    for table, rows, schema in context_tables(context):
        connection.register("lines", pa.Table.from_pylist(rows, schema=schema))
        connection.execute(f"create table control.{table} as from lines")
    return connection


def with_kinds(story: Story) -> pd.DataFrame:
    kinds = {event.name: event.kind for event in story.events}
    return story.rows.assign(kind=story.rows["event"].map(kinds))


@lru_cache(maxsize=4)  # a story takes seconds to draw
def told(name: str, seed: int) -> Story:
    return STORIES[name](seed)


def open_story(name: str, folder: Path, seed: int = 7) -> tuple[duckdb.DuckDBPyConnection, Story]:
    """A story, written and read back as a run would."""
    story = told(name, seed)
    migration = load_migration(write_story(story, folder))
    names = [event.name for event in story.events]
    context = read_context(migration.context, migration.sources, names)
    return warehouse(with_kinds(story), context), story
