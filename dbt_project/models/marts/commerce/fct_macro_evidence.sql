with counted as (

    select
        event_name,
        person_id,
        count(*) as conversions,
        min(occurred_at) as first_conversion_at
    from {{ ref('fct_commerce_conversions') }}
    where person_id is not null
    group by
        event_name,
        person_id

),

tracked as (

    select
        macro_events.event_name,
        macro_events.person_id,
        count(*) as tracked_events,
        min(macro_events.occurred_at) as first_tracked_at
    from {{ ref('fct_macro_events') }} as macro_events
    where
        macro_events.person_id is not null
        and macro_events.event_name in (
            select authorities.event_name
            from {{ source('control', 'event_authorities') }} as authorities
        )
    group by
        macro_events.event_name,
        macro_events.person_id

)

select
    coalesce(counted.event_name, tracked.event_name) as event_name,
    coalesce(counted.person_id, tracked.person_id) as person_id,
    case
        when tracked.person_id is null then 'commerce_only'
        when counted.person_id is null then 'tracked_only'
        else 'both'
    end as evidence,
    coalesce(counted.conversions, 0) as conversions,
    coalesce(tracked.tracked_events, 0) as tracked_events,
    counted.first_conversion_at,
    tracked.first_tracked_at
from counted
full outer join tracked
    on counted.event_name = tracked.event_name and counted.person_id = tracked.person_id
