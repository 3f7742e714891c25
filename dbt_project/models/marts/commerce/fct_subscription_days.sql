with dated as (

    select
        states.*,
        cast({{ reporting_wall('from_at') }} as date) as from_on,
        cast({{ reporting_wall('known_until') }} as date) as known_until_on
    from {{ ref('int_subscription_states') }} as states

),

-- the state in which a date ends is that of the date
last_of_date as (

    select
        dated.*,
        row_number() over (
            partition by object_key, from_on order by from_at desc
        ) as place
    from dated

),

spans as (

    select
        last_of_date.*,
        lead(from_on) over (partition by object_key order by from_on) as next_on
    from last_of_date
    where place = 1

),

lengths as (

    select
        spans.*,
        case
            when status in ('canceled', 'incomplete_expired') then 1
            when next_on is not null then {{ days_after('next_on', 'from_on') }}
            else {{ days_after('known_until_on', 'from_on') }} + 1
        end as dates
    from spans

),

spread as (

    select
        object_key,
        source,
        subscription_id,
        person_id,
        status,
        is_paying,
        currency,
        currency_exponent,
        mrr_minor,
        from_on,
        {{ each_number('dates') }} as date_number
    from lengths

)

select
    object_key,
    from_on + cast(date_number - 1 as integer) as occurred_on,
    source,
    subscription_id,
    person_id,
    status,
    is_paying,
    currency,
    currency_exponent,
    mrr_minor
from spread
