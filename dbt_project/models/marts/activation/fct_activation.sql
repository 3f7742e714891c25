{{ config(materialized='table', tags=['dated']) }}

{%- set definitions = var('activation', {}) %}
{%- set dimensions = ['platform', 'country', 'campaign'] %}

with persons as (

    select * from {{ ref('dim_persons') }}

),

horizon as (

    select max(last_seen_at) as last_at from persons

),

-- A person per definition: everybody new, whether its time is over, and when it did what was asked.
candidates as (
    {%- for name, definition in definitions.items() %}

    select
        {{ funnel_text(name) }} as activation,
        cast({{ definition.within_seconds }} as {{ dbt.type_bigint() }}) as within_seconds,
        persons.person_id,
        persons.first_seen_on,
        persons.first_platform,
        persons.first_country,
        persons.first_campaign,
        persons.last_seen_at,
        {{ epoch_seconds('done.activated_at') }} - {{ epoch_seconds('persons.first_seen_at') }}
            as seconds,
        {{ epoch_seconds('horizon.last_at') }} - {{ epoch_seconds('persons.first_seen_at') }}
        >= {{ definition.within_seconds }} as is_matured
    from persons
    cross join horizon
    left join (
        select
            acts.person_id,
            {{ 'max' if definition.needs == 'all' else 'min' }}(acts.first_at) as activated_at
        from (
            select
                events.person_id,
                events.event_name,
                min(events.occurred_at) as first_at
            from {{ ref('fct_events') }} as events
            where events.is_primary and events.event_name in ({{ texts(definition.events) }})
            group by events.person_id, events.event_name
        ) as acts
        group by acts.person_id
        having count(*) >= {{ definition.events | unique | list | length
            if definition.needs == 'all' else 1 }}
    ) as done on persons.person_id = done.person_id
    {%- if definition.since %}
    where persons.first_seen_on >= cast({{ funnel_text(definition.since) }} as date)
    {%- endif %}
    {{ "union all" if not loop.last }}
    {%- else %}

    select
        cast(null as {{ dbt.type_string() }}) as activation,
        cast(null as {{ dbt.type_bigint() }}) as within_seconds,
        persons.person_id,
        persons.first_seen_on,
        persons.first_platform,
        persons.first_country,
        persons.first_campaign,
        persons.last_seen_at,
        cast(null as double) as seconds,
        false as is_matured
    from persons
    where false
    {%- endfor %}

),

judged as (

    select
        candidates.*,
        is_matured and coalesce(seconds <= within_seconds, false) as is_activated
    from candidates

),

segments as (
    {%- for granularity in ['week', 'month'] %}
    {%- for dimension in ['(all)'] + dimensions %}

    select
        judged.*,
        '{{ granularity }}' as granularity,
        {{ cohort_start(granularity, 'first_seen_on') }} as period_start,
        {{ period_end(granularity, cohort_start(granularity, 'first_seen_on')) }} as period_end,
        '{{ dimension }}' as dimension,
        {% if loop.first -%}
        '(all)' as segment
        {%- else -%}
        coalesce(first_{{ dimension }}, '(unknown)') as segment
        {%- endif %}
    from judged
    {{ "union all" if not loop.last }}
    {%- endfor %}
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

counted as (

    select
        activation,
        granularity,
        period_start,
        period_end,
        dimension,
        segment,
        within_seconds,
        count(*) as persons,
        count(case when is_matured then 1 end) as matured_persons,
        count(case when is_activated then 1 end) as activated_persons,
        median(case when is_activated then seconds end) as median_seconds,
        max(last_seen_at) as last_at
    from segments
    group by
        activation,
        granularity,
        period_start,
        period_end,
        dimension,
        segment,
        within_seconds

),

targets as (

    select
        counted.activation,
        counted.granularity,
        counted.period_start,
        counted.dimension,
        counted.segment,
        targets.value as target,
        row_number() over (
            partition by
                counted.activation,
                counted.granularity,
                counted.period_start,
                counted.dimension,
                counted.segment
            order by targets.starts_on desc, targets.value asc
        ) as choice
    from counted
    inner join {{ source('control', 'context_targets') }} as targets
        on
            targets.metric = 'activation_rate'
            and counted.period_start >= targets.starts_on
            and counted.period_start <= targets.ends_on
            and counted.dimension = coalesce(targets.dimension, '(all)')
            and counted.segment = coalesce(targets.segment, '(all)')

)

select
    counted.activation,
    counted.granularity,
    counted.period_start,
    counted.period_end,
    counted.dimension,
    counted.segment,
    counted.within_seconds,
    counted.persons,
    counted.matured_persons,
    counted.activated_persons,
    {{ rate('counted.activated_persons', 'counted.matured_persons') }} as rate,
    {{ wilson_low('counted.activated_persons', 'counted.matured_persons') }} as rate_low,
    {{ wilson_high('counted.activated_persons', 'counted.matured_persons') }} as rate_high,
    cast(counted.median_seconds as double) as median_seconds,
    targets.target,
    {{ rate('counted.activated_persons', 'counted.matured_persons') }} >= targets.target
        as reaches_target,
    {{ row_quality('counted.period_start', 'counted.period_end', 'counted.last_at') }}
from counted
left join targets
    on
        counted.activation = targets.activation
        and counted.granularity = targets.granularity
        and counted.period_start = targets.period_start
        and counted.dimension = targets.dimension
        and counted.segment = targets.segment
        and targets.choice = 1
