{{ config(materialized='incremental', incremental_strategy='replace_dates') }}

select
    events.occurred_on,
    events.event_name,
    count(*) as events,
    max(events.occurred_at) as last_at
from {{ ref('fct_events') }} as events
where
    events.is_primary
    and events.event_name is not null
    and {{ in_rebuilt_dates('events') }}
group by events.occurred_on, events.event_name
