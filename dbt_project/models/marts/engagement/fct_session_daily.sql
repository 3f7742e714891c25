{{ config(
    materialized='incremental',
    incremental_strategy='replace_dates',
    tags=['dated'],
    post_hook="{{ mark_open_date() }}"
) }}

with sessions as (

    select
        sessions.session_id,
        sessions.person_id,
        sessions.started_on as occurred_on,
        sessions.duration_seconds
    from {{ ref('fct_sessions') }} as sessions
    where {{ in_rebuilt_dates('sessions', 'started_on') }}

),

-- A session is a day long at most, so its events lie on the date it starts or on the next.
events as (

    select
        events.session_id,
        events.platform,
        events.occurred_at,
        case
            when events.is_primary and events.event_kind in ('micro', 'macro')
                then events.event_name
        end as feature
    from {{ ref('fct_events') }} as events
    where
        events.session_id is not null
        and (
            {{ in_rebuilt_dates('events') }}
            or {{ in_rebuilt_dates('events', 'occurred_on - 1') }}
        )

),

-- what one session had on each of its platforms, and over all of them
depths as (

    select
        session_id,
        case when grouping(platform) = 1 then '(all)' else coalesce(platform, '(unknown)') end
            as platform,
        count(distinct feature) as features,
        max(occurred_at) as last_at
    from events
    group by session_id, cube(platform)

)

select
    sessions.occurred_on,
    depths.platform,
    count(*) as sessions,
    count(distinct sessions.person_id) as persons,
    {{ rate('count(*)', 'count(distinct sessions.person_id)') }} as sessions_per_person,
    -- rounded, since the last digits of a mean depend on the order it is summed in
    round(avg(sessions.duration_seconds), 3) as mean_duration_seconds,
    median(sessions.duration_seconds) as median_duration_seconds,
    avg(depths.features) as mean_features,
    cast(median(depths.features) as double) as median_features,
    {{ row_quality('sessions.occurred_on', 'sessions.occurred_on', 'max(depths.last_at)') }}
from sessions
inner join depths on sessions.session_id = depths.session_id
group by sessions.occurred_on, depths.platform
