with deliveries as (

    select * from {{ source('control', 'deliveries') }}

),

staged as (

    {% for relation in ['stg_events', 'stg_responses', 'stg_objects'] -%}
    select
        delivery_id,
        file_sha256,
        file_name,
        member,
        record_number,
        record_reason as reason,
        raw,
        raw_bytes,
        landed_at
    from {{ ref(relation) }}
    where record_fate = 'quarantined'
    {% if not loop.last -%}
    union all
    {% endif -%}
    {%- endfor %}

),

-- Read and understood, and kept out by the dictionary: what is shown are its properties.
rejected as (

    select
        events.delivery_id,
        events.file_sha256,
        events.file_name,
        events.member,
        events.record_number,
        judged.fate_reason as reason,
        events.properties as raw,
        events.raw_bytes,
        events.landed_at
    from {{ ref('stg_events') }} as events
    inner join {{ ref('int_events') }} as judged
        on
            events.event_key = judged.event_key
            and events.file_sha256 = judged.file_sha256
            and events.delivery_id = judged.delivery_id
            and events.record_number = judged.record_number
            and events.record_part = judged.record_part
    where judged.fate = 'quarantined' and judged.record_part = 1

),

held as (

    select
        delivery_id,
        file_sha256,
        file_name,
        member,
        record_number,
        reason,
        {{ without_write_key('raw') }} as raw,
        {{ without_write_key_bytes('raw_bytes') }} as raw_bytes,
        landed_at
    from {{ source('control', 'held_unreadable') }}
    where delivery_id not in (select staged.delivery_id from staged)

),

quarantined as (

    select * from staged
    union all
    select * from rejected
    union all
    select * from held

)

select
    deliveries.source,
    deliveries.vendor,
    quarantined.delivery_id,
    quarantined.file_name,
    quarantined.file_sha256,
    quarantined.member,
    quarantined.record_number,
    quarantined.reason,
    quarantined.raw,
    quarantined.raw_bytes,
    quarantined.landed_at
from quarantined
inner join deliveries on quarantined.delivery_id = deliveries.delivery_id
where deliveries.state in ('current', 'held')
