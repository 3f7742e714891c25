"""The rebuild set: what a build must touch, stored before it starts and cleared after its end.

Two tables carry it. `control.rebuild_keys` are the event keys whose records are judged again: those
of deliveries that were added, removed or staged anew, and those of events whose person changed.
`control.rebuild_cells` are the person-days that changed because of it; the spine model writes them
when it replaces the keys. A killed build finds both still there and does the same work again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb

from orchestration.config import Migration
from orchestration.control import Scope, build_fingerprint, buildable
from orchestration.identity.resolve import resolve
from orchestration.landing.catalog import Landed
from orchestration.source_config import SourceConfig
from orchestration.sources import EVENT_VENDORS, REGISTRY
from orchestration.taxonomy.changes import (
    is_for_all_names,
    note_built_names,
    write_changed_names,
    write_definitions,
)
from orchestration.warehouse import has_table

# Staged rows of deliveries that came: they lie together and share a time, so few are looked at.
_ARRIVED = """landed_at in (select landed_at from changed_deliveries)
    and delivery_id in (select delivery_id from changed_deliveries where change = 'added')"""


@dataclass(frozen=True)
class BuildPlan:
    """Whether there is anything to build, and whether from nothing."""

    full_refresh: bool
    dictionary: bool  # its words may have changed, if no event's meaning has
    context: bool  # what the company knows of itself changed; marts that compare are made anew
    added: int
    removed: int
    keys: int
    cells: int

    @property
    def is_empty(self) -> bool:
        """Nothing came, went or changed since the last build that finished."""
        changed = self.added or self.removed or self.keys or self.cells
        return not (self.full_refresh or changed or self.dictionary or self.context)


def plan_build(
    connection: duckdb.DuckDBPyConnection,
    migration: Migration,
    landed: Sequence[Landed],
    scopes: Sequence[Scope],
    dates: tuple[date, date] | None = None,
) -> BuildPlan:
    """Store the rebuild set for what changed since the last finished build. One transaction.

    `dates` (reporting zone, both included) are rebuilt even if nothing changed there.
    """
    connection.execute("begin transaction")
    try:
        write_definitions(connection)
        full = _must_rebuild_all(connection, migration)
        _write_changed_deliveries(connection, migration, landed, scopes, full)
        if full:
            for table in (
                "device_owners",
                "identity_nodes",
                "node_spans",
                "rebuild_keys",
                "rebuild_cells",
                "moved_weeks",
            ):
                connection.execute(f"delete from control.{table}")
        _widen_node_spans(connection)
        resolve(connection, migration.identity)
        if not full:
            _add_keys_of_changed_deliveries(connection)
            _add_keys_of_changed_persons(connection)
            _add_keys_of_changed_names(connection)
            if dates is not None:
                _add_keys_of_dates(connection, dates)
            _add_keys_within_windows(connection, migration)
        _write_incomplete_dates(connection, landed)
        _, dictionary, context = _built_settings(connection)
        prints = migration.settings_fingerprint()
        plan = BuildPlan(
            full,
            prints["taxonomy"] != dictionary,
            prints["context"] != context,
            *_counts(
                connection,
                "select count(*) from changed_deliveries where change = 'added'",
                "select count(*) from changed_deliveries where change = 'removed'",
                "select count(*) from control.rebuild_keys",
                "select count(*) from control.rebuild_cells",
            ),
        )
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit")
    return plan


def finish_build(
    connection: duckdb.DuckDBPyConnection,
    migration: Migration,
    landed: Sequence[Landed],
    scopes: Sequence[Scope],
) -> None:
    """Remember what is built and clear the rebuild set. One transaction, after the last model."""
    connection.execute("begin transaction")
    connection.execute("delete from control.built")
    connection.executemany(
        "insert into control.built values (?, ?)",
        buildable(migration, landed, scopes) or [("", "")],
    )
    connection.execute("delete from control.rebuild_keys")
    connection.execute("delete from control.rebuild_cells")
    connection.execute("delete from control.moved_weeks")
    connection.execute("delete from control.built_settings")
    prints = migration.settings_fingerprint()
    connection.execute(
        "insert into control.built_settings (fingerprint, dictionary, context) values (?, ?, ?)",
        [build_fingerprint(migration), prints["taxonomy"], prints["context"]],
    )
    note_built_names(connection)
    connection.execute("commit")


def _must_rebuild_all(connection: duckdb.DuckDBPyConnection, migration: Migration) -> bool:
    if not has_table(connection, "intermediate", "int_events"):
        return True
    built, _, _ = _built_settings(connection)
    return built != build_fingerprint(migration) or is_for_all_names(connection)


def _built_settings(
    connection: duckdb.DuckDBPyConnection,
) -> tuple[str | None, str | None, str | None]:
    """Fingerprints of settings and code, of the dictionary and of the context, as last built."""
    row = connection.execute(
        "select fingerprint, dictionary, context from control.built_settings"
    ).fetchone()
    return (row[0], row[1], row[2]) if row else (None, None, None)


def _write_changed_deliveries(
    connection: duckdb.DuckDBPyConnection,
    migration: Migration,
    landed: Sequence[Landed],
    scopes: Sequence[Scope],
    full: bool,
) -> None:
    connection.execute(
        "create or replace temp table buildable (delivery_id varchar, fingerprint varchar)"
    )
    rows = buildable(migration, landed, scopes)
    if rows:
        connection.executemany("insert into buildable values (?, ?)", rows)
    built = "(select * from control.built where false)" if full else "control.built"
    connection.execute(
        f"""
        create or replace temp table changed_deliveries as
        select delivery_id, landed_at, 'added' as change
        from buildable join control.deliveries using (delivery_id)
        where (delivery_id, fingerprint) not in (select (delivery_id, fingerprint) from {built})
        union
        select delivery_id, null, 'removed' from {built}
        where delivery_id <> '' and delivery_id not in (select delivery_id from buildable)
        """
    )


def _widen_node_spans(connection: duckdb.DuckDBPyConnection) -> None:
    """Keep, for each node, the first and last date of the events that it may own.

    A person that changes is looked for on those dates alone. A delivery that went leaves its span:
    too wide costs time, too narrow would lose an event.
    """
    seen = "\nunion all\n".join(
        f"""select {node} as node, occurred_on from staging.stg_{vendor}__events
        where record_fate is null and {node} is not null and {unless_known} and {_ARRIVED}"""
        for vendor in EVENT_VENDORS
        for node, unless_known in (
            ("user_node", "true"),
            ("device_node", "user_node is null"),
            ("vendor_node", "user_node is null"),
        )
    )
    connection.execute(
        f"""
        create or replace temp table seen_spans as
        select node, min(occurred_on) as first_on, max(occurred_on) as last_on
        from ({seen}) group by node;
        create or replace temp table wider_spans as
        select node, least(seen.first_on, known.first_on) as first_on,
            greatest(seen.last_on, known.last_on) as last_on
        from seen_spans as seen left join control.node_spans as known using (node);
        delete from control.node_spans where node in (select node from wider_spans);
        insert into control.node_spans from wider_spans;
        """
    )


def _add_keys_of_changed_deliveries(connection: duckdb.DuckDBPyConnection) -> None:
    for vendor in EVENT_VENDORS:
        connection.execute(
            f"""insert into control.rebuild_keys
            select distinct event_key, occurred_on from staging.stg_{vendor}__events
            where record_fate is null and {_ARRIVED}"""
        )
    # rows of a delivery that went, or was staged anew, may have had other keys
    connection.execute(
        """insert into control.rebuild_keys
        select distinct event_key, occurred_on from intermediate.int_events
        where delivery_id in (
            select delivery_id from changed_deliveries join control.built using (delivery_id))"""
    )


def _add_keys_of_changed_persons(connection: duckdb.DuckDBPyConnection) -> None:
    first_on, last_on = connection.execute(
        """select min(first_on), max(last_on) from control.node_spans
        where node in (select node from changed_nodes)"""
    ).fetchall()[0]
    for vendor in EVENT_VENDORS:
        connection.execute(
            f"""insert into control.rebuild_keys
            select distinct event_key, occurred_on from staging.stg_{vendor}__events
            where record_fate is null and occurred_on between ? and ? and (
                user_node in (select node from changed_nodes)
                or (user_node is null and device_node in (select node from changed_nodes))
                or (user_node is null and vendor_node in (select node from changed_nodes)))""",
            [first_on, last_on],
        )


def _add_keys_of_changed_names(connection: duckdb.DuckDBPyConnection) -> None:
    if not write_changed_names(connection):
        return
    for vendor in EVENT_VENDORS:
        connection.execute(
            f"""insert into control.rebuild_keys
            select distinct event_key, occurred_on from staging.stg_{vendor}__events
            where record_fate is null and (source, source_event_name) in (
                select (source, source_event_name) from changed_names)"""
        )


def _add_keys_of_dates(connection: duckdb.DuckDBPyConnection, dates: tuple[date, date]) -> None:
    for vendor in EVENT_VENDORS:
        connection.execute(
            f"""insert into control.rebuild_keys
            select distinct event_key, occurred_on from staging.stg_{vendor}__events
            where record_fate is null and occurred_on between ? and ?""",
            dates,
        )


def _add_keys_within_windows(connection: duckdb.DuckDBPyConnection, migration: Migration) -> None:
    """Where a key may be copied on other dates, add those dates, and theirs, until none is new.

    A vendor's window bounds how far; an id or columns that a table's settings name have no bound.
    """
    for vendor in EVENT_VENDORS:
        window = REGISTRY[vendor].dedupe_window_seconds
        if window is not None:
            days = 1 + window // 86400
            near = f"""
                and staged.occurred_on between
                    (select min(occurred_on) from control.rebuild_keys) - {days}
                    and (select max(occurred_on) from control.rebuild_keys) + {days}
                and staged.occurred_on between keys.first_on - {days} and keys.last_on + {days}"""
        elif any(_has_own_key(c) for c in migration.sources.values() if c.vendor == vendor):
            near = ""
        else:
            continue  # the key holds the time: its copies are on one date
        while True:
            found = connection.execute(
                f"""insert into control.rebuild_keys
                select distinct staged.event_key, staged.occurred_on
                from staging.stg_{vendor}__events as staged
                join (
                    select event_key, min(occurred_on) as first_on, max(occurred_on) as last_on
                    from control.rebuild_keys group by event_key
                ) as keys on staged.event_key = keys.event_key
                where staged.record_fate is null {near}
                    and (staged.event_key, staged.occurred_on)
                        not in (select (event_key, occurred_on) from control.rebuild_keys)"""
            ).fetchone()
            if not found or not found[0]:
                break


def _has_own_key(config: SourceConfig) -> bool:
    return bool(config.dedupe) or "event_id" in (config.columns or {})


def _write_incomplete_dates(
    connection: duckdb.DuckDBPyConnection, landed: Sequence[Landed]
) -> None:
    """Dates on which a held delivery would have had events; a change there rebuilds the date."""
    dates = {
        (day + timedelta(days=shift),)
        for each in landed
        if each.state == "held"
        for day in each.manifest.dated
        for shift in (-1, 0, 1)
    }
    connection.execute("create table if not exists control.incomplete_dates (occurred_on date)")
    connection.execute("create or replace temp table incomplete (occurred_on date)")
    if dates:
        connection.executemany("insert into incomplete values (?)", sorted(dates))
    connection.execute(
        """
        insert into control.rebuild_cells
        select '', occurred_on from (
            (from incomplete except from control.incomplete_dates)
            union (from control.incomplete_dates except from incomplete));
        delete from control.incomplete_dates;
        insert into control.incomplete_dates from incomplete;
        """
    )


def _counts(connection: duckdb.DuckDBPyConnection, *queries: str) -> list[int]:
    rows = [connection.execute(query).fetchone() for query in queries]
    return [int(row[0]) if row else 0 for row in rows]
