"""From evidence to owners and persons, for the part of the graph that changed.

Reads `staging.stg_identity_evidence` of admitted deliveries; writes `control.device_owners` and
`control.identity_nodes`, and what changed in them to the temporary table `changed_nodes`. Run
inside the caller's transaction, so that a change and the rebuild it causes are stored together.

A device's rule is its vendor's (Mixpanel, Identifying Users: the first user owns the anonymous
past; Amplitude, Track unique users: the last user on the device). Two users of one device are
never joined. Nothing here depends on the order in which deliveries came.
"""

from __future__ import annotations

import duckdb

from orchestration.config import IdentityRules
from orchestration.identity.components import roots
from orchestration.sources import EVENT_VENDORS, REGISTRY

BEGINNING, END = "timestamp '0001-01-01'", "timestamp '9999-12-31'"

_ADMITTED_EVIDENCE = """
create or replace temp view admitted_evidence as
select evidence.*
from staging.stg_identity_evidence as evidence
join control.admitted as admitted
    on evidence.delivery_id = admitted.delivery_id
    and (
        evidence.occurred_on between admitted.from_date and admitted.until_date
        or evidence.occurred_on is null
    )
"""

_TOUCHED_DEVICES = """
create or replace temp table touched_devices as
select distinct left_node as device_node
from staging.stg_identity_evidence
where evidence in ('claim', 'identify') and delivery_id in (select delivery_id from
    changed_deliveries)
"""

_DEVICE_USERS = """
create or replace temp table device_users as
select source, left_node as device_node, right_node as user_node, min(first_at) as first_at
from admitted_evidence
where evidence in ('claim', 'identify')
    and left_node in (select device_node from touched_devices)
group by all
"""

_CROWDED = """
create or replace temp table crowded_devices as
select device_node, count(*) as users
from device_users group by device_node having count(*) > ?
"""

_NEW_OWNERS = f"""
create or replace temp table new_owners as
with numbered as (
    select device_users.*, sources.owns_by_last_user,
        count(*) over (partition by device_node) as users,
        row_number() over (partition by device_node order by first_at, user_node) as position
    from device_users
    join control.sources as sources on device_users.source = sources.source
    where device_node not in (select device_node from crowded_devices)
),
turns as (
    select device_node, user_node, occurred_at,
        lag(user_node) over (partition by device_node order by occurred_at, user_node) as before
    from shared_sightings
),
changes as (
    select device_node, user_node, occurred_at,
        row_number() over (partition by device_node order by occurred_at, user_node) as position,
        lead(occurred_at) over (partition by device_node order by occurred_at, user_node) as
            until_at
    from turns where before is distinct from user_node
)
select device_node, user_node, {BEGINNING} as valid_from, {END} as valid_until
from numbered where position = 1 and (not owns_by_last_user or users = 1)
union all
select device_node, user_node,
    case when position = 1 then {BEGINNING} else occurred_at end,
    coalesce(until_at, {END})
from changes
"""

_EDGES = """
create or replace temp view user_edges as
select left_node, right_node from admitted_evidence
where evidence in ('merge', 'key')
union all
-- the vendor's own key of a user; one that two users share is like a device, and joins nobody
select left_node, min(right_node) from admitted_evidence where evidence = 'holds'
group by left_node having min(right_node) = max(right_node)
union all
-- an anonymous id that events may carry as if it were a user's belongs to the owner of the id
select concat('0|', sources.user_namespace, '|', substr(evidence.left_node,
    length(evidence.source) + 4)),
    owners.user_node
from admitted_evidence as evidence
join control.sources as sources on evidence.source = sources.source
join control.device_owners as owners on evidence.left_node = owners.device_node
where evidence.evidence = 'identify'
"""

# Endpoints of edges that came, went or changed their owner, with all of their former components.
_TOUCHED_NODES = """
create or replace temp table touched_nodes as
with ends as (
    select left_node as node from staging.stg_identity_evidence
    where evidence in ('merge', 'holds', 'key') and delivery_id in (select delivery_id from
        changed_deliveries)
    union
    select right_node from staging.stg_identity_evidence
    where evidence in ('merge', 'holds', 'key') and delivery_id in (select delivery_id from
        changed_deliveries)
    union
    select concat('0|', sources.user_namespace, '|', substr(evidence.left_node,
        length(evidence.source) + 4))
    from staging.stg_identity_evidence as evidence
    join control.sources as sources on evidence.source = sources.source
    where evidence.evidence = 'identify'
        and evidence.left_node in (select device_node from touched_devices)
    union
    select evidence.right_node
    from staging.stg_identity_evidence as evidence
    where evidence.evidence = 'identify'
        and evidence.left_node in (select device_node from touched_devices)
),
former as (
    select node, root_node from control.identity_nodes
    union all select node, root_node from control.refused_nodes
)
select node from ends
union
select node from former
where root_node in (select root_node from former where node in (select node from ends))
"""


