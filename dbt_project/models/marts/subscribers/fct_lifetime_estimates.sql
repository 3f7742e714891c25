{{ config(materialized='table', tags=['dated']) }}

{%- set settings = var('subscriptions', {
    'paid_within_seconds': 1209600, 'horizon_seconds': 31536000
}) %}
{%- set keys = ['source', 'currency', 'dimension', 'segment'] %}
{%- set month_seconds = 2629800 %}

with subscribers as (

    select
        *,
        cast({{ reporting_wall('first_at') }} as date) as first_on,
        cast({{ reporting_wall('known_until') }} as date) as known_until_on
    from {{ ref('int_subscribers') }}

),

spells as (
    {%- for dimension, segment in {
        '(all)': "'(all)'",
        'plan': "coalesce(first_plan_id, '(unknown)')",
        'trial': "case when had_trial then 'with' else 'without' end"
    }.items() %}

    select
        source,
        currency,
        currency_exponent,
        '{{ dimension }}' as dimension,
        {{ segment }} as segment,
        first_on,
        known_until_on,
        known_until,
        -- whole seconds: states of one second are told apart by less than one
        round(
            {{ epoch_seconds('coalesce(first_end_at, known_until)') }}
            - {{ epoch_seconds('first_at') }}
        ) as seconds,
        case when first_end_at is null then 0 else 1 end as has_ended,
        first_mrr_minor as worth
    from subscribers
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

spans as (

    select
        {{ keys | join(', ') }},
        max(currency_exponent) as currency_exponent,
        min(first_on) as period_start,
        max(known_until_on) as period_end,
        max(known_until) as known_until
    from spells
    group by {{ keys | join(', ') }}

),

estimated as (

    {{ lifetimes('spells', keys, settings.horizon_seconds) }}

),

valued as (

    select
        estimated.*,
        estimated.worth_seconds / {{ month_seconds }} as value,
        -- on the log scale, so that no bound is negative; nobody's fate can be told from one
        case
            when estimated.worth_seconds > 0 and estimated.subscribers > 1
                then estimated.worth_seconds_error / estimated.worth_seconds
        end as relative_error
    from estimated

)

select
    valued.source,
    valued.currency,
    spans.currency_exponent,
    valued.dimension,
    valued.segment,
    spans.period_start,
    spans.period_end,
    valued.subscribers,
    valued.ended as ended_subscribers,
    round(valued.horizon_seconds / 86400, 6) as horizon_days,
    round(valued.share, 12) as still_paying_share,
    round(valued.share_low, 12) as still_paying_low,
    round(valued.share_high, 12) as still_paying_high,
    round(valued.seconds / {{ month_seconds }}, 9) as expected_months,
    round(valued.value, 6) as expected_value_minor,
    round(valued.value * exp(-1.959963984540054 * valued.relative_error), 6)
        as expected_value_low_minor,
    round(valued.value * exp(1.959963984540054 * valued.relative_error), 6)
        as expected_value_high_minor,
    {{ row_quality('spans.period_start', 'spans.period_end', 'spans.known_until') }}
from valued
inner join spans
    on
        valued.source = spans.source
        and valued.currency = spans.currency
        and valued.dimension = spans.dimension
        and valued.segment = spans.segment
