{{ config(materialized='incremental', incremental_strategy='replace_dates') }}

with events as (

    select
        events.source,
        events.source_event_name,
        events.event_name,
        events.occurred_on,
        events.properties
    from {{ ref('fct_events') }} as events
    where {{ in_rebuilt_dates('events') }}

),

rules as (

    select * from {{ source('control', 'event_properties') }}

),

unplanned as (

    select
        source,
        source_event_name as event_name,
        cast(null as string) as property_name,
        'unplanned_event' as kind,
        occurred_on,
        count(*) as records
    from events
    where event_name is null
    group by
        source,
        source_event_name,
        occurred_on

),

found as (

    select
        events.source,
        events.event_name,
        events.occurred_on,
        rules.property_name,
        rules.property_type,
        rules.is_required,
        rules.allowed_values,
        {{ json_member('events.properties', 'rules.property_name') }} as delivered
    from events
    inner join rules on events.event_name = rules.event_name

),

judged as (

    select
        source,
        event_name,
        property_name,
        occurred_on,
        case
            when delivered is null or delivered = 'null'
                then case when is_required then 'missing_required' end
            when not {{ json_is_of_type('delivered', 'property_type') }} then 'wrong_type'
            when
                allowed_values is not null
                and not {{ json_list_has('allowed_values', 'delivered') }}
                then 'bad_value'
        end as kind
    from found

)

select * from unplanned
union all
select
    source,
    event_name,
    property_name,
    kind,
    occurred_on,
    count(*) as records
from judged
where kind is not null
group by
    source,
    event_name,
    property_name,
    kind,
    occurred_on
