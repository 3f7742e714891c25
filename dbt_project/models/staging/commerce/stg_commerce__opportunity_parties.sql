{{ config(materialized='view') }}

with said as (

    {{ hubspot_opportunity_parties() }}
    {{ union_all_by_name() }}
    {{ salesforce_opportunity_parties() }}

),

named as (

    select
        said.source,
        said.opportunity_id,
        said.party_kind,
        said.party_id,
        said.party_kind in ('contact', 'lead') as is_person,
        said.is_primary,
        coalesce(lower(said.party_role) = lower(settings.primary_contact), false) as is_configured
    from said
    inner join {{ source('control', 'sources') }} as settings on said.source = settings.source
    where said.opportunity_id is not null and said.party_id is not null

),

-- the primary one, else one with the configured role, else the one first made: the lowest id
ranked as (

    select
        named.*,
        row_number() over (
            partition by source, opportunity_id, is_person
            order by
                is_primary desc,
                is_configured desc,
                party_kind = 'lead',
                length(party_id),
                party_id asc
        ) as place
    from named

)

select
    source,
    opportunity_id,
    is_person,
    concat(party_kind, ':', party_id) as party
from ranked
where place = 1
