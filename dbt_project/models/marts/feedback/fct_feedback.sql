{{ config(materialized='table', tags=['dated']) }}

{%- set within = feedback_settings().within_seconds %}

with answers as (

    select * from {{ ref('int_feedback_answers') }}

),

responses as (

    select distinct
        response_id,
        person_id,
        answered_at,
        answered_on,
        since_on
    from answers
    where has_events

),

-- The dates of any window: what lies outside is not read.
window_dates as (

    select
        min(since_on) as first_on,
        max(answered_on) as last_on
    from responses

),

acts as (

    select
        micro.person_id,
        micro.event_name,
        micro.occurred_at
    from {{ ref('fct_micro_conversions') }} as micro
    inner join window_dates
        on
            micro.occurred_on >= window_dates.first_on
            and micro.occurred_on <= window_dates.last_on
    where micro.person_id in (select responses.person_id from responses)

),

behaviour as (

    select
        responses.response_id,
        acts.event_name,
        count(*) as events,
        max(acts.occurred_at) as last_at
    from responses
    inner join acts
        on
            responses.person_id = acts.person_id
            and responses.answered_at >= acts.occurred_at
            and acts.occurred_at >= responses.answered_at - interval '{{ within }}' second
    group by responses.response_id, acts.event_name

),

-- The nearest is the one done last before the answer; of two at one instant, the lesser name.
ranked as (

    select
        *,
        row_number() over (
            partition by response_id
            order by last_at desc, event_name asc
        ) as place
    from behaviour

)

select
    -- keys
    answers.response_id,
    answers.question_id,
    ranked.event_name,

    -- the answer
    answers.survey,
    answers.form_id,
    answers.question,
    answers.score_type,
    answers.score,
    answers.score_group,
    answers.completion,
    answers.is_counted,
    answers.is_active,

    -- who
    answers.person_id,
    answers.platform,
    answers.country,
    answers.campaign,

    -- what they did before
    case
        when ranked.event_name is not null then 'seen'
        when answers.person_id is null then 'respondent unknown'
        when not answers.has_events then 'respondent without events'
        else 'nothing in time'
    end as behaviour,
    coalesce(ranked.events, 0) as events,
    ranked.last_at,
    {{ epoch_seconds('answers.answered_at') }} - {{ epoch_seconds('ranked.last_at') }}
        as seconds_before,
    coalesce(ranked.place, 1) = 1 as is_nearest,
    cast({{ within }} as {{ dbt.type_bigint() }}) as within_seconds,

    -- when
    answers.answered_at,
    answers.answered_on,
    answers.since_on as period_start,
    answers.answered_on as period_end,
    {{ row_quality('answers.since_on', 'answers.answered_on', 'answers.answered_at') }}
from answers
left join ranked on answers.response_id = ranked.response_id
