with {{ opened_objects('zendesk') }},

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
        concat(
            'user:',
            case
                when object_type = 'user' then object_id
                else {{ json_text('document', '$.requester_id') }}
            end
        ) as person_ref,
        cast(null as string) as person_fields,
        {{ json_member_text('document', 'user_field') }} as user_id,
        cast(null as string) as merged_into,
        {{ survey_time('created', "'UTC'") }} as occurred,
        {{ survey_time('updated', "'UTC'") }} as version,
        coalesce(created, updated) is not null as has_time,
        {{ json_text('document', '$.status') }} = 'deleted' as is_deleted,
        false as is_test,
        document,
        case when object_id is null then 'missing_id' end as shape_error,
        object_type = 'user' as is_identity,
        cast(null as string) as is_filtered
    from opened

),

{{ staged_objects() }}
