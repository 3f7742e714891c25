"""Rows of marts that an open incident touches: by date, event, source and platform."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from orchestration.config import Migration, load_migration
from orchestration.errors import CannotFinish
from orchestration.quality.warned_rows import warn_published, write_warned_rows
from orchestration.warehouse import marts_file, replaced_snapshot, snapshot_file, take_snapshot

INCIDENTS = """
create schema quality;
create schema marts;
create table quality.fct_incidents as from (values
    ('loss', 'share', 'app', 'ios', timestamp '2025-03-02 02:00:00',
        timestamp '2025-03-03 12:00:00', 'warning', timestamp '2025-03-04', true),
    ('held', null, 'shop', null, timestamp '2025-03-03 12:00:00', null, 'critical',
        timestamp '2025-03-04', true),
    ('over', null, null, null, timestamp '2025-03-01 12:00:00', null, 'critical',
        timestamp '2025-03-01', false)
) as t (incident_id, event_name, source, platform, first_bad_at, bad_until, severity, detected_at,
    is_open);
"""


@pytest.fixture
def migration(write: Callable[[str, str | bytes], Path]) -> Migration:
    write("taxonomy.yaml", "version: 1\nevents: {share: {description: Shared., kind: micro}}\n")
    config = write(
        "migration.yaml",
        """
        home: home
        taxonomy: taxonomy.yaml
        reporting_timezone: America/New_York
        sources: {app: {vendor: amplitude, location: exports}}
        """,
    )
    migration = load_migration(config)
    migration.warehouse_dir.mkdir(parents=True)
    with duckdb.connect(marts_file(migration)) as connection:
        connection.execute(INCIDENTS)
    return migration


def make(migration: Migration, table: str) -> None:
    with duckdb.connect(marts_file(migration)) as connection:
        connection.execute(table)


def warned(migration: Migration, columns: str) -> list[tuple[object, ...]]:
    with duckdb.connect(marts_file(migration), read_only=True) as connection:
        return connection.execute(
            f"select {columns}, open_incident_id from marts.daily order by all"
        ).fetchall()


def test_dates_are_of_the_reporting_zone_and_the_gravest_counts(migration: Migration) -> None:
    make(
        migration,
        """create table marts.daily as select null::varchar as open_incident_id, * from (values
        (date '2025-02-28', 1), (date '2025-03-01', 2), (date '2025-03-03', 3)
        ) as t (occurred_on, nr)""",
    )
    assert write_warned_rows(migration) == 2
    # two in the morning UTC is the evening of the first in New York
    assert warned(migration, "nr") == [(1, None), (2, "loss"), (3, "held")]


def test_an_incident_of_one_part_warns_that_part_and_the_totals(migration: Migration) -> None:
    make(
        migration,
        """create table marts.daily as
        select 'stale' as open_incident_id, date '2025-02-24' as period_start,
            date '2025-03-02' as period_end, *
        from (values ('share', '(all)', '(all)'), ('share', 'platform', 'ios'),
            ('share', 'platform', 'web'), ('share', 'country', 'US'), ('paid', '(all)', '(all)')
        ) as t (event_name, dimension, segment)""",
    )
    assert write_warned_rows(migration) == 3
    assert warned(migration, "event_name, segment") == [
        ("paid", "(all)", None),
        ("share", "(all)", "loss"),
        ("share", "US", "loss"),
        ("share", "ios", "loss"),
        ("share", "web", None),
    ]
    assert write_warned_rows(migration) == 3


def test_a_funnel_is_warned_by_what_touches_one_of_its_steps(migration: Migration) -> None:
    make(
        migration,
        """create table marts.fct_funnel_steps as
        select date '2025-01-01' as period_start, date '2025-03-02' as period_end,
            null::varchar as open_incident_id, *
        from (values ('sharing', 'opened'), ('sharing', 'share'), ('buying', 'opened'),
            ('buying', 'paid')) as t (funnel, step)""",
    )
    assert write_warned_rows(migration) == 2
    with duckdb.connect(marts_file(migration), read_only=True) as connection:
        found = connection.execute(
            "select distinct funnel, open_incident_id from marts.fct_funnel_steps order by all"
        ).fetchall()
    assert found == [("buying", None), ("sharing", "loss")]


def test_what_is_over_is_not_warned_of_any_more(migration: Migration) -> None:
    make(
        migration,
        """create table marts.daily as
        select null::varchar as open_incident_id, date '2025-03-03' as occurred_on""",
    )
    assert write_warned_rows(migration) == 1
    make(migration, "update quality.fct_incidents set is_open = false")
    assert write_warned_rows(migration) == 0
    assert warned(migration, "occurred_on::varchar") == [("2025-03-03", None)]


def test_what_is_published_is_warned_when_nothing_new_is(migration: Migration) -> None:
    """A red run publishes nothing: the figures stay, and the marks are those of the run."""
    assert not warn_published(migration), "nothing is published yet"
    make(
        migration,
        """create table marts.daily as
        select null::varchar as open_incident_id, date '2025-03-02' as occurred_on, 1 as events""",
    )
    take_snapshot(migration)
    make(migration, "update marts.daily set events = 2")
    make(migration, "update quality.fct_incidents set is_open = incident_id = 'over'")
    assert warn_published(migration)
    with duckdb.connect(snapshot_file(migration), read_only=True) as connection:
        found = connection.execute(
            """select events, open_incident_id, (select count(*) from quality.fct_incidents
                where is_open) from marts.daily"""
        ).fetchall()
    assert found == [(1, "over", 1)]
    assert not warn_published(migration), "and nothing is copied when there is nothing to tell"
    assert [path.name for path in migration.warehouse_dir.glob(".*")] == []


def test_a_mart_without_dates_is_refused(migration: Migration) -> None:
    make(migration, "create table marts.daily as select null::varchar as open_incident_id")
    with pytest.raises(CannotFinish, match=r"marts\.daily has open_incident_id but no dates"):
        write_warned_rows(migration)


def test_a_copy_that_was_killed_leaves_nothing_in_the_next(migration: Migration) -> None:
    make(migration, "create table marts.daily as select 1 as figure")
    copy = migration.warehouse_dir / ".snapshot.part"
    shutil.copy(marts_file(migration), copy)
    killed = (
        "import duckdb, os, sys\n"
        "connection = duckdb.connect(sys.argv[1])\n"
        "connection.execute('update marts.daily set figure = 9')\n"
        "os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", killed, copy], check=False).returncode == 9
    assert copy.with_name(f"{copy.name}.wal").exists()
    with (
        replaced_snapshot(migration, marts_file(migration)) as fresh,
        duckdb.connect(fresh) as connection,
    ):
        assert connection.execute("from marts.daily").fetchall() == [(1,)]
