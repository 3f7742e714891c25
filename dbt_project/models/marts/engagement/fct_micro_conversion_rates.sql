{{ config(materialized='table', tags=['dated']) }}

with counts as (

    select * from {{ ref('int_micro_conversion_counts') }}

),

span as (

    select
        min(period_start) as first_on,
        max(period_start) as last_on
    from counts
    where granularity = 'day'

),

active as (

    select
        counts.granularity,
        counts.period_start,
        counts.dimension,
        counts.segment,
        counts.persons as active_persons,
        counts.last_at,
        case
            when counts.granularity = 'week' then counts.period_start + 6
            else counts.period_start
        end as period_end,
        counts.granularity = 'day'
        or (counts.period_start >= span.first_on and counts.period_start + 6 <= span.last_on)
            as is_full_period
    from counts
    cross join span
    where counts.event_name is null

),

converted as (

    select * from counts
    where event_name is not null

),

seen as (

    select distinct event_name from converted

),

-- In total an event that nobody did is a row with a rate of 0; in segments it has no row.
cells as (

    select
        active.*,
        seen.event_name,
        0 as events,
        0 as persons
    from active
    cross join seen
    where active.dimension = '(all)'

    union all

    select
        active.*,
        converted.event_name,
        converted.events,
        converted.persons
    from active
    inner join converted
        on
            active.granularity = converted.granularity
            and active.period_start = converted.period_start
            and active.dimension = converted.dimension
            and active.segment = converted.segment

),

rates as (

    select
        granularity,
        period_start,
        period_end,
        dimension,
        segment,
        event_name,
        active_persons,
        last_at,
        is_full_period,
        max(events) as events,
        max(persons) as persons,
        {{ rate('max(persons)', 'active_persons') }} as rate,
        {{ wilson_low('max(persons)', 'active_persons') }} as rate_low,
        {{ wilson_high('max(persons)', 'active_persons') }} as rate_high
    from cells
    group by
        granularity,
        period_start,
        period_end,
        dimension,
        segment,
        event_name,
        active_persons,
        last_at,
        is_full_period

),

phases as (

    select
        name as phase,
        event_name,
        starts_on,
        ends_on,
        lag(starts_on) over (
            partition by name, event_name
            order by starts_on
        ) as earlier_start,
        lag(ends_on) over (
            partition by name, event_name
            order by starts_on
        ) as earlier_end
    from {{ source('control', 'context_periods') }}
    where kind = 'phases'

),

event_periods as (

    select
        granularity,
        period_start,
        event_name
    from rates
    where dimension = '(all)'

),

-- The phase a period begins in; of several, one of the event alone, then the one that began last.
phased as (

    select
        event_periods.*,
        phases.phase,
        phases.earlier_start,
        phases.earlier_end,
        row_number() over (
            partition by
                event_periods.granularity, event_periods.period_start, event_periods.event_name
            order by phases.event_name is null asc, phases.starts_on desc, phases.phase asc
        ) as choice
    from event_periods
    inner join phases
        on
            event_periods.period_start >= phases.starts_on
            and event_periods.period_start <= phases.ends_on
            and (phases.event_name is null or phases.event_name = event_periods.event_name)

),

earlier_phases as (

    select distinct
        earlier_start,
        earlier_end
    from phases
    where earlier_start is not null

),

phase_active as (

    select
        earlier_phases.earlier_start,
        earlier_phases.earlier_end,
        active.granularity,
        active.dimension,
        active.segment,
        sum(active.active_persons) as active_persons
    from earlier_phases
    inner join active
        on
            active.period_start >= earlier_phases.earlier_start
            and active.period_start <= earlier_phases.earlier_end
    group by
        earlier_phases.earlier_start,
        earlier_phases.earlier_end,
        active.granularity,
        active.dimension,
        active.segment

),

phase_converted as (

    select
        earlier_phases.earlier_start,
        earlier_phases.earlier_end,
        converted.granularity,
        converted.dimension,
        converted.segment,
        converted.event_name,
        sum(converted.persons) as persons
    from earlier_phases
    inner join converted
        on
            converted.period_start >= earlier_phases.earlier_start
            and converted.period_start <= earlier_phases.earlier_end
    group by
        earlier_phases.earlier_start,
        earlier_phases.earlier_end,
        converted.granularity,
        converted.dimension,
        converted.segment,
        converted.event_name

),

-- a target of one event or segment goes before one of all, a later one before an earlier
targets as (

    select
        rates.granularity,
        rates.period_start,
        rates.dimension,
        rates.segment,
        rates.event_name,
        targets.value as target,
        row_number() over (
            partition by
                rates.granularity,
                rates.period_start,
                rates.dimension,
                rates.segment,
                rates.event_name
            order by targets.event_name is null asc, targets.starts_on desc, targets.value asc
        ) as choice
    from rates
    inner join {{ source('control', 'context_targets') }} as targets
        on
            targets.metric = case
                when rates.granularity = 'day' then 'daily_conversion_rate'
                else 'weekly_conversion_rate'
            end
            and rates.period_start >= targets.starts_on
            and rates.period_start <= targets.ends_on
            and rates.dimension = coalesce(targets.dimension, '(all)')
            and rates.segment = coalesce(targets.segment, '(all)')
            and (targets.event_name is null or rates.event_name = targets.event_name)

)

select
    rates.granularity,
    rates.period_start,
    rates.period_end,
    rates.event_name,
    rates.dimension,
    rates.segment,
    cast(rates.events as {{ dbt.type_bigint() }}) as events,
    rates.persons,
    rates.active_persons,
    rates.rate,
    rates.rate_low,
    rates.rate_high,
    before.rate as previous_rate,
    rates.rate - before.rate as change,
    {{ difference_low('rates', 'before') }} as change_low,
    {{ difference_high('rates', 'before') }} as change_high,
    phased.phase,
    phased.earlier_start as same_phase_start,
    coalesce(cast(phase_converted.persons as double), 0)
    / nullif(phase_active.active_persons, 0) as same_phase_rate,
    targets.target,
    rates.rate >= targets.target as reaches_target,
    rates.is_full_period,
    {{ row_quality('rates.period_start', 'rates.period_end', 'rates.last_at') }}
from rates
left join rates as before
    on
        rates.granularity = before.granularity
        and rates.period_start = before.period_start + 7
        and rates.event_name = before.event_name
        and rates.dimension = before.dimension
        and rates.segment = before.segment
        and rates.is_full_period
        and before.is_full_period
left join phased
    on
        rates.granularity = phased.granularity
        and rates.period_start = phased.period_start
        and rates.event_name = phased.event_name
        and phased.choice = 1
left join phase_active
    on
        phased.earlier_start = phase_active.earlier_start
        and phased.earlier_end = phase_active.earlier_end
        and rates.granularity = phase_active.granularity
        and rates.dimension = phase_active.dimension
        and rates.segment = phase_active.segment
left join phase_converted
    on
        phase_active.earlier_start = phase_converted.earlier_start
        and phase_active.earlier_end = phase_converted.earlier_end
        and rates.granularity = phase_converted.granularity
        and rates.dimension = phase_converted.dimension
        and rates.segment = phase_converted.segment
        and rates.event_name = phase_converted.event_name
left join targets
    on
        rates.granularity = targets.granularity
        and rates.period_start = targets.period_start
        and rates.dimension = targets.dimension
        and rates.segment = targets.segment
        and rates.event_name = targets.event_name
        and targets.choice = 1
