with documents as (

    select * from {{ ref('fct_invoices') }}
    where is_current

),

invoices as (

    select * from documents
    where document_type = 'invoice' and not is_deleted and not is_test

),

payments as (

    select * from documents
    where document_type = 'payment' and not is_deleted

),

-- each payment with an invoice that is known, by what either names
linked as (

    select
        payments.source,
        payments.payment_id,
        invoices.document_id as invoice_id
    from payments
    inner join invoices
        on payments.source = invoices.source and payments.invoice_id = invoices.document_id

    union

    select
        payments.source,
        payments.payment_id,
        invoices.document_id as invoice_id
    from payments
    inner join invoices
        on payments.source = invoices.source and payments.payment_id = invoices.payment_id

    union

    select
        payments.source,
        payments.payment_id,
        invoices.document_id as invoice_id
    from payments
    inner join invoices
        on
            payments.source = invoices.source
            and payments.payment_intent_id = invoices.payment_intent_id

),

-- newer documents name each other no longer: one customer, one amount, one hour is one payment,
-- and one payment only
guessed as (

    select
        payments.source,
        payments.payment_id,
        invoices.document_id as invoice_id,
        row_number() over (
            partition by invoices.source, invoices.document_id
            order by
                abs(
                    {{ epoch_seconds('payments.settled_at') }}
                    - {{ epoch_seconds('invoices.settled_at') }}
                ),
                payments.payment_id
        ) as nearness
    from payments
    inner join invoices
        on
            payments.source = invoices.source
            and payments.customer_id = invoices.customer_id
            and payments.currency = invoices.currency
            and payments.moved_minor = invoices.moved_minor
            and payments.settled_at >= invoices.settled_at - interval '1' hour
            and payments.settled_at <= invoices.settled_at + interval '1' hour
    left join linked as of_payment
        on
            payments.source = of_payment.source
            and payments.payment_id = of_payment.payment_id
    left join linked as of_invoice
        on
            invoices.source = of_invoice.source
            and invoices.document_id = of_invoice.invoice_id
    where
        not payments.names_invoice
        and payments.is_settled
        and invoices.is_settled
        and of_payment.payment_id is null
        and of_invoice.invoice_id is null

),

invoice_of as (

    select
        source,
        payment_id,
        min(invoice_id) as invoice_id
    from (
        select
            source,
            payment_id,
            invoice_id
        from linked
        union all
        select
            source,
            payment_id,
            invoice_id
        from guessed
        where nearness = 1
    ) as known
    group by
        source,
        payment_id

),

-- refunds and disputes: of a test payment they are a test, of a person whoever paid
returned as (

    select
        documents.*,
        payments.person_id as payer_id,
        payments.subscription_id as paid_subscription_id
    from documents
    left join payments
        on documents.source = payments.source and documents.payment_id = payments.payment_id
    where
        documents.document_type in ('refund', 'dispute')
        and documents.is_settled
        and not documents.is_deleted
        and not documents.is_test
        and not coalesce(payments.is_test, false)

),

refunded as (

    select
        source,
        payment_id,
        sum(moved_minor) as refunded_minor
    from returned
    where document_type = 'refund'
    group by
        source,
        payment_id

),

postings as (

    select
        'paid' as kind,
        source,
        object_key,
        document_type,
        document_id,
        person_id,
        subscription_id,
        currency,
        currency_exponent,
        moved_minor as amount_minor,
        tax_minor,
        settled_at as occurred_at
    from invoices
    where is_settled

    union all

    select
        'paid' as kind,
        payments.source,
        payments.object_key,
        payments.document_type,
        payments.document_id,
        payments.person_id,
        payments.subscription_id,
        payments.currency,
        payments.currency_exponent,
        payments.moved_minor as amount_minor,
        payments.tax_minor,
        payments.settled_at as occurred_at
    from payments
    left join invoice_of
        on payments.source = invoice_of.source and payments.payment_id = invoice_of.payment_id
    where
        payments.is_settled
        and not payments.is_test
        and invoice_of.invoice_id is null

    union all

    select
        document_type as kind,
        source,
        object_key,
        document_type,
        document_id,
        coalesce(payer_id, person_id) as person_id,
        coalesce(subscription_id, paid_subscription_id) as subscription_id,
        currency,
        currency_exponent,
        -moved_minor as amount_minor,
        cast(null as bigint) as tax_minor,
        settled_at as occurred_at
    from returned

    union all

    -- what a payment says was refunded beyond the refunds that came: their time is not known
    select
        'refund' as kind,
        payments.source,
        payments.object_key,
        payments.document_type,
        payments.document_id,
        payments.person_id,
        payments.subscription_id,
        payments.currency,
        payments.currency_exponent,
        coalesce(refunded.refunded_minor, 0) - payments.refunded_minor as amount_minor,
        cast(null as bigint) as tax_minor,
        payments.settled_at as occurred_at
    from payments
    left join refunded
        on payments.source = refunded.source and payments.payment_id = refunded.payment_id
    where
        payments.is_settled
        and not payments.is_test
        and payments.refunded_minor > coalesce(refunded.refunded_minor, 0)

    union all

    -- a credit note's refund is a refund, its credit lowers a later invoice: what is left was paid
    select
        'credit_note' as kind,
        source,
        object_key,
        document_type,
        document_id,
        person_id,
        subscription_id,
        currency,
        currency_exponent,
        -moved_minor as amount_minor,
        cast(null as bigint) as tax_minor,
        settled_at as occurred_at
    from documents
    where document_type = 'credit_note' and is_settled and not is_deleted and not is_test

)

select
    md5(concat_ws(chr(31), object_key, kind)) as posting_id,
    kind,
    source,
    person_id,
    object_key,
    document_type,
    document_id,
    subscription_id,
    currency,
    currency_exponent,
    cast(amount_minor as bigint) as amount_minor,
    tax_minor,
    {{ major_units('amount_minor', 'currency_exponent') }} as amount,
    occurred_at,
    cast({{ reporting_wall('occurred_at') }} as date) as occurred_on
from postings
where amount_minor <> 0
