{{ config(materialized='incremental', incremental_strategy='replace_persons') }}

with person_ids as (

    select
        person_id,
        occurred_on,
        occurred_at,
        user_id,
        device_id,
        source
    from {{ ref('fct_events') }}
    where
        person_id is not null
        and {{ in_rebuilt_persons() }}

)

select
    person_id,
    min(user_id) as user_id,
    count(distinct user_id) as user_ids,
    count(distinct device_id) as device_ids,
    count(distinct source) as sources,
    count(*) as event_count,
    count(distinct occurred_on) as active_days,
    max(user_id) is not null as is_known,
    min(occurred_at) as first_seen_at,
    max(occurred_at) as last_seen_at
from person_ids
group by person_id
