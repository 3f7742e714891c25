{{ config(materialized='view') }}

with opened as (

    select
        source,
        {{ json_text('document', '$.report') }} as report,
        nullif({{ json_object_at('document', '$.segment') }}, '{}') as segment,
        {{ json_each_item(json_object_at('document', '$.figures')) }} as figure,
        record_fate,
        file_name,
        delivery_id,
        file_sha256,
        record_number
    from {{ ref('stg_objects') }}
    where vendor = 'legacy_report' and object_type = 'figure'

)

select
    source,
    report,
    {{ json_text('figure', '$.metric') }} as metric,
    segment,
    cast({{ json_text('figure', '$.period_start') }} as date) as period_start,
    cast({{ json_text('figure', '$.period_end') }} as date) as period_end,
    try_cast({{ json_text('figure', '$.value') }} as decimal(38, 10)) as figure,
    {{ json_text('figure', '$.text') }} as figure_text,
    record_fate,
    file_name,
    delivery_id,
    file_sha256,
    record_number
from opened
