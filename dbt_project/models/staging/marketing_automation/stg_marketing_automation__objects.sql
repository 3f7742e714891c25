with {{ opened_objects('marketing_automation') }},

unwrapped as (

    select
        opened.*,
        coalesce(activity_type, api_activity_type) as activity,
        coalesce(lead_id, api_lead_id) as marketo_lead_id,
        case
            when object_type = 'braze_event' then {{ braze_unwrapped('document') }}
            else document
        end as plain
    from opened

),

flattened as (

    select
        unwrapped.*,
        case when object_type = 'braze_event' then {{ braze_flat('plain') }} else plain end as flat
    from unwrapped

),

read as (

    select
        flattened.*,
        {{ json_text('flat', '$.attributes') }} as attributes,
        case
            when object_type = 'marketo_activity' then activity
            when object_type = 'braze_event'
                then {{ braze_event_type(
                    json_text('flat', '$.event_type'),
                    "concat(file_name, '/', coalesce(member, ''))",
                    'flat'
                ) }}
        end as touch_type
    from flattened

),

lifted as (

    select
        read.*,
        coalesce(
            {{ json_text('flat', '$.link') }},
            {{ json_text('flat', '$.url') }},
            {{ marketo_attribute('attributes', 'Link') }}
        ) as link,
        coalesce(
            {{ json_text('flat', '$.is_suspected_bot_click') }},
            {{ json_text('flat', '$.is_bot_activity') }},
            {{ marketo_attribute('attributes', 'Is Bot Activity') }}
        ) as is_bot,
        -- the ids of the leads that a lead took in: `[1,2]` in a table, in the API as text
        {{ replace_matches(
            'coalesce(' ~ json_text('flat', '$.merge_ids')
            ~ ', ' ~ json_text(json_or_null('attributes'), '$."Merge IDs"')
            ~ ", regexp_extract(attributes, '\"Merge IDs\", *\"value\": *\"?([^]]*)', 1))",
            '[^0-9,]', ''
        ) }} as merged_ids
    from read

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
        coalesce(guid, api_guid, object_id) as object_id,
        case
            when object_type = 'marketo_lead' then 'lead:' || object_id
            when object_type = 'marketo_activity' then 'lead:' || marketo_lead_id
            when object_type = 'braze_event' then 'user:' || {{ json_text('flat', '$.user_id') }}
        end as person_ref,
        cast(null as string) as person_fields,
        case
            when user_field is not null then {{ json_member_text('flat', 'user_field') }}
            when object_type = 'braze_event' then {{ json_text('flat', '$.external_user_id') }}
        end as user_id,
        'user:' || {{ json_text('flat', '$.orphaned_by_id') }} as merged_into,
        case
            when object_type = 'marketo_activity' and activity = '32' and merged_ids <> ''
                then '["lead:' || replace(merged_ids, ',', '","lead:') || '"]'
        end as merged_refs,
        coalesce(
            {{ survey_time(
                'coalesce(happened, api_happened, created, api_created)', "'UTC'"
            ) }},
            {{ epoch_to_timestamp(unscaled_epoch(to_number('epoch'))) }}
        ) as occurred,
        case
            when object_type <> 'marketo_activity'
                then {{ survey_time('coalesce(updated, api_updated)', "'UTC'") }}
        end as version,
        coalesce(happened, api_happened, created, api_created, epoch) is not null as has_time,
        false as is_deleted,
        false as is_test,
        {{ json_extended(
            json_without(
                'flat', ['link', 'url', 'attributes', 'user_agent', 'user', 'fivetran_synced']
            ),
            {
                'touch_type': json_string('touch_type'),
                'link': json_string(bare_link('link')),
                'is_bot': json_string('is_bot'),
            }
        ) }} as document,
        case
            when object_type is null then 'unknown_type'
            when coalesce(guid, api_guid, object_id) is null then 'missing_id'
            when
                object_type in ('braze_event', 'marketo_activity') and touch_type is null
                then 'unknown_type'
            when object_type = 'marketo_activity' and marketo_lead_id is null then 'missing_id'
        end as shape_error,
        coalesce(
            object_type = 'marketo_lead'
            or (object_type = 'marketo_activity' and activity in ('29', '32'))
            or touch_type in ('users.UserOrphan', 'users.UserDeleteRequest'),
            false
        ) as is_identity,
        case
            when object_type in (
                'marketo_campaign', 'marketo_program', 'marketo_field', 'marketo_activity_type'
            ) then 'reference'
            when
                object_type = 'marketo_activity'
                and activity not in ('29', '32')
                and {{ marketo_kind('activity') }} is null
                then 'other_activity'
        end as is_filtered
    from lifted

),

{{ staged_objects('merged_refs') }}
