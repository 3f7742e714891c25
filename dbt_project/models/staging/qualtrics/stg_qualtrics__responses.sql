with landed as {{ not_materialized() }} (

    select * from {{ source('landing', 'qualtrics') }}

),

settings as (

    select * from {{ source('control', 'sources') }}

),

-- where a file and member begin: only there may a row of labels stand
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

-- the zone that a third header row may name: beside the ImportId of a time
header_zones as (

    select
        delivery_id,
        file_sha256,
        coalesce(member, '') as member,
        min(case
            when zone_name in ('Z', 'UTC') then 'UTC'
            else zone_name
        end) as timezone
    from (
        select
            delivery_id,
            file_sha256,
            member,
            regexp_extract(csv_end_date, 'timeZone[^:]*: *.([A-Za-z0-9_/+-]+)', 1) as zone_name
        from landed
        where {{ is_import_cell('csv_end_date') }} and csv_end_date like '%timeZone%'
    ) as named
    group by
        delivery_id,
        file_sha256,
        coalesce(member, '')

),

known_zones as (

    select header_zones.*
    from header_zones
    inner join {{ source('control', 'timezones') }} as zones
        on header_zones.timezone = zones.timezone

),

opened as (

    select
        landed.*,
        settings.vendor,
        settings.user_namespace,
        settings.user_field,
        settings.undated_on,
        coalesce(known_zones.timezone, settings.timezone) as clock_zone,
        case
            when landed.parse_error is null then coalesce(landed.record, landed.raw)
        end as document,
        coalesce(landed.current_id, landed.early_id, landed.response_id) as response_token,
        coalesce(landed.csv_start_date, landed.start_date) as start_text,
        coalesce(landed.csv_end_date, landed.end_date) as end_text,
        coalesce(landed.csv_recorded_date, landed.recorded_date) as recorded_text,
        coalesce(landed.sent_time, landed.csv_sent_time) as sent_text,
        lower(coalesce(landed.csv_finished, landed.finished)) as finished_text,
        lower(coalesce(landed.csv_status, landed.status)) as status_text,
        coalesce(landed.csv_progress, landed.progress) as progress_text,
        lower(coalesce(landed.csv_channel, landed.channel)) as channel_text,
        case
            when landed.definition is not null or landed.survey_entry is not null
                then 'definition'
            when
                landed.current_id is null and landed.early_id is null
                and coalesce(landed.contact_id, landed.csv_contact_id) is not null
                then 'invitation'
            when landed.record is not null then 'csv'
            else 'api'
        end as layout,
        landed.record_number = beginnings.first_number as is_first
    from landed
    inner join settings on landed.source = settings.source
    inner join beginnings
        on
            landed.delivery_id = beginnings.delivery_id
            and landed.file_sha256 = beginnings.file_sha256
            and coalesce(landed.member, '') = beginnings.member
    left join known_zones
        on
            landed.delivery_id = known_zones.delivery_id
            and landed.file_sha256 = known_zones.file_sha256
            and coalesce(landed.member, '') = known_zones.member

),

told as (

    select
        opened.*,
        coalesce(
            layout = 'csv'
            and (
                -- ImportIds, in JSON or in single quotes
                {{ is_import_cell('response_token') }}
                -- labels; those of two files put together stand anywhere
                or response_token in ('ResponseID', 'ResponseId', 'Response ID')
                or (
                    is_first
                    and response_token not like 'R!_%' escape '!'
                    and not {{ matches('end_text', '^[0-9]') }}
                )
            ),
            false
        ) as is_header,
        case
            when finished_text in ('1', 'true') then 'completed'
            when finished_text in ('0', 'false') then 'partial'
            when {{ to_number('progress_text') }} = 100 then 'completed'
            when {{ to_number('progress_text') }} < 100 then 'partial'
            else 'unknown'
        end as completed
    from opened

),

clocked as (

    select
        told.*,
        case when not is_header then {{ survey_time('start_text', 'clock_zone') }} end as opened_on,
        case when not is_header then {{ survey_time('end_text', 'clock_zone') }} end as ended_on,
        case
            when not is_header then {{ survey_time('recorded_text', 'clock_zone') }}
        end as recorded_on,
        case
            when layout = 'invitation' then {{ survey_time('sent_text', 'clock_zone') }}
        end as sent_on
    from told

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
        case
            when layout = 'definition'
                then coalesce(
                    {{ json_text('definition', '$.id') }},
                    {{ json_text('definition', '$.SurveyID') }},
                    {{ json_text('survey_entry', '$.SurveyID') }}
                )
            when layout = 'invitation'
                then nullif(regexp_extract(document, '/(SV_[A-Za-z0-9]+)', 1), '')
        end as form_id,
        case
            when layout = 'csv' then {{ json_member_text('document', 'user_field') }}
            when layout = 'api' then {{ json_member_text('answers', 'user_field') }}
        end as respondent,
        cast(null as string) as vendor_user_id,
        case when layout = 'api' then answers end as respondent_fields,
        cast(null as string) as network_id,
        cast(null as string) as platform,
        completed as completion,
        opened_on as opened,
        -- of what was closed unfinished, the end is the last that the respondent did
        case when completed <> 'partial' then ended_on end as submitted,
        coalesce(ended_on, sent_on) as active,
        recorded_on as recorded,
        coalesce(start_text, end_text, sent_text) is not null as has_time,
        document,
        answers,
        layout,
        case when response_token is null then 'missing_token' end as shape_error,
        false as is_identity,
        case
            when is_header then 'header_row'
            when layout = 'definition' then 'form_definition'
            when layout = 'invitation' then 'invitation'
            when response_token is null then null
            when status_text in ('1', '2', '9', '17') then 'test_response'
            when channel_text in ('preview', 'test') then 'test_response'
            when status_text like '%preview%' or status_text like '%test%' then 'test_response'
            when status_text = '8' or status_text like '%spam%' then 'spam'
        end as is_filtered
    from clocked

),

{{ staged_responses() }}
