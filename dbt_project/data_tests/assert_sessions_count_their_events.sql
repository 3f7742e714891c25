-- Sessions and events are replaced by different cells, the start's date and the event's own: here
-- they meet again.
with counted as (

    select
        session_id,
        count(*) as events
    from {{ ref('fct_events') }}
    where session_id is not null
    group by session_id

)

select
    sessions.session_id,
    sessions.event_count,
    counted.events
from {{ ref('fct_sessions') }} as sessions
left join counted on sessions.session_id = counted.session_id
where sessions.event_count <> coalesce(counted.events, 0)
