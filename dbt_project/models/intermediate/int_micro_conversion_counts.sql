{{ config(materialized='incremental', incremental_strategy='replace_weeks') }}

{#-
    Counting different persons once for each dimension would group all acts a dozen times. Almost
    every person has one mix of dimensions in a period: those are counted by mix, once, and added up
    by dimension; the few of several mixes are counted one by one. The cohort is the person's own.
#}
{%- set of_acts = ['platform', 'country', 'product_line', 'campaign'] %}
{%- set periods = {'day': 'day_on', 'week': week_of('day_on')} %}
{%- set sides = [] %}
{%- for granularity, period in periods.items() %}
{%- for name, event in [('events', 'event_name'), ('activity', none)] %}
{%- do sides.append({
    'name': granularity ~ '_' ~ name,
    'granularity': granularity,
    'period': period,
    'event': event,
}) %}
{%- endfor %}
{%- endfor %}

-- the weeks to rebuild are whole only once it is known whose cohort moved, which is noted there
with persons as (

    select
        person_id,
        row_number() over (order by person_id) as person,
        cast({{ week_of('first_seen_on') }} as {{ dbt.type_string() }}) as cohort
    from {{ ref('int_person_cohorts') }}

),

events as (

    select
        events.occurred_on as day_on,
        events.occurred_at,
        persons.person,
        coalesce(persons.cohort, '(unknown)') as cohort,
        coalesce(events.platform, '(unknown)') as platform,
        coalesce(events.country, '(unknown)') as country,
        coalesce(events.product_line, '(unknown)') as product_line,
        coalesce(events.campaign, '(unknown)') as campaign,
        case
            when events.is_primary and events.event_kind = 'micro' then events.event_name
        end as event_name
    from {{ ref('fct_events') }} as events
    left join persons on events.person_id = persons.person_id
    where {{ in_rebuilt_weeks('events') }}

),

combinations as (

    select distinct {{ of_acts | join(', ') }}
    from events

),

mixes as (

    select
        {{ of_acts | join(', ') }},
        row_number() over (order by {{ of_acts | join(', ') }}) as mix
    from combinations

),

acts as (

    select
        events.day_on,
        events.person,
        events.cohort,
        events.event_name,
        mixes.mix,
        count(*) as events,
        max(events.occurred_at) as last_at
    from events
    inner join mixes
        on
            events.platform = mixes.platform
            and events.country = mixes.country
            and events.product_line = mixes.product_line
            and events.campaign = mixes.campaign
    group by
        events.day_on,
        events.person,
        events.cohort,
        events.event_name,
        mixes.mix

),
{%- for side in sides %}
{%- set event = side.event ~ ',' if side.event else '' %}

acts_of_{{ side.name }} as (

    select
        {{ side.period }} as period_start,
        person,
        cohort,
        {{ event }}
        mix,
        sum(events) as events,
        max(last_at) as last_at
    from acts
    {%- if side.event %}
    where event_name is not null
    {%- endif %}
    group by
        {{ side.period }},
        person,
        cohort,
        {{ event }}
        mix

),

persons_of_{{ side.name }} as (

    select
        period_start,
        person,
        cohort,
        {{ event }}
        min(mix) as mix,
        min(mix) < max(mix) as is_of_several
    from acts_of_{{ side.name }}
    group by
        period_start,
        person,
        {{ event }}
        cohort

),

counted_{{ side.name }} as (

    select
        period_start,
        cohort,
        {{ event }}
        mix,
        count(person) as persons,
        0 as events,
        cast(null as timestamp) as last_at
    from persons_of_{{ side.name }}
    where not is_of_several
    group by
        period_start,
        cohort,
        {{ event }}
        mix

    union all

    select
        period_start,
        cohort,
        {{ event }}
        mix,
        0 as persons,
        sum(events) as events,
        max(last_at) as last_at
    from acts_of_{{ side.name }}
    group by
        period_start,
        cohort,
        {{ event }}
        mix

),

mixed_{{ side.name }} as (

    select
        acts.period_start,
        acts.cohort,
        acts.person,
        {% if side.event -%}
        acts.event_name,
        {% endif -%}
        acts.mix
    from acts_of_{{ side.name }} as acts
    inner join persons_of_{{ side.name }} as persons
        on
            acts.period_start = persons.period_start
            and acts.person = persons.person
            {%- if side.event %}
            and acts.event_name = persons.event_name
            {%- endif %}
    where persons.is_of_several

),

segments_of_{{ side.name }} as (
    {%- for dimension in ['(all)'] + of_acts + ['cohort'] %}
    {%- set table = 'mixes' if dimension in of_acts else 'counted' %}
    {%- set segment = "'(all)'" if dimension == '(all)' else table ~ '.' ~ dimension %}

    {{ 'union all' if not loop.first }}

    select
        counted.period_start,
        {% if side.event -%}
        counted.event_name,
        {% endif -%}
        '{{ dimension }}' as dimension,
        {{ segment }} as segment,
        counted.persons,
        counted.events,
        counted.last_at
    from counted_{{ side.name }} as counted
    inner join mixes on counted.mix = mixes.mix

    union all

    select
        counted.period_start,
        {% if side.event -%}
        counted.event_name,
        {% endif -%}
        '{{ dimension }}' as dimension,
        {{ segment }} as segment,
        count(distinct counted.person) as persons,
        0 as events,
        cast(null as timestamp) as last_at
    from mixed_{{ side.name }} as counted
    inner join mixes on counted.mix = mixes.mix
    group by
        counted.period_start,
        {%- if side.event %}
        counted.event_name,
        {%- endif %}
        {{ segment }}
    {%- endfor %}

){{ ',' if not loop.last }}
{%- endfor %}
{%- for side in sides %}
{%- set event = side.event or 'cast(null as ' ~ dbt.type_string() ~ ')' %}

{{ "union all" if not loop.first }}

-- rows without an event are everybody who was active: what rates are shares of
select
    '{{ side.granularity }}' as granularity,
    period_start,
    dimension,
    segment,
    {{ event }} as event_name,
    sum(events) as events,
    cast(sum(persons) as bigint) as persons,
    max(last_at) as last_at
from segments_of_{{ side.name }}
group by
    period_start,
    dimension,
    {%- if side.event %}
    event_name,
    {%- endif %}
    segment
{%- endfor %}
