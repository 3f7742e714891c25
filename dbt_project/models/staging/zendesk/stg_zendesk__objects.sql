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
        case when object_type = 'flat_ticket' then 'ticket' else object_type end as object_type,
        case
            when object_type = 'ticket_change'
                then
                    ticket_id
                    || '/' || {{ json_text('document', '$.field_name') }}
                    || '/' || changed
            else object_id
        end as object_id,
        'user:' || case
            when object_type = 'user' then object_id
            when object_type in ('ticket', 'flat_ticket')
                then coalesce(
                    {{ json_text('document', '$.requester_id') }},
                    {{ json_text('document', '$.req_id') }}
                )
        end as person_ref,
        -- a ticket has fields of the names that a user has, and they are not the requester's
        case
            when object_type = 'user' then null
            when object_type = 'flat_ticket'
                then {{ json_extended("'{}'", {
                    'email': json_string(
                        "coalesce(" ~ json_text('document', '$.req_email')
                        ~ ", " ~ json_text('document', '$.requester_email') ~ ")"
                    ),
                    'external_id': json_string(
                        "coalesce(" ~ json_text('document', '$.req_external_id')
                        ~ ", " ~ json_text('document', '$.requester_external_id') ~ ")"
                    ),
                }) }}
            else '{}'
        end as person_fields,
        case
            when object_type = 'user' then {{ json_member_text('document', 'user_field') }}
            when object_type = 'flat_ticket' and user_field = 'external_id'
                then coalesce(
                    {{ json_text('document', '$.req_external_id') }},
                    {{ json_text('document', '$.requester_external_id') }}
                )
        end as user_id,
        cast(null as string) as merged_into,
        {{ survey_time(
            'coalesce(created, commented, changed)',
            "case when object_type = 'flat_ticket' then timezone else 'UTC' end"
        ) }} as occurred,
        -- changes that the system makes move `generated_timestamp` alone
        coalesce(
            {{ epoch_to_timestamp(to_number('generated')) }},
            {{ survey_time(
                'updated', "case when object_type = 'flat_ticket' then timezone else 'UTC' end"
            ) }}
        ) as version,
        coalesce(created, commented, changed, updated) is not null as has_time,
        coalesce(lower({{ json_text('document', '$.status') }}) = 'deleted', false) as is_deleted,
        false as is_test,
        case
            when
                object_type = 'ticket_change'
                and not {{ is_plain_ticket_field(json_text('document', '$.field_name')) }}
                then {{ json_without('document', ['value', 'fivetran_synced']) }}
            when object_type in ('ticket', 'flat_ticket', 'ticket_comment', 'ticket_audit', 'user')
                then {{ without_ticket_texts('document') }}
            else {{ json_without('document', ['fivetran_synced']) }}
        end as document,
        case
            when object_type is null then 'unknown_type'
            when object_id is null and object_type <> 'ticket_change' then 'missing_id'
            when object_type = 'ticket_change' and ticket_id is null then 'missing_id'
        end as shape_error,
        object_type = 'user' as is_identity,
        case
            when object_type not in ('ticket', 'flat_ticket', 'ticket_change', 'user')
                then 'reference'
        end as is_filtered
    from opened

),

{{ staged_objects() }}
