{{ config(materialized='view') }}

with said as (

    {{ hubspot_opportunity_parties() }}
    {{ union_all_by_name() }}
    {{ salesforce_opportunity_parties() }}

),

-- the primary one, else one with the configured role, else the one first made: the lowest id
ranked as (

    select
        said.source,
        said.opportunity_id,
        said.party,
        split_part(said.party, ':', 1) as party_kind,
        row_number() over (
            partition by
                said.source,
                said.opportunity_id,
                split_part(said.party, ':', 1) in ('contact', 'lead')
            order by
                said.is_primary desc,
                coalesce(lower(said.party_role) = lower(settings.primary_contact), false) desc,
                split_part(said.party, ':', 1) = 'lead',
                length(said.party),
                said.party
        ) as place
    from said
    inner join {{ source('control', 'sources') }} as settings on said.source = settings.source
    where said.opportunity_id is not null and said.party is not null

)

select
    source,
    opportunity_id,
    party_kind in ('contact', 'lead') as is_person,
    party
from ranked
where place = 1
