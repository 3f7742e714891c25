{{ config(materialized='table', tags=['dated']) }}

with days as (

    select
        person_id,
        occurred_on,
        lead(occurred_on) over (
            partition by person_id
            order by occurred_on
        ) as next_on
    from {{ ref('int_person_days') }}

),

-- Whoever was active on a date counts in the windows that end on it and on the dates after it,
-- until the window has passed or the next active date takes over. So each person-day is read once.
{%- set windows = {'weekly': 7, 'monthly': 30} %}
steps as (
    {%- for name, length in windows.items() %}

    select
        '{{ name }}' as span,
        occurred_on,
        1 as change
    from days

    union all

    select
        '{{ name }}' as span,
        case
            when next_on <= occurred_on + {{ length }} then next_on
            else occurred_on + {{ length }}
        end as occurred_on,
        -1 as change
    from days
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

changes as (

    select
        occurred_on,
        sum(case when span = 'weekly' then change else 0 end) as weekly,
        sum(case when span = 'monthly' then change else 0 end) as monthly
    from steps
    group by occurred_on

),

running as (

    select
        occurred_on,
        sum(weekly) over (order by occurred_on) as weekly_persons,
        sum(monthly) over (order by occurred_on) as monthly_persons
    from changes

),

daily as (

    select
        occurred_on,
        count(*) as daily_persons,
        max(last_at) as last_at
    from {{ ref('int_person_days') }}
    group by occurred_on

),

first_day as (

    select min(occurred_on) as first_on from daily

)

select
    daily.occurred_on,
    daily.daily_persons,
    cast(running.weekly_persons as {{ dbt.type_bigint() }}) as weekly_persons,
    cast(running.monthly_persons as {{ dbt.type_bigint() }}) as monthly_persons,
    {{ rate('daily.daily_persons', 'running.weekly_persons') }} as daily_per_weekly,
    {{ rate('daily.daily_persons', 'running.monthly_persons') }} as daily_per_monthly,
    {{ rate('running.weekly_persons', 'running.monthly_persons') }} as weekly_per_monthly,
    daily.occurred_on >= first_day.first_on + 29 as is_full_window,
    {{ row_quality('daily.occurred_on', 'daily.occurred_on', 'daily.last_at') }}
from daily
inner join running on daily.occurred_on = running.occurred_on
cross join first_day
