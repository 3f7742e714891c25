{%- set lifted = [
    'uuid', 'event', 'distinct_id', 'timestamp', 'created_at', '_inserted_at', 'properties'
] -%}
{%- set paths = {
    'bag': '$.properties',
    'anon_distinct_id': '$.properties."$anon_distinct_id"',
    'alias': '$.properties.alias',
    'is_identified': '$.properties."$is_identified"',
    'own_user_id': '$.properties."$user_id"',
    'own_device_id': '$.properties."$device_id"',
    'session_id': '$.properties."$session_id"',
    'lib': '$.properties."$lib"',
    'os': '$.properties."$os"',
    'app_version': '$.properties."$app_version"',
    'country': '$.properties."$geoip_country_code"',
    'region': '$.properties."$geoip_subdivision_1_name"',
    'locale': '$.properties."$browser_language"',
    'campaign': '$.properties.campaign',
    'utm_source': '$.properties.utm_source',
    'utm_medium': '$.properties.utm_medium',
    'utm_campaign': '$.properties.utm_campaign',
    'feature_flag': '$.properties."$feature_flag"',
    'flag_response': '$.properties."$feature_flag_response"'
} -%}
with landed as {{ not_materialized() }} (

    select * from {{ source('landing', 'posthog') }}

),

settings as (

    select * from {{ source('control', 'sources') }}

),

-- Parquet and some warehouses hold objects as JSON text
documents as {{ not_materialized() }} (

    select
        landed.*,
        settings.vendor,
        settings.user_namespace,
        case
            when landed.parse_error is not null then null
            when
                {{ json_is_text('landed.raw', '$.properties') }}
                or {{ json_is_text('landed.raw', '$.person_properties') }}
                then {{ json_of_members(json_members('landed.raw')) }}
            else landed.raw
        end as document
    from landed
    inner join settings on landed.source = settings.source

),

listed as {{ not_materialized() }} (

    select
        documents.*,
        event is null and distinct_id is not null and person_id is not null
        and coalesce(person_version, person_distinct_id_version) is not null as is_person,
        {{ json_paths('document', paths.values()) }} as texts
    from documents

),

opened as {{ not_materialized() }} (

    select
        listed.*,
        {%- for column in paths %}
        nullif({{ list_item('texts', loop.index) }}, '') as {{ column }},
        {%- endfor %}
        {{ json_or_null(list_item('texts', 1)) }} as own_properties,
        event in ('$identify', '$create_alias', '$merge_dangerously', '$groupidentify', '$set')
            as is_system_identity
    from listed

),

known as {{ not_materialized() }} (

    select
        opened.*,
        -- one id for both: whose it is tell the library's own marks; without any it is a user's
        case
            when is_person or is_system_identity then false
            when is_identified is not null then is_identified = 'false'
            when own_user_id is not null then own_user_id <> distinct_id
            else coalesce(own_device_id = distinct_id, false)
        end as is_anonymous
    from opened

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
        event as source_event_name,
        -- a row of the persons model tells of no instant, and needs none
        case
            when is_person
                then coalesce(
                    {{ to_instant_or_null('coalesce(inserted_at, created_at)') }}, landed_at
                )
            else {{ to_instant_or_null(adapter.quote("timestamp")) }}
        end as wall_at,
        true as is_utc,
        {{ to_instant_or_null('created_at') }} as received_at,
        {{ to_instant_or_null('coalesce(inserted_at, created_at)') }} as ingested_at,
        {{ adapter.quote("timestamp") }} as occurred_at_raw,
        uuid as key_parts,
        document as content,
        -- the vendor's person is what its ids were joined to: `person_id` of an event is never
        -- rewritten after a later merge, so it is not used
        distinct_id as vendor_user_id,
        case
            when is_person and coalesce(is_deleted, 'false') not in ('true', '1')
                then 'vendor_merge'
            when event = '$identify' and anon_distinct_id <> distinct_id then 'identify'
            when event in ('$create_alias', '$merge_dangerously') and alias <> distinct_id
                then 'vendor_merge'
        end as link_kind,
        case
            when is_person then distinct_id
            when event = '$identify' then anon_distinct_id
            else alias
        end as link_left,
        case when is_person then person_id else distinct_id end as link_right,
        case
            when is_person then null
            when event is null then 'missing_event'
            when
                {{ matches('event', '^[-0-9.{[]|^true$|^false$') }}
                and not {{ json_is_text('document', '$.event') }}
                then 'event_is_not_text'
            when bag is not null and not coalesce({{ json_is_object('own_properties') }}, false)
                then 'properties_are_not_an_object'
            when {{ adapter.quote("timestamp") }} is null then 'missing_time'
        end as shape_error,
        is_person or coalesce(is_system_identity, false) as is_identity,
        cast(null as string) as is_filtered,
        case when is_anonymous then distinct_id end as anonymous_id,
        case when not is_anonymous and not is_person then distinct_id end as user_id,
        case
            when is_person or is_system_identity then null
            when is_anonymous then distinct_id
            else own_device_id
        end as device_id,
        session_id as session_hint,
        case
            when lib in ('web', 'js') then 'web'
            when lib = 'posthog-ios' then 'ios'
            when lib = 'posthog-android' then 'android'
        end as platform,
        os,
        app_version,
        country,
        region,
        locale,
        cast(null as string) as product_line,
        campaign,
        utm_source,
        utm_medium,
        utm_campaign,
        case when event = '$feature_flag_called' then feature_flag end as experiment_id,
        case when event = '$feature_flag_called' then flag_response end as variant_id,
        -- the event's own properties on top, the record's other columns under one key beside them;
        -- the token is a key to the vendor's project
        case
            when parse_error is null
                then {{ json_with_rest(
                    json_without("coalesce(own_properties, '{}')", [
                        'token', '$session_id', '$device_id', '$os', '$app_version', 'campaign',
                        '$geoip_country_code', '$geoip_subdivision_1_name', '$browser_language',
                        'utm_source', 'utm_medium', 'utm_campaign'
                    ]), 'document', '$posthog', lifted
                ) }}
        end as properties
    from known

),

{{ staged_events() }}
