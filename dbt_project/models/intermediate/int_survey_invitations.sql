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
    invitation_id,
    form_id,
    distribution_id,
    contact_id,
    invited_at,
    invited_on,
    is_opened,
    is_started,
    is_finished
from newest
where version = 1 and is_invited
