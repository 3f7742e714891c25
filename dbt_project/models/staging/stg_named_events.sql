{{ config(materialized='view') }}

with staged as (

    select * from {{ ref('stg_events') }}
    where record_fate is null

),

aliases as (

    select * from {{ source('control', 'event_aliases') }}

),

rewrites as (

    select * from {{ source('control', 'event_rewrites') }}

),

named as (

    select
        staged.*,
        {{ named_event('aliases', 'staged.occurred_on', 'staged.properties') }} as event_name
    from staged
    left join aliases
        on
            staged.source = aliases.source
            and staged.source_event_name = aliases.source_event_name

)

select
    named.*,
    {{ rewritten('named.properties', 'rewrites.rewrites') }} as planned_properties
from named
left join rewrites on named.source = rewrites.source and named.event_name = rewrites.event_name
