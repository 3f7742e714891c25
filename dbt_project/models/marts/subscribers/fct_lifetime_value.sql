{{ config(materialized='table', tags=['dated']) }}

{%- set dimensions = ['(all)', 'platform', 'country', 'campaign'] %}

with months as (

    select * from {{ ref('int_payer_months') }}

),

-- one row a payer
payers as (

    select distinct
        source,
        person_id,
        currency,
        currency_exponent,
        cohort_on
    from months

),

segments as (
    {%- for dimension in dimensions %}

    select
        payers.*,
        '{{ dimension }}' as dimension,
        {% if loop.first -%}
        '(all)' as segment
        {%- else -%}
        coalesce(persons.first_{{ dimension }}, '(unknown)') as segment
        {%- endif %}
    from payers
    {% if not loop.first -%}
    left join {{ ref('dim_persons') }} as persons on payers.person_id = persons.person_id
    {%- endif %}
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

cohorts as (

    select
        segments.source,
        segments.currency,
        max(segments.currency_exponent) as currency_exponent,
        segments.cohort_on,
        segments.dimension,
        segments.segment,
        count(*) as payers,
        max(told.known_until) as known_until,
        max({{ months_after(last_whole_month('told.known_until'), 'segments.cohort_on') }})
            as last_age
    from segments
    inner join {{ told_until() }} as told on segments.source = told.source
    group by
        segments.source,
        segments.currency,
        segments.cohort_on,
        segments.dimension,
        segments.segment

),

-- every month that is over, also one in which nobody paid
calendar as (

    select
        cohorts.*,
        {{ each_number('last_age + 1') }} as month_number
    from cohorts
    where last_age >= 0

),

sums as (

    select
        segments.source,
        segments.currency,
        segments.cohort_on,
        segments.dimension,
        segments.segment,
        months.age_months,
        sum(months.paid_minor) as paid_minor,
        sum(months.returned_minor) as returned_minor
    from months
    inner join segments
        on
            months.source = segments.source
            and months.person_id = segments.person_id
            and months.currency = segments.currency
    group by
        segments.source,
        segments.currency,
        segments.cohort_on,
        segments.dimension,
        segments.segment,
        months.age_months

),

followed as (

    select
        calendar.*,
        cast(calendar.month_number - 1 as integer) as age_months,
        cast(coalesce(sums.paid_minor, 0) as {{ dbt.type_bigint() }}) as paid_minor,
        cast(coalesce(sums.returned_minor, 0) as {{ dbt.type_bigint() }}) as returned_minor
    from calendar
    left join sums
        on
            calendar.source = sums.source
            and calendar.currency = sums.currency
            and calendar.cohort_on = sums.cohort_on
            and calendar.dimension = sums.dimension
            and calendar.segment = sums.segment
            and calendar.month_number = sums.age_months + 1

),

grown as (

    select
        followed.*,
        {{ period_end('month', months_on('cohort_on', 'age_months')) }} as period_end,
        cast(sum(paid_minor - returned_minor) over (
            partition by source, currency, cohort_on, dimension, segment
            order by age_months
            rows between unbounded preceding and current row
        ) as {{ dbt.type_bigint() }}) as realised_minor
    from followed

)

select
    source,
    currency,
    currency_exponent,
    currency = {{ main_currency('payers') }} as is_main_currency,
    cohort_on as period_start,
    period_end,
    age_months,
    age_months = last_age as is_latest,
    dimension,
    segment,
    payers,
    paid_minor,
    returned_minor,
    realised_minor,
    {{ rate('realised_minor', 'payers') }} as value_minor,
    {{ row_quality('cohort_on', 'period_end', 'known_until') }}
from grown
