with {{ opened_objects('failed_events') }},

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
        -- only violations have an id; what else failed is told apart by all that it says
        coalesce(message_id, md5({{ json_canonical('document') }})) as object_id,
        cast(null as string) as person_ref,
        '{}' as person_fields,
        cast(null as string) as user_id,
        cast(null as string) as merged_into,
        {{ survey_time('coalesce(failed, received, sent, row_received)', "'UTC'") }} as occurred,
        cast(null as timestamp) as version,
        coalesce(failed, received, sent, row_received) is not null as has_time,
        false as is_deleted,
        false as is_test,
        -- the payload and the value that did not fit are what people sent: kept in landing only
        {{ json_extended(
            json_without(
                'document', ['data', 'column_value', 'context', 'integrations', 'userId']
            ),
            {
                'failure': json_object_at('document', '$.data.failure'),
                'failed_event': json_string(
                    'coalesce(' ~ json_text('document', '$.data.payload.enriched.event_name')
                    ~ ', ' ~ json_text('document', '$.data.payload.event.event_name')
                    ~ ', ' ~ json_text('document', '$.data.payload.event_name') ~ ')'
                ),
            }
        ) }} as document,
        case when object_type is null then 'unknown_type' end as shape_error,
        false as is_identity,
        cast(null as string) as is_filtered
    from opened

),

{{ staged_objects() }}
