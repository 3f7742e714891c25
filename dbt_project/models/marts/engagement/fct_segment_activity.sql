{{ config(
    materialized='incremental',
    incremental_strategy='replace_dates',
    post_hook="{{ mark_open_date() }}"
) }}

with events as (

    select
        events.occurred_on,
        events.source,
        events.platform,
        events.app_version,
        events.person_id,
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
        count(distinct session_id) as sessions
    from events
    group by
        occurred_on,
        source,
        platform,
        app_version

),

incomplete as (

    select * from {{ source('control', 'incomplete_dates') }}

)

select
    counted.*,
    incomplete.occurred_on is null as is_complete,
    counted.occurred_on = cast('{{ env_var("WAYBILL_TODAY") }}' as date) as is_open
from counted
left join incomplete on counted.occurred_on = incomplete.occurred_on
