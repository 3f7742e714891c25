{{ config(materialized='incremental', incremental_strategy='replace_cells') }}

with staged as (

    select staged.*
    from {{ ref('int_staged_events') }} as staged
    where {{ in_rebuilt_dates('staged') }}

),

sessions as (

    select sessions.*
    from {{ ref('int_event_sessions') }} as sessions
    where {{ in_rebuilt_dates('sessions') }}

),

-- a record's place as two numbers: joining all records by texts of 64 digits would cost memory
files as (

    select
        delivery_id,
        file_sha256,
        row_number() over (order by delivery_id, file_sha256) as file_number
    from {{ source('control', 'files') }}
    group by delivery_id, file_sha256

),

events as (

    select
        events.event_id,
        events.person_id,
        sessions.session_id,
        files.file_number,
        events.record_number,
        events.record_part
    from {{ ref('int_events') }} as events
    inner join files
        on events.delivery_id = files.delivery_id and events.file_sha256 = files.file_sha256
    left join sessions on events.event_id = sessions.event_id
    where
        events.fate = 'loaded'
        and {{ in_rebuilt_cells('events') }}

),

aliases as (

    select * from {{ source('control', 'event_aliases') }}

),

event_types as (

    select * from {{ source('control', 'event_types') }}

),

primaries as (

    select * from {{ source('control', 'event_primaries') }}

)

select
    -- keys
    events.event_id,

    -- what and where from
    staged.source,
    staged.vendor,
    staged.source_event_name,
    aliases.event_name,
    coalesce(event_types.event_kind, 'unmapped') as event_kind,
    case
        when event_types.has_primary
            then coalesce(
                staged.occurred_on >= primaries.from_date
                and staged.occurred_on < primaries.until_date, false
            )
        else true
    end as is_primary,
    staged.id_quality,

    -- clocks
    staged.occurred_at,
    staged.received_at,
    staged.occurred_on,
    staged.occurred_at_raw,
    staged.clock_skew_seconds,

    -- who
    staged.anonymous_id,
    staged.user_id,
    staged.device_id,
    events.person_id,
    events.session_id,
    staged.session_hint,

    -- context
    staged.platform,
    staged.os,
    staged.app_version,
    staged.country,
    staged.region,
    staged.locale,
    staged.product_line,
    staged.campaign,
    staged.utm_source,
    staged.utm_medium,
    staged.utm_campaign,
    staged.experiment_id,
    staged.variant_id,
    staged.properties,

    -- the way back to the byte
    staged.delivery_id,
    staged.file_sha256,
    staged.record_number,
    staged.record_part,
    event_types.taxonomy_version
from staged
inner join files
    on staged.delivery_id = files.delivery_id and staged.file_sha256 = files.file_sha256
inner join events
    on
        files.file_number = events.file_number
        and staged.record_number = events.record_number
        and staged.record_part = events.record_part
left join aliases
    on staged.source = aliases.source and staged.source_event_name = aliases.source_event_name
left join event_types on aliases.event_name = event_types.event_name
left join primaries
    on aliases.event_name = primaries.event_name and staged.source = primaries.source
