{{ config(materialized='table', tags=['dated']) }}

with trials as (

    select * from {{ ref('int_trials') }}

),

-- what somebody did in a trial, before it was known whether it would be paid
done as (

    select distinct
        trials.object_key,
        events.event_name
    from {{ ref('fct_micro_conversions') }} as events
    inner join trials
        on
            events.person_id = trials.person_id
            and events.occurred_at >= trials.trial_start_at
            and events.occurred_at < trials.trial_end_at

),

tracked as (

    select distinct event_name from done

),

segments as (

    select
        trials.*,
        '(all)' as dimension,
        cast(null as {{ dbt.type_string() }}) as event_name,
        '(all)' as segment
    from trials

    union all

    select
        trials.*,
        'plan' as dimension,
        cast(null as {{ dbt.type_string() }}) as event_name,
        coalesce(trials.plan_id, '(unknown)') as segment
    from trials
    {%- for dimension in ['platform', 'country', 'campaign'] %}

    union all

    select
        trials.*,
        '{{ dimension }}' as dimension,
        cast(null as {{ dbt.type_string() }}) as event_name,
        coalesce(persons.first_{{ dimension }}, '(unknown)') as segment
    from trials
    left join {{ ref('dim_persons') }} as persons on trials.person_id = persons.person_id
    {%- endfor %}

    union all

    -- only persons whom tracking knows: of others nobody can say what they did not do
    select
        trials.*,
        'in_trial' as dimension,
        tracked.event_name,
        case when done.object_key is null then 'not done' else 'done' end as segment
    from trials
    inner join {{ ref('dim_persons') }} as persons on trials.person_id = persons.person_id
    cross join tracked
    left join done
        on trials.object_key = done.object_key and tracked.event_name = done.event_name

),

counted as (

    select
        source,
        cohort_on as period_start,
        {{ period_end('month', 'cohort_on') }} as period_end,
        dimension,
        event_name,
        segment,
        count(*) as trials,
        count(case when is_matured then 1 end) as matured_trials,
        count(case when is_matured and is_paid_in_time then 1 end) as paid_trials,
        max(known_until) as known_until
    from segments
    group by
        source,
        cohort_on,
        dimension,
        event_name,
        segment

)

select
    source,
    period_start,
    period_end,
    dimension,
    event_name,
    segment,
    trials,
    matured_trials,
    paid_trials,
    {{ rate('paid_trials', 'matured_trials') }} as rate,
    {{ wilson_low('paid_trials', 'matured_trials') }} as rate_low,
    {{ wilson_high('paid_trials', 'matured_trials') }} as rate_high,
    {{ row_quality('period_start', 'period_end', 'known_until') }}
from counted
