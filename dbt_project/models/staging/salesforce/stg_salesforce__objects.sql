with {{ opened_objects('salesforce') }},

written as (

    select
        opened.*,
        coalesce(
            {{ salesforce_id('coalesce(object_id, api_id)') }}, replace(reference_id, '@', '')
        ) as sf_id,
        coalesce(created, api_created, {{ json_text('document', '$.fivetran_start') }}) as created_raw,
        -- of a table in history mode, from when on a row held
        coalesce(
            {{ json_text('document', '$.fivetran_start') }},
            {{ json_text('document', '$._fivetran_start') }},
            {{ salesforce_field('system_modstamp') }},
            {{ salesforce_field('last_modified_date') }},
            {{ json_text('document', '$.fivetran_synced') }},
            {{ json_text('document', '$._fivetran_synced') }}
        ) as updated_raw,
        max(case when parse_error is null then record_number end) over (
            partition by delivery_id, file_sha256, member
        ) as last_record
    from opened

),

-- ISO texts with seconds are UTC; what a person's locale writes is on that person's clock
timed_texts as (

    select
        written.*,
        {{ local_clock('created_raw', 'day_first') }} as created_text,
        {{ local_clock('updated_raw', 'day_first') }} as updated_text,
        case
            when {{ matches("coalesce(created_raw, updated_raw)", '^[0-9]{4}-[0-9]{2}-[0-9]{2}.[0-9]{1,2}:[0-9]{2}:') }} then 'UTC'
            else timezone
        end as clock_zone,
        coalesce(parse_error = 'report_footer' and record_number > coalesce(last_record, 0), false) as is_footer
    from written

),

described as (

    select
        source,
        vendor,
        user_namespace,
        undated_on,
        case
            when parse_error = 'report_footer' and is_footer then null
            when parse_error = 'report_footer' then 'wrong_column_count'
            else parse_error
        end as parse_error,
        raw,
        raw_bytes,
        delivery_id,
        file_sha256,
        file_name,
        member,
        record_number,
        landed_at,
        object_type,
        sf_id as object_id,
        case when object_type in ('contact', 'lead') then object_type || ':' || sf_id end as person_ref,
        cast(null as string) as person_fields,
        {{ json_member_text('document', 'user_field') }} as user_id,
        case when object_type in ('contact', 'lead') then nullif(concat_ws(
            chr(31),
            'contact:' || {{ salesforce_id(salesforce_field('converted_contact_id')) }},
            object_type || ':' || {{ salesforce_id(salesforce_field('master_record_id')) }}
        ), '') end as merged_into,
        {{ crm_time('created_text', 'clock_zone') }} as occurred,
        {{ crm_time('updated_text', 'clock_zone') }} as version,
        coalesce(created_raw, updated_raw) is not null as has_time,
        {{ is_yes(salesforce_field('is_deleted')) }} as is_deleted,
        false as is_test,
        case
            when object_type in ('contact', 'lead') then {{ json_without('document', ['name', 'Name']) }}
            else document
        end as document,
        case
            when sf_id is null then 'missing_id'
            when
                object_type = 'opportunity'
                and {{ salesforce_field('amount') }} <> ''
                and {{ amount_or_null(salesforce_field('amount'), 'decimal_comma') }} is null
                then 'unreadable_amount'
        end as shape_error,
        object_type in ('contact', 'lead') and not is_footer as is_identity,
        case
            when is_footer then 'report_footer'
            when
                parse_error is null and object_type not in ('contact', 'lead', 'opportunity')
                then 'reference'
        end as is_filtered
    from timed_texts

),

{{ staged_objects() }}
