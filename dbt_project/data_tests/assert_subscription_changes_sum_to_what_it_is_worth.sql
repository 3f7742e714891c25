-- From nothing, by all changes, to what the latest state is worth by the month.
with changed as (

    select
        object_key,
        sum(mrr_change_minor) as minor
    from {{ ref('fct_subscription_changes') }}
    group by object_key

),

latest as (

    select
        object_key,
        mrr_minor
    from {{ ref('int_subscription_states') }}
    where until_at is null

)

select
    latest.object_key,
    latest.mrr_minor,
    changed.minor
from latest
left join changed on latest.object_key = changed.object_key
where latest.mrr_minor <> coalesce(changed.minor, 0)
