with events as (

    select
        source,
        delivery_id,
        occurred_at,
        occurred_on,
        user_node,
        vendor_node,
        device_node,
        link_kind,
        link_left,
        link_right,
        properties
    from {{ ref('stg_events') }}
    where
        {{ is_staged_now() }}
        and coalesce(record_fate, 'identity') = 'identity'

),

responses as (

    select
        source,
        delivery_id,
        occurred_at,
        occurred_on,
        user_node,
        vendor_node,
        coalesce(respondent_fields, document) as properties
    from {{ ref('stg_responses') }}
    where
        {{ is_staged_now() }}
        and coalesce(record_fate, 'identity') = 'identity'

),

objects as (

    select
        source,
        delivery_id,
        coalesce(occurred_at, landed_at) as occurred_at,
        -- who a person is holds at any date
        case when record_fate is null then occurred_on end as occurred_on,
        user_node,
        vendor_node,
        merged_node,
        merged_refs,
        coalesce(person_fields, document) as properties
    from {{ ref('stg_objects') }}
    where
        {{ is_staged_now() }}
        and coalesce(record_fate, 'identity') = 'identity'

),

-- one record may join many keys of the vendor
merged_objects as (

    select
        source,
        delivery_id,
        occurred_at,
        occurred_on,
        vendor_node,
        {{ json_each_item('merged_refs') }} as merged_ref
    from objects
    where merged_refs is not null

),

-- surveys and business systems know a person by a key of their own
records as (

    select
        source,
        delivery_id,
        occurred_at,
        occurred_on,
        user_node,
        vendor_node,
        properties
    from responses
    union all
    select
        source,
        delivery_id,
        occurred_at,
        occurred_on,
        user_node,
        vendor_node,
        properties
    from objects
    union all
    -- further addresses of a person, each as the fields they would be in
    select
        source,
        delivery_id,
        occurred_at,
        occurred_on,
        user_node,
        vendor_node,
        {{ json_each_item(json_object_at('properties', '$.waybill_also')) }} as properties
    from objects
    where properties like '%"waybill_also":%'

),

settings as (

    select * from {{ source('control', 'sources') }}

),

identity_keys as (

    select * from {{ source('control', 'identity_keys') }}

),

keyed as (

    select
        source,
        delivery_id,
        occurred_at,
        occurred_on,
        user_node,
        properties
    from events
    union all
    select
        source,
        delivery_id,
        occurred_at,
        occurred_on,
        coalesce(user_node, vendor_node) as user_node,
        properties
    from records

),

links as (

    -- a user seen on a device
    select
        events.source,
        events.delivery_id,
        'claim' as evidence,
        events.device_node as left_node,
        events.user_node as right_node,
        events.occurred_at,
        events.occurred_on
    from events
    where events.device_node is not null and events.user_node is not null

    union all

    -- the vendor's own key of a user, seen with the user's id
    select
        events.source,
        events.delivery_id,
        'holds' as evidence,
        events.vendor_node as left_node,
        events.user_node as right_node,
        events.occurred_at,
        events.occurred_on
    from events
    where events.vendor_node is not null and events.user_node is not null

    union all

    select
        records.source,
        records.delivery_id,
        'holds' as evidence,
        records.vendor_node as left_node,
        records.user_node as right_node,
        records.occurred_at,
        records.occurred_on
    from records
    where records.vendor_node is not null and records.user_node is not null

    union all

    select
        objects.source,
        objects.delivery_id,
        'merge' as evidence,
        objects.vendor_node as left_node,
        objects.merged_node as right_node,
        objects.occurred_at,
        objects.occurred_on
    from objects
    where objects.vendor_node is not null and objects.merged_node is not null

    union all

    select
        merged_objects.source,
        merged_objects.delivery_id,
        'merge' as evidence,
        merged_objects.vendor_node as left_node,
        {{ node(1, 'merged_objects.source', "replace(merged_objects.merged_ref, '\"', '')") }}
            as right_node,
        merged_objects.occurred_at,
        merged_objects.occurred_on
    from merged_objects

    union all

    -- two users, or two keys of the vendor, that the vendor joined
    select
        events.source,
        events.delivery_id,
        'merge' as evidence,
        case
            when events.link_kind = 'vendor_merge'
                then {{ node(1, 'events.source', 'events.link_left') }}
            else {{ node(0, 'settings.user_namespace', 'events.link_left') }}
        end as left_node,
        case
            when events.link_kind = 'vendor_merge'
                then {{ node(1, 'events.source', 'events.link_right') }}
            else {{ node(0, 'settings.user_namespace', 'events.link_right') }}
        end as right_node,
        events.occurred_at,
        events.occurred_on
    from events
    inner join settings on events.source = settings.source
    where events.link_kind in ('merge', 'vendor_merge')

    union all

    -- an anonymous id that says which user it became
    select
        events.source,
        events.delivery_id,
        'identify' as evidence,
        {{ node(9, 'events.source', 'events.link_left') }} as left_node,
        {{ node(0, 'settings.user_namespace', 'events.link_right') }} as right_node,
        events.occurred_at,
        events.occurred_on
    from events
    inner join settings on events.source = settings.source
    where events.link_kind = 'identify'

    union all

    -- a user, or a respondent, seen with a key that other sources know too
    select
        keyed.source,
        keyed.delivery_id,
        'key' as evidence,
        {{ key_node(
            'identity_keys.kind', json_member_text('keyed.properties', 'identity_keys.property')
        ) }} as left_node,
        keyed.user_node as right_node,
        keyed.occurred_at,
        keyed.occurred_on
    from keyed
    inner join identity_keys on keyed.source = identity_keys.source
    where keyed.user_node is not null

)

select
    source,
    delivery_id,
    evidence,
    left_node,
    right_node,
    occurred_on,
    min(occurred_at) as first_at,
    max(occurred_at) as last_at,
    count(*) as records
from links
where left_node is not null and right_node is not null and left_node <> right_node
group by
    source,
    delivery_id,
    evidence,
    left_node,
    right_node,
    occurred_on