def resolve(connection: duckdb.DuckDBPyConnection, rules: IdentityRules) -> None:
    """Recompute owners and persons touched by `changed_deliveries` (a temporary table)."""
    connection.execute(
        "create table if not exists control.refused_nodes (node varchar, root_node varchar)"
    )
    connection.execute("create or replace temp table changed_nodes (node varchar)")
    connection.execute(_ADMITTED_EVIDENCE)
    _resolve_owners(connection, rules)
    _resolve_users(connection, rules)
    # a device follows its owner
    connection.execute(
        """insert into changed_nodes
        select device_node from control.device_owners
        where user_node in (select node from changed_nodes)"""
    )


def _resolve_owners(connection: duckdb.DuckDBPyConnection, rules: IdentityRules) -> None:
    connection.execute(_TOUCHED_DEVICES)
    connection.execute(_DEVICE_USERS)
    connection.execute(_CROWDED, [rules.max_users_per_device])
    connection.execute(_shared_sightings_sql())
    connection.execute(_NEW_OWNERS)
    connection.execute(
        """
        create or replace temp table former_owners as
        select * from control.device_owners where device_node in (select device_node from
            touched_devices);
        insert into changed_nodes
        select device_node from (
            (select * from former_owners except select * from new_owners)
            union (select * from new_owners except select * from former_owners)
        );
        delete from control.device_owners where device_node in (select device_node from
            touched_devices);
        insert into control.device_owners select * from new_owners;
        create table if not exists control.crowded_devices (device_node varchar, users bigint);
        delete from control.crowded_devices where device_node in (select device_node from
            touched_devices);
        insert into control.crowded_devices select * from crowded_devices;
        """
    )


def _shared_sightings_sql() -> str:
    """Every sighting of a user on a device that several use, where the last user owns it."""
    vendors = [vendor for vendor in EVENT_VENDORS if REGISTRY[vendor].owns_by_last_user]
    sightings = "\nunion all\n".join(
        f"""select staged.device_node, staged.user_node, staged.occurred_at
            from staging.stg_{vendor}__events as staged
            join control.admitted as admitted
                on staged.delivery_id = admitted.delivery_id
                and staged.occurred_on between admitted.from_date and admitted.until_date
            where coalesce(staged.record_fate, 'identity') = 'identity' and staged.user_node is
                not null
                and staged.device_node in (select device_node from shared_devices)"""
        for vendor in vendors
    )
    return f"""
        create or replace temp table shared_devices as
        select device_node from device_users
        join control.sources as sources on device_users.source = sources.source
        where sources.owns_by_last_user
            and device_node not in (select device_node from crowded_devices)
        group by device_node having count(*) > 1;
        create or replace temp table shared_sightings as {sightings};
        """


def _resolve_users(connection: duckdb.DuckDBPyConnection, rules: IdentityRules) -> None:
    connection.execute(_EDGES)
    connection.execute(_TOUCHED_NODES)
    edges = connection.execute(
        """select distinct left_node, right_node from user_edges
        where left_node in (select node from touched_nodes)
            or right_node in (select node from touched_nodes)"""
    ).to_arrow_table()
    linked, refused = roots(edges, rules.max_component_size)
    connection.register("linked_nodes", linked)
    connection.register("over_cap_nodes", refused)
    connection.execute(
        """
        create or replace temp table former_nodes as
        select * from control.identity_nodes where node in (select node from touched_nodes);
        insert into changed_nodes
        select node from (
            (select * from former_nodes except select * from linked_nodes)
            union (select * from linked_nodes except select * from former_nodes)
        );
        delete from control.identity_nodes where node in (select node from touched_nodes);
        insert into control.identity_nodes select * from linked_nodes;
        delete from control.refused_nodes where node in (select node from touched_nodes);
        insert into control.refused_nodes select * from over_cap_nodes;
        """
    )
    connection.unregister("linked_nodes")
    connection.unregister("over_cap_nodes")
