with landed as {{ not_materialized() }} (

    select * from {{ source('landing', 'mixpanel') }}

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
        settings.identity_mode,
        case
            when landed.parse_error is null then {{ json_object_at('landed.raw', '$.properties') }}
        end as bag,
        lower(landed.lib) as mp_lib_name,
        -- the prefix marks devices under simplified id merge; some senders double it
        regexp_replace(landed.distinct_id, '^([$]device:)+', '') as bare_distinct_id,
        landed.distinct_id like '$device:%' as is_device,
        {{ to_number('landed.time') }} as epoch
    from landed
    inner join settings on landed.source = settings.source

),

identified as {{ not_materialized() }} (

    select
        opened.*,
        case
            when
                user_id is not null
                and user_id not like '$device:%'
                and coalesce(identity_mode, 'simplified') = 'simplified'
                then user_id
            when not is_device and (device_id is null or distinct_id <> device_id) then distinct_id
        end as known_user_id,
        coalesce(device_id, case when is_device then bare_distinct_id end) as known_device_id
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
        -- seconds, or milliseconds (time_in_ms=true); the project's wall clock either way
        {{ epoch_to_timestamp(unscaled_epoch('epoch')) }} as wall_at,
        false as is_utc,
        {{ epoch_to_timestamp(to_number('api_timestamp_ms') ~ ' / 1000') }} as received_at,
        {{ epoch_to_timestamp(to_number('processing_time_ms') ~ ' / 1000') }} as ingested_at,
        {{ adapter.quote("time") }} as occurred_at_raw,
        case
            when insert_id is not null
                then concat_ws(
                    chr(31), event, coalesce(distinct_id, ''), cast(epoch as string), insert_id
                )
        end as key_parts,
        bag as content,
        cast(null as string) as vendor_user_id,
        case
            when event = '$identify' then 'identify'
            when event = '$create_alias' then 'merge'
            when event = '$merge'
                then case when {{ json_length('distinct_ids') }} = 2 then 'merge' end
            when known_user_id is not null and known_device_id is not null then 'claim'
            when known_user_id is not null and distinct_id_before_identity <> known_user_id
                then 'identify'
        end as link_kind,
        case
            when event = '$identify' then anon_id
            when event = '$create_alias' then alias
            when event = '$merge' then {{ json_text('distinct_ids', '$[0]') }}
            when known_user_id is not null and known_device_id is not null then known_device_id
            else regexp_replace(distinct_id_before_identity, '^([$]device:)+', '')
        end as link_left,
        case
            when event = '$identify' then identified_id
            when event = '$create_alias' then distinct_id
            when event = '$merge' then {{ json_text('distinct_ids', '$[1]') }}
            else known_user_id
        end as link_right,
        case
            when event is null then 'missing_event'
            when
                {{ matches('event', '^[-0-9.{[]|^true$|^false$') }}
                and not {{ json_is_text('raw', '$.event') }}
                then 'event_is_not_text'
            when not {{ json_is_object('bag') }} or bag is null then 'missing_properties'
            when {{ adapter.quote("time") }} is null then 'missing_time'
        end as shape_error,
        event in ('$identify', '$create_alias', '$merge') as is_identity,
        cast(null as string) as is_filtered,
        case when is_device then distinct_id end as anonymous_id,
        known_user_id as user_id,
        known_device_id as device_id,
        cast(null as string) as session_hint,
        coalesce(
            lower(platform),
            case
                when mp_lib_name in ('android', 'react-native-android') then 'android'
                when mp_lib_name in ('iphone', 'swift', 'ios') then 'ios'
                when mp_lib_name = 'web' then 'web'
            end
        ) as platform,
        os,
        app_version_string as app_version,
        country_code as country,
        region,
        locale,
        cast(null as string) as product_line,
        campaign,
        utm_source,
        utm_medium,
        utm_campaign,
        cast(null as string) as experiment_id,
        cast(null as string) as variant_id,
        {{ json_without('bag', [
            'time', 'distinct_id', '$insert_id', '$device_id', '$user_id',
            '$distinct_id_before_identity', 'mp_processing_time_ms', '$mp_api_timestamp_ms',
            'platform', '$os', '$app_version_string', 'mp_country_code', '$region', '$locale',
            'campaign', 'utm_source', 'utm_medium', 'utm_campaign'
        ]) }} as properties
    from identified

),

{{ staged_events() }}
