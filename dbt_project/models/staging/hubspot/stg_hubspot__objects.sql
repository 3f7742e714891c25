with {{ opened_objects('hubspot') }},

flat as (

    select
        opened.*,
        {{ hubspot_object('opened.document') }} as hub
    from opened

),

texts as (

    select
        flat.*,
        coalesce(
            object_id,
            {{ json_text('hub', '$.hs_object_id') }},
            case
                when object_type = 'deal'
                    then coalesce(deal_id, {{ json_text('hub', '$.deal_id') }})
                when object_type = 'contact' then vid
                when object_type = 'contact_merge'
                    then {{ json_text('hub', '$.vid_to_merge') }}
            end
        ) as hub_id,
        coalesce(
            created,
            created_at,
            happened,
            {{ json_text('hub', '$.createdate') }},
            {{ json_text('hub', '$.timestamp') }}
        ) as created_raw,
        coalesce(
            {{ json_text('hub', '$.hs_lastmodifieddate') }},
            {{ json_text('hub', '$.lastmodifieddate') }},
            {{ json_text('hub', '$.updatedAt') }},
            {{ json_text('hub', '$.fivetran_synced') }}
        ) as updated_raw,
        -- tables write UTC without saying so, exports the clock of whoever made them
        case
            when coalesce(
                {{ json_text('hub', '$.fivetran_synced') }},
                {{ json_text('hub', '$.is_deleted') }},
                {{ json_text('hub', '$.portal_id') }}
            ) is not null then 'UTC'
            else timezone
        end as clock_zone,
        {{ json_text('hub', '$.amount') }} as amount_text,
        {{ json_text('hub', '$.recipient') }} as recipient,
        {{ json_text('hub', '$.hs_additional_emails') }} as further_addresses,
        concat_ws(
            ';',
            {{ json_text('hub', '$.hs_merged_object_ids') }},
            {{ json_text('hub', '$.hs_calculated_merged_vids') }},
            {{ json_text('hub', '$."merged-vids"') }}
        ) as merged_list
    from flat

),

clocks as (

    select
        texts.*,
        {{ month_first('created_raw', 'day_first') }} as created_us,
        {{ month_first('updated_raw', 'day_first') }} as updated_us,
        -- `id` or `id:timestamp`, between semicolons or as a list
        {{ replaced_all('merged_list', ':[0-9]*|[^0-9;:,]', '') }} as merged_ids
    from texts

),

written as (

    select
        clocks.*,
        {{ us_clock('created_us') }} as created_text,
        {{ us_clock('updated_us') }} as updated_text,
        {{ replaced_all('merged_ids', '[;,]+', ';') }} as merged_plain
    from clocks

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
        object_type,
        hub_id as object_id,
        case when object_type in ('contact', 'contact_merge') then 'contact:' || hub_id end
            as person_ref,
        case
            when object_type = 'email_event'
                then concat('{"email":', {{ json_string('recipient') }}, '}')
            when
                object_type = 'contact' and further_addresses is not null
                then {{ json_merged('hub', hubspot_also('further_addresses')) }}
        end as person_fields,
        {{ json_member_text('hub', 'user_field') }} as user_id,
        case
            when object_type = 'contact_merge'
                then 'contact:' || {{ json_text('hub', '$.canonical_vid') }}
        end as merged_into,
        case
            when object_type = 'contact' and {{ matches('merged_plain', '[0-9]') }} then concat(
                '["contact:',
                replace(trim(both ';' from merged_plain), ';', '","contact:'),
                '"]'
            )
        end as merged_refs,
        {{ crm_time('created_text', 'clock_zone') }} as occurred,
        {{ crm_time('updated_text', 'clock_zone') }} as version,
        coalesce(created_text, updated_text) is not null as has_time,
        coalesce(
            {{ is_yes(json_text('hub', '$.is_deleted')) }},
            {{ is_yes(json_text('hub', '$.archived')) }},
            {{ is_yes(json_text('hub', '$.fivetran_deleted')) }}
        ) as is_deleted,
        false as is_test,
        hub as document,
        case
            when hub_id is null then 'missing_id'
            when
                object_type = 'deal'
                and amount_text <> ''
                and {{ amount_or_null('amount_text', 'decimal_comma') }} is null
                then 'unreadable_amount'
        end as shape_error,
        object_type in ('contact', 'contact_merge') as is_identity,
        case
            when
                parse_error is null
                and object_type not in ('contact', 'contact_merge', 'deal', 'email_event')
                then 'reference'
        end as is_filtered
    from written

),

{{ staged_objects('merged_refs') }}
