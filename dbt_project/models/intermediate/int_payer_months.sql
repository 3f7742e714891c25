with postings as (

    select
        source,
        person_id,
        coalesce(currency, 'XXX') as currency,
        currency_exponent,
        kind,
        amount_minor,
        occurred_at,
        {{ cohort_start('month', 'occurred_on') }} as month_on
    from {{ ref('fct_revenue') }}
    where person_id is not null

),

payers as (

    select
        source,
        person_id,
        currency,
        max(currency_exponent) as currency_exponent,
        min(month_on) as cohort_on
    from postings
    where kind = 'paid'
    group by
        source,
        person_id,
        currency

)

-- what went back before anything is known to have come in stands with the first payment
select
    payers.source,
    payers.person_id,
    payers.currency,
    payers.currency_exponent,
    payers.cohort_on,
    greatest({{ months_after('postings.month_on', 'payers.cohort_on') }}, 0) as age_months,
    cast(
        sum(case when postings.kind = 'paid' then postings.amount_minor else 0 end)
        as {{ dbt.type_bigint() }}
    ) as paid_minor,
    cast(
        -sum(case when postings.kind <> 'paid' then postings.amount_minor else 0 end)
        as {{ dbt.type_bigint() }}
    ) as returned_minor
from payers
inner join postings
    on
        payers.source = postings.source
        and payers.person_id = postings.person_id
        and payers.currency = postings.currency
group by
    payers.source,
    payers.person_id,
    payers.currency,
    payers.currency_exponent,
    payers.cohort_on,
    greatest({{ months_after('postings.month_on', 'payers.cohort_on') }}, 0)
