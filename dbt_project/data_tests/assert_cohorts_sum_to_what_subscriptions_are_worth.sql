-- At the end of each month that is over, all cohorts together pay what all subscriptions are worth.
with cohorts as (

    select
        source,
        currency,
        period_end,
        sum(end_mrr_minor) as minor
    from {{ ref('fct_subscriber_retention') }}
    where dimension = '(all)'
    group by
        source,
        currency,
        period_end

),

held as (

    select
        source,
        coalesce(currency, 'XXX') as currency,
        occurred_on,
        sum(mrr_minor) as minor
    from {{ ref('fct_subscription_days') }}
    group by
        source,
        coalesce(currency, 'XXX'),
        occurred_on

)

select
    cohorts.source,
    cohorts.currency,
    cohorts.period_end,
    cohorts.minor,
    held.minor as held_minor
from cohorts
left join held
    on
        cohorts.source = held.source
        and cohorts.currency = held.currency
        and cohorts.period_end = held.occurred_on
where cohorts.minor <> coalesce(held.minor, 0)
