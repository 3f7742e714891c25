with authorities as (

    select * from {{ source('control', 'event_authorities') }}

),

payments as (

    select
        source,
        object_key,
        person_id,
        occurred_at,
        occurred_on,
        amount,
        currency
    from {{ ref('fct_revenue') }}
    where kind = 'paid' and amount_minor > 0

),

changes as (

    select
        source,
        object_key,
        person_id,
        kind,
        occurred_at,
        occurred_on,
        {{ major_units('abs(mrr_change_minor)', 'currency_exponent') }} as amount,
        currency
    from {{ ref('fct_subscription_changes') }}
    where kind in ('trial_started', 'started', 'churned', 'trial_ended')

),

facts as (

    select
        'payment' as fact,
        source,
        object_key,
        person_id,
        occurred_at,
        occurred_on,
        amount,
        currency
    from payments

    union all

    select
        'first_payment' as fact,
        source,
        object_key,
        person_id,
        occurred_at,
        occurred_on,
        amount,
        currency
    from payments

    union all

    select
        case kind
            when 'trial_started' then 'trial_started'
            when 'started' then 'subscription_started'
            else 'subscription_ended'
        end as fact,
        source,
        object_key,
        person_id,
        occurred_at,
        occurred_on,
        amount,
        currency
    from changes

    union all

    select
        'opportunity_won' as fact,
        source,
        object_key,
        person_id,
        won_at as occurred_at,
        cast({{ reporting_wall('won_at') }} as date) as occurred_on,
        {{ major_units('amount_minor', 'currency_exponent') }} as amount,
        currency
    from {{ ref('fct_opportunities') }}
    where
        is_current
        and is_won
        and won_at is not null
        and not is_deleted
        and not is_test
        and merged_into is null

),

-- a person's first payment is the first in any source of the event; without a person each stands
-- for itself
numbered as (

    select
        authorities.event_name,
        facts.*,
        row_number() over (
            partition by
                authorities.event_name, facts.fact, coalesce(facts.person_id, facts.object_key)
            order by facts.occurred_at, facts.object_key
        ) as fact_number
    from facts
    inner join authorities on facts.fact = authorities.fact and facts.source = authorities.source

)

select
    md5(concat_ws(chr(31), numbered.event_name, numbered.fact, numbered.object_key))
        as conversion_id,
    numbered.event_name,
    numbered.fact,
    event_types.funnel_stage,
    event_types.owner_team,
    numbered.source,
    numbered.object_key,
    numbered.person_id,
    numbered.occurred_at,
    numbered.occurred_on,
    numbered.amount,
    numbered.currency
from numbered
inner join {{ source('control', 'event_types') }} as event_types
    on numbered.event_name = event_types.event_name
where
    numbered.fact <> 'first_payment'
    or numbered.fact_number = 1
