with landed as (

    select * from {{ source('landing', 'typeform') }}

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
        coalesce(landed.record, landed.raw) as document,
        landed.fields is not null as is_definition,
        coalesce(landed.csv_token, landed.token) as response_token,
        {{ to_instant_or_null('coalesce(landed.csv_submit_date, landed.submitted_time)') }}
            as submitted,
        {{ to_instant_or_null('coalesce(landed.csv_start_date, landed.landed_time)') }} as started
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
        response_token,
        concat_ws(chr(31), coalesce(form_id, ''), response_token) as key_parts,
        form_id,
        coalesce(
            {{ json_member_text('hidden', 'user_field') }},
            case
                when record is not null then {{ json_member_text('document', 'user_field') }}
            end
        ) as respondent,
        cast(null as string) as vendor_user_id,
        hidden as respondent_fields,
        coalesce(csv_network_id, network_id) as network_id,
        lower(platform) as platform,
        coalesce(
            csv_response_type,
            response_type,
            case when submitted is not null then 'completed' else 'started' end
        ) as completion,
        started as opened,
        submitted,
        cast(null as timestamp) as active,
        submitted as recorded,
        coalesce(csv_submit_date, submitted_time, csv_start_date, landed_time) is not null
            as has_time,
        document,
        answers,
        case when record is not null then 'csv' else 'api' end as layout,
        case when response_token is null then 'missing_token' end as shape_error,
        false as is_identity,
        case when is_definition then 'form_definition' end as is_filtered
    from opened

),

{{ staged_responses() }}
