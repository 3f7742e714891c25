with delivered as (

    select
        files.*,
        deliveries.source,
        deliveries.vendor,
        deliveries.state
    from {{ source('control', 'files') }} as files
    inner join {{ source('control', 'deliveries') }} as deliveries
        on files.delivery_id = deliveries.delivery_id

),

-- Files of one delivery with the same bytes: the first counts, of the others nothing is staged.
files as (

    select * from delivered
    where copy_of is null

),

staged as (

    {% for relation in ['stg_events', 'stg_responses', 'stg_objects'] -%}
    select
        delivery_id,
        file_sha256,
        record_fate,
        record_reason,
        occurred_on,
        count(*) as records
    from {{ ref(relation) }}
    {% if relation == 'stg_events' -%}
    where record_part = 1
    {% endif -%}
    group by
        delivery_id,
        file_sha256,
        record_fate,
        record_reason,
        occurred_on
    {% if not loop.last -%}
    union all
    {% endif -%}
    {%- endfor %}

),

-- Of older versions and of second names nothing was loaded: the whole file is one duplicate.
replaced as (

    select
        delivery_id,
        file_sha256,
        'duplicate' as fate,
        state as reason,
        read as records
    from files
    where state in ('superseded', 'same_file')

),

-- A held delivery that was never staged: its unreadable records have their fate, the others wait.
unstaged as (

    select
        delivery_id,
        file_sha256,
        landed,
        unreadable
    from files
    where
        state = 'held'
        and delivery_id not in (select staged.delivery_id from staged)

),

stopped as (

    select
        staged.delivery_id,
        staged.file_sha256,
        case
            when files.state = 'held' and staged.record_fate <> 'quarantined' then 'pending'
            else staged.record_fate
        end as fate,
        case
            when files.state = 'held' and staged.record_fate <> 'quarantined' then 'held'
            else staged.record_reason
        end as reason,
        sum(staged.records) as records
    from staged
    inner join files
        on staged.delivery_id = files.delivery_id and staged.file_sha256 = files.file_sha256
    where
        files.state in ('current', 'held')
        and staged.record_fate is not null
    group by
        staged.delivery_id,
        staged.file_sha256,
        staged.record_fate,
        staged.record_reason,
        files.state

),

waiting as (

    select
        staged.delivery_id,
        staged.file_sha256,
        'pending' as fate,
        case when files.state = 'held' then 'held' else 'not_in_scope' end as reason,
        sum(staged.records) as records
    from staged
    inner join files
        on staged.delivery_id = files.delivery_id and staged.file_sha256 = files.file_sha256
    left join {{ source('control', 'admitted') }} as admitted
        on
            staged.delivery_id = admitted.delivery_id
            and staged.occurred_on >= admitted.from_date
            and staged.occurred_on <= admitted.until_date
    where
        files.state in ('current', 'held')
        and staged.record_fate is null
        and admitted.delivery_id is null
    group by
        staged.delivery_id,
        staged.file_sha256,
        files.state

),

-- Copies, and what the dictionary keeps out.
kept_out as (

    select
        delivery_id,
        file_sha256,
        fate,
        fate_reason as reason,
        count(*) as records
    from {{ ref('int_events') }}
    where
        fate <> 'loaded'
        and record_part = 1
    group by
        delivery_id,
        file_sha256,
        fate,
        fate_reason

    union all

    select
        delivery_id,
        file_sha256,
        'duplicate' as fate,
        'vendor_rule' as reason,
        count(*) as records
    from (
        select
            delivery_id,
            file_sha256
        from {{ ref('int_survey_responses') }}
        where fate = 'duplicate'
        union all
        select
            delivery_id,
            file_sha256
        from {{ ref('int_objects') }}
        where fate = 'duplicate'
    ) as copies
    group by
        delivery_id,
        file_sha256

),

-- The second count: what is in the marts, counted there and nowhere else.
loaded as (

    select
        delivery_id,
        file_sha256,
        'loaded' as fate,
        cast(null as string) as reason,
        count(*) as records
    from {{ ref('fct_events') }}
    where record_part = 1
    group by
        delivery_id,
        file_sha256

    union all

    select
        delivery_id,
        file_sha256,
        'loaded' as fate,
        cast(null as string) as reason,
        count(distinct record_number) as records
    from {{ ref('fct_survey_answers') }}
    group by
        delivery_id,
        file_sha256
    {% for mart in var('object_marts') %}
    union all

    select
        delivery_id,
        file_sha256,
        'loaded' as fate,
        cast(null as string) as reason,
        count(distinct record_number) as records
    from {{ ref(mart) }}
    group by
        delivery_id,
        file_sha256
    {% endfor %}

),

fates as (

    select * from replaced
    union all
    select
        delivery_id,
        file_sha256,
        'quarantined' as fate,
        'unreadable' as reason,
        unreadable as records
    from unstaged
    union all
    select
        delivery_id,
        file_sha256,
        'pending' as fate,
        'held' as reason,
        landed - unreadable as records
    from unstaged
    union all
    select * from stopped
    union all
    select * from waiting
    union all
    select * from kept_out
    union all
    select * from loaded

)

select
    files.source,
    files.vendor,
    fates.delivery_id,
    files.file_name,
    fates.file_sha256,
    fates.fate,
    fates.reason,
    -- of a held delivery, records of several fates wait for one reason
    cast(sum(fates.records) as bigint) as records
from fates
inner join files on fates.delivery_id = files.delivery_id and fates.file_sha256 = files.file_sha256
where fates.records > 0
group by
    files.source,
    files.vendor,
    fates.delivery_id,
    files.file_name,
    fates.file_sha256,
    fates.fate,
    fates.reason

union all

select
    source,
    vendor,
    delivery_id,
    file_name,
    file_sha256,
    case when state = 'held' then 'pending' else 'duplicate' end as fate,
    case when state = 'current' then 'same_file' else state end as reason,
    cast({{ adapter.quote("read") }} as bigint) as records
from delivered
where
    copy_of is not null
    and {{ adapter.quote("read") }} > 0
