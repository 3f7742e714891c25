{{ config(materialized='view') }}

with staged as (

    select * from {{ ref('stg_events') }}

),

admitted as (

    select * from {{ source('control', 'admitted') }}

)

select staged.*
from staged
inner join admitted
    on
        staged.delivery_id = admitted.delivery_id
        and staged.occurred_on >= admitted.from_date
        and staged.occurred_on <= admitted.until_date
where staged.record_fate is null
