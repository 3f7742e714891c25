-- By source and currency, postings sum to the documents that moved money, less the payments of
-- invoices (which are counted there) and less refunds that only their payments tell of.
with documents as (

    select
        documents.*,
        case when document_type in ('invoice', 'payment') then moved_minor else -moved_minor end
            as signed_minor
    from {{ ref('fct_invoices') }} as documents
    where is_current and is_settled and not is_deleted and not is_test

),

-- a refund of a test payment is no money either
tests as (

    select
        source,
        payment_id
    from {{ ref('fct_invoices') }}
    where is_current and is_test and document_type = 'payment'

),

expected as (

    select
        documents.source,
        documents.currency,
        sum(documents.signed_minor) as minor
    from documents
    left join tests
        on
            documents.source = tests.source
            and documents.payment_id = tests.payment_id
            and documents.document_type in ('refund', 'dispute')
    where tests.payment_id is null
    group by
        documents.source,
        documents.currency

),

of_invoices as (

    select
        source,
        currency,
        sum(moved_minor) as minor
    from documents
    where
        document_type = 'payment'
        and object_key not in (
            select revenue.object_key from {{ ref('fct_revenue') }} as revenue
            where revenue.kind = 'paid'
        )
    group by
        source,
        currency

),

posted as (

    select
        source,
        currency,
        sum(case when kind = 'refund' and document_type = 'payment' then 0 else amount_minor end)
            as minor
    from {{ ref('fct_revenue') }}
    group by
        source,
        currency

)

select
    expected.source,
    expected.currency,
    expected.minor as expected_minor,
    of_invoices.minor as of_invoices_minor,
    posted.minor as posted_minor
from expected
left join of_invoices
    on expected.source = of_invoices.source and expected.currency = of_invoices.currency
left join posted on expected.source = posted.source and expected.currency = posted.currency
where expected.minor - coalesce(of_invoices.minor, 0) <> coalesce(posted.minor, 0)
