{#
    Answers of Zigpoll responses, each of which is one: text without its tags. What a slide asks and
    of what type it is comes from the slides, if they were delivered; the newest of a slide counts.
    Several choices come as a JSON array in one answer, or as an answer each.
#}
{% macro zigpoll_answers(responses) %}
    (
    with slides as (

        select
            source,
            response_token as slide_id,
            {{ plain_text(json_text('document', '$.title')) }} as title,
            lower({{ json_text('document', '$.type') }}) as slide_type,
            row_number() over (
                partition by source, response_token order by landed_at desc, file_sha256 asc
            ) as version
        from {{ ref('stg_zigpoll__responses') }}
        where layout = 'slide' and record_reason = 'form_definition'

    ),

    given as (

        select
            response_id,
            source,
            case
                when layout = 'csv' then coalesce(csv_question_id, csv_question, 'answer')
                else coalesce({{ json_text('document', '$.slideId') }}, 'answer')
            end as question_id,
            csv_question,
            {{ plain_text(
                "case when layout = 'csv' then csv_response else "
                ~ json_text('document', '$.response') ~ " end"
            ) }} as answer,
            lower(coalesce(csv_score_type, {{ json_text('document', '$.valueType') }}))
                as value_type
        from (
            select
                staged.response_id,
                staged.source,
                staged.document,
                staged.layout,
                {% for column in ['question_id', 'question', 'response', 'score_type'] -%}
                {{ json_member_text('staged.document', 'columns.' ~ column) }}
                    as csv_{{ column }}{{ "," if not loop.last }}
                {% endfor -%}
            from {{ responses }} as staged
            left join {{ source('control', 'zigpoll_columns') }} as columns
                on staged.source = columns.source and staged.layout = 'csv'
            where staged.vendor = 'zigpoll'
        ) as read

    )

    select
        given.response_id,
        given.question_id,
        coalesce({{ plain_text('given.csv_question') }}, slides.title, given.question_id)
            as question,
        given.answer,
        cast(null as string) as code,
        case
            when coalesce(slides.slide_type, given.value_type) like '%nps%' then 'nps'
            when coalesce(slides.slide_type, given.value_type) like '%csat%' then 'csat'
            when
                coalesce(slides.slide_type, given.value_type) like '%rating%'
                or coalesce(slides.slide_type, given.value_type) like '%star%'
                then 'rating'
            when
                coalesce(slides.slide_type, given.value_type) like '%choice%'
                or coalesce(slides.slide_type, given.value_type) like '%multi%'
                or substr(given.answer, 1, 1) = '['
                then 'choice'
            when {{ to_number('given.answer') }} is not null then 'number'
            else 'text'
        end as score_type
    from given
    left join slides
        on
            given.source = slides.source
            and given.question_id = slides.slide_id
            and slides.version = 1
    where given.answer <> ''
    )
{% endmacro %}
