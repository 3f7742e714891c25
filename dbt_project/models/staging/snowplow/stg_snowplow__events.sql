{%- set lifted = [
    'event_id', 'event_name', 'derived_tstamp', 'user_id', 'domain_userid', 'domain_sessionid',
    'platform', 'geo_country', 'br_lang', 'mkt_campaign', 'mkt_source', 'mkt_medium'
] -%}
with landed as {{ not_materialized() }} (

    select * from {{ source('landing', 'snowplow') }}

),

settings as (

    select * from {{ source('control', 'sources') }}

),

opened as {{ not_materialized() }} (

    select
        landed.*,
        settings.vendor,
        settings.user_namespace,
        coalesce(landed.record, landed.raw) as document,
        case
            when landed.parse_error is null
                then {{ json_members('coalesce(landed.record, landed.raw)') }}
        end as members
    from landed
    inner join settings on landed.source = settings.source

),

named as {{ not_materialized() }} (

    select
        opened.*,
        -- `event` is a class; of a structured event its action is what somebody called it
        case
            when event = 'struct' then coalesce(se_action, event)
            else coalesce(event_name, event)
        end as business_name,
        coalesce(derived_tstamp, collector_tstamp) as written_at,
        {{ to_instant_or_null('collector_tstamp') }} as collected_at,
        {{ snowplow_contexts('members') }} as contexts,
        {{ snowplow_body('members') }} as body
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
        business_name as source_event_name,
        -- corrected by the vendor already: collected, less what lay between sending and creating
        {{ to_instant_or_null('written_at') }} as wall_at,
        true as is_utc,
        collected_at as received_at,
        collected_at as ingested_at,
        written_at as occurred_at_raw,
        event_id as key_parts,
        document as content,
        cast(null as string) as vendor_user_id,
        cast(null as string) as link_kind,
        cast(null as string) as link_left,
        cast(null as string) as link_right,
        case
            when business_name is null then 'missing_event'
            when written_at is null then 'missing_time'
        end as shape_error,
        false as is_identity,
        cast(null as string) as is_filtered,
        domain_userid as anonymous_id,
        user_id,
        domain_userid as device_id,
        domain_sessionid as session_hint,
        lower(platform) as platform,
        coalesce(os_family, os_name) as os,
        cast(null as string) as app_version,
        geo_country as country,
        coalesce(geo_region_name, geo_region) as region,
        br_lang as locale,
        cast(null as string) as product_line,
        cast(null as string) as campaign,
        mkt_source as utm_source,
        mkt_medium as utm_medium,
        mkt_campaign as utm_campaign,
        cast(null as string) as experiment_id,
        cast(null as string) as variant_id,
        case
            when parse_error is null
                then {{ snowplow_properties('members', 'contexts', 'body', lifted) }}
        end as properties
    from named

),

{{ staged_events() }}
