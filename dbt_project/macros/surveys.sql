{#
    What staging of surveys has in common. A vendor's model says, in a CTE, what its fields mean
    (see `staged_responses`); a macro `<vendor>_answers` takes the answers out of its documents.
#}

{# An instant in UTC from text: by its own offset, else as the clock of a zone. Null where none. #}
{% macro survey_time(text, timezone) -%}
    case
        when {{ has_offset(text) }} then {{ to_instant_or_null(text) }}
        when {{ timezone }} = 'UTC' then {{ to_wall_or_null(text) }}
        else {{ wall_to_utc(to_wall_or_null(text), timezone) }}
    end
{%- endmacro %}

{# Text without tags, and with the spaces that tags and word processors leave made single ones. #}
{% macro plain_text(text) -%}
    {%- set untagged = replace_matches(text, '<[^<>]*>', ' ') -%}
    {%- set spaced = "replace(replace(replace(" ~ untagged ~ ", '&nbsp;', ' '), '&amp;', '&'), chr(160), ' ')" -%}
    trim({{ replace_matches(spaced, '[ \t\r\n]+', ' ') }})
{%- endmacro %}

{# Whether a header cell is one of Qualtrics' third row: `{"ImportId":"QID1"}`, or single quotes. #}
{% macro is_import_cell(text) -%}
    (substr({{ text }}, 1, 1) = chr(123) and {{ text }} like '%ImportId%')
{%- endmacro %}

{# A label to read: without tags, hard spaces, and what such spaces become in another encoding. #}
{% macro label_text(text) -%}
    {%- set mended = "replace(replace(" ~ text ~ ", 'åÊ', ' '), 'Œæ', ' ')" -%}
    {{ plain_text(mended) }}
{%- endmacro %}

{# A label as it is compared: those of one option differ in spaces and case from cell to cell. #}
{% macro label_key(text) -%}
    lower({{ label_text(text) }})
{%- endmacro %}

{# Whether a column's label ends in a choice, after a question and a dash. #}
{% macro ends_in_choice(label, choice) -%}
    (
        right({{ label_key(label) }}, length({{ label_key(choice) }}) + 3)
        = concat(' - ', {{ label_key(choice) }})
        or right({{ label_key(label) }}, length({{ label_key(choice) }}) + 1)
        = concat('-', {{ label_key(choice) }})
    )
{%- endmacro %}

{#
    The end of a staging model: from the CTE `described` to the one response shape.

    `described` holds the lineage columns of landing and
      source, vendor, user_namespace, response_token, key_parts (text that tells the responses of a
      source apart), form_id, respondent (the configured field's value), vendor_user_id (the
      vendor's own key of the respondent), respondent_fields (JSON text, null where `document` has
      them), network_id, platform, completion, opened, submitted, active (last sign of the
      respondent), recorded (UTC), has_time (whether any time was delivered), undated_on, document,
      answers, layout, shape_error (why the record is no response), is_identity, is_filtered (a
      reason).
#}
{% macro staged_responses() %}
timed as (

    select
        described.*,
        coalesce(
            submitted,
            active,
            opened,
            case when not has_time then cast(undated_on as timestamp) end
        ) as occurred_at
    from described

),

judged as (

    select
        timed.*,
        case
            when parse_error is not null then parse_error
            when is_filtered is not null then null
            when shape_error is not null then shape_error
            when occurred_at is null and not has_time then 'missing_time'
            when occurred_at is null then 'unreadable_time'
            when occurred_at < timestamp '2000-01-01 00:00:00' then 'time_before_2000'
            when occurred_at > landed_at + interval '24' hour then 'future_dated'
        end as quarantine_reason
    from timed

)

select
    -- keys
    response_token,
    key_parts,
    source,
    vendor,
    form_id,

    -- who
    {{ respondent_columns('respondent') }},
    {{ node(1, 'source', 'vendor_user_id') }} as vendor_node,
    {{ masked('respondent_fields') }} as respondent_fields,
    network_id,
    platform,

    -- completion
    completion,

    -- times
    opened as opened_at,
    submitted as submitted_at,
    occurred_at,
    recorded as recorded_at,
    cast({{ reporting_wall('occurred_at') }} as date) as occurred_on,

    -- content
    {{ masked('document') }} as document,
    {{ masked('answers') }} as answers,
    layout,

    -- the fate of records that stop here
    case
        when quarantine_reason is not null then 'quarantined'
        when is_identity then 'identity'
        when is_filtered is not null then 'filtered'
    end as record_fate,
    coalesce(
        quarantine_reason, case when is_identity then 'identity_record' else is_filtered end
    ) as record_reason,
    case when quarantine_reason is not null then raw end as raw,
    case when quarantine_reason is not null then raw_bytes end as raw_bytes,

    -- the way back to the byte
    delivery_id,
    file_sha256,
    file_name,
    member,
    record_number,
    landed_at
from judged
{% endmacro %}

{#
    The cells of CSV responses with what the header rows of their file and member say, as CTEs:
    `header_cells` (a row per header row and column) and `cells` (a row per answered cell).
#}
{% macro survey_cells(responses, vendor) %}
header_rows as (

    select
        delivery_id,
        file_sha256,
        coalesce(member, '') as member,
        document,
        {{ json_each_key('document') }} as question_id
    from {{ ref('stg_' ~ vendor ~ '__responses') }}
    where record_reason = 'header_row'

),

header_cells as (

    select
        delivery_id,
        file_sha256,
        member,
        question_id,
        {{ json_member_text('document', 'question_id') }} as label
    from header_rows

),

opened as (

    select
        response_id,
        source,
        delivery_id,
        file_sha256,
        coalesce(member, '') as member,
        document,
        {{ json_each_key('document') }} as question_id
    from {{ responses }}
    where vendor = '{{ vendor }}' and layout = 'csv'

),

cells as (

    select
        opened.response_id,
        opened.source,
        opened.delivery_id,
        opened.file_sha256,
        opened.member,
        opened.question_id,
        {{ json_member_text('opened.document', 'opened.question_id') }} as answer
    from opened

),

answered as (

    select cells.*
    from cells
    left join {{ source('control', 'unanswered') }} as unanswered
        on cells.source = unanswered.source and trim(cells.answer) = unanswered.answer
    where unanswered.answer is null

)
{% endmacro %}

{#
    The text of a clock as people of the United States write it, `5/10/18 4:01` or
    `05/10/2018 04:01:33 PM`, in the order of ISO 8601. Other text is left as it is.
#}
{% macro us_clock(text) -%}
    {%- set third = "split_part(" ~ text ~ ", '/', 3)" -%}
    {%- set clock = "split_part(" ~ third ~ ", ' ', 2)" -%}
    {%- set hour = "split_part(" ~ clock ~ ", ':', 1)" -%}
    {%- set half = "upper(split_part(" ~ third ~ ", ' ', 3))" -%}
    case
        when {{ matches(text, '^[0-9]{1,2}/[0-9]{1,2}/([0-9]{2}|[0-9]{4})( |$)') }} then concat(
            case when length(split_part({{ third }}, ' ', 1)) = 2 then '20' else '' end,
            split_part({{ third }}, ' ', 1), '-',
            lpad(split_part({{ text }}, '/', 1), 2, '0'), '-',
            lpad(split_part({{ text }}, '/', 2), 2, '0'), ' ',
            case
                when {{ clock }} = '' then '00'
                when {{ half }} = 'PM' and {{ hour }} <> '12'
                    then cast(cast({{ to_number(hour) }} as integer) + 12 as string)
                when {{ half }} = 'AM' and {{ hour }} = '12' then '00'
                else lpad({{ hour }}, 2, '0')
            end,
            ':',
            coalesce(nullif(split_part({{ clock }}, ':', 2), ''), '00'), ':',
            coalesce(nullif(split_part({{ clock }}, ':', 3), ''), '00')
        )
        else {{ text }}
    end
{%- endmacro %}
