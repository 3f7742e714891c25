with landed as {{ not_materialized() }} (

    select * from {{ source('landing', 'tabular') }}

),

settings as (

    select * from {{ source('control', 'sources') }}

),

opened as {{ not_materialized() }} (

    select
        landed.*,
        settings.vendor,
        settings.timezone,
        settings.user_namespace,
        settings.dedupe_columns,
        settings.lifted_patch,
        coalesce(landed.record, landed.raw) as document,
        {{ to_number('landed.occurred_at') }} as epoch,
        -- an offset written in the value wins over the configured zone
        coalesce({{ has_offset('landed.occurred_at') }}, false) as has_offset,
        {{ to_number('landed.received_at') }} as received_epoch,
        {{ to_wall_or_null('landed.received_at') }} as received_wall_at
    from landed
    inner join settings on landed.source = settings.source

),

received as {{ not_materialized() }} (

    select
        opened.*,
        case
            when received_epoch is not null
                then {{ epoch_to_timestamp(unscaled_epoch('received_epoch')) }}
            when {{ has_offset('received_at') }} then {{ to_instant_or_null('received_at') }}
            when timezone = 'UTC' then received_wall_at
            else {{ wall_to_utc('received_wall_at', 'timezone') }}
        end as received_instant_at
    from opened

),

described as {{ not_materialized() }} (

    select
        source,
        vendor,
        timezone,
        user_namespace,
        parse_error,
        raw,
        raw_bytes,
        delivery_id,
        file_sha256,
        file_name,
        member,
        record_number,
        landed_at,
        event as source_event_name,
        case
            when epoch is not null then {{ epoch_to_timestamp(unscaled_epoch('epoch')) }}
            when has_offset then {{ to_instant_or_null('occurred_at') }}
            else {{ to_wall_or_null('occurred_at') }}
        end as wall_at,
        has_offset or epoch is not null as is_utc,
        received_instant_at as received_at,
        received_instant_at as ingested_at,
        occurred_at as occurred_at_raw,
        case
            when event_id is not null then concat_ws(chr(31), 'event_id', event_id)
            when dedupe_columns is not null
                then concat_ws(chr(31), 'dedupe', {{ json_texts('document', 'dedupe_columns') }})
        end as key_parts,
        document as content,
        cast(null as string) as vendor_user_id,
        cast(null as string) as link_kind,
        cast(null as string) as link_left,
        cast(null as string) as link_right,
        case
            when event is null or event = '' then 'missing_event'
            when occurred_at is null or occurred_at = '' then 'missing_time'
        end as shape_error,
        false as is_identity,
        cast(null as string) as is_filtered,
        coalesce(anonymous_id, device_id) as anonymous_id,
        user_id,
        coalesce(device_id, anonymous_id) as device_id,
        nullif(session_id, '') as session_hint,
        lower(platform) as platform,
        os,
        app_version,
        country,
        region,
        locale,
        product_line,
        campaign,
        utm_source,
        utm_medium,
        utm_campaign,
        experiment_id,
        variant_id,
        case when parse_error is null then {{ json_patched('document', 'lifted_patch') }} end
            as properties
    from received

),

{{ staged_events() }}
