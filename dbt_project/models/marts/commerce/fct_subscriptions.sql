select
    objects.object_key,
    objects.object_id as subscription_id,
    objects.source,
    objects.person_id,
    commerce.customer_id,
    commerce.status,
    commerce.started_at,
    commerce.trial_start_at,
    commerce.trial_end_at,
    commerce.current_period_start_at,
    commerce.current_period_end_at,
    commerce.cancel_at_period_end,
    commerce.canceled_at,
    commerce.ended_at,
    commerce.cancellation_reason,
    commerce.plan_id,
    commerce.product_id,
    commerce.quantity,
    commerce.plan_interval,
    commerce.plan_interval_count,
    commerce.currency,
    commerce.currency_exponent,
    commerce.mrr_minor,
    objects.occurred_at,
    objects.occurred_on,
    objects.version_at,
    objects.is_current,
    objects.is_deleted,
    objects.is_test,
    objects.delivery_id,
    objects.file_sha256,
    objects.record_number
from {{ loaded_objects(['subscription']) }} as objects
left join {{ ref('stg_commerce__subscriptions') }} as commerce
    on
        objects.delivery_id = commerce.delivery_id
        and objects.file_sha256 = commerce.file_sha256
        and objects.record_number = commerce.record_number
