with states as (

    select
        source,
        coalesce(person_id, object_key) as subscriber_id,
        person_id,
        object_key,
        is_paying,
        coalesce(currency, 'XXX') as currency,
        coalesce(currency_exponent, 2) as currency_exponent,
        mrr_minor,
        from_at,
        until_at
    from {{ ref('int_subscription_states') }}

),

paying as (

    select
        states.*,
        min(from_at) over (partition by source, subscriber_id, currency) as first_at,
        -- how far paid states have reached before this one: a later begin is a break
        max(coalesce(until_at, timestamp '9999-12-31 00:00:00')) over (
            partition by source, subscriber_id, currency
            order by from_at, object_key
            rows between unbounded preceding and 1 preceding
        ) as reached_at
    from states
    where is_paying

),

spells as (

    select
        paying.*,
        sum(case when from_at > reached_at then 1 else 0 end) over (
            partition by source, subscriber_id, currency
            order by from_at, object_key
            rows between unbounded preceding and current row
        ) as breaks
    from paying

),

trials as (

    select distinct object_key
    from {{ ref('fct_subscriptions') }}
    where is_current and trial_start_at is not null

),

gathered as (

    select
        spells.source,
        spells.subscriber_id,
        spells.currency,
        max(spells.person_id) as person_id,
        max(spells.currency_exponent) as currency_exponent,
        min(spells.first_at) as first_at,
        sum(case when spells.from_at = spells.first_at then spells.mrr_minor else 0 end)
            as first_mrr_minor,
        min(case when spells.from_at = spells.first_at then spells.object_key end)
            as first_object_key,
        max(
            case
                when spells.from_at = spells.first_at and trials.object_key is not null then 1
                else 0
            end
        ) as had_trial,
        max(
            case
                when spells.breaks = 0
                    then coalesce(spells.until_at, timestamp '9999-12-31 00:00:00')
            end
        ) as first_end_at
    from spells
    left join trials on spells.object_key = trials.object_key
    group by spells.source, spells.subscriber_id, spells.currency

)

select
    gathered.source,
    gathered.subscriber_id,
    gathered.currency,
    gathered.currency_exponent,
    gathered.person_id,
    gathered.first_at,
    {{ cohort_start('month', reporting_wall('gathered.first_at')) }} as cohort_on,
    cast(gathered.first_mrr_minor as {{ dbt.type_bigint() }}) as first_mrr_minor,
    subscriptions.plan_id as first_plan_id,
    gathered.had_trial = 1 as had_trial,
    case
        when gathered.first_end_at < timestamp '9999-12-31 00:00:00' then gathered.first_end_at
    end as first_end_at,
    greatest(told.known_until, gathered.first_at) as known_until,
    {{ last_whole_month('told.known_until') }} as last_month_on
from gathered
inner join {{ told_until() }} as told on gathered.source = told.source
left join {{ ref('fct_subscriptions') }} as subscriptions
    on gathered.first_object_key = subscriptions.object_key and subscriptions.is_current
