{{ config(materialized='incremental', incremental_strategy='replace_cells') }}

-- the rebuild set is whole only once it is widened over midnight
-- depends_on: {{ ref('int_midnight_days') }}

with events as (

    select
        events.*,
        settings.has_session_ids
    from {{ ref('int_events') }} as events
    inner join {{ source('control', 'sources') }} as settings on events.source = settings.source
    where
        events.fate = 'loaded'
        and events.person_id is not null
        and {{ in_rebuilt_cells('events') }}

),

-- `use_vendor`: the vendor's session where it names one, none where it says there is none
assigned as (

    select
        event_id,
        person_id,
        occurred_at,
        occurred_on,
        {% if var('sessions_use_vendor') -%}
        case when has_session_ids then concat(source, chr(31), coalesce(session_hint, '')) end
            as vendor_session,
        has_session_ids and session_hint is null as is_outside
        {%- else -%}
        cast(null as string) as vendor_session,
        false as is_outside
        {%- endif %}
    from events

),

spaced as (

    select
        assigned.*,
        lag(occurred_at) over (partition by person_id, vendor_session order by occurred_at)
            as previous_at
    from assigned
    where not is_outside

),

gaps as (

    select
        spaced.*,
        case
            when previous_at is null then 1
            when vendor_session is not null then 0
            when
                {{ epoch_seconds('occurred_at') }} - {{ epoch_seconds('previous_at') }}
                <= {{ var('session_timeout_seconds') }}
                then 0
            else 1
        end as is_gap
    from spaced

),

-- Events of one instant are peers of each other's window, so all of them see a gap before them.
chains as (

    select
        event_id,
        person_id,
        occurred_at,
        occurred_on,
        vendor_session,
        max(case when is_gap = 1 then occurred_at end) over (
            partition by person_id, vendor_session
            order by occurred_at
        ) as chain_started_at
    from gaps

),

-- No session is longer than 24 hours: a chain that is longer is cut at its last gap before that.
overlong as (

    select distinct
        person_id,
        vendor_session,
        chain_started_at
    from chains
    where occurred_at > chain_started_at + interval '24' hour

),

long_chains as (

    select
        chains.person_id,
        chains.vendor_session,
        chains.chain_started_at,
        chains.occurred_at
    from chains
    inner join overlong
        on
            chains.person_id = overlong.person_id
            and chains.vendor_session is not distinct from overlong.vendor_session
            and chains.chain_started_at = overlong.chain_started_at

),

cuts as (

    {{ cut_after_a_day('long_chains') }}

),

long_starts as (

    select
        long_chains.person_id,
        long_chains.vendor_session,
        long_chains.chain_started_at,
        long_chains.occurred_at,
        max(cuts.started_at) as started_at
    from (select distinct * from long_chains) as long_chains
    inner join cuts
        on
            long_chains.person_id = cuts.person_id
            and long_chains.vendor_session is not distinct from cuts.vendor_session
            and long_chains.chain_started_at = cuts.chain_started_at
            and long_chains.occurred_at >= cuts.started_at
    group by
        long_chains.person_id,
        long_chains.vendor_session,
        long_chains.chain_started_at,
        long_chains.occurred_at

),

started as (

    select
        chains.event_id,
        chains.person_id,
        chains.occurred_at,
        chains.occurred_on,
        chains.vendor_session,
        coalesce(long_starts.started_at, chains.chain_started_at) as session_started_at
    from chains
    left join long_starts
        on
            chains.person_id = long_starts.person_id
            and chains.vendor_session is not distinct from long_starts.vendor_session
            and chains.chain_started_at = long_starts.chain_started_at
            and chains.occurred_at = long_starts.occurred_at

)

select
    event_id,
    person_id,
    occurred_at,
    occurred_on,
    md5(concat_ws(chr(31), person_id, cast(session_started_at as string), vendor_session))
        as session_id,
    session_started_at
from started
-- windows leave rows in no order; a new day reads few row groups where those of a date lie together
order by occurred_on
