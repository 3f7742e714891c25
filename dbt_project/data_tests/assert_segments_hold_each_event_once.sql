-- Over the segments of a dimension the events add up to the total; persons are at least those of the
-- largest segment and at most those of all together, since one may be in two.
with cells as (

    select
        granularity,
        period_start,
        event_name,
        dimension,
        sum(events) as events,
        sum(persons) as persons,
        max(persons) as largest_persons
    from {{ ref('fct_micro_conversion_rates') }}
    where dimension <> '(all)'
    group by granularity, period_start, event_name, dimension

),

totals as (

    select * from {{ ref('fct_micro_conversion_rates') }}
    where dimension = '(all)'

)

select
    cells.granularity,
    cells.period_start,
    cells.event_name,
    cells.dimension
from cells
left join totals
    on
        cells.granularity = totals.granularity
        and cells.period_start = totals.period_start
        and cells.event_name = totals.event_name
where
    totals.events is null
    or totals.events <> cells.events
    or totals.persons < cells.largest_persons
    or totals.persons > cells.persons
