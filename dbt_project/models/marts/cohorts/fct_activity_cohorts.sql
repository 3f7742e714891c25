{{ config(materialized='table', tags=['dated']) }}

{%- set settings = var('activity_cohorts', {
    'within_seconds': 604800, 'outcome_seconds': 2419200, 'levels': {'some': 1, 'strong': 5}
}) %}
{%- set levels = settings.levels.items() | list %}
{%- set seconds_since_first -%}
    {{ epoch_seconds('events.occurred_at') }} - {{ epoch_seconds('persons.first_seen_at') }}
{%- endset %}

with persons as (

    select * from {{ ref('dim_persons') }}

),

horizon as (

    select max(last_seen_at) as last_at from persons

),

-- Only persons whose time of outcomes is over: the others have not failed yet.
matured as (

    select
        persons.person_id,
        persons.first_seen_at,
        persons.first_seen_on,
        persons.last_seen_at,
        {{ week_of('persons.first_seen_on') }} as first_week,
        coalesce(persons.first_platform, '(unknown)') as first_platform
    from persons
    cross join horizon
    where
        {{ epoch_seconds('horizon.last_at') }} - {{ epoch_seconds('persons.first_seen_at') }}
        >= {{ settings.within_seconds + settings.outcome_seconds }}

),

acts as (

    select
        events.person_id,
        events.event_kind,
        events.is_primary,
        {{ seconds_since_first }} <= {{ settings.within_seconds }} as is_start
    from {{ ref('fct_events') }} as events
    inner join matured as persons on events.person_id = persons.person_id
    where
        {{ seconds_since_first }} <= {{ settings.within_seconds + settings.outcome_seconds }}

),

-- What sorts persons lies before what is looked at, so no outcome can have made its own cause.
sums as (

    select
        person_id,
        count(case when is_start and is_primary and event_kind = 'micro' then 1 end) as conversions,
        max(case when not is_start and is_primary and event_kind = 'macro' then 1 else 0 end)
            as has_converted,
        max(case when not is_start then 1 else 0 end) as has_returned
    from acts
    group by person_id

),

sorted as (

    select
        matured.*,
        sums.has_converted,
        sums.has_returned,
        case
            {%- for level, least in levels | reverse %}
            when sums.conversions >= {{ least }} then {{ funnel_text(level) }}
            {%- endfor %}
            when true then 'none'
        end as level,
        case
            {%- for level, least in levels | reverse %}
            when sums.conversions >= {{ least }} then {{ least }}
            {%- endfor %}
            when true then 0
        end as at_least
    from matured
    inner join sums on matured.person_id = sums.person_id

),

strata as (
    {%- for outcome in ['converted', 'returned'] %}

    select
        '{{ outcome }}' as outcome,
        level,
        at_least,
        first_week,
        first_platform,
        count(*) as persons,
        sum(has_{{ outcome }}) as outcome_persons,
        min(first_seen_on) as period_start,
        max(first_seen_on) as period_end,
        max(last_seen_at) as last_at
    from sorted
    group by level, at_least, first_week, first_platform
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

totals as (

    select
        outcome,
        level,
        at_least,
        cast(sum(persons) as {{ dbt.type_bigint() }}) as persons,
        cast(sum(outcome_persons) as {{ dbt.type_bigint() }}) as outcome_persons,
        min(period_start) as period_start,
        max(period_end) as period_end,
        max(last_at) as last_at
    from strata
    group by outcome, level, at_least

),

-- Each stratum of a level beside those of no activity who came in the same week on the same platform.
paired as (

    select
        strong.outcome,
        strong.level,
        strong.persons as persons,
        cast(strong.outcome_persons as double) / strong.persons as rate,
        control.persons as control_persons,
        cast(control.outcome_persons as double) / control.persons as control_rate
    from strata as strong
    inner join strata as control
        on
            strong.outcome = control.outcome
            and strong.first_week = control.first_week
            and strong.first_platform = control.first_platform
    where strong.level <> 'none' and control.level = 'none'

),

matched as (

    select
        outcome,
        level,
        cast(sum(persons) as {{ dbt.type_bigint() }}) as persons,
        cast(sum(control_persons) as {{ dbt.type_bigint() }}) as control_persons,
        round(sum(persons * rate) / sum(persons), 12) as rate,
        round(sum(persons * control_rate) / sum(persons), 12) as control_rate,
        round(
            1.959963984540054 * sqrt(sum(
                persons * persons * (
                    rate * (1 - rate) / persons
                    + control_rate * (1 - control_rate) / control_persons
                )
            )) / sum(persons),
            12
        ) as margin
    from paired
    group by outcome, level

)

select
    totals.outcome,
    totals.level,
    totals.at_least,
    totals.period_start,
    totals.period_end,
    totals.persons,
    totals.outcome_persons,
    {{ rate('totals.outcome_persons', 'totals.persons') }} as rate,
    {{ wilson_low('totals.outcome_persons', 'totals.persons') }} as rate_low,
    {{ wilson_high('totals.outcome_persons', 'totals.persons') }} as rate_high,
    coalesce(matched.persons, 0) as matched_persons,
    coalesce(matched.control_persons, 0) as control_persons,
    matched.control_rate,
    matched.rate - matched.control_rate as difference,
    matched.rate - matched.control_rate - matched.margin as difference_low,
    matched.rate - matched.control_rate + matched.margin as difference_high,
    {{ row_quality('totals.period_start', 'totals.period_end', 'totals.last_at') }}
from totals
left join matched on totals.outcome = matched.outcome and totals.level = matched.level
