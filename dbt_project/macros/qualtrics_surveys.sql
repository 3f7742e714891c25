{#
    Survey definitions as CTEs: `question_texts` (a row per source and question) and `choice_texts`
    (a row per choice). Ids of questions are only unique within a survey and CSV does not name its
    survey, so they are used where the source has the definition of one survey only.
#}
{% macro qualtrics_definitions() %}
definitions as (

    select
        source,
        document,
        row_number() over (partition by source order by landed_at desc, file_sha256 asc)
            as version,
        min(form_id) over (partition by source) = max(form_id) over (partition by source)
            as is_one_survey
    from {{ ref('stg_qualtrics__responses') }}
    where record_reason = 'form_definition'

),

definition as (

    select
        source,
        document,
        -- of the API; a file of the survey itself has a list of elements instead
        coalesce(
            {{ json_object_at('document', '$.result.questions') }},
            {{ json_object_at('document', '$.result.Questions') }}
        ) as questions
    from definitions
    where version = 1 and is_one_survey

),

question_ids as (

    select
        source,
        questions,
        {{ json_each_key('questions') }} as qid
    from definition
    where questions is not null

),

elements as (

    select
        source,
        {{ json_each_item("json_elements") }} as element
    from (
        select
            source,
            {{ json_object_at('document', '$.SurveyElements') }} as json_elements
        from definition
    ) as listed
    where json_elements is not null

),

questions as (

    select
        source,
        qid,
        {{ json_member('questions', 'qid') }} as question
    from question_ids
    union all
    select
        source,
        {{ json_text('element', '$.PrimaryAttribute') }} as qid,
        {{ json_object_at('element', '$.Payload') }} as question
    from elements
    where {{ json_text('element', '$.Element') }} = 'SQ'

),

question_texts as (

    select
        source,
        qid,
        coalesce(
            {{ json_text('question', '$.questionName') }},
            {{ json_text('question', '$.DataExportTag') }}
        ) as tag,
        {{ plain_text(
            "coalesce(" ~ json_text('question', '$.questionText') ~ ", "
            ~ json_text('question', '$.QuestionText') ~ ")"
        ) }} as question_text,
        coalesce(
            {{ json_text('question', '$.questionType.type') }},
            {{ json_text('question', '$.QuestionType') }}
        ) as question_type,
        coalesce(
            {{ json_text('question', '$.questionType.selector') }},
            {{ json_text('question', '$.Selector') }}
        ) as selector,
        coalesce(
            {{ json_object_at('question', '$.choices') }},
            {{ json_object_at('question', '$.Choices') }}
        ) as choices,
        {{ json_object_at('question', '$.RecodeValues') }} as recodes
    from questions

),

choice_ids as (

    select
        source,
        qid,
        choices,
        recodes,
        {{ json_each_key('choices') }} as choice_id
    from question_texts
    where {{ json_is_object('choices') }}

),

opened_choices as (

    select
        source,
        qid,
        choice_id,
        {{ json_member('choices', 'choice_id') }} as choice,
        {{ json_member_text('recodes', 'choice_id') }} as recode
    from choice_ids

),

choice_texts as (

    select
        source,
        qid,
        choice_id,
        coalesce(recode, {{ json_text('choice', '$.recode') }}, choice_id) as code,
        {{ plain_text(
            "coalesce(" ~ json_text('choice', '$.choiceText') ~ ", "
            ~ json_text('choice', '$.Display') ~ ", " ~ json_text('choice', '$.description') ~ ")"
        ) }} as choice_text
    from opened_choices

)
{% endmacro %}

{#
    Invitations that Qualtrics sent, from the history of its distributions, exported as a table or
    as pages: one row per invitation, how far it came, and its place.
#}
{% macro qualtrics_invitations(staged) %}
    select
        source,
        form_id,
        delivery_id,
        occurred_at as invited_at,
        occurred_on as invited_on,
        recorded_at,
        landed_at,
        distribution_id,
        invitation_id,
        contact_id,
        status not in ('hardbounce', 'softbounce', 'failure', 'blocked', 'skipped', 'complaint')
        as is_invited,
        is_finished,
        is_finished or has_started or status in ('surveystarted', 'surveypartiallyfinished')
        as is_started,
        is_finished or has_started or has_opened or status in (
            'opened', 'surveystarted', 'surveypartiallyfinished'
        ) as is_opened
    from (
        select
            staged.*,
            coalesce(
                {{ json_text('document', '$.distribution_id') }},
                {{ json_text('document', '$.distributionId') }}
            ) as distribution_id,
            concat_ws(
                chr(31),
                {{ json_text('document', '$.distribution_id') }},
                {{ json_text('document', '$.distributionId') }},
                {{ json_text('document', '$.contact_id') }},
                {{ json_text('document', '$.contactId') }}
            ) as invitation_id,
            coalesce(
                {{ json_text('document', '$.contact_id') }},
                {{ json_text('document', '$.contactId') }}
            ) as contact_id,
            lower(coalesce({{ json_text('document', '$.status') }}, '')) as status,
            coalesce(
                {{ json_text('document', '$.response_completed_at') }},
                {{ json_text('document', '$.responseCompletedAt') }}
            ) is not null
            or lower(coalesce({{ json_text('document', '$.status') }}, '')) = 'surveyfinished'
                as is_finished,
            coalesce(
                {{ json_text('document', '$.response_started_at') }},
                {{ json_text('document', '$.responseStartedAt') }}
            ) is not null as has_started,
            coalesce(
                {{ json_text('document', '$.opened_at') }},
                {{ json_text('document', '$.openedAt') }}
            ) is not null as has_opened
        from {{ staged }} as staged
        where staged.vendor = 'qualtrics' and staged.record_reason = 'invitation'
    ) as invitations
    where occurred_on is not null
{% endmacro %}
