{{ config(materialized='incremental', incremental_strategy='replace_cells') }}

with staged as (

    select staged.*
    from {{ ref('stg_named_events') }} as staged
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

-- What breaks the dictionary where that strips properties: a nested one goes with all around it.
to_strip as (

    select
        files.file_number,
        violations.record_number,
        violations.record_part,
        violations.member_name
    from {{ ref('stg_violations') }} as violations
    inner join files
        on
            violations.delivery_id = files.delivery_id
            and violations.file_sha256 = files.file_sha256
    where {{ is_enforced('violations', 'strip') }} and {{ in_rebuilt_dates('violations') }}

),

stripped as (

    select
        file_number,
        record_number,
        record_part,
        {{ list_of_group('member_name') }} as member_names
    from to_strip
    group by
        file_number,
        record_number,
        record_part

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
    staged.event_name,
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
    case
        when stripped.member_names is null then staged.planned_properties
        else {{ json_patched('staged.planned_properties', json_nulls('stripped.member_names')) }}
    end as properties,
    case
        when stripped.member_names is not null
            then {{ json_picked('staged.planned_properties', 'stripped.member_names') }}
    end as stripped_properties,

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
left join stripped
    on
        files.file_number = stripped.file_number
        and staged.record_number = stripped.record_number
        and staged.record_part = stripped.record_part
left join event_types on staged.event_name = event_types.event_name
left join primaries
    on staged.event_name = primaries.event_name and staged.source = primaries.source
