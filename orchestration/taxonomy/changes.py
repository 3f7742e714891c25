"""Which names mean something else than when the marts were last built.

What a name of a source means is its aliases and conditions, and of every event that it may be the
kind, the primaries, the rules and what is done about violations: all that a row of the marts
depends on. Descriptions, owners and the like are read from the dictionary and change no row.
"""

from __future__ import annotations

import duckdb

#: what outlives a run: a row a name, and one of no source for what holds for all names
BUILT_NAMES = """
create table if not exists control.built_names (
    source varchar, source_event_name varchar, definition varchar)
"""

_TELLING = "event_name, description, owner_team, funnel_stage, objective, kpi, status, replaced_by"


def write_definitions(connection: duckdb.DuckDBPyConnection) -> None:
    """A temporary table `definitions` of the dictionary as the control tables have it now."""
    connection.execute(
        f"""
        create or replace temp table definitions as
        with parts as (
            select event_name, to_json(types)::varchar as part
            from (select event_name, * exclude ({_TELLING}) from control.event_types) as types
            union all
            select event_name, to_json(rules)::varchar
            from (select * exclude (description, pii) from control.event_properties) as rules
            union all
            select event_name, to_json(primaries)::varchar
            from control.event_primaries as primaries
        ),
        events as (
            select event_name, md5(string_agg(part, chr(31) order by part)) as definition
            from parts group by event_name
        ),
        meanings as (
            select source, source_event_name, to_json(aliases)::varchar as alias,
                unnest(list_distinct(list_concat([event_name],
                    coalesce(list_transform(choices, lambda c: c.event_name), [])))) as event_name
            from control.event_aliases as aliases
        )
        select meanings.source, source_event_name,
            md5(concat_ws(chr(31), any_value(alias), string_agg(
                concat_ws(chr(30), event_name, definition, rewrites::varchar), chr(31)
                order by event_name))) as definition
        from meanings
        left join events using (event_name)
        left join control.event_rewrites as rewritten using (source, event_name)
        group by meanings.source, source_event_name
        union all
        select '', '', unplanned_mode from control.dictionary
        """
    )


def is_for_all_names(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether what changed since the last build holds for every name."""
    row = connection.execute(
        """select count(*) from control.built_names as built
        join definitions using (source, source_event_name)
        where source = '' and built.definition = definitions.definition"""
    ).fetchone()
    return row is None or row[0] == 0


def write_changed_names(connection: duckdb.DuckDBPyConnection) -> int:
    """A temporary table `changed_names` (source, source_event_name); returns its rows."""
    connection.execute(
        """
        create or replace temp table changed_names as
        select distinct source, source_event_name from (
            (from definitions except from control.built_names)
            union all (from control.built_names except from definitions))
        where source <> ''
        """
    )
    row = connection.execute("select count(*) from changed_names").fetchone()
    return int(row[0]) if row else 0


def note_built_names(connection: duckdb.DuckDBPyConnection) -> None:
    """Remember what names mean in the marts as they are now."""
    write_definitions(connection)
    connection.execute("delete from control.built_names")
    connection.execute("insert into control.built_names from definitions")
