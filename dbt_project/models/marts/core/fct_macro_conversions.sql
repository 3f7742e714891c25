with commerce as (

    select * from {{ ref('fct_commerce_conversions') }}

),

-- tracked events of a name that commerce answers for are evidence, and count nowhere
tracked as (

    select macro_events.*
    from {{ ref('fct_macro_events') }} as macro_events
    where
        macro_events.event_name not in (
            select authorities.event_name
            from {{ source('control', 'event_authorities') }} as authorities
        )

)

select
    event_id,
    'events' as authority,
    event_name,
    funnel_stage,
    owner_team,
    person_id,
    session_id,
    source,
    platform,
    campaign,
    occurred_on,
    occurred_at,
    cast(null as decimal(18, 4)) as amount,
    cast(null as string) as currency,
    properties
from tracked

union all

select
    conversion_id as event_id,
    'commerce' as authority,
    event_name,
    funnel_stage,
    owner_team,
    person_id,
    cast(null as string) as session_id,
    source,
    cast(null as string) as platform,
    cast(null as string) as campaign,
    occurred_on,
    occurred_at,
    amount,
    currency,
    cast(null as string) as properties
from commerce
