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

),

-- All that is small joins first: DuckDB takes the join of records below for a few dozen rows, and
-- would hold it in memory, wide as it is, to look up in it whatever seems larger.
described as (

    select
        staged.*,
        files.file_number,
        stripped.member_names,
        event_types.event_kind,
        event_types.has_primary,
        event_types.taxonomy_version,
        primaries.from_date,
        primaries.until_date
    from staged
    left join files
        on staged.delivery_id = files.delivery_id and staged.file_sha256 = files.file_sha256
    left join stripped
        on
            files.file_number = stripped.file_number
            and staged.record_number = stripped.record_number
            and staged.record_part = stripped.record_part
    left join event_types on staged.event_name = event_types.event_name
    left join primaries
        on staged.event_name = primaries.event_name and staged.source = primaries.source

)

select
    -- keys
    events.event_id,

    -- what and where from
    described.source,
    described.vendor,
    described.source_event_name,
    described.event_name,
    coalesce(described.event_kind, 'unmapped') as event_kind,
    case
        when described.has_primary
            then coalesce(
                described.occurred_on >= described.from_date
                and described.occurred_on < described.until_date, false
            )
        else true
    end as is_primary,
    described.id_quality,

    -- clocks
    described.occurred_at,
    described.received_at,
    described.occurred_on,
    described.occurred_at_raw,
    described.clock_skew_seconds,

    -- who
    described.anonymous_id,
    described.user_id,
    described.device_id,
    events.person_id,
    events.session_id,
    described.session_hint,

    -- context
    described.platform,
    described.os,
    described.app_version,
    described.country,
    described.region,
    described.locale,
    described.product_line,
    described.campaign,
    described.utm_source,
    described.utm_medium,
    described.utm_campaign,
    described.experiment_id,
    described.variant_id,
    case
        when described.member_names is null then described.planned_properties
        else
            {{ json_patched('described.planned_properties', json_nulls('described.member_names')) }}
    end as properties,
    case
        when described.member_names is not null
            then {{ json_picked('described.planned_properties', 'described.member_names') }}
    end as stripped_properties,

    -- the way back to the byte
    described.delivery_id,
    described.file_sha256,
    described.record_number,
    described.record_part,
    described.taxonomy_version
from described
inner join events
    on
        described.file_number = events.file_number
        and described.record_number = events.record_number
        and described.record_part = events.record_part
