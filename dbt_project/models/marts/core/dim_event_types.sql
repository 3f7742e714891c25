select
    event_name,
    description,
    event_kind,
    funnel_stage,
    owner_team,
    objective,
    kpi,
    status,
    replaced_by,
    retired_on,
    taxonomy_version,
    has_primary
from {{ source('control', 'event_types') }}
