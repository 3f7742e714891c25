{{ config(materialized='table') }}

{%- set within = feedback_settings().within_seconds %}

with persons as (

    select * from {{ ref('dim_persons') }}

),

-- Fields that tell who answers stand among the answers of some exports, and are none.
identifying as (

    select
        source,
        user_field as question_id
    from {{ source('control', 'sources') }}
    where user_field is not null
    union
    select
        source,
        property as question_id
    from {{ source('control', 'identity_keys') }}

),

told as (

    select answers.*
    from {{ ref('fct_survey_answers') }} as answers
    left join identifying
        on answers.source = identifying.source and answers.question_id = identifying.question_id
    where answers.question_id is not null and identifying.question_id is null

),

answers as (

    select
        *,
        coalesce(person_id, response_id) as respondent_id,
        {{ dbt.date_trunc('month', 'occurred_on') }} as month_at
    from told

),

scored as (

    select
        *,
        case
            when score_type = 'nps' and (numeric_value < 0 or numeric_value > 10) then null
            when score_type in ('nps', 'csat', 'rating', 'number') then numeric_value
        end as score,
        -- one person has one vote a month, the last
        row_number() over (
            partition by source, form_id, question_id, month_at, respondent_id
            order by occurred_at desc, response_id asc
        ) as vote
    from answers

),

-- Months in which a respondent was active too: only then do they stand for others who were.
active as (

    select distinct
        days.person_id,
        cast({{ dbt.date_trunc('month', 'days.occurred_on') }} as date) as month_on
    from {{ ref('int_person_days') }} as days
    where days.person_id in (select answers.person_id from answers)

)

select
    scored.response_id,
    scored.question_id,
    scored.source as survey,
    scored.form_id,
    scored.question,
    scored.answer,
    scored.score_type,
    scored.score,
    case
        when scored.score is null then null
        when scored.score_type = 'nps' and scored.score >= 9 then 'promoter'
        when scored.score_type = 'nps' and scored.score >= 7 then 'passive'
        when scored.score_type = 'nps' then 'detractor'
        when
            scored.score_type = 'csat'
            and scored.score >= {{ satisfied_from('scored.question_id') }}
            then 'satisfied'
        when scored.score_type = 'csat' then 'not satisfied'
    end as score_group,
    scored.completion,
    scored.person_id,
    scored.respondent_id,
    persons.person_id is not null as has_events,
    coalesce(persons.first_platform, '(unknown)') as platform,
    coalesce(persons.first_country, '(unknown)') as country,
    coalesce(persons.first_campaign, '(unknown)') as campaign,
    scored.occurred_at as answered_at,
    scored.occurred_on as answered_on,
    {{ window_start('scored.occurred_at', within) }} as since_on,
    cast(scored.month_at as date) as month_on,
    active.person_id is not null as is_active,
    scored.vote = 1 as is_counted
from scored
left join persons on scored.person_id = persons.person_id
left join active
    on scored.person_id = active.person_id and cast(scored.month_at as date) = active.month_on
