select
    event_name,
    description,
    event_kind,
    funnel_stage,
    owner_team,
    taxonomy_version,
    has_primary
from {{ source('control', 'event_types') }}
