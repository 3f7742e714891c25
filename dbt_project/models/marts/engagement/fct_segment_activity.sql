{{ config(
    materialized='incremental',
    incremental_strategy='replace_dates',
    tags=['dated'],
    post_hook="{{ mark_open_date() }}"
) }}

with events as (

    select
        events.occurred_on,
        events.source,
        events.platform,
        events.app_version,
        events.person_id,
        events.occurred_at,
        events.session_id
    from {{ ref('fct_events') }} as events
    where {{ in_rebuilt_dates('events') }}

),

counted as (

    select
        occurred_on,
        source,
        platform,
        app_version,
        count(*) as events,
        count(distinct person_id) as persons,
        count(distinct session_id) as sessions,
        max(occurred_at) as last_at
    from events
    group by
        occurred_on,
        source,
        platform,
        app_version

)

select
    counted.occurred_on,
    counted.source,
    counted.platform,
    counted.app_version,
    counted.events,
    counted.persons,
    counted.sessions,
    {{ row_quality('counted.occurred_on', 'counted.occurred_on', 'counted.last_at') }}
from counted
