{{ config(materialized='view') }}

with said as (

    {{ hubspot_stage_entries() }}
    {{ union_all_by_name() }}
    {{ salesforce_stage_entries() }}

),

timed as (

    select
        source,
        opportunity_id,
        stage,
        {{ crm_time('entered_text', "'UTC'") }} as entered_at
    from said

)

select distinct
    source,
    opportunity_id,
    stage,
    entered_at
from timed
where opportunity_id is not null and stage is not null and entered_at is not null
