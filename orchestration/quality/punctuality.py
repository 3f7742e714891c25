"""How far each source comes behind the others as a rule, learned from earlier builds.

A source without records of the newest date is late, or its day is lost. Which it is, earlier dates
tell: at every build it is noted by how many days each source was behind the newest date that
another source had whole. Builds are many a day, so a date keeps the most of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import duckdb

from orchestration.warehouse import has_table

SILENT_DAYS = 2
"""So many days without a record make a source silent whose habit is not known yet."""
REMEMBERED_DAYS = 28
LEAST_DATES = 3
"""So many dates must have been seen as they came before a habit is known."""
RARE_SHARE = 0.1
"""A delay on at most this share of the dates is no habit."""

SOURCE_DELAYS = """
create table if not exists control.source_delays (
    newest_on date, source varchar, days_behind integer, primary key (newest_on, source))
"""


def note_delays(connection: duckdb.DuckDBPyConnection, last_whole: Mapping[str, date]) -> None:
    """Keep by how many days each source is behind; `last_whole` are the newest dates they have.

    Dates are of the reporting zone. A build that is repeated changes nothing.
    """
    newest = max(last_whole.values())
    connection.execute(SOURCE_DELAYS)
    for source, last in last_whole.items():
        connection.execute(
            """insert into control.source_delays values (?, ?, ?)
            on conflict do update set days_behind = greatest(days_behind, excluded.days_behind)""",
            [newest, source, (newest - last).days],
        )
    connection.execute(
        "delete from control.source_delays where newest_on < ?",
        [newest - timedelta(days=REMEMBERED_DAYS)],
    )


def usual_delays(connection: duckdb.DuckDBPyConnection, newest_on: date) -> dict[str, int]:
    """By how many days a source may be behind and be as always, from the dates before `newest_on`.

    A source whose habit is not known yet is not in the answer.
    """
    if not has_table(connection, "control", "source_delays"):
        return {}
    return dict(
        connection.execute(
            """select source, quantile_disc(days_behind, ?)
            from control.source_delays where newest_on < ? and newest_on >= ?
            group by source having count(*) >= ?""",
            [1 - RARE_SHARE, newest_on, newest_on - timedelta(days=REMEMBERED_DAYS), LEAST_DATES],
        ).fetchall()
    )
