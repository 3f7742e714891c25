{#
    What the fields of Zendesk's objects are called: in the API and in warehouse tables, in the CSV
    export's labels, and in the flat records of the old `/exports` endpoint.
#}

{# Texts that people wrote: they are in the landed record, and go no further. #}
{% macro without_ticket_texts(document) -%}
    {{ json_without(document, [
        'subject', 'raw_subject', 'description', 'comment', 'body', 'html_body', 'plain_body',
        'req_name', 'requester', 'submitter_name', 'submitter', 'assignee_name', 'assignee',
        'via_source_to_address', 'via_source_from_address', 'via_source_to_name',
        'via_source_from_title', 'recipient', 'notes', 'details', 'signature', 'alias', 'name',
        'remote_photo_url', 'authenticity_token', 'events', 'metadata', 'fivetran_synced'
    ]) }}
{%- endmacro %}

{# Fields of a ticket whose values are words or ids of the desk; others may hold what people wrote. #}
{% macro is_plain_ticket_field(field) -%}
    {{ field }} in (
        'status', 'priority', 'type', 'group_id', 'assignee_id', 'organization_id', 'brand_id',
        'ticket_form_id', 'problem_id', 'requester_id', 'satisfaction_score', 'custom_status_id',
        'due_at', 'is_public', 'via_followup_source_id'
    )
{%- endmacro %}

{# A word of the desk in lower case: the old exports write `Deleted` and `Normal`. #}
{% macro desk_word(text) -%}
    nullif(nullif(lower(trim({{ text }})), ''), '-')
{%- endmacro %}

{#
    Staged tickets in the columns of `stg_support__tickets`. `merged_ticket_ids` is an array, or the
    text of one in a table; only flat records say when a ticket was solved and how often reopened.
#}
{% macro zendesk_tickets() -%}
select
        staged.source,
        staged.object_id as ticket_id,
        {{ desk_word(json_text('staged.document', '$.status')) }} as status,
        {{ desk_word(json_text('staged.document', '$.priority')) }} as priority,
        coalesce(
            {{ desk_word(json_text('staged.document', '$.type')) }},
            {{ desk_word(json_text('staged.document', '$.ticket_type')) }}
        ) as ticket_type,
        coalesce(
            {{ desk_word(json_text('staged.document', '$.via_channel')) }},
            {{ desk_word(json_text('staged.document', '$.via.channel')) }},
            case
                when not {{ json_is_object(json_object_at('staged.document', '$.via')) }}
                    then {{ desk_word(json_text('staged.document', '$.via')) }}
            end
        ) as channel,
        coalesce(
            {{ desk_word(json_text('staged.document', '$.satisfaction_rating.score')) }},
            {{ desk_word(json_text('staged.document', '$.satisfaction_score')) }}
        ) as satisfaction,
        {{ json_text('staged.document', '$.group_id') }} as group_id,
        {{ json_text('staged.document', '$.brand_id') }} as brand_id,
        {{ json_text('staged.document', '$.organization_id') }} as organization_id,
        staged.occurred_at as created_at,
        staged.version_at as updated_at,
        {{ survey_time(json_text('staged.document', '$.solved_at'), 'settings.timezone') }}
            as solved_at,
        cast({{ to_number(json_text('staged.document', '$.reopens')) }} as integer)
            as reopened_count,
        coalesce(
            {{ json_or_null(json_text('staged.document', '$.merged_ticket_ids')) }}, '[]'
        ) as merged_ticket_ids,
        staged.is_deleted,
        staged.is_test,
        staged.record_fate,
        staged.delivery_id,
        staged.file_sha256,
        staged.record_number
    from {{ ref('stg_objects') }} as staged
    inner join {{ source('control', 'sources') }} as settings
        on staged.source = settings.source
    where staged.vendor = 'zendesk' and staged.object_type = 'ticket'
{%- endmacro %}
