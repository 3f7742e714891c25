{{ config(materialized='view') }}

-- `possible_modes` is known of a rule before an event is looked at: asking for it as well spares
-- the events whose rules can come to nothing else. Relations are named where they are read: of a
-- view's common table that is read twice, DuckDB would keep all rows in memory.

{%- set place %}
    events.source,
        events.source_event_name,
        events.event_name,
        events.event_key,
        events.occurred_on,
        events.delivery_id,
        events.file_sha256,
        events.record_number,
        events.record_part,
        events.landed_at
{%- endset %}

with unplanned as (

    select
        {{ place }},
        cast(null as string) as property_name,
        cast(null as string) as member_name,
        'unplanned_event' as kind,
        dictionary.unplanned_mode as enforcement,
        dictionary.unplanned_mode as possible_modes
    from {{ ref('stg_named_events') }} as events
    cross join {{ source('control', 'dictionary') }} as dictionary
    where events.event_name is null

),

retired as (

    select
        {{ place }},
        cast(null as string) as property_name,
        cast(null as string) as member_name,
        'retired_event' as kind,
        event_types.retired_mode as enforcement,
        event_types.retired_mode as possible_modes
    from {{ ref('stg_named_events') }} as events
    inner join {{ source('control', 'event_types') }} as event_types
        on events.event_name = event_types.event_name
    where events.occurred_on >= event_types.retired_on

),

found as (

    select
        {{ place }},
        rules.property_name,
        rules.member_name,
        rules.missing_mode,
        rules.type_mode,
        rules.value_mode,
        rules.is_required,
        rules.is_nullable,
        rules.property_type,
        rules.property_types,
        rules.allowed_values,
        rules.format,
        rules.pattern,
        rules.minimum,
        rules.maximum,
        rules.exclusive_minimum,
        rules.exclusive_maximum,
        rules.min_length,
        rules.max_length,
        {{ json_at_pointer('events.planned_properties', 'rules.pointer') }} as delivered
    from {{ ref('stg_named_events') }} as events
    inner join {{ source('control', 'event_properties') }} as rules
        on events.event_name = rules.event_name

),

judged as (

    select
        {{ place }},
        events.property_name,
        events.member_name,
        events.missing_mode,
        events.type_mode,
        events.value_mode,
        case
            when delivered is null then case when is_required then 'missing_required' end
            when delivered = 'null'
                then case when is_required and not is_nullable then 'missing_required' end
            when not {{ is_of_types('delivered', 'events') }} then 'wrong_type'
            -- a hash stands for a value that cannot be looked at any more
            when
                delivered not like '"masked:%'
                and not ({{ is_allowed('delivered', json_text('delivered', '$'), 'events') }})
                then 'bad_value'
        end as kind
    from found as events

),

broken as (

    select
        {{ place }},
        events.property_name,
        events.member_name,
        events.kind,
        case events.kind
            when 'missing_required' then events.missing_mode
            when 'wrong_type' then events.type_mode
            else events.value_mode
        end as enforcement,
        concat_ws(' ', events.missing_mode, events.type_mode, events.value_mode) as possible_modes
    from judged as events
    where events.kind is not null

),

delivered_keys as (

    select
        {{ place }},
        event_types.extra_mode as enforcement,
        {{ json_each_key('events.planned_properties') }} as property_name
    from {{ ref('stg_named_events') }} as events
    inner join {{ source('control', 'event_types') }} as event_types
        on events.event_name = event_types.event_name
    where event_types.extra_mode <> 'pass'

),

-- What begins with a dollar sign is the vendor's own
extra as (

    select
        {{ place }},
        events.property_name,
        events.property_name as member_name,
        'extra_property' as kind,
        events.enforcement,
        events.enforcement as possible_modes
    from delivered_keys as events
    left join {{ source('control', 'event_properties') }} as rules
        on events.event_name = rules.event_name and events.property_name = rules.member_name
    where rules.event_name is null and events.property_name not like '$%'

),

violations as (

    select * from unplanned
    union all
    select * from retired
    union all
    select * from broken
    union all
    select * from extra

)

select * from violations
where enforcement <> 'pass'
