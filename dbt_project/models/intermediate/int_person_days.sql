{{ config(materialized='incremental', incremental_strategy='replace_cells') }}

with events as (

    select
        events.person_id,
        events.occurred_on,
        events.occurred_at,
        case
            when events.is_primary and events.event_kind = 'micro' then events.event_name
        end as micro_event
    from {{ ref('fct_events') }} as events
    where
        events.person_id is not null
        and {{ in_rebuilt_cells('events') }}

)

select
    person_id,
    occurred_on,
    count(*) as events,
    count(micro_event) as micro_conversions,
    count(distinct micro_event) as features,
    max(occurred_at) as last_at
from events
group by person_id, occurred_on
