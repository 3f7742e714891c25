{{ config(materialized='incremental', incremental_strategy='replace_dates') }}

with events as (

    select events.*
    from {{ ref('fct_events') }} as events
    where events.event_name is null and {{ in_rebuilt_dates('events') }}

),

-- a copy of an event breaks nothing that the event does not
judged as (

    select events.*
    from {{ ref('int_events') }} as events
    where events.fate <> 'duplicate' and {{ in_rebuilt_dates('events') }}

),

violations as (

    select violations.*
    from {{ ref('stg_violations') }} as violations
    where {{ in_rebuilt_dates('violations') }}

),

-- all of a source may be unplanned: so many are counted where they were loaded
loaded_unplanned as (

    select
        events.source,
        events.source_event_name as event_name,
        cast(null as string) as property_name,
        'unplanned_event' as kind,
        dictionary.unplanned_mode as enforcement,
        events.occurred_on
    from events
    cross join {{ source('control', 'dictionary') }} as dictionary
    where dictionary.unplanned_mode not in ('pass', 'quarantine')

),

others as (

    select
        violations.source,
        coalesce(violations.event_name, violations.source_event_name) as event_name,
        violations.property_name,
        violations.kind,
        violations.enforcement,
        violations.occurred_on
    from violations
    inner join judged
        on
            violations.event_key = judged.event_key
            and violations.file_sha256 = judged.file_sha256
            and violations.delivery_id = judged.delivery_id
            and violations.record_number = judged.record_number
            and violations.record_part = judged.record_part
    where violations.kind <> 'unplanned_event' or violations.enforcement = 'quarantine'

),

found as (

    select * from loaded_unplanned
    union all
    select * from others

)

select
    source,
    event_name,
    property_name,
    kind,
    enforcement,
    occurred_on,
    count(*) as records
from found
group by
    source,
    event_name,
    property_name,
    kind,
    enforcement,
    occurred_on
