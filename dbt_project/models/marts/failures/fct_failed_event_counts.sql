-- Values that RudderStack discarded come with its events too, where they are filtered records.
with discarded as (

    select
        staged.source,
        staged.occurred_on,
        {{ json_text('staged.properties', '$.table_name') }} as event_name,
        {{ json_text('staged.properties', '$.column_name') }} as field
    from {{ ref('stg_rudderstack__events') }} as staged
    inner join {{ source('control', 'deliveries') }} as deliveries
        on staged.delivery_id = deliveries.delivery_id
    where staged.record_reason = 'discarded_value' and deliveries.state = 'current'

),

failures as (

    select
        source,
        tool,
        event_name,
        reason,
        field,
        occurred_on
    from {{ ref('fct_failed_events') }}

    union all

    select
        source,
        'rudderstack' as tool,
        event_name,
        'value did not fit' as reason,
        field,
        occurred_on
    from discarded

)

select
    source,
    tool,
    occurred_on,
    event_name,
    reason,
    field,
    count(*) as failures
from failures
group by
    source,
    tool,
    occurred_on,
    event_name,
    reason,
    field
