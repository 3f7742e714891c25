{{ config(materialized='view') }}

with touches as (
    {{ marketing_automation_touches() }}
    union all
    {{ hubspot_touches() }}
)

select * from touches
