with responses as (

    select * from {{ ref('int_survey_responses') }}
    where fate = 'loaded'

),

settings as (

    select * from {{ source('control', 'sources') }}

),

nodes as (

    select * from {{ source('control', 'identity_nodes') }}

),

answers as (

    {{ typeform_answers('responses') }}

),

respondents as (

    select
        responses.response_id,
        {{ node(0, 'settings.user_namespace', 'responses.respondent_user_id') }} as user_node
    from responses
    inner join settings on responses.source = settings.source

),

persons as (

    select
        respondents.response_id,
        md5(coalesce(nodes.root_node, respondents.user_node)) as person_id
    from respondents
    left join nodes on respondents.user_node = nodes.node

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
