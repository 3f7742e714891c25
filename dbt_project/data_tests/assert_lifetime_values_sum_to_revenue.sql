-- What cohorts have brought until their last month is what came in and went back until then, of
-- persons who paid at all.
with cohorts as (

    select
        source,
        currency,
        max(period_end) as last_on,
        sum(realised_minor) as minor
    from {{ ref('fct_lifetime_value') }}
    where dimension = '(all)' and is_latest
    group by
        source,
        currency

),

payers as (

    select
        source,
        person_id,
        coalesce(currency, 'XXX') as currency,
        min(occurred_on) as first_on
    from {{ ref('fct_revenue') }}
    where kind = 'paid' and person_id is not null
    group by
        source,
        person_id,
        coalesce(currency, 'XXX')

),

posted as (

    select
        payers.source,
        payers.currency,
        sum(revenue.amount_minor) as minor
    from payers
    inner join cohorts on payers.source = cohorts.source and payers.currency = cohorts.currency
    inner join {{ ref('fct_revenue') }} as revenue
        on
            payers.source = revenue.source
            and payers.person_id = revenue.person_id
            and payers.currency = coalesce(revenue.currency, 'XXX')
    where
        payers.first_on <= cohorts.last_on
        and revenue.occurred_on <= cohorts.last_on
    group by
        payers.source,
        payers.currency

)

select
    cohorts.source,
    cohorts.currency,
    cohorts.minor,
    posted.minor as posted_minor
from cohorts
left join posted on cohorts.source = posted.source and cohorts.currency = posted.currency
where cohorts.minor <> coalesce(posted.minor, 0)
