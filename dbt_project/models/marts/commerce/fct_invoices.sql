select
    objects.object_key,
    objects.object_id as document_id,
    commerce.document_type,
    objects.source,
    objects.person_id,
    commerce.customer_id,
    commerce.status,
    commerce.is_settled,
    commerce.billing_reason,
    commerce.failure_code,
    commerce.currency,
    commerce.currency_exponent,
    commerce.total_minor,
    commerce.moved_minor,
    commerce.refunded_minor,
    commerce.tax_minor,
    commerce.discount_minor,
    commerce.proration_minor,
    commerce.settled_at,
    commerce.invoice_id,
    commerce.payment_id,
    commerce.payment_intent_id,
    commerce.subscription_id,
    commerce.names_invoice,
    objects.occurred_at,
    objects.occurred_on,
    objects.version_at,
    objects.is_current,
    objects.is_deleted,
    objects.is_test,
    objects.delivery_id,
    objects.file_sha256,
    objects.record_number
from {{ loaded_objects(['invoice', 'charge', 'refund', 'credit_note', 'dispute']) }} as objects
left join {{ ref('stg_commerce__invoices') }} as commerce
    on
        objects.delivery_id = commerce.delivery_id
        and objects.file_sha256 = commerce.file_sha256
        and objects.record_number = commerce.record_number
