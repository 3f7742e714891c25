{#
    Answers of Typeform responses, from CSV cells and from the API's `answers`. A response without
    any answer has no row here. In CSV the header is the question; system columns are left out. The
    API gives ids; their texts come from the form, if it was delivered.
#}
{% macro typeform_answers(responses) %}
    (
    with {{ typeform_titles() }}

    select
        response_id,
        question_id,
        regexp_replace(question_id, '#[0-9]+$', '') as question,
        -- a phone number is written with an apostrophe before it, for spreadsheets
        case
            when substr(answer, 1, 1) = chr(39) and {{ matches('substr(answer, 2, 1)', '^[+0-9]') }}
                then substr(answer, 2)
            else answer
        end as answer,
        cast(null as string) as code,
        case when {{ to_number('answer') }} is not null then 'number' else 'text' end as score_type
    from (
        select
            response_id,
            question_id,
            coalesce({{ json_member_text('document', 'question_id') }}, '') as answer
        from (
            select
                response_id,
                document,
                {{ json_each_key('document') }} as question_id
            from {{ responses }}
            where vendor = 'typeform' and layout = 'csv'
        ) as cells
        where question_id not in (
            '#', 'Response Type', 'Start Date (UTC)', 'Stage Date (UTC)', 'Submit Date (UTC)',
            'Network ID', 'Tags', 'Ending'
        )
    ) as answered

    union all

    select
        items.response_id,
        coalesce({{ json_text('item', '$.field.ref') }}, {{ json_text('item', '$.field.id') }})
            as question_id,
        coalesce(titles.title, {{ json_text('item', '$.field.id') }}) as question,
        case {{ json_text('item', '$.type') }}
            when 'choice'
                then coalesce(
                    {{ json_text('item', '$.choice.label') }},
                    {{ json_text('item', '$.choice.other') }}
                )
            when 'choices' then case
                when other is null then labels
                when labels is null or labels = '[]' then concat('[', other, ']')
                else concat(substr(labels, 1, length(labels) - 1), ',', other, ']')
            end
            else {{ json_member_text('item', json_text('item', '$.type')) }}
        end as answer,
        cast(null as string) as code,
        case {{ json_text('item', '$.field.type') }}
            when 'nps' then 'nps'
            when 'rating' then 'rating'
            when 'opinion_scale' then 'rating'
            when 'multiple_choice' then 'choice'
            when 'picture_choice' then 'choice'
            when 'yes_no' then 'choice'
            else 'text'
        end as score_type
    from (
        select
            response_id,
            source,
            item,
            {{ json_object_at('item', '$.choices.labels') }} as labels,
            -- what a respondent wrote in place of a choice
            {{ json_object_at('item', '$.choices.other') }} as other
        from (
            select
                response_id,
                source,
                {{ json_each_item('answers') }} as item
            from {{ responses }}
            where vendor = 'typeform' and layout = 'api' and answers is not null
        ) as given
    ) as items
    left join titles
        on
            items.source = titles.source
            and {{ json_text('item', '$.field.id') }} = titles.field_id
    )
{% endmacro %}

{#
    `titles` as CTEs: what the forms of a source ask, by a field's id, which no two forms share. The
    newest form counts. Questions of a group lie in it.
#}
{% macro typeform_titles() %}
form_fields as (

    select
        source,
        landed_at,
        file_sha256,
        {{ json_each_item('fields') }} as field
    from (
        select
            source,
            landed_at,
            file_sha256,
            {{ json_object_at('document', '$.fields') }} as fields
        from {{ ref('stg_typeform__responses') }}
        where record_reason = 'form_definition'
    ) as forms

),

grouped_fields as (

    select
        source,
        landed_at,
        file_sha256,
        {{ json_each_item('fields') }} as field
    from (
        select
            source,
            landed_at,
            file_sha256,
            {{ json_object_at('field', '$.properties.fields') }} as fields
        from form_fields
    ) as field_groups
    where fields is not null

),

titles as (

    select
        source,
        field_id,
        title
    from (
        select
            source,
            {{ json_text('field', '$.id') }} as field_id,
            {{ json_text('field', '$.title') }} as title,
            row_number() over (
                partition by source, {{ json_text('field', '$.id') }}
                order by landed_at desc, file_sha256 asc
            ) as version
        from (
            select * from form_fields
            union all
            select * from grouped_fields
        ) as all_fields
    ) as versions
    where version = 1

)
{% endmacro %}
