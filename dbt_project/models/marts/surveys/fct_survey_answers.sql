with responses as {{ not_materialized() }} (

    select * from {{ ref('int_survey_responses') }}
    where fate = 'loaded'

),

nodes as (

    select * from {{ source('control', 'identity_nodes') }}

),

answers as (

    -- every survey vendor has a macro `<vendor>_answers` beside its staging model
    {% for vendor in var('survey_vendors') -%}
    {{ context[vendor ~ '_answers']('responses') }}
    {% if not loop.last -%}
    union all
    {% endif -%}
    {%- endfor %}

),

score_types as (

    select * from {{ source('control', 'score_types') }}

),

unanswered as (

    select * from {{ source('control', 'unanswered') }}

),

-- answers that the configuration does not take for none, typed by it where it says how
typed as (

    select
        answers.*,
        coalesce(by_id.score_type, by_text.score_type, answers.score_type) as told_type
    from answers
    inner join responses on answers.response_id = responses.response_id
    left join score_types as by_id
        on responses.source = by_id.source and answers.question_id = by_id.question
    left join score_types as by_text
        on
            responses.source = by_text.source
            and answers.question = by_text.question
            and answers.question <> answers.question_id
    left join unanswered
        on
            responses.source = unanswered.source
            and trim(coalesce(answers.code, answers.answer)) = unanswered.answer
    where unanswered.answer is null

),

persons as (

    select
        responses.response_id,
        md5(coalesce(nodes.root_node, responses.respondent_node)) as person_id
    from responses
    left join nodes on responses.respondent_node = nodes.node

)

select
    -- keys
    responses.response_id,
    typed.question_id,

    -- what and where from
    responses.source,
    responses.form_id,
    typed.question,
    typed.answer,
    {{ to_number('coalesce(typed.code, typed.answer)') }} as numeric_value,
    typed.told_type as score_type,

    -- who
    responses.respondent_user_id,
    persons.person_id,
    responses.network_id,
    responses.platform,

    -- completion and times
    responses.completion,
    responses.opened_at,
    responses.submitted_at,
    responses.occurred_at,
    responses.recorded_at,
    responses.occurred_on,

    -- the way back to the byte
    responses.delivery_id,
    responses.file_sha256,
    responses.record_number
from responses
left join typed on responses.response_id = typed.response_id
left join persons on responses.response_id = persons.response_id
