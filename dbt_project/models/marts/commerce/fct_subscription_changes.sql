with states as (

    select
        states.*,
        lag(status) over (partition by object_key order by from_at) as earlier_status,
        coalesce(lag(is_paying) over (partition by object_key order by from_at), false)
            as was_paying,
        coalesce(lag(mrr_minor) over (partition by object_key order by from_at), 0)
            as earlier_mrr_minor,
        coalesce(sum(case when is_paying then 1 else 0 end) over (
            partition by object_key order by from_at
            rows between unbounded preceding and 1 preceding
        ), 0) as earlier_paying
    from {{ ref('int_subscription_states') }} as states

),

-- the first money that came for a subscription
first_payments as (

    select
        source,
        subscription_id,
        occurred_at,
        row_number() over (
            partition by source, subscription_id order by occurred_at, posting_id
        ) as payment_number
    from {{ ref('fct_revenue') }}
    where kind = 'paid' and subscription_id is not null

),

named as (

    select
        object_key,
        state_number,
        source,
        subscription_id,
        person_id,
        case
            when status = 'trialing' and earlier_paying = 0 then 'trial_started'
            when is_paying and earlier_paying = 0 then 'started'
            when is_paying and not was_paying then 'resumed'
            when is_paying and mrr_minor > earlier_mrr_minor then 'expanded'
            when is_paying and mrr_minor < earlier_mrr_minor then 'contracted'
            when status = 'canceled' and earlier_paying = 0 then 'trial_ended'
            when status = 'canceled' then 'churned'
            when was_paying then 'paused'
        end as kind,
        from_at as occurred_at,
        currency,
        currency_exponent,
        earlier_mrr_minor,
        mrr_minor
    from states

    union all

    select
        states.object_key,
        0 as state_number,
        states.source,
        states.subscription_id,
        states.person_id,
        'became_paid' as kind,
        first_payments.occurred_at,
        states.currency,
        states.currency_exponent,
        0 as earlier_mrr_minor,
        0 as mrr_minor
    from states
    inner join first_payments
        on
            states.source = first_payments.source
            and states.subscription_id = first_payments.subscription_id
            and first_payments.payment_number = 1
    where states.state_number = 1

)

select
    md5(concat_ws(chr(31), object_key, cast(state_number as string), kind)) as change_id,
    kind,
    object_key,
    source,
    subscription_id,
    person_id,
    occurred_at,
    cast({{ reporting_wall('occurred_at') }} as date) as occurred_on,
    currency,
    currency_exponent,
    cast(mrr_minor as bigint) as mrr_minor,
    cast(mrr_minor - earlier_mrr_minor as bigint) as mrr_change_minor
from named
where kind is not null
