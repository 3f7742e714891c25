{{ config(materialized='table', tags=['dated']) }}

with answers as (

    select * from {{ ref('int_feedback_answers') }}
    where is_counted

),

given as (

    {{ answer_groups('answers') }}

),

nearest as (

    select
        response_id,
        question_id,
        coalesce(event_name, '(none)') as event_name
    from {{ ref('fct_feedback') }}
    where is_nearest

),

answered as (

    select
        answers.response_id,
        answers.question_id,
        answers.survey,
        answers.form_id,
        answers.question,
        answers.score_type,
        answers.month_on,
        nearest.event_name as nearest_event,
        answers.platform,
        answers.country,
        answers.campaign,
        answers.answered_at
    from answers
    inner join nearest
        on
            answers.response_id = nearest.response_id
            and answers.question_id = nearest.question_id

),

by_event as (

    select
        answered.*,
        '(all)' as event_name
    from answered

    union all

    select
        answered.*,
        answered.nearest_event as event_name
    from answered

),

by_segment as (

    {{ in_total_and_by_segment('by_event') }}

),

totals as (

    select
        survey,
        form_id,
        question_id,
        month_on,
        event_name,
        dimension,
        segment,
        count(*) as answers,
        max(question) as question,
        max(score_type) as score_type,
        max(answered_at) as last_at
    from by_segment
    group by
        survey,
        form_id,
        question_id,
        month_on,
        event_name,
        dimension,
        segment

),

counted as (

    select
        by_segment.survey,
        by_segment.form_id,
        by_segment.question_id,
        by_segment.month_on,
        by_segment.event_name,
        by_segment.dimension,
        by_segment.segment,
        given.answer_group,
        count(distinct by_segment.response_id) as answers
    from by_segment
    inner join given
        on
            by_segment.response_id = given.response_id
            and by_segment.question_id = given.question_id
    where given.answer_group is not null
    group by
        by_segment.survey,
        by_segment.form_id,
        by_segment.question_id,
        by_segment.month_on,
        by_segment.event_name,
        by_segment.dimension,
        by_segment.segment,
        given.answer_group

),

-- What few say may point at them: it is counted together, and its words are not shown.
shown as (

    select
        survey,
        form_id,
        question_id,
        month_on,
        event_name,
        dimension,
        segment,
        case
            when answers < {{ feedback_settings().smallest_cell }} then '(few)' else answer_group
        end as reason,
        cast(sum(answers) as {{ dbt.type_bigint() }}) as answers,
        -- the few may hold one respondent twice, so they are no share
        max(case when answers >= {{ feedback_settings().smallest_cell }} then answers end)
            as one_reason
    from counted
    group by
        survey,
        form_id,
        question_id,
        month_on,
        event_name,
        dimension,
        segment,
        case
            when answers < {{ feedback_settings().smallest_cell }} then '(few)' else answer_group
        end

)

select
    shown.survey,
    shown.form_id,
    shown.question_id,
    totals.question,
    totals.score_type,
    shown.month_on as period_start,
    {{ period_end('month', 'shown.month_on') }} as period_end,
    shown.event_name,
    shown.dimension,
    shown.segment,
    shown.reason,
    shown.answers < {{ feedback_settings().smallest_cell }} as is_hidden,
    {{ unless_few('shown.answers', 'shown.answers') }} as answers,
    {{ unless_few('totals.answers', 'totals.answers') }} as all_answers,
    {{ unless_few('shown.answers', rate('shown.one_reason', 'totals.answers')) }} as share,
    {{ unless_few('shown.answers', wilson_low('shown.one_reason', 'totals.answers')) }}
        as share_low,
    {{ unless_few('shown.answers', wilson_high('shown.one_reason', 'totals.answers')) }}
        as share_high,
    {{ row_quality('shown.month_on', period_end('month', 'shown.month_on'), 'totals.last_at') }}
from shown
inner join totals
    on
        shown.survey = totals.survey
        and shown.form_id is not distinct from totals.form_id
        and shown.question_id = totals.question_id
        and shown.month_on = totals.month_on
        and shown.event_name = totals.event_name
        and shown.dimension = totals.dimension
        and shown.segment = totals.segment
