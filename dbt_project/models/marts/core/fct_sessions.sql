{{ config(
    materialized='incremental',
    incremental_strategy='replace_cells',
    meta={'cell_date': 'started_on'}
) }}

with events as (

    select
        sessions.person_id,
        sessions.session_id,
        sessions.event_id
    from {{ ref('int_event_sessions') }} as sessions
    where {{ in_rebuilt_cells('sessions') }}

),

times as (

    select
        spine.event_id,
        spine.occurred_at,
        spine.occurred_on
    from {{ ref('int_events') }} as spine
    where
        spine.fate = 'loaded'
        and {{ in_rebuilt_dates('spine') }}

)

select
    events.session_id,
    events.person_id,
    min(times.occurred_at) as started_at,
    max(times.occurred_at) as ended_at,
    count(*) as event_count,
    min(times.occurred_on) as started_on,
    {{ epoch_seconds('max(times.occurred_at)') }} - {{ epoch_seconds('min(times.occurred_at)') }}
        as duration_seconds
from events
inner join times on events.event_id = times.event_id
group by events.session_id, events.person_id
