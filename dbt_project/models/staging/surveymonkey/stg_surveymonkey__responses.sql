with landed as {{ not_materialized() }} (

    select * from {{ source('landing', 'surveymonkey') }}

),

settings as (

    select * from {{ source('control', 'sources') }}

),

beginnings as (

    select
        delivery_id,
        file_sha256,
        coalesce(member, '') as member,
        min(record_number) as first_number
    from landed
    group by
        delivery_id,
        file_sha256,
        coalesce(member, '')

),

opened as (

    select
        landed.*,
        settings.vendor,
        settings.user_namespace,
        settings.user_field,
        settings.undated_on,
        settings.timezone,
        case
            when landed.parse_error is null then coalesce(landed.record, landed.raw)
        end as document,
        landed.record is not null as is_csv,
        coalesce(landed.csv_id, landed.csv_early_id, landed.id) as response_token,
        {{ us_clock('coalesce(landed.csv_start_date, landed.csv_early_start_date)') }}
            as csv_start_text,
        {{ us_clock('coalesce(landed.csv_end_date, landed.csv_early_end_date)') }} as csv_end_text,
        landed.title is not null and landed.response_status is null as is_definition,
        landed.record_number = beginnings.first_number as is_first
    from landed
    inner join settings on landed.source = settings.source
    inner join beginnings
        on
            landed.delivery_id = beginnings.delivery_id
            and landed.file_sha256 = beginnings.file_sha256
            and coalesce(landed.member, '') = beginnings.member

),

clocked as (

    select
        opened.*,
        -- the second header row has labels, and nothing under the system columns
        coalesce(
            is_csv
            and is_first
            and parse_error is null
            and response_token is null
            and csv_start_text is null
            and csv_end_text is null
            and {{ matches('record', ': ?"(Open-Ended )?Response"|#[0-9]+": ?"') }},
            false
        ) as is_header,
        case
            when is_csv then {{ survey_time('csv_start_text', 'timezone') }}
            -- an API time without an offset is UTC
            else {{ to_instant_or_null('date_created') }}
        end as opened_on,
        case
            when is_csv then {{ survey_time('csv_end_text', 'timezone') }}
            else {{ to_instant_or_null('date_modified') }}
        end as saved_on
    from opened

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
        -- an id is of one response in all surveys, and CSV does not name its survey
        response_token as key_parts,
        case when is_definition then id else survey_id end as form_id,
        case
            when is_csv then {{ json_member_text('document', 'user_field') }}
            else coalesce(
                {{ json_member_text('custom_variables', 'user_field') }},
                {{ json_member_text('document', 'user_field') }}
            )
        end as respondent,
        cast(null as string) as vendor_user_id,
        case
            when not is_csv and not is_definition and parse_error is null
                then {{ json_merged(
                    json_without('document', ['pages', 'metadata']),
                    "coalesce(custom_variables, '{}')"
                ) }}
        end as respondent_fields,
        cast(null as string) as network_id,
        cast(null as string) as platform,
        coalesce(lower(response_status), 'unknown') as completion,
        opened_on as opened,
        case when lower(coalesce(response_status, 'completed')) = 'completed' then saved_on end
            as submitted,
        saved_on as active,
        case when not is_csv then saved_on end as recorded,
        coalesce(csv_start_text, csv_end_text, date_created, date_modified) is not null
            as has_time,
        document,
        pages as answers,
        case when is_definition then 'definition' when is_csv then 'csv' else 'api' end as layout,
        case
            when response_token is null then 'missing_token'
            when {{ matches('response_token', '^[0-9][.,]?[0-9]*[eE][+]?[0-9]+$') }}
                then 'damaged_id'
        end as shape_error,
        false as is_identity,
        case
            when is_header then 'header_row'
            when is_definition then 'form_definition'
        end as is_filtered
    from clocked

),

{{ staged_responses() }}
