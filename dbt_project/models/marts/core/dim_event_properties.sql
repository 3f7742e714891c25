select
    event_name,
    property_name,
    description,
    property_types,
    allowed_values,
    format,
    pattern,
    is_required,
    pii as pii_class
from {{ source('control', 'event_properties') }}
