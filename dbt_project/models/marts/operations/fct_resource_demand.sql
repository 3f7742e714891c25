{{ config(materialized='table', tags=['dated']) }}

{%- set days_ahead = 7 %}

with counts as (

    select * from {{ ref('int_event_days') }}

),

span as (

    select
        min(occurred_on) as first_on,
        max(occurred_on) as last_on
    from counts

),

lines as (

    select
        resources.resource,
        resources.event_name,
        resources.per_event,
        resources.unit,
        resources.warning,
        resources.critical,
        resources.capacity,
        dates.date_day as occurred_on,
        dates.date_day > span.last_on as is_ahead
    from {{ source('control', 'context_resources') }} as resources
    cross join span
    inner join {{ ref('dim_dates') }} as dates
        on
            resources.starts_on <= dates.date_day
            and resources.ends_on >= dates.date_day
            and span.first_on <= dates.date_day
            and span.last_on + {{ days_ahead }} >= dates.date_day

),

-- A day without the event asks for nothing, a day that has not come for what is not known yet.
parts as (

    select
        lines.*,
        case when not lines.is_ahead then coalesce(counts.events, 0) end as events,
        case when not lines.is_ahead then coalesce(counts.events, 0) * lines.per_event end
            as demand,
        counts.last_at
    from lines
    left join counts
        on lines.event_name = counts.event_name and lines.occurred_on = counts.occurred_on

),

events_of_days as (

    select
        resource,
        occurred_on,
        event_name,
        round(sum(demand), 9) as demand,
        row_number() over (
            partition by resource, occurred_on
            order by round(sum(demand), 9) desc, event_name asc
        ) as place
    from parts
    group by resource, occurred_on, event_name

),

days as (

    select
        parts.resource,
        parts.occurred_on,
        parts.is_ahead,
        max(parts.unit) as unit,
        min(parts.warning) as warning,
        min(parts.critical) as critical,
        min(parts.capacity) as capacity,
        cast(sum(parts.events) as {{ dbt.type_bigint() }}) as events,
        round(sum(parts.demand), 9) as demand,
        max(parts.last_at) as last_at
    from parts
    group by parts.resource, parts.occurred_on, parts.is_ahead

),

known as (

    select
        days.*,
        incomplete.occurred_on is null
        and days.occurred_on < cast('{{ env_var("WAYBILL_TODAY") }}' as date) as is_whole,
        {{ days_after('days.occurred_on', "cast('2001-01-01' as date)") }} % 7 as weekday
    from days
    left join {{ source('control', 'incomplete_dates') }} as incomplete
        on days.occurred_on = incomplete.occurred_on

),

compared as (

    select
        *,
        round(avg(case when is_whole then demand end) over before, 9) as baseline,
        count(case when is_whole then demand end) over before as baseline_days
    from known
    window before as (
        partition by resource, weekday
        order by occurred_on
        rows between 4 preceding and 1 preceding
    )

),

levels as (

    select
        *,
        coalesce(demand, baseline) as level
    from compared

)

select
    levels.resource,
    levels.occurred_on,
    levels.is_ahead,
    levels.unit,
    levels.events,
    levels.demand,
    levels.baseline,
    levels.baseline_days,
    levels.demand / nullif(levels.baseline, 0) - 1 as change,
    levels.warning,
    levels.critical,
    levels.capacity,
    levels.level / nullif(levels.capacity, 0) as utilisation,
    case
        when levels.warning is null and levels.critical is null then 'no threshold'
        when levels.level >= levels.critical then 'critical'
        when levels.level >= levels.warning then 'warning'
        when levels.level is null or not (levels.is_whole or levels.is_ahead) then 'unknown'
        else 'ok'
    end as state,
    case when levels.demand > 0 then main.event_name end as main_event,
    main.demand / nullif(levels.demand, 0) as main_event_share,
    {{ row_quality('levels.occurred_on', 'levels.occurred_on', 'levels.last_at') }}
from levels
inner join events_of_days as main
    on
        levels.resource = main.resource
        and levels.occurred_on = main.occurred_on
        and main.place = 1
