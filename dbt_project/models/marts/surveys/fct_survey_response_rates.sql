with staged as (

    select * from {{ ref('stg_responses') }}

),

deliveries as (

    select * from {{ source('control', 'deliveries') }}

),

-- vendors whose exports tell who was invited have a macro `<vendor>_invitations`
invitations as (

    {{ qualtrics_invitations('staged') }}

),

-- a later export tells of an invitation again, and knows more of it
newest as (

    select
        invitations.*,
        row_number() over (
            partition by invitations.source, invitations.invitation_id
            order by
                invitations.landed_at desc,
                invitations.is_finished desc,
                invitations.is_started desc,
                invitations.is_opened desc
        ) as version
    from invitations
    inner join deliveries on invitations.delivery_id = deliveries.delivery_id
    inner join {{ source('control', 'admitted') }} as admitted
        on
            invitations.delivery_id = admitted.delivery_id
            and invitations.invited_on >= admitted.from_date
            and invitations.invited_on <= admitted.until_date
    where deliveries.state = 'current'

)

select
    source,
    form_id,
    distribution_id,
    invited_on,
    cast(count(*) as bigint) as invited,
    cast(sum(case when is_opened then 1 else 0 end) as bigint) as opened,
    cast(sum(case when is_started then 1 else 0 end) as bigint) as started,
    cast(sum(case when is_finished then 1 else 0 end) as bigint) as finished,
    cast(sum(case when is_finished then 1 else 0 end) as double) / count(*) as response_rate
from newest
where version = 1 and is_invited
group by
    source,
    form_id,
    distribution_id,
    invited_on
