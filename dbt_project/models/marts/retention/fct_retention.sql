{{ config(materialized='table', tags=['dated']) }}

{%- set settings = var('retention', {
    'events': [], 'days': 30, 'weeks': 12, 'months': 12, 'brackets': [[1, 7], [8, 30]]
}) %}
{%- set units = {
    'day': [1, settings.days], 'week': [7, settings.weeks], 'month': [30, settings.months]
} %}

with persons as (

    select
        person_id,
        first_seen_on,
        last_seen_at
    from {{ ref('dim_persons') }}

),

horizon as (

    select {{ last_closed_date('max(occurred_on)') }} as last_on
    from {{ ref('int_person_days') }}

),

-- how many days after its first one a person was there
offsets as (
    {% if settings.events %}
    select distinct
        persons.person_id,
        persons.first_seen_on,
        {{ dbt.datediff('persons.first_seen_on', 'events.occurred_on', 'day') }} as days
    from {{ ref('fct_events') }} as events
    inner join persons on events.person_id = persons.person_id
    where events.is_primary and events.event_name in ({{ texts(settings.events) }})
    {% else %}
    select
        persons.person_id,
        persons.first_seen_on,
        {{ dbt.datediff('persons.first_seen_on', 'days.occurred_on', 'day') }} as days
    from {{ ref('int_person_days') }} as days
    inner join persons on days.person_id = persons.person_id
    {% endif %}
),

-- What is asked for: a cohort's unit, the mode, and the days from and to which it looks.
questions as (
    {%- for unit, (length, most) in units.items() %}
    {%- for number in range(0, most + 1) %}

    select
        '{{ unit }}' as granularity,
        'on' as mode,
        {{ number }} as number,
        {{ number * length }} as from_day,
        {{ (number + 1) * length - 1 }} as to_day
    union all
    select
        '{{ unit }}' as granularity,
        'after' as mode,
        {{ number }} as number,
        {{ number * length }} as from_day,
        cast(null as {{ dbt.type_int() }}) as to_day
    {{ "union all" if not loop.last }}
    {%- endfor %}
    {%- for from_day, to_day in settings.brackets %}
    union all
    select
        '{{ unit }}' as granularity,
        'bracket' as mode,
        {{ loop.index }} as number,
        {{ from_day }} as from_day,
        {{ to_day }} as to_day
    {%- endfor %}
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

-- Persons who came back, by the date they first came: each once for a question.
on_counts as (
    {%- for unit, (length, most) in units.items() %}

    select
        '{{ unit }}' as granularity,
        first_seen_on,
        cast(floor(days / {{ length }}) as {{ dbt.type_int() }}) as number,
        count(distinct person_id) as persons
    from offsets
    where days < {{ (most + 1) * length }}
    group by first_seen_on, cast(floor(days / {{ length }}) as {{ dbt.type_int() }})
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

lasts as (

    select
        person_id,
        first_seen_on,
        max(days) as days
    from offsets
    group by person_id, first_seen_on

),

last_offsets as (

    select
        first_seen_on,
        days,
        count(*) as persons
    from lasts
    group by first_seen_on, days

),

after_counts as (

    select
        questions.granularity,
        last_offsets.first_seen_on,
        questions.number,
        sum(last_offsets.persons) as persons
    from questions
    inner join last_offsets on questions.from_day <= last_offsets.days
    where questions.mode = 'after'
    group by questions.granularity, last_offsets.first_seen_on, questions.number

),

bracket_counts as (
    {%- for from_day, to_day in settings.brackets %}

    select
        first_seen_on,
        {{ loop.index }} as number,
        count(distinct person_id) as persons
    from offsets
    where days >= {{ from_day }} and days <= {{ to_day }}
    group by first_seen_on
    {{ "union all" if not loop.last }}
    {%- else %}

    select
        first_seen_on,
        0 as number,
        0 as persons
    from offsets
    where false
    {%- endfor %}

),

all_brackets as (

    select distinct
        questions.granularity,
        bracket_counts.number,
        bracket_counts.first_seen_on,
        bracket_counts.persons
    from bracket_counts
    cross join questions

),

returned as (
    {%- for mode, counts in
        {'on': 'on_counts', 'after': 'after_counts', 'bracket': 'all_brackets'}.items() %}

    select
        granularity,
        '{{ mode }}' as mode,
        number,
        first_seen_on,
        persons
    from {{ counts }}
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

sizes as (

    select
        first_seen_on,
        count(*) as persons,
        max(last_seen_at) as last_at
    from persons
    group by first_seen_on

),

-- Only those whose days of the question are over; the others are not yet lost.
matured as (

    select
        questions.granularity,
        questions.mode,
        questions.number,
        questions.from_day,
        questions.to_day,
        sizes.first_seen_on,
        sizes.persons,
        sizes.last_at,
        coalesce(returned.persons, 0) as retained_persons
    from sizes
    cross join horizon
    inner join questions
        on sizes.first_seen_on + coalesce(questions.to_day, questions.from_day) <= horizon.last_on
    left join returned
        on
            questions.granularity = returned.granularity
            and questions.mode = returned.mode
            and questions.number = returned.number
            and sizes.first_seen_on = returned.first_seen_on

),

cohorts as (
    {%- for unit in units %}

    select
        matured.*,
        {{ cohort_start(unit, 'first_seen_on') }} as period_start,
        {{ period_end(unit, cohort_start(unit, 'first_seen_on')) }} as period_end
    from matured
    where granularity = '{{ unit }}'
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

counted as (

    select
        granularity,
        period_start,
        period_end,
        mode,
        number,
        from_day,
        to_day,
        cast(sum(persons) as {{ dbt.type_bigint() }}) as persons,
        cast(sum(retained_persons) as {{ dbt.type_bigint() }}) as retained_persons,
        max(last_at) as last_at
    from cohorts
    group by
        granularity,
        period_start,
        period_end,
        mode,
        number,
        from_day,
        to_day

)

select
    granularity,
    period_start,
    period_end,
    mode,
    number,
    from_day,
    to_day,
    persons,
    retained_persons,
    {{ rate('retained_persons', 'persons') }} as rate,
    {{ wilson_low('retained_persons', 'persons') }} as rate_low,
    {{ wilson_high('retained_persons', 'persons') }} as rate_high,
    {{ row_quality('period_start', 'period_end', 'last_at') }}
from counted
