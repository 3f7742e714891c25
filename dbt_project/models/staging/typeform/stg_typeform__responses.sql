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
        settings.respondent_field,
        coalesce(landed.record, landed.raw) as document,
        landed.fields is not null as is_definition,
        coalesce(landed.csv_token, landed.token) as response_token,
        {{ to_instant_or_null('coalesce(landed.csv_submit_date, landed.submitted_time)') }}
            as submitted,
        {{ to_instant_or_null('coalesce(landed.csv_start_date, landed.landed_time)') }} as started
    from landed
    inner join settings on landed.source = settings.source

),

judged as (

    select
        opened.*,
        case
            when parse_error is not null then parse_error
            when is_definition then null
            when response_token is null then 'missing_token'
            when coalesce(submitted, started) is null then 'unreadable_time'
            when coalesce(submitted, started) < timestamp '2000-01-01 00:00:00'
                then 'time_before_2000'
            when coalesce(submitted, started) > landed_at + interval '24' hour then 'future_dated'
        end as quarantine_reason
    from opened

)

select
    -- keys
    response_token,
    source,
    vendor,
    form_id,

    -- who
    {{ respondent_columns(
        "coalesce(" ~ json_member_text('hidden', 'respondent_field')
        ~ ", case when record is not null then "
        ~ json_member_text('document', 'respondent_field') ~ " end)"
    ) }},
    {{ masked('hidden') }} as respondent_fields,
    coalesce(csv_network_id, network_id) as network_id,
    lower(platform) as platform,

    -- completion
    coalesce(
        csv_response_type,
        response_type,
        case when submitted is not null then 'completed' else 'started' end
    ) as completion,

    -- times
    started as opened_at,
    submitted as submitted_at,
    cast({{ reporting_wall('coalesce(submitted, started)') }} as date) as occurred_on,

    -- content
    {{ masked('document') }} as document,
    {{ masked('answers') }} as answers,
    case when record is not null then 'csv' else 'api' end as layout,

    -- the fate of records that stop here
    case
        when quarantine_reason is not null then 'quarantined'
        when is_definition then 'filtered'
    end as record_fate,
    coalesce(quarantine_reason, case when is_definition then 'form_definition' end)
        as record_reason,
    case when quarantine_reason is not null then raw end as raw,
    case when quarantine_reason is not null then raw_bytes end as raw_bytes,

    -- the way back to the byte
    delivery_id,
    file_sha256,
    file_name,
    member,
    record_number,
    landed_at
from judged
