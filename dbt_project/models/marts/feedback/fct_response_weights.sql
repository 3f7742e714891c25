{{ config(materialized='table', tags=['dated']) }}

with answers as (

    select * from {{ ref('int_feedback_answers') }}
    where is_counted

),

surveys as (

    select distinct
        survey,
        form_id,
        month_on
    from answers

),

days as (

    select
        cast({{ dbt.date_trunc('month', 'occurred_on') }} as date) as month_on,
        person_id,
        last_at
    from {{ ref('int_person_days') }}

),

active as (

    select
        days.month_on,
        days.person_id,
        max(days.last_at) as last_at
    from days
    where days.month_on in (select surveys.month_on from surveys)
    group by days.month_on, days.person_id

),

population as (

    select
        active.month_on,
        active.person_id,
        active.last_at,
        {{ weighted_segment('platform', 'persons.first_platform') }} as platform,
        {{ weighted_segment('country', 'persons.first_country') }} as country,
        {{ weighted_segment('campaign', 'persons.first_campaign') }} as campaign
    from active
    inner join {{ ref('dim_persons') }} as persons on active.person_id = persons.person_id

),

cells as (

    select
        month_on,
        platform,
        country,
        campaign,
        count(*) as persons,
        max(last_at) as last_at
    from population
    group by month_on, platform, country, campaign

),

answered as (

    select
        survey,
        form_id,
        month_on,
        {{ weighted_segment('platform', 'platform') }} as platform,
        {{ weighted_segment('country', 'country') }} as country,
        {{ weighted_segment('campaign', 'campaign') }} as campaign,
        count(distinct person_id) as respondents
    from answers
    where is_active
    group by
        survey,
        form_id,
        month_on,
        {{ weighted_segment('platform', 'platform') }},
        {{ weighted_segment('country', 'country') }},
        {{ weighted_segment('campaign', 'campaign') }}

)

select
    surveys.survey,
    surveys.form_id,
    surveys.month_on as period_start,
    {{ period_end('month', 'surveys.month_on') }} as period_end,
    cells.platform,
    cells.country,
    cells.campaign,
    cells.persons as active_persons,
    coalesce(answered.respondents, 0) as respondents,
    {{ rate('coalesce(answered.respondents, 0)', 'cells.persons') }} as respondent_share,
    cast(cells.persons as double) / answered.respondents as weight,
    answered.respondents is not null as is_answered,
    {{ row_quality('surveys.month_on', period_end('month', 'surveys.month_on'), 'cells.last_at') }}
from surveys
inner join cells on surveys.month_on = cells.month_on
left join answered
    on
        surveys.survey = answered.survey
        and surveys.form_id is not distinct from answered.form_id
        and surveys.month_on = answered.month_on
        and cells.platform = answered.platform
        and cells.country = answered.country
        and cells.campaign = answered.campaign
