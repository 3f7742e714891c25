with staged as (

    {% for vendor in ['mixpanel', 'amplitude', 'tabular'] -%}
    select
        source,
        vendor,
        delivery_id,
        record_fate,
        occurred_at,
        occurred_on,
        user_node,
        vendor_node,
        device_node,
        link_kind,
        link_left,
        link_right
    from {{ ref('stg_' ~ vendor ~ '__events') }}
    where
        delivery_id in (
            select to_stage.delivery_id from {{ source('control', 'to_stage') }} as to_stage
        )
        and coalesce(record_fate, 'identity') = 'identity'
    {% if not loop.last -%}
    union all
    {% endif -%}
    {%- endfor %}

),

settings as (

    select * from {{ source('control', 'sources') }}

),

links as (

    -- a user seen on a device
    select
        staged.source,
        staged.delivery_id,
        'claim' as evidence,
        staged.device_node as left_node,
        staged.user_node as right_node,
        staged.occurred_at,
        staged.occurred_on
    from staged
    where staged.device_node is not null and staged.user_node is not null

    union all

    -- the vendor's own key of a user, seen with the user's id
    select
        staged.source,
        staged.delivery_id,
        'holds' as evidence,
        staged.vendor_node as left_node,
        staged.user_node as right_node,
        staged.occurred_at,
        staged.occurred_on
    from staged
    where staged.vendor_node is not null and staged.user_node is not null

    union all

    -- two users, or two keys of the vendor, that the vendor joined
    select
        staged.source,
        staged.delivery_id,
        'merge' as evidence,
        case
            when staged.vendor = 'amplitude'
                then {{ node(1, 'staged.source', 'staged.link_left') }}
            else {{ node(0, 'settings.user_namespace', 'staged.link_left') }}
        end as left_node,
        case
            when staged.vendor = 'amplitude'
                then {{ node(1, 'staged.source', 'staged.link_right') }}
            else {{ node(0, 'settings.user_namespace', 'staged.link_right') }}
        end as right_node,
        staged.occurred_at,
        staged.occurred_on
    from staged
    inner join settings on staged.source = settings.source
    where staged.link_kind = 'merge'

    union all

    -- an anonymous id that says which user it became
    select
        staged.source,
        staged.delivery_id,
        'identify' as evidence,
        {{ node(9, 'staged.source', 'staged.link_left') }} as left_node,
        {{ node(0, 'settings.user_namespace', 'staged.link_right') }} as right_node,
        staged.occurred_at,
        staged.occurred_on
    from staged
    inner join settings on staged.source = settings.source
    where staged.link_kind = 'identify'

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
