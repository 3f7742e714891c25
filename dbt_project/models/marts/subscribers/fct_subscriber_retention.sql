{{ config(materialized='table', tags=['dated']) }}

{%- set dimensions = {
    '(all)': "'(all)'",
    'plan': "coalesce(subscribers.first_plan_id, '(unknown)')",
    'trial': "case when subscribers.had_trial then 'with' else 'without' end",
    'platform': "coalesce(persons.first_platform, '(unknown)')",
    'country': "coalesce(persons.first_country, '(unknown)')"
} %}

with subscribers as (

    select * from {{ ref('int_subscribers') }}

),

segments as (
    {%- for dimension, segment in dimensions.items() %}

    select
        subscribers.source,
        subscribers.subscriber_id,
        subscribers.currency,
        subscribers.currency_exponent,
        subscribers.cohort_on,
        subscribers.known_until,
        '{{ dimension }}' as dimension,
        {{ segment }} as segment
    from subscribers
    left join {{ ref('dim_persons') }} as persons on subscribers.person_id = persons.person_id
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

counted as (

    select
        segments.source,
        segments.currency,
        max(segments.currency_exponent) as currency_exponent,
        segments.cohort_on,
        months.age_months,
        months.month_on as period_start,
        segments.dimension,
        segments.segment,
        count(*) as cohort_subscribers,
        count(case when months.is_at_risk then 1 end) as at_risk_subscribers,
        count(months.loss_kind) as churned_subscribers,
        count(case when months.loss_kind = 'voluntary' then 1 end) as voluntary_subscribers,
        count(case when months.loss_kind = 'involuntary' then 1 end) as involuntary_subscribers,
        count(case when months.is_paying and not months.is_at_risk then 1 end)
            as reactivated_subscribers,
        count(case when months.is_paying then 1 end) as paying_subscribers,
        {%- for sum in [
            'start', 'new', 'reactivated', 'expansion', 'contraction', 'churned', 'end'
        ] %}
        cast(sum(months.{{ sum }}_mrr_minor) as {{ dbt.type_bigint() }}) as {{ sum }}_mrr_minor,
        {%- endfor %}
        max(segments.known_until) as known_until
    from {{ ref('int_subscriber_months') }} as months
    inner join segments
        on
            months.source = segments.source
            and months.subscriber_id = segments.subscriber_id
            and months.currency = segments.currency
    group by
        segments.source,
        segments.currency,
        segments.cohort_on,
        months.age_months,
        months.month_on,
        segments.dimension,
        segments.segment

),

followed as (

    select
        counted.*,
        {{ period_end('month', 'period_start') }} as period_end,
        sum(new_mrr_minor) over (
            partition by source, currency, cohort_on, dimension, segment
        ) as first_mrr_minor,
        start_mrr_minor - contraction_mrr_minor - churned_mrr_minor as kept_mrr_minor
    from counted

)

select
    source,
    currency,
    currency_exponent,
    currency = {{ main_currency('subscribers') }} as is_main_currency,
    cohort_on,
    age_months,
    period_start,
    period_end,
    dimension,
    segment,
    cohort_subscribers,
    at_risk_subscribers,
    churned_subscribers,
    voluntary_subscribers,
    involuntary_subscribers,
    reactivated_subscribers,
    paying_subscribers,
    {{ rate('churned_subscribers', 'at_risk_subscribers') }} as churn_rate,
    {{ wilson_low('churned_subscribers', 'at_risk_subscribers') }} as churn_rate_low,
    {{ wilson_high('churned_subscribers', 'at_risk_subscribers') }} as churn_rate_high,
    start_mrr_minor,
    new_mrr_minor,
    reactivated_mrr_minor,
    expansion_mrr_minor,
    contraction_mrr_minor,
    churned_mrr_minor,
    end_mrr_minor,
    case
        when age_months > 0 then {{ rate('kept_mrr_minor', 'start_mrr_minor') }}
    end as gross_revenue_retention,
    case
        when age_months > 0
            then {{ rate('(kept_mrr_minor + expansion_mrr_minor)', 'start_mrr_minor') }}
    end as net_revenue_retention,
    {{ rate('end_mrr_minor', 'first_mrr_minor') }} as cohort_revenue_retention,
    {{ row_quality('period_start', 'period_end', 'known_until') }}
from followed
