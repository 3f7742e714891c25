with failures as (

    select
        objects.object_key,
        objects.object_type,
        objects.source,
        objects.document,
        objects.occurred_at,
        objects.occurred_on,
        objects.delivery_id,
        objects.file_sha256,
        objects.record_number,
        {{ json_object_at('objects.document', '$.failure.messages[0]') }} as told
    from {{ loaded_objects(['violation', 'bad_row', 'discarded_value']) }} as objects

)

select
    object_key,
    source,
    case object_type
        when 'violation' then 'segment'
        when 'bad_row' then 'snowplow'
        else 'rudderstack'
    end as tool,
    case object_type
        when 'violation' then {{ json_text('document', '$.properties.eventName') }}
        when 'discarded_value' then {{ json_text('document', '$.table_name') }}
        else {{ json_text('document', '$.failed_event') }}
    end as event_name,
    case object_type
        when 'violation' then {{ json_text('document', '$.properties.violationType') }}
        when 'discarded_value'
            then coalesce({{ json_text('document', '$.reason') }}, 'value did not fit')
        else {{ bad_row_kind(json_text('document', '$.schema')) }}
    end as reason,
    case object_type
        when 'violation' then {{ json_text('document', '$.properties.violationField') }}
        when 'discarded_value' then {{ json_text('document', '$.column_name') }}
        else coalesce(
            {{ json_text('told', '$.error.dataReports[0].path') }},
            {{ json_text('told', '$.field') }},
            {{ json_text('told', '$.schemaKey') }}
        )
    end as field,
    case object_type
        when 'violation' then {{ json_text('document', '$.properties.violationDescription') }}
        when 'bad_row'
            then coalesce(
                {{ json_text('told', '$.error.dataReports[0].message') }},
                {{ json_text('told', '$.error.error') }},
                {{ json_text('told', '$.expectation') }},
                {{ json_text('document', '$.failure.expectation') }}
            )
    end as message,
    -- Segment names the event that broke the plan, and lets it through or not
    coalesce(
        {{ json_text('document', '$.properties.eventMessageID') }},
        {{ json_text('document', '$.row_id') }}
    ) as failed_event_id,
    occurred_at as failed_at,
    occurred_on,
    delivery_id,
    file_sha256,
    record_number
from failures
