with landed as {{ not_materialized() }} (

    select * from {{ source('landing', 'adobe_analytics') }}

),

settings as (

    select * from {{ source('control', 'sources') }}

),

opened as {{ not_materialized() }} (

    select
        landed.source,
        landed.delivery_id,
        landed.raw,
        landed.raw_bytes,
        landed.record,
        landed.file_sha256,
        landed.file_name,
        landed.member,
        landed.record_number,
        landed.landed_at,
        landed.parse_error,
        landed.hitid_high,
        landed.hitid_low,
        landed.visit_num,
        landed.visit_page_num,
        landed.visit_start_time_gmt,
        landed.date_time,
        landed.geo_country,
        landed.geo_region,
        landed.exclude_hit,
        landed.hit_source,
        landed.customer_perspective,
        landed.hit_time_gmt,
        settings.vendor,
        settings.timezone,
        settings.user_namespace,
        settings.login_column,
        {{ json_map('settings.property_names') }} as property_names,
        case when landed.parse_error is null then {{ json_map('landed.record') }} end as cells,
        coalesce(landed.post_visid_high, landed.visid_high) as visid_high,
        coalesce(landed.post_visid_low, landed.visid_low) as visid_low,
        -- a time of 0 is none
        coalesce(
            nullif(landed.post_cust_hit_time_gmt, '0'),
            nullif(landed.cust_hit_time_gmt, '0'),
            nullif(landed.hit_time_gmt, '0')
        ) as hit_epoch,
        nullif({{ to_number('landed.hit_time_gmt') }}, 0) as received_epoch,
        coalesce(landed.post_t_time_info, landed.t_time_info) as visitor_clock,
        coalesce(landed.post_event_list, landed.event_list) as events,
        coalesce(landed.post_product_list, landed.product_list) as products,
        coalesce(landed.post_page_event, landed.page_event) as hit_kind,
        coalesce(landed.post_pagename, landed.pagename) as page_name,
        coalesce(landed.post_page_url, landed.page_url) as url,
        coalesce(landed.post_campaign, landed.campaign) as tracking_code,
        coalesce(landed.post_mobileappid, landed.mobileappid) as app,
        coalesce(landed.post_mobileosversion, landed.mobileosversion) as app_os,
        coalesce(landed.duplicate_purchase = '1', false) as is_repeated_purchase
    from landed
    inner join settings on landed.source = settings.source

),

named as {{ not_materialized() }} (

    select
        opened.*,
        coalesce({{ adobe_is_damaged_list('events') }}, false) as has_damaged_list,
        coalesce(
            nullif({{ adobe_event_names('events', 'is_repeated_purchase') }}, ''),
            {{ adobe_hit_name('hit_kind', 'page_name', 'url') }}
        ) as names,
        is_repeated_purchase
        and coalesce({{ adobe_event_names('events', 'is_repeated_purchase') }}, '') = ''
        and coalesce({{ matches('events', '(^|,)1([=:,]|$)') }}, false) as is_only_repeated,
        case
            when
                coalesce(hitid_high, '0') = '0' and coalesce(hitid_low, '0') = '0'
                then false
            else
                coalesce(not ({{ adobe_is_rounded('hitid_high', 'hitid_low') }}), false)
        end as has_hit_id,
        case
            when
                not (coalesce(visid_high, '0') = '0' and coalesce(visid_low, '0') = '0')
                and not ({{ adobe_is_rounded('visid_high', 'visid_low') }})
                -- the halves stay apart: joined, two pairs could read alike
                then concat(visid_high, '_', visid_low)
        end as visitor_id,
        {{ adobe_set(adobe_cell('cells', 'login_column')) }} as login,
        {{ json_extended(adobe_properties('cells', 'property_names'), {
            'products': adobe_products('products'),
            'visitor_local_time': 'to_json(' ~ adobe_local_time('visitor_clock') ~ ')',
        }) }} as properties
    from opened

),

parted as {{ not_materialized() }} (

    select
        named.*,
        {{ each_number(
            "length(coalesce(names, '')) - length(replace(coalesce(names, ''), ',', '')) + 1"
        ) }} as record_part
    from named

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
        record_part,
        landed_at,
        split_part(names, ',', cast(record_part as integer)) as source_event_name,
        case
            when {{ to_number('hit_epoch') }} is not null
                then {{ epoch_to_timestamp(to_number('hit_epoch')) }}
            when {{ matches('date_time', '^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]') }}
                then {{ to_wall_or_null('date_time') }}
        end as wall_at,
        {{ to_number('hit_epoch') }} is not null as is_utc,
        {{ epoch_to_timestamp('received_epoch') }} as received_at,
        {{ epoch_to_timestamp('received_epoch') }} as ingested_at,
        coalesce(hit_epoch, date_time) as occurred_at_raw,
        case
            when has_hit_id
                then concat_ws(
                    chr(31), 'hitid', hitid_high, hitid_low, coalesce(visit_num, ''),
                    coalesce(visit_page_num, ''),
                    split_part(names, ',', cast(record_part as integer))
                )
        end as key_parts,
        -- the cells are written in the order of their names
        concat('{"hit":"', md5(record), '"}') as content,
        cast(null as string) as vendor_user_id,
        case when login is not null and visitor_id is not null then 'claim' end as link_kind,
        case when login is not null then visitor_id end as link_left,
        case when visitor_id is not null then login end as link_right,
        case
            when has_damaged_list then 'damaged_event_list'
            when names is null then 'missing_event'
            when hit_epoch is null and date_time is null then 'missing_time'
        end as shape_error,
        false as is_identity,
        case
            when {{ to_number('exclude_hit') }} <> 0 then 'excluded_hit'
            when hit_source in ('5', '7', '8', '9') then 'data_source_upload'
            when {{ to_number('customer_perspective') }} <> 0 then 'background_hit'
            when is_only_repeated then 'duplicate_purchase'
        end as is_filtered,
        visitor_id as anonymous_id,
        login as user_id,
        visitor_id as device_id,
        case
            when visitor_id is not null and visit_num is not null
                then concat_ws(':', visitor_id, visit_num, visit_start_time_gmt)
        end as session_hint,
        case
            when app is null then 'web'
            when lower(app_os) like 'ios%' then 'ios'
            when lower(app_os) like 'android%' then 'android'
        end as platform,
        cast(null as string) as os,
        case when {{ adobe_set('app') }} is not null then app end as app_version,
        geo_country as country,
        geo_region as region,
        cast(null as string) as locale,
        cast(null as string) as product_line,
        {{ adobe_set('tracking_code') }} as campaign,
        cast(null as string) as utm_source,
        cast(null as string) as utm_medium,
        cast(null as string) as utm_campaign,
        cast(null as string) as experiment_id,
        cast(null as string) as variant_id,
        properties
    from parted

),

{{ staged_events(part='record_part') }}
