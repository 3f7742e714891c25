with responses as (

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
    answers.question_id,

    -- what and where from
    responses.source,
    responses.form_id,
    answers.question,
    answers.answer,
    {{ to_number('answers.answer') }} as numeric_value,
    answers.score_type,

    -- who
    responses.respondent_user_id,
    persons.person_id,
    responses.network_id,
    responses.platform,

    -- completion and times
    responses.completion,
    responses.opened_at,
    responses.submitted_at,
    responses.occurred_on,

    -- the way back to the byte
    responses.delivery_id,
    responses.file_sha256,
    responses.record_number
from responses
left join answers on responses.response_id = answers.response_id
left join persons on responses.response_id = persons.response_id
