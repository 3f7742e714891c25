{%- set lifted = [
    'event_name', 'event_timestamp', 'event_params', 'user_properties', 'user_id', 'user_pseudo_id',
    'platform'
] -%}
{%- set paths = {
    'user_id': '$.user_id',
    'user_pseudo_id': '$.user_pseudo_id',
    'platform': '$.platform',
    'stream_id': '$.stream_id',
    'bundle_id': '$.event_bundle_sequence_id',
    'page_id': '$.batch_page_id',
    'ordering_id': '$.batch_ordering_id',
    'event_index': '$.batch_event_index',
    'event_params': '$.event_params',
    'user_properties': '$.user_properties',
    'os': '$.device.operating_system',
    'locale': '$.device.language',
    'country': '$.geo.country',
    'region': '$.geo.region',
    'app_version': '$.app_info.version',
    'manual_campaign': '$.collected_traffic_source.manual_campaign_name',
    'manual_source': '$.collected_traffic_source.manual_source',
    'manual_medium': '$.collected_traffic_source.manual_medium'
} -%}
with landed as {{ not_materialized() }} (

    select * from {{ source('landing', 'ga4') }}

),

settings as (

    select * from {{ source('control', 'sources') }}

),

-- the shapes of the export made one: in Snowflake columns have upper case and hold JSON text
documents as {{ not_materialized() }} (

    select
        landed.source,
        settings.vendor,
        settings.user_namespace,
        landed.parse_error,
        landed.raw,
        landed.raw_bytes,
        landed.delivery_id,
        landed.file_sha256,
        landed.file_name,
        landed.member,
        landed.record_number,
        landed.landed_at,
        nullif(coalesce(landed.event_name, landed.upper_event_name), '') as event_name,
        nullif(coalesce(landed.event_timestamp, landed.upper_event_timestamp), '')
            as event_timestamp,
        coalesce(landed.occurrence_date, landed.upper_occurrence_date) as occurrence_date,
        case
            when landed.parse_error is not null then null
            when
                coalesce(
                    landed.upper_event_name,
                    landed.upper_event_timestamp,
                    landed.upper_occurrence_date
                ) is not null
                or {{ json_is_text('landed.raw', '$.event_params') }}
                then {{ json_lower_keys('landed.raw') }}
            else landed.raw
        end as document
    from landed
    inner join settings on landed.source = settings.source

),

listed as {{ not_materialized() }} (

    select
        documents.*,
        {{ json_paths('document', paths.values()) }} as texts
    from documents

),

opened as {{ not_materialized() }} (

    select
        source,
        vendor,
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
        event_name,
        event_timestamp,
        occurrence_date,
        document,
        {%- for column in paths %}
        nullif({{ list_item('texts', loop.index) }}, '') as {{ column }},
        {%- endfor %}
        {{ ga4_members(list_item('texts', (paths.keys() | list).index('event_params') + 1)) }}
            as params,
        {{ ga4_members(list_item('texts', (paths.keys() | list).index('user_properties') + 1)) }}
            as user_params
    from listed

),

flattened as {{ not_materialized() }} (

    select
        opened.*,
        {{ to_number('event_timestamp') }} as microseconds,
        event_name is null and occurrence_date is not null as is_user_row,
        case
            when event_params is null then '{}'
            when params is not null then {{ ga4_object('params') }}
        end as flat_params,
        case when user_params is not null then {{ ga4_object('user_params') }} end
            as flat_user_params
    from opened

),

sessioned as {{ not_materialized() }} (

    select
        flattened.*,
        {{ json_text('flat_params', '$.ga_session_id') }} as ga_session_id,
        -- what the user was known by stands beside what the event tells
        case
            when flat_params is not null
                then concat(
                    substr(flat_params, 1, length(flat_params) - 1),
                    case when flat_params = '{}' then '' else ',' end,
                    '"$user_properties":', coalesce(flat_user_params, '{}'), '}'
                )
        end as own_properties
    from flattened

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
        event_name as source_event_name,
        -- rows of the tables of users tell of no instant, and need none
        case
            when is_user_row then landed_at
            else {{ epoch_to_timestamp('microseconds / 1000000') }}
        end as wall_at,
        true as is_utc,
        -- the export says how long the upload took by the device's clock, not when it came
        cast(null as timestamp) as received_at,
        cast(null as timestamp) as ingested_at,
        event_timestamp as occurred_at_raw,
        -- without consent there is no id: such rows are never copies of each other
        case
            when user_pseudo_id is not null
                then concat_ws(
                    chr(31), coalesce(stream_id, ''), user_pseudo_id, event_name, event_timestamp,
                    coalesce(bundle_id, ''), coalesce(page_id, ''), coalesce(ordering_id, ''),
                    coalesce(event_index, ''), flat_params
                )
        end as key_parts,
        document as content,
        cast(null as string) as vendor_user_id,
        cast(null as string) as link_kind,
        cast(null as string) as link_left,
        cast(null as string) as link_right,
        case
            when is_user_row then null
            when event_name is null then 'missing_event'
            when
                {{ matches('event_name', '^[-0-9.{[]|^true$|^false$') }}
                and not {{ json_is_text('document', '$.event_name') }}
                then 'event_is_not_text'
            when flat_params is null then 'params_are_not_an_array'
            when event_timestamp is null then 'missing_time'
        end as shape_error,
        false as is_identity,
        case when is_user_row then 'user_table' end as is_filtered,
        user_pseudo_id as anonymous_id,
        user_id,
        user_pseudo_id as device_id,
        -- the number of a session is its start in seconds, and means nothing without whose it is
        case
            when user_pseudo_id is not null and ga_session_id is not null
                then concat(user_pseudo_id, '.', ga_session_id)
        end as session_hint,
        lower(platform) as platform,
        os,
        app_version,
        nullif(country, '(not set)') as country,
        nullif(region, '(not set)') as region,
        locale,
        cast(null as string) as product_line,
        cast(null as string) as campaign,
        -- `traffic_source` is how the user was first acquired, so it says nothing of this event
        coalesce(manual_source, {{ json_text('flat_params', '$.source') }}) as utm_source,
        coalesce(manual_medium, {{ json_text('flat_params', '$.medium') }}) as utm_medium,
        coalesce(manual_campaign, {{ json_text('flat_params', '$.campaign') }}) as utm_campaign,
        cast(null as string) as experiment_id,
        cast(null as string) as variant_id,
        -- the event's parameters on top, the record's other columns under one key beside them
        case
            when parse_error is null
                then {{ json_with_rest('own_properties', 'document', '$ga4', lifted) }}
        end as properties
    from sessioned

),

{{ staged_events() }}
