{{ config(materialized='view') }}

select distinct
    source,
    opportunity_id,
    stage,
    entered_at
from (
    {{ hubspot_stage_entries() }}
    {{ union_all_by_name() }}
    {{ salesforce_stage_entries() }}
) as entries
where opportunity_id is not null and stage is not null and entered_at is not null
