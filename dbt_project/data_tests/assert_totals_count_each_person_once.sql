-- The total over platforms and sources has all events of its cells, at least as many persons as the
-- largest of them, and never more than all of them together.
with cells as (

    select
        occurred_on,
        event_name,
        sum(events) as events,
        sum(persons) as persons,
        max(persons) as largest_persons
    from {{ ref('fct_micro_conversion_daily') }}
    where platform <> '(all)' and source <> '(all)'
    group by occurred_on, event_name

),

totals as (

    select
        occurred_on,
        event_name,
        events,
        persons
    from {{ ref('fct_micro_conversion_daily') }}
    where platform = '(all)' and source = '(all)'

)

select
    cells.occurred_on,
    cells.event_name,
    cells.persons as cell_persons,
    totals.persons as total_persons
from cells
left join totals on cells.occurred_on = totals.occurred_on and cells.event_name = totals.event_name
where
    totals.events is null
    or totals.events <> cells.events
    or totals.persons < cells.largest_persons
    or totals.persons > cells.persons
