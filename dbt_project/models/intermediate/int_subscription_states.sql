with versions as (

    select
        objects.object_key,
        objects.source,
        objects.person_id,
        objects.is_current,
        commerce.subscription_id,
        commerce.status,
        commerce.started_at,
        commerce.trial_start_at,
        commerce.trial_end_at,
        commerce.currency,
        commerce.currency_exponent,
        commerce.mrr_minor,
        coalesce(objects.version_at, objects.occurred_at) as version_at,
        case
            when commerce.status = 'canceled' or commerce.ended_at is not null
                then coalesce(
                    commerce.ended_at, commerce.canceled_at, objects.version_at, objects.occurred_at
                )
        end as over_at,
        row_number() over (
            partition by objects.object_key
            order by objects.version_at nulls first, objects.file_sha256, objects.record_number
        ) as version_number
    from {{ loaded_objects(['subscription']) }} as objects
    inner join {{ ref('stg_commerce__subscriptions') }} as commerce
        on
            objects.delivery_id = commerce.delivery_id
            and objects.file_sha256 = commerce.file_sha256
            and objects.record_number = commerce.record_number
    where
        not objects.is_test
        and not objects.is_deleted

),

-- how far a source tells: the latest time of any of its objects
told as (

    select
        source,
        max(greatest(occurred_at, coalesce(version_at, occurred_at))) as known_until
    from {{ ref('int_objects') }}
    group by source

),

current_versions as (

    select * from versions
    where is_current

),

points as (

    -- what the latest state says of the past
    select
        object_key,
        trial_start_at as since,
        'trialing' as status,
        1 as place
    from current_versions
    where trial_start_at is not null

    union all

    select
        object_key,
        trial_end_at as since,
        'active' as status,
        2 as place
    from current_versions
    where
        trial_start_at is not null
        and status not in ('trialing', 'incomplete', 'incomplete_expired')
        and (over_at is null or over_at > trial_end_at)

    union all

    select
        object_key,
        started_at as since,
        case
            when status in ('trialing', 'incomplete', 'incomplete_expired') then status
            else 'active'
        end as status,
        2 as place
    from current_versions
    where trial_start_at is null

    union all

    -- states that were seen
    select
        object_key,
        version_at as since,
        status,
        3 as place
    from versions
    where status <> 'canceled'

    union all

    select
        object_key,
        over_at as since,
        'canceled' as status,
        9 as place
    from current_versions
    where over_at is not null

),

-- of several at one time the furthest; nothing comes after the end
ordered as (

    select
        points.object_key,
        points.since,
        points.status,
        row_number() over (
            partition by points.object_key, points.since
            order by points.place desc, points.status asc
        ) as choice
    from points
    inner join current_versions on points.object_key = current_versions.object_key
    where
        points.since is not null
        and (
            current_versions.over_at is null
            or points.since < current_versions.over_at
            or points.place = 9
        )

),

-- the latest version known at a point, and before the first one that one, says what it is worth
worth as (

    select
        ordered.object_key,
        ordered.since,
        ordered.status,
        versions.mrr_minor,
        row_number() over (
            partition by ordered.object_key, ordered.since order by versions.version_number desc
        ) as age
    from ordered
    inner join versions
        on
            ordered.object_key = versions.object_key
            and (ordered.since >= versions.version_at or versions.version_number = 1)
    where ordered.choice = 1

),

stated as (

    select
        object_key,
        since,
        status,
        case when status in ('active', 'past_due') then coalesce(mrr_minor, 0) else 0 end
            as mrr_minor,
        lag(status) over (partition by object_key order by since) as earlier_status,
        lag(case when status in ('active', 'past_due') then coalesce(mrr_minor, 0) else 0 end)
            over (partition by object_key order by since) as earlier_mrr_minor
    from worth
    where age = 1

)

select
    stated.object_key,
    row_number() over (partition by stated.object_key order by stated.since) as state_number,
    current_versions.source,
    current_versions.subscription_id,
    current_versions.person_id,
    stated.status,
    stated.status in ('active', 'past_due') as is_paying,
    current_versions.currency,
    current_versions.currency_exponent,
    cast(stated.mrr_minor as bigint) as mrr_minor,
    stated.since as from_at,
    lead(stated.since) over (partition by stated.object_key order by stated.since) as until_at,
    greatest(told.known_until, stated.since) as known_until
from stated
inner join current_versions on stated.object_key = current_versions.object_key
inner join told on current_versions.source = told.source
where
    stated.earlier_status is null
    or stated.status <> stated.earlier_status
    or stated.mrr_minor <> stated.earlier_mrr_minor
