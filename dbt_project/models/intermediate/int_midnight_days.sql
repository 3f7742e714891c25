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
        {{ utc_to_wall('first_at', "'" ~ var('reporting_timezone') ~ "'") }} as first_wall,
        {{ utc_to_wall('last_at', "'" ~ var('reporting_timezone') ~ "'") }} as last_wall
    from person_days

)

select
    person_id,
    occurred_on,
    first_at,
    last_at
from walls
{% if not var('sessions_use_vendor') -%}
where
    first_wall <= cast(occurred_on as timestamp) + interval '{{ var("session_timeout_seconds") }}' second
    or last_wall >= cast(occurred_on as timestamp) + interval '24' hour
    - interval '{{ var("session_timeout_seconds") }}' second
{%- endif %}
