{{ config(materialized='table') }}

with days as (

    {{ dbt.date_spine('day', "cast('2015-01-01' as date)", "cast('2036-01-01' as date)") }}

)

select
    cast(date_day as date) as date_day,
    {{ week_of('date_day') }} as week_start
from days
