with subscribers as (

    select
        subscribers.*,
        {{ months_after('last_month_on', 'cohort_on') }} + 1 as months
    from {{ ref('int_subscribers') }} as subscribers
    where last_month_on >= cohort_on

),

numbered as (

    select
        source,
        subscriber_id,
        currency,
        cohort_on,
        {{ each_number('months') }} as month_number
    from subscribers

),

calendar as (

    select
        source,
        subscriber_id,
        currency,
        cast(month_number - 1 as integer) as age_months,
        {{ months_on('cohort_on', 'cast(month_number - 1 as integer)') }} as month_on
    from numbered

),

states as (

    select
        states.object_key,
        states.source,
        coalesce(states.person_id, states.object_key) as subscriber_id,
        coalesce(states.currency, 'XXX') as currency,
        states.status,
        states.is_paying,
        states.mrr_minor,
        states.from_at,
        {{ cohort_start('month', reporting_wall('states.from_at')) }} as from_month_on,
        {{ cohort_start('month', reporting_wall('states.until_at')) }} as until_month_on,
        {{ last_whole_month('states.known_until') }} as last_month_on
    from {{ ref('int_subscription_states') }} as states

),

-- the ends of months that a paying state lives to see
lengths as (

    select
        states.*,
        {{ months_after(
            'coalesce(until_month_on, ' ~ months_on('last_month_on', 1) ~ ')', 'from_month_on'
        ) }} as months
    from states
    where is_paying

),

spread as (

    select
        source,
        subscriber_id,
        currency,
        mrr_minor,
        from_month_on,
        {{ each_number('months') }} as month_number
    from lengths
    where months > 0

),

ends as (

    select
        source,
        subscriber_id,
        currency,
        {{ months_on('from_month_on', 'cast(month_number - 1 as integer)') }} as month_on,
        sum(mrr_minor) as end_mrr_minor
    from spread
    group by
        source,
        subscriber_id,
        currency,
        {{ months_on('from_month_on', 'cast(month_number - 1 as integer)') }}

),

-- the last subscription to stop in a month says why
stops as (

    select
        states.source,
        states.subscriber_id,
        states.currency,
        states.from_month_on as month_on,
        {{ loss_kind('states.status', 'subscriptions.cancellation_reason') }} as loss_kind,
        row_number() over (
            partition by
                states.source, states.subscriber_id, states.currency, states.from_month_on
            order by states.from_at desc, states.object_key asc
        ) as place
    from states
    left join {{ ref('fct_subscriptions') }} as subscriptions
        on states.object_key = subscriptions.object_key and subscriptions.is_current
    where not states.is_paying

),

followed as (

    select
        calendar.source,
        calendar.subscriber_id,
        calendar.currency,
        calendar.age_months,
        calendar.month_on,
        ends.end_mrr_minor is not null as is_paying,
        coalesce(ends.end_mrr_minor, 0) as end_mrr_minor,
        coalesce(lag(ends.end_mrr_minor) over (
            partition by calendar.source, calendar.subscriber_id, calendar.currency
            order by calendar.month_on
        ), 0) as start_mrr_minor,
        calendar.age_months = 0
        or lag(ends.end_mrr_minor) over (
            partition by calendar.source, calendar.subscriber_id, calendar.currency
            order by calendar.month_on
        ) is not null as is_at_risk
    from calendar
    left join ends
        on
            calendar.source = ends.source
            and calendar.subscriber_id = ends.subscriber_id
            and calendar.currency = ends.currency
            and calendar.month_on = ends.month_on

),

-- in the month of the start what it began with is new, and what follows is measured from there
based as (

    select
        followed.*,
        case when followed.age_months = 0 then subscribers.first_mrr_minor else 0 end
            as new_mrr_minor,
        case
            when followed.age_months = 0 then subscribers.first_mrr_minor
            else followed.start_mrr_minor
        end as base_mrr_minor
    from followed
    inner join subscribers
        on
            followed.source = subscribers.source
            and followed.subscriber_id = subscribers.subscriber_id
            and followed.currency = subscribers.currency

)

select
    based.source,
    based.subscriber_id,
    based.currency,
    based.month_on,
    based.age_months,
    based.is_at_risk,
    based.is_paying,
    case when based.is_at_risk and not based.is_paying then coalesce(stops.loss_kind, 'unknown') end
        as loss_kind,
    cast(based.start_mrr_minor as {{ dbt.type_bigint() }}) as start_mrr_minor,
    cast(based.new_mrr_minor as {{ dbt.type_bigint() }}) as new_mrr_minor,
    cast(
        case when not based.is_at_risk and based.is_paying then based.end_mrr_minor else 0 end
        as {{ dbt.type_bigint() }}
    ) as reactivated_mrr_minor,
    cast(
        case
            when based.is_at_risk and based.is_paying
                then greatest(based.end_mrr_minor - based.base_mrr_minor, 0)
            else 0
        end
        as {{ dbt.type_bigint() }}
    ) as expansion_mrr_minor,
    cast(
        case
            when based.is_at_risk and based.is_paying
                then greatest(based.base_mrr_minor - based.end_mrr_minor, 0)
            else 0
        end
        as {{ dbt.type_bigint() }}
    ) as contraction_mrr_minor,
    cast(
        case when based.is_at_risk and not based.is_paying then based.base_mrr_minor else 0 end
        as {{ dbt.type_bigint() }}
    ) as churned_mrr_minor,
    cast(based.end_mrr_minor as {{ dbt.type_bigint() }}) as end_mrr_minor
from based
left join stops
    on
        based.source = stops.source
        and based.subscriber_id = stops.subscriber_id
        and based.currency = stops.currency
        and based.month_on = stops.month_on
        and stops.place = 1
