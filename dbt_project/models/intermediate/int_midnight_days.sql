{{ config(
    materialized='incremental',
    incremental_strategy='replace_cells',
    pre_hook="{{ widen_rebuild_cells() }}",
    post_hook="{{ widen_rebuild_cells() }}"
) }}

with events as (

    select * from {{ ref('int_events') }}

),

person_days as (

    select
        person_id,
        occurred_on,
        min(occurred_at) as first_at,
        max(occurred_at) as last_at
    from events
    where
        fate = 'loaded'
        and person_id is not null
        and {{ in_rebuilt_cells('events') }}
    group by person_id, occurred_on

),

walls as (

    select
        person_days.*,
        {{ reporting_wall('first_at') }} as first_wall,
        {{ reporting_wall('last_at') }} as last_wall
    from person_days

)

select
    person_id,
    occurred_on,
    first_at,
    last_at
from walls
{% if not var('sessions_use_vendor') -%}
-- An hour more than the timeout: a clock that was changed since midnight is ahead by that.
{%- set reach = var('session_timeout_seconds') + 3600 %}
where
    first_wall <= cast(occurred_on as timestamp) + interval '{{ reach }}' second
    or last_wall >= cast(occurred_on as timestamp) + interval '24' hour
    - interval '{{ reach }}' second
{%- endif %}
