-- A person is in one session at a time. Vendors' own sessions may overlap: two tools, or two
-- devices, each have theirs. A row here most likely means that a session over midnight was rebuilt
-- by half.
{{ config(enabled=not var('sessions_use_vendor', false)) }}

with sessions as (

    select
        person_id,
        session_id,
        started_at,
        lag(ended_at) over (partition by person_id order by started_at, ended_at)
            as previous_ended_at
    from {{ ref('fct_sessions') }}

)

select * from sessions
where started_at <= previous_ended_at
