{{ config(materialized='incremental', incremental_strategy='replace_weeks') }}

{%- set dimensions = ['platform', 'country', 'product_line', 'campaign', 'cohort'] %}
{%- set periods = {'day': 'occurred_on', 'week': week_of('occurred_on')} %}

-- the weeks to rebuild are whole only once it is known whose cohort moved, which is noted there
with persons as (

    select
        person_id,
        cast({{ week_of('first_seen_on') }} as {{ dbt.type_string() }}) as cohort
    from {{ ref('int_person_cohorts') }}

),

events as (

    select
        events.occurred_on,
        events.occurred_at,
        events.person_id,
        case
            when events.is_primary and events.event_kind = 'micro' then events.event_name
        end as event_name,
        events.platform,
        events.country,
        events.product_line,
        events.campaign
    from {{ ref('fct_events') }} as events
    where {{ in_rebuilt_weeks('events') }}

),

acts as (

    select
        occurred_on,
        person_id,
        event_name,
        platform,
        country,
        product_line,
        campaign,
        count(*) as events,
        max(occurred_at) as last_at
    from events
    group by
        occurred_on,
        person_id,
        event_name,
        platform,
        country,
        product_line,
        campaign

),

known as (

    select
        acts.*,
        persons.cohort
    from acts
    left join persons on acts.person_id = persons.person_id

),

segments as (

    select
        occurred_on,
        person_id,
        event_name,
        '(all)' as dimension,
        '(all)' as segment,
        events,
        last_at
    from known
    {%- for dimension in dimensions %}

    union all

    select
        occurred_on,
        person_id,
        event_name,
        '{{ dimension }}' as dimension,
        coalesce({{ dimension }}, '(unknown)') as segment,
        events,
        last_at
    from known
    {%- endfor %}

)
{%- for granularity, period in periods.items() %}

{{ "union all" if not loop.first }}

-- rows without an event are everybody who was active: what rates are shares of
select
    '{{ granularity }}' as granularity,
    {{ period }} as period_start,
    dimension,
    segment,
    event_name,
    sum(events) as events,
    count(distinct person_id) as persons,
    max(last_at) as last_at
from segments
group by {{ period }}, dimension, segment, cube(event_name)
having grouping(event_name) = 1 or event_name is not null
{%- endfor %}
