{{ config(
    materialized='incremental',
    incremental_strategy='replace_cells',
    meta={'cell_date': 'started_on'}
) }}

with events as (

    select sessions.*
    from {{ ref('int_event_sessions') }} as sessions
    where {{ in_rebuilt_cells('sessions') }}

)

select
    session_id,
    person_id,
    min(occurred_at) as started_at,
    max(occurred_at) as ended_at,
    count(*) as event_count,
    min(occurred_on) as started_on,
    {{ epoch_seconds('max(occurred_at)') }} - {{ epoch_seconds('min(occurred_at)') }}
        as duration_seconds
from events
group by session_id, person_id
order by started_on
