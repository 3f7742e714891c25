{%- set lifted = [
    'event_properties', 'event_type', 'event_time', 'uuid', '$insert_id', 'user_id', 'device_id',
    'session_id', 'server_received_time', 'platform', 'version_name', 'country', 'region',
    'language'
] -%}
with landed as {{ not_materialized() }} (

    select * from {{ source('landing', 'amplitude') }}

),

settings as (

    select * from {{ source('control', 'sources') }}

),

opened as {{ not_materialized() }} (

    select
        landed.*,
        settings.vendor,
        settings.user_namespace,
        landed.event_type is null and landed.merged_amplitude_id is not null as is_merge,
        {{ to_number('landed.merge_time') }} as merge_epoch,
        case
            when landed.parse_error is null
                then {{ json_object_at('landed.raw', '$.event_properties') }}
        end as event_properties,
        {{ to_instant_or_null('coalesce(landed.server_received_time, landed.server_upload_time)') }}
            as received_at
    from landed
    inner join settings on landed.source = settings.source

),

described as {{ not_materialized() }} (

    select
        source,
        vendor,
        'UTC' as timezone,
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
        event_type as source_event_name,
        -- corrected by the vendor already: client time moved by receive minus client upload
        case
            when is_merge then {{ epoch_to_timestamp(unscaled_epoch('merge_epoch')) }}
            else {{ to_instant_or_null('event_time') }}
        end as wall_at,
        true as is_utc,
        received_at,
        received_at as ingested_at,
        coalesce(event_time, merge_time) as occurred_at_raw,
        case
            when insert_id is not null
                then concat_ws(chr(31), 'insert_id', coalesce(device_id, ''), insert_id)
            when uuid is not null then concat_ws(chr(31), 'uuid', uuid)
        end as key_parts,
        raw as content,
        amplitude_id as vendor_user_id,
        case when is_merge then 'vendor_merge' end as link_kind,
        amplitude_id as link_left,
        merged_amplitude_id as link_right,
        case
            when is_merge then null
            when event_type is null then 'missing_event'
            when
                {{ matches('event_type', '^[-0-9.{[]|^true$|^false$') }}
                and not {{ json_is_text('raw', '$.event_type') }}
                then 'event_is_not_text'
            when
                event_properties is not null
                and event_properties <> 'null'
                and not {{ json_is_object('event_properties') }}
                then 'properties_are_not_an_object'
            when event_time is null then 'missing_time'
        end as shape_error,
        is_merge or coalesce(event_type in ('$identify', '$groupidentify'), false) as is_identity,
        cast(null as string) as is_filtered,
        device_id as anonymous_id,
        user_id,
        device_id,
        case when session_id <> '-1' then session_id end as session_hint,
        lower(platform) as platform,
        -- for web, os_name is the browser
        case when lower(platform) <> 'web' then os_name end as os,
        version_name as app_version,
        country,
        region,
        {{ adapter.quote("language") }} as locale,
        cast(null as string) as product_line,
        campaign,
        utm_source,
        utm_medium,
        utm_campaign,
        cast(null as string) as experiment_id,
        cast(null as string) as variant_id,
        -- the event's own properties on top, what the vendor added under one key beside them
        case
            when parse_error is null
                then {{ json_with_rest('event_properties', 'raw', '$amplitude', lifted) }}
        end as properties
    from opened

),

{{ staged_events() }}
