{{ config(materialized='table') }}

-- Four digits count the days from 2015 to 2035: no warehouse has to know how to make a series.
with digits as (
    {%- for digit in range(10) %}
    select {{ digit }} as digit
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

days as (

    select
        cast('2015-01-01' as date)
        + cast(
            ones.digit + 10 * tens.digit + 100 * hundreds.digit + 1000 * thousands.digit
            as {{ dbt.type_int() }}
        ) as date_day
    from digits as ones
    cross join digits as tens
    cross join digits as hundreds
    cross join digits as thousands

)

select
    date_day,
    {{ week_of('date_day') }} as week_start
from days
where date_day < cast('2036-01-01' as date)
