with {{ opened_objects('legacy_report') }},

described as (

    select
        source,
        vendor,
        user_namespace,
        undated_on,
        parse_error,
        raw,
        raw_bytes,
        delivery_id,
        file_sha256,
        file_name,
        member,
        record_number,
        landed_at,
        object_type,
        concat(
            report, '/', {{ json_object_at('document', '$.segment') }}, '/', period
        ) as object_id,
        cast(null as string) as person_ref,
        '{}' as person_fields,
        cast(null as string) as user_id,
        cast(null as string) as merged_into,
        {{ to_wall_or_null('period') }} as occurred,
        cast(null as timestamp) as version,
        period is not null as has_time,
        false as is_deleted,
        false as is_test,
        document,
        case when report is null then 'unknown_report' end as shape_error,
        false as is_identity,
        cast(null as string) as is_filtered
    from opened

),

{{ staged_objects() }}
