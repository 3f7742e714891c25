{%- set settings = var('subscriptions', {
    'paid_within_seconds': 1209600, 'horizon_seconds': 31536000
}) %}

with trials as (

    select
        object_key,
        subscription_id,
        source,
        person_id,
        plan_id,
        trial_start_at,
        trial_end_at
    from {{ ref('fct_subscriptions') }}
    where
        is_current
        and not is_test
        and not is_deleted
        and trial_start_at is not null
        and trial_end_at > trial_start_at

),

payments as (

    select
        source,
        subscription_id,
        occurred_at
    from {{ ref('fct_revenue') }}
    where kind = 'paid' and subscription_id is not null

),

-- where a source's payments name subscriptions, a trial is paid when money came
paying_sources as (

    select distinct source from payments

),

paid as (

    select
        trials.object_key,
        min(payments.occurred_at) as paid_at
    from trials
    inner join payments
        on
            trials.source = payments.source
            and trials.subscription_id = payments.subscription_id
            and trials.trial_end_at <= payments.occurred_at
    group by trials.object_key

),

stated as (

    select
        trials.object_key,
        min(states.from_at) as paid_at
    from trials
    inner join {{ ref('int_subscription_states') }} as states
        on
            trials.object_key = states.object_key
            and trials.trial_end_at <= states.from_at
    where states.is_paying
    group by trials.object_key

),

judged as (

    select
        trials.*,
        told.known_until,
        case when paying_sources.source is null then stated.paid_at else paid.paid_at end
            as paid_at
    from trials
    inner join {{ told_until() }} as told on trials.source = told.source
    left join paying_sources on trials.source = paying_sources.source
    left join paid on trials.object_key = paid.object_key
    left join stated on trials.object_key = stated.object_key

)

select
    object_key,
    subscription_id,
    source,
    person_id,
    plan_id,
    trial_start_at,
    trial_end_at,
    {{ cohort_start('month', reporting_wall('trial_start_at')) }} as cohort_on,
    paid_at,
    {{ epoch_seconds('known_until') }} - {{ epoch_seconds('trial_end_at') }}
    >= {{ settings.paid_within_seconds }} as is_matured,
    coalesce(
        {{ epoch_seconds('paid_at') }} - {{ epoch_seconds('trial_end_at') }}
        <= {{ settings.paid_within_seconds }},
        false
    ) as is_paid_in_time,
    known_until
from judged
