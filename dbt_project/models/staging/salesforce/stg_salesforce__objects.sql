with {{ opened_objects('salesforce') }},

fielded as (

    select
        opened.*,
        {{ salesforce_object('opened.document') }} as fields
    from opened

),

texts as (

    select
        fielded.*,
        coalesce(object_id, api_id) as raw_id,
        {{ json_text('fields', '$.converted_contact_id') }} as converted_id,
        {{ json_text('fields', '$.master_record_id') }} as master_id,
        {{ json_text('fields', '$.amount') }} as amount_text,
        coalesce(created, api_created) as created_raw,
        -- of a table in history mode, from when on a row held
        coalesce(
            {{ json_text('fields', '$.fivetran_start') }},
            {{ json_text('fields', '$.system_modstamp') }},
            {{ json_text('fields', '$.last_modified_date') }},
            {{ json_text('fields', '$.fivetran_synced') }}
        ) as updated_raw,
        max(case when parse_error is null then record_number end) over (
            partition by delivery_id, file_sha256, member
        ) as last_record
    from fielded

),

clocks as (

    select
        texts.*,
        {{ month_first('created_raw', 'day_first') }} as created_us,
        {{ month_first('updated_raw', 'day_first') }} as updated_us,
        -- ISO texts with seconds are UTC; a person's locale is on that person's clock
        case
            when
                {{ matches(
                    'coalesce(created_raw, updated_raw)', '^[0-9-]{10}.[0-9]{1,2}:[0-9]{2}:'
                ) }}
                then 'UTC'
            else timezone
        end as clock_zone,
        coalesce(
            parse_error = 'report_footer' and record_number > coalesce(last_record, 0), false
        ) as is_footer
    from texts

),

written as (

    select
        clocks.*,
        coalesce({{ salesforce_id('raw_id') }}, replace(reference_id, '@', '')) as sf_id,
        {{ us_clock('created_us') }} as created_text,
        {{ us_clock('updated_us') }} as updated_text
    from clocks

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
        case when object_type in ('contact', 'lead') then object_type || ':' || sf_id end
            as person_ref,
        cast(null as string) as person_fields,
        {{ json_member_text('fields', 'user_field') }} as user_id,
        case
            when object_type in ('contact', 'lead')
                then object_type || ':' || {{ salesforce_id('master_id') }}
        end as merged_into,
        case
            when object_type = 'lead'
                then '["contact:' || {{ salesforce_id('converted_id') }} || '"]'
        end as merged_refs,
        {{ crm_time('created_text', 'clock_zone') }} as occurred,
        {{ crm_time('updated_text', 'clock_zone') }} as version,
        coalesce(created_raw, updated_raw) is not null as has_time,
        {{ is_yes(json_text('fields', '$.is_deleted')) }} as is_deleted,
        false as is_test,
        case
            when
                object_type in ('contact', 'lead')
                then {{ json_without('fields', ['name']) }}
            else fields
        end as document,
        case
            when sf_id is null then 'missing_id'
            when
                object_type = 'opportunity'
                and amount_text <> ''
                and {{ amount_or_null('amount_text', 'decimal_comma') }} is null
                then 'unreadable_amount'
        end as shape_error,
        object_type in ('contact', 'lead') and not is_footer as is_identity,
        case
            when is_footer then 'report_footer'
            when
                parse_error is null and object_type not in ('contact', 'lead', 'opportunity')
                then 'reference'
        end as is_filtered
    from written

),

{{ staged_objects('merged_refs') }}
