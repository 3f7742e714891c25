{#
    Answers of SurveyMonkey responses. A table has a question once in its first header row and its
    columns' labels in the second: a cell that repeats its label is a choice, and the choices of one
    question are one answer; any other cell is an answer to that row of the question. A table with
    one header row has `question - option` instead. The API gives ids; their texts come from the
    survey's details, if they were delivered.
#}
{% macro surveymonkey_answers(responses) %}
    (
    with {{ survey_cells(responses, 'surveymonkey') }},

    -- the columns of a question have its name, and a number after the first
    columns as (

        select
            headers.delivery_id,
            headers.file_sha256,
            headers.member,
            headers.question_id,
            headers.label,
            coalesce(firsts.question_id, headers.question_id) as question,
            {{ label_key('headers.label') }} in ('response', 'open-ended response') as is_single,
            coalesce(
                {{ label_key('firsts.label') }} in ('response', 'open-ended response'), false
            ) as is_of_single
        from header_cells as headers
        left join header_cells as firsts
            on
                headers.delivery_id = firsts.delivery_id
                and headers.file_sha256 = firsts.file_sha256
                and headers.member = firsts.member
                and {{ matches('headers.question_id', '#[0-9]+$') }}
                and regexp_replace(headers.question_id, '#[0-9]+$', '') = firsts.question_id

    ),

    files_with_labels as (

        select distinct
            delivery_id,
            file_sha256,
            member
        from header_cells

    ),

    told as (

        select
            answered.response_id,
            answered.question_id,
            answered.answer,
            columns.label,
            coalesce(columns.is_single, false) as is_single,
            coalesce(columns.question, answered.question_id) as question,
            coalesce(
                not columns.is_single
                and not columns.is_of_single
                and {{ label_key('columns.label') }} = {{ label_key('answered.answer') }},
                false
            ) as is_pick,
            -- of a table with one header row: the column's name ends in the choice
            files_with_labels.delivery_id is null
            and {{ to_number('answered.answer') }} is null
            and {{ ends_in_choice('answered.question_id', 'answered.answer') }}
            as is_flat_pick
        from answered
        left join files_with_labels
            on
                answered.delivery_id = files_with_labels.delivery_id
                and answered.file_sha256 = files_with_labels.file_sha256
                and answered.member = files_with_labels.member
        left join columns
            on
                answered.delivery_id = columns.delivery_id
                and answered.file_sha256 = columns.file_sha256
                and answered.member = columns.member
                and answered.question_id = columns.question_id
        where
            not {{ matches(
                'answered.question_id',
                '^(Respondent ?ID|Collector ?ID|Start ?Date|End ?Date|Date ?Created|Date ?Modified'
                ~ '|IP ?Address|Email ?Address|First ?Name|Last ?Name|Custom ?Data( ?[0-9]+)?'
                ~ '|Custom ?Value|column#[0-9]+)$'
            ) }}
            and (files_with_labels.delivery_id is null or columns.label is not null)

    ),

    {{ surveymonkey_details() }},

    given as (

        select
            response_id,
            source,
            {{ json_text('question', '$.id') }} as question_id,
            {{ json_each_item("given_answers") }} as answer
        from (
            select
                response_id,
                source,
                question,
                {{ json_object_at('question', '$.answers') }} as given_answers
            from (
                select
                    response_id,
                    source,
                    {{ json_each_item("questions") }} as question
                from (
                    select
                        response_id,
                        source,
                        {{ json_object_at('page', '$.questions') }} as questions
                    from (
                        select
                            response_id,
                            source,
                            {{ json_each_item('answers') }} as page
                        from {{ responses }}
                        where vendor = 'surveymonkey' and layout = 'api' and answers is not null
                    ) as pages
                ) as asked
                where questions is not null
            ) as opened
        ) as listed
        where given_answers is not null

    ),

    -- the parts of an answer: which row and column it is given to, what was chosen, what written
    parts as (

        select
            given.response_id,
            given.question_id as base_id,
            concat_ws(
                '/',
                given.question_id,
                {{ json_text('given.answer', '$.row_id') }},
                {{ json_text('given.answer', '$.col_id') }},
                {{ json_text('given.answer', '$.other_id') }}
            ) as question_id,
            {{ json_text('given.answer', '$.choice_id') }} as choice_id,
            {{ json_text('given.answer', '$.choice_metadata.weight') }} as weight,
            coalesce(
                {{ json_text('given.answer', '$.text') }},
                choices.option_text,
                {{ json_text('given.answer', '$.simple_text') }},
                {{ json_text('given.answer', '$.choice_id') }}
            ) as answer,
            questions.heading,
            rows_of.option_text as row_text,
            questions.family,
            questions.subtype
        from given
        left join survey_questions as questions
            on given.source = questions.source and given.question_id = questions.question_id
        left join survey_options as choices
            on
                given.source = choices.source
                and given.question_id = choices.question_id
                and {{ json_text('given.answer', '$.choice_id') }} = choices.option_id
        left join survey_options as rows_of
            on
                given.source = rows_of.source
                and given.question_id = rows_of.question_id
                and coalesce(
                    {{ json_text('given.answer', '$.row_id') }},
                    {{ json_text('given.answer', '$.other_id') }}
                ) = rows_of.option_id

    )

    select
        response_id,
        question_id,
        case
            when label is null or is_single then {{ label_text('question') }}
            else concat({{ label_text('question') }}, ' - ', {{ label_text('label') }})
        end as question,
        answer,
        cast(null as string) as code,
        case when {{ to_number('answer') }} is not null then 'number' else 'text' end as score_type
    from told
    where not is_pick and not is_flat_pick

    union all

    select
        response_id,
        case when is_flat_pick then concat(question, ' [choices]') else question end
            as question_id,
        {{ label_text('question') }} as question,
        {{ json_list_of(label_text('answer'),
            "concat(lpad(cast(length(question_id) as string), 6, '0'), question_id)") }} as answer,
        cast(null as string) as code,
        'choice' as score_type
    from (
        select
            response_id,
            question_id,
            answer,
            is_flat_pick,
            case
                when is_flat_pick
                    then regexp_replace(
                        substr(question, 1, length(question) - length(answer)), '[ -]+$', ''
                    )
                else question
            end as question
        from told
        where is_pick or is_flat_pick
    ) as picks
    group by
        response_id,
        question,
        is_flat_pick

    union all

    select
        response_id,
        question_id,
        coalesce(nullif(concat_ws(' - ', min(heading), min(row_text)), ''), question_id) as question,
        case
            when count(*) > 1 or (min(family) = 'multiple_choice' and count(choice_id) > 0)
                then {{ json_list_of('answer', 'choice_id') }}
            else min(answer)
        end as answer,
        -- a choice counts as its weight, and not as its id
        case when count(choice_id) > 0 then coalesce(min(weight), '') end as code,
        case
            when min(subtype) = 'nps' then 'nps'
            when min(subtype) in ('rating', 'star') and count(choice_id) > 0 then 'rating'
            when count(choice_id) > 0 then 'choice'
            when min(family) is null and {{ to_number('min(answer)') }} is not null then 'number'
            else 'text'
        end as score_type
    from parts
    where answer is not null
    group by
        response_id,
        question_id
    )
{% endmacro %}

{# The texts of surveys' details as CTEs: the newest details of each survey of a source count. #}
{% macro surveymonkey_details() %}
details as (

    select
        source,
        answers as pages,
        row_number() over (
            partition by source, form_id order by landed_at desc, file_sha256 asc
        ) as version
    from {{ ref('stg_surveymonkey__responses') }}
    where record_reason = 'form_definition'

),

detail_questions as (

    select
        source,
        {{ json_each_item("questions") }} as question
    from (
        select
            source,
            {{ json_object_at('page', '$.questions') }} as questions
        from (
            select
                source,
                {{ json_each_item('pages') }} as page
            from details
            where version = 1
        ) as pages
    ) as listed
    where questions is not null

),

survey_questions as (

    select
        source,
        {{ json_text('question', '$.id') }} as question_id,
        {{ plain_text(json_text('question', '$.headings[0].heading')) }} as heading,
        {{ json_text('question', '$.family') }} as family,
        {{ json_text('question', '$.subtype') }} as subtype
    from detail_questions

),

detail_options as (

    {% for list in ['choices', 'rows', 'cols'] -%}
    select
        source,
        question_id,
        {{ json_each_item('options') }} as option
    from (
        select
            source,
            {{ json_text('question', '$.id') }} as question_id,
            {{ json_object_at('question', '$.answers.' ~ list) }} as options
        from detail_questions
    ) as {{ list }}_listed
    where options is not null

    union all

    {% endfor -%}
    select
        source,
        {{ json_text('question', '$.id') }} as question_id,
        {{ json_object_at('question', '$.answers.other') }} as option
    from detail_questions
    where {{ json_object_at('question', '$.answers.other') }} is not null

),

survey_options as (

    select
        source,
        question_id,
        {{ json_text('option', '$.id') }} as option_id,
        {{ plain_text(json_text('option', '$.text')) }} as option_text
    from detail_options

)
{% endmacro %}
