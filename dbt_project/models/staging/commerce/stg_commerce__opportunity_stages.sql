{{ config(materialized='view') }}

with said as (

    {{ hubspot_opportunity_stages() }}
    {{ union_all_by_name() }}
    {{ salesforce_opportunity_stages() }}

),

latest as (

    select
        said.*,
        row_number() over (
            partition by source, pipeline, stage order by version_at desc nulls last, content asc
        ) as age
    from said

)

select
    source,
    pipeline,
    pipeline_label,
    stage,
    stage_label,
    coalesce(is_won, false) as is_won,
    coalesce(is_closed, false) as is_closed
from latest
where age = 1 and stage is not null
