-- A funnel only narrows: no step counts more than the one before it, and no rate leaves 0 to 1.
with steps as (

    select
        funnel,
        step_number,
        entities,
        lag(entities) over (partition by funnel order by step_number) as previous_entities,
        from_start,
        from_previous
    from {{ ref('fct_funnel_steps') }}

)

select * from steps
where
    entities > previous_entities
    or from_start not between 0 and 1
    or from_previous not between 0 and 1
