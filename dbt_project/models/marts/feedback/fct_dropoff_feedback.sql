{{ config(materialized='table', tags=['dated']) }}

{#- Accounts have no one person who answers for them, so their funnels are left out. -#}
{%- set settings = feedback_settings() %}
{%- set funnels = {} %}
{%- for name, funnel in var('funnels', {}).items() if funnel.per != 'account' %}
    {%- do funnels.update({name: funnel}) %}
{%- endfor %}

-- sessions have their person in {{ ref('fct_sessions') }}
with answers as (

    select * from {{ ref('int_feedback_answers') }}
    where has_events

),

-- Only who answered can have said something: the funnel is counted again for them alone.
events as (

    select events.*
    from {{ ref('fct_events') }} as events
    where events.person_id in (select answers.person_id from answers)

),

given as (

    {{ answer_groups('answers') }}

),

reached as (
    {% for name, funnel in funnels.items() %}
    select
        {{ funnel_text(name) }} as funnel,
        {% if funnel.per == 'session' -%}
        sessions.person_id,
        {%- else -%}
        split_part(attempts.entity, chr(31), 1) as person_id,
        {%- endif %}
        attempts.entity,
        attempts.reached as step_number,
        case attempts.reached
            {%- for _ in funnel.steps %}
            when {{ loop.index }} then attempts.micros_{{ loop.index }}
            {%- endfor %}
        end / 1000000.0 as left_seconds
    from (
    {{ funnel_attempts(
        'events', funnel.steps, funnel.within_seconds, funnel.per, how=funnel.get('how', {})
    ) }}
    ) as attempts
    {%- if funnel.per == 'session' %}
    inner join {{ ref('fct_sessions') }} as sessions
        on split_part(attempts.entity, chr(31), 1) = sessions.session_id
    {%- endif %}
    {{ "union all" if not loop.last }}
    {%- else %}
    select
        cast(null as {{ dbt.type_string() }}) as funnel,
        cast(null as {{ dbt.type_string() }}) as person_id,
        cast(null as {{ dbt.type_string() }}) as entity,
        cast(null as {{ dbt.type_int() }}) as step_number,
        cast(null as double) as left_seconds
    from events
    where false
    {%- endfor %}

),

-- The first answer after leaving is about that; of two attempts, about the one left last.
matched as (

    select
        reached.funnel,
        reached.step_number,
        reached.person_id,
        answers.response_id,
        answers.question_id,
        answers.survey,
        answers.form_id,
        answers.question,
        answers.score_type,
        answers.score,
        answers.since_on,
        answers.answered_on,
        answers.answered_at,
        row_number() over (
            partition by reached.funnel, answers.response_id, answers.question_id
            order by reached.left_seconds desc, reached.entity asc
        ) as attempt_choice
    from reached
    inner join answers
        on
            reached.person_id = answers.person_id
            and {{ epoch_seconds('answers.answered_at') }} >= reached.left_seconds
            and {{ epoch_seconds('answers.answered_at') }}
            <= reached.left_seconds + {{ settings.within_seconds }}

),

-- one person has one vote on a question, the first after leaving
voted as (

    select
        *,
        row_number() over (
            partition by funnel, step_number, person_id, survey, form_id, question_id
            order by answered_at asc, response_id asc
        ) as vote
    from matched
    where attempt_choice = 1

),

counted as (

    select
        voted.funnel,
        voted.step_number,
        voted.survey,
        voted.form_id,
        voted.question_id,
        given.answer_group,
        count(distinct voted.person_id) as answers,
        round(avg(voted.score), 9) as mean_score
    from voted
    inner join given
        on voted.response_id = given.response_id and voted.question_id = given.question_id
    where voted.vote = 1 and given.answer_group is not null
    group by
        voted.funnel,
        voted.step_number,
        voted.survey,
        voted.form_id,
        voted.question_id,
        given.answer_group

),

totals as (

    select
        funnel,
        step_number,
        survey,
        form_id,
        question_id,
        count(*) as respondents,
        max(question) as question,
        max(score_type) as score_type,
        min(since_on) as period_start,
        max(answered_on) as period_end,
        max(answered_at) as last_at
    from voted
    where vote = 1
    group by
        funnel,
        step_number,
        survey,
        form_id,
        question_id

),

shown as (

    select
        funnel,
        step_number,
        survey,
        form_id,
        question_id,
        case
            when answers < {{ settings.smallest_cell }} then '(few)' else answer_group
        end as reason,
        cast(sum(answers) as {{ dbt.type_bigint() }}) as answers,
        max(case when answers >= {{ settings.smallest_cell }} then answers end) as one_reason,
        max(case when answers >= {{ settings.smallest_cell }} then mean_score end) as mean_score
    from counted
    group by
        funnel,
        step_number,
        survey,
        form_id,
        question_id,
        case
            when answers < {{ settings.smallest_cell }} then '(few)' else answer_group
        end

),

steps as (

    select
        steps.funnel,
        steps.step_number,
        steps.step,
        lead(steps.step_number) over (partition by steps.funnel order by steps.step_number) is null
            as is_through,
        steps.entities - coalesce(
            lead(steps.entities) over (partition by steps.funnel order by steps.step_number), 0
        ) as stopped
    from {{ ref('fct_funnel_steps') }} as steps

)

select
    totals.funnel,
    totals.step_number,
    steps.step,
    steps.is_through,
    steps.stopped,
    totals.survey,
    totals.form_id,
    totals.question_id,
    totals.question,
    totals.score_type,
    {{ unless_few('totals.respondents', 'totals.respondents') }} as respondents,
    shown.reason,
    shown.answers < {{ settings.smallest_cell }} as is_hidden,
    {{ unless_few('shown.answers', 'shown.answers') }} as answers,
    {{ unless_few('shown.answers', rate('shown.one_reason', 'totals.respondents')) }} as share,
    {{ unless_few('shown.answers', wilson_low('shown.one_reason', 'totals.respondents')) }}
        as share_low,
    {{ unless_few('shown.answers', wilson_high('shown.one_reason', 'totals.respondents')) }}
        as share_high,
    shown.mean_score,
    cast({{ settings.within_seconds }} as {{ dbt.type_bigint() }}) as within_seconds,
    totals.period_start,
    totals.period_end,
    {{ row_quality('totals.period_start', 'totals.period_end', 'totals.last_at') }}
from totals
inner join shown
    on
        totals.funnel = shown.funnel
        and totals.step_number = shown.step_number
        and totals.survey = shown.survey
        and totals.form_id is not distinct from shown.form_id
        and totals.question_id = shown.question_id
inner join steps
    on totals.funnel = steps.funnel and totals.step_number = steps.step_number
