{#
    Answers of Typeform responses, from CSV cells and from the API's `answers`. A response without
    any answer has no row here. In CSV the header is the question; system columns are left out.
#}
{% macro typeform_answers(responses) %}
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
        response_id,
        coalesce({{ json_text('item', '$.field.ref') }}, {{ json_text('item', '$.field.id') }})
            as question_id,
        {{ json_text('item', '$.field.id') }} as question,
        case {{ json_text('item', '$.type') }}
            when 'choice' then {{ json_text('item', '$.choice.label') }}
            when 'choices' then {{ json_object_at('item', '$.choices.labels') }}
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
            {{ json_each_item('answers') }} as item
        from {{ responses }}
        where vendor = 'typeform' and layout = 'api' and answers is not null
    ) as items
{% endmacro %}
