select
    event_name,
    description,
    event_kind,
    funnel_stage,
    owner_team,
    taxonomy_version
from {{ source('control', 'event_types') }}
