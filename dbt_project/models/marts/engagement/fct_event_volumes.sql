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
        events.event_name,
        case when events.event_name is null then events.source_event_name end as unmapped_name,
        events.platform,
        events.app_version,
        events.person_id,
        events.occurred_at,
        {{ dbt.date_trunc('hour', 'events.occurred_at') }} as occurred_hour
    from {{ ref('fct_events') }} as events
    where {{ in_rebuilt_dates('events') }}

),

counted as (

    select
        occurred_on,
        occurred_hour,
        source,
        event_name,
        unmapped_name,
        platform,
        app_version,
        count(*) as events,
        count(distinct person_id) as persons,
        max(occurred_at) as last_at
    from events
    group by
        occurred_on,
        occurred_hour,
        source,
        event_name,
        unmapped_name,
        platform,
        app_version

)

select
    counted.occurred_on,
    cast(counted.occurred_hour as {{ dbt.type_timestamp() }}) as occurred_hour,
    counted.source,
    counted.event_name,
    counted.unmapped_name as source_event_name,
    counted.platform,
    counted.app_version,
    counted.events,
    counted.persons,
    {{ row_quality('counted.occurred_on', 'counted.occurred_on', 'counted.last_at') }}
from counted
