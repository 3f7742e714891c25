-- A payment that names its invoice, or that its invoice names, is posted with the invoice alone.
select
    payments.posting_id,
    invoices.document_id
from {{ ref('fct_revenue') }} as payments
inner join {{ ref('fct_invoices') }} as documents
    on payments.object_key = documents.object_key and documents.is_current
inner join {{ ref('fct_invoices') }} as invoices
    on
        documents.source = invoices.source
        and invoices.document_type = 'invoice'
        and invoices.is_current
        and not invoices.is_deleted
        and not invoices.is_test
        and (
            documents.invoice_id = invoices.document_id
            or documents.payment_id = invoices.payment_id
            or documents.payment_intent_id = invoices.payment_intent_id
        )
where payments.kind = 'paid' and payments.document_type = 'payment'
