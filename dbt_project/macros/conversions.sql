{# The primary events of one kind, as narrow as a conversion needs. #}
{% macro conversions(kind) %}
select
    events.event_id,
    events.event_name,
    event_types.funnel_stage,
    event_types.owner_team,
    events.person_id,
    events.session_id,
    events.source,
    events.platform,
    events.campaign,
    events.occurred_on,
    events.occurred_at,
    events.properties
from {{ ref('fct_events') }} as events
inner join {{ source('control', 'event_types') }} as event_types
    on events.event_name = event_types.event_name
where
    events.event_kind = '{{ kind }}'
    and events.is_primary
    and {{ in_rebuilt_cells('events') }}
{% endmacro %}
