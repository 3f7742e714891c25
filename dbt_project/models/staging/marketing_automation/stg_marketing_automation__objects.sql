with {{ opened_objects('marketing_automation') }},

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
        object_id,
        cast(null as string) as person_ref,
        cast(null as string) as person_fields,
        {{ json_member_text('document', 'user_field') }} as user_id,
        cast(null as string) as merged_into,
        {{ to_instant_or_null('created') }} as occurred,
        cast(null as timestamp) as version,
        created is not null as has_time,
        false as is_deleted,
        false as is_test,
        document,
        case when object_id is null then 'missing_id' end as shape_error,
        false as is_identity,
        cast(null as string) as is_filtered
    from opened

),

{{ staged_objects() }}
