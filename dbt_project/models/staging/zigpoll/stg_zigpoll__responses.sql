with landed as (

    select * from {{ source('landing', 'zigpoll') }}

),

settings as (

    select * from {{ source('control', 'sources') }}

),

opened as (

    select
        landed.*,
        settings.vendor,
        settings.user_namespace,
        settings.user_field,
        settings.undated_on,
        case
            when landed.parse_error is null then coalesce(landed.record, landed.raw)
        end as document,
        coalesce(landed.created_at, landed.csv_created_at) as created_text,
        case
            when landed.record is not null
                then {{ survey_time('landed.csv_created_at', 'settings.timezone') }}
            else {{ to_instant_or_null('landed.created_at') }}
        end as created,
        case
            when landed.record is not null then 'csv'
            when landed.slide_id is not null and landed.email is not null then 'email'
            when landed.slide_id is not null then 'api'
            when landed.ip_details is not null or landed.responses is not null then 'participant'
            when landed.render_count is not null and landed.answers is null then 'poll'
            when landed.answers is not null or landed.title is not null then 'slide'
            else 'api'
        end as layout
    from landed
    inner join settings on landed.source = settings.source

),

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
        coalesce(csv_response_id, own_id) as response_token,
        coalesce(csv_response_id, own_id) as key_parts,
        coalesce(csv_poll_id, poll_id) as form_id,
        case
            when layout = 'api'
                then coalesce(
                    {{ json_member_text('metadata', 'user_field') }},
                    {{ json_member_text('document', 'user_field') }}
                )
            when layout in ('csv', 'participant')
                then {{ json_member_text('document', 'user_field') }}
        end as respondent,
        -- a participant is a browser, replaced when its storage is cleared
        case
            when layout = 'participant' then own_id
            else coalesce(csv_participant_id, participant_id)
        end as vendor_user_id,
        case when layout = 'api' then metadata end as respondent_fields,
        cast(null as string) as network_id,
        cast(null as string) as platform,
        -- each answer is a record of its own, and none says whether the poll was finished
        'unknown' as completion,
        cast(null as timestamp) as opened,
        created as submitted,
        cast(null as timestamp) as active,
        created as recorded,
        created_text is not null as has_time,
        document,
        cast(null as string) as answers,
        layout,
        case when coalesce(csv_response_id, own_id) is null then 'missing_token' end
            as shape_error,
        layout in ('participant', 'email') as is_identity,
        case when layout in ('poll', 'slide') then 'form_definition' end as is_filtered
    from opened

),

{{ staged_responses() }}
