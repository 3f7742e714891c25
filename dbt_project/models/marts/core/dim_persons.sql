{{ config(materialized='incremental', incremental_strategy='replace_persons') }}

with person_ids as (

    select
        person_id,
        occurred_on,
        occurred_at,
        user_id,
        device_id,
        source,
        platform,
        country,
        campaign
    from {{ ref('fct_events') }}
    where
        person_id is not null
        and {{ in_rebuilt_persons() }}

),

totals as (

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
        max(occurred_at) as last_seen_at,
        min(occurred_on) as first_seen_on,
        max(occurred_on) as last_seen_on
    from person_ids
    group by person_id

),

-- where it began: of several events at the first instant, the least value
firsts as (

    select
        person_ids.person_id,
        min(person_ids.platform) as first_platform,
        min(person_ids.country) as first_country,
        min(person_ids.campaign) as first_campaign
    from person_ids
    inner join totals
        on
            person_ids.person_id = totals.person_id
            and person_ids.occurred_at = totals.first_seen_at
    group by person_ids.person_id

)

select
    totals.*,
    firsts.first_platform,
    firsts.first_country,
    firsts.first_campaign
from totals
inner join firsts on totals.person_id = firsts.person_id
