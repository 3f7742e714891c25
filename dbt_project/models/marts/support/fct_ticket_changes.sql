with changes as (

    select
        objects.*,
        {{ json_text('objects.document', '$.ticket_id') }} as ticket_id
    from {{ loaded_objects(['ticket_change']) }} as objects

),

tickets as (

    select
        source,
        object_id,
        person_id
    from {{ loaded_objects(['ticket']) }} as objects
    where is_current

)

select
    changes.object_key,
    changes.source,
    changes.ticket_id,
    tickets.person_id,
    {{ json_text('changes.document', '$.field_name') }} as field,
    nullif({{ json_text('changes.document', '$.value') }}, '') as field_value,
    nullif({{ json_text('changes.document', '$.user_id') }}, '') as changed_by,
    changes.occurred_at as changed_at,
    changes.occurred_on,
    changes.delivery_id,
    changes.file_sha256,
    changes.record_number
from changes
left join tickets
    on changes.source = tickets.source and changes.ticket_id = tickets.object_id
