{#
    Answers of Typeform responses, from CSV cells and from the API's `answers`. A response without any
    answer has no row here. In CSV the header is the question; system columns are left out.
#}
{% macro typeform_answers(responses) -%}
    {{ return(adapter.dispatch('typeform_answers')(responses)) }}
{%- endmacro %}
{% macro duckdb__typeform_answers(responses) %}
    select
        response_id,
        question as question_id,
        regexp_replace(question, '#[0-9]+$', '') as question,
        -- a phone number is written with an apostrophe, for spreadsheets
        regexp_replace({{ json_texts('document', '[question]') }}, '^''([+0-9])', '\1') as answer,
        case
            when {{ to_number(json_texts('document', '[question]')) }} is not null then 'number'
            else 'text'
        end as score_type
    from (
        select
            response_id,
            document,
            unnest(json_keys(document)) as question
        from {{ responses }}
        where is_csv
    ) as cells
    where question not in (
        '#', 'Response Type', 'Start Date (UTC)', 'Stage Date (UTC)', 'Submit Date (UTC)',
        'Network ID', 'Tags', 'Ending'
    )

    union all

    select
        response_id,
        coalesce({{ json_text('item', '$.field.ref') }}, {{ json_text('item', '$.field.id') }}) as question_id,
        {{ json_text('item', '$.field.id') }} as question,
        case {{ json_text('item', '$.type') }}
            when 'choice' then {{ json_text('item', '$.choice.label') }}
            when 'choices' then cast(json_extract(item, '$.choices.labels') as varchar)
            else json_extract_string(item, '$.' || {{ json_text('item', '$.type') }})
        end as answer,
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
            unnest(cast(json_extract(answers, '$[*]') as json [])) as item
        from {{ responses }}
        where not is_csv and answers is not null
    ) as items
{% endmacro %}
{% macro default__typeform_answers(responses) %}
    select
        response_id,
        key as question_id,
        key as question,
        value as answer,
        'text' as score_type
    from {{ responses }}
    lateral view explode(from_json(document, 'map<string,string>')) as key, value
{% endmacro %}
