{{ config(materialized='table', tags=['dated']) }}

with feedback as (

    select
        feedback.*,
        cast({{ dbt.date_trunc('month', 'feedback.answered_on') }} as date) as month_on
    from {{ ref('fct_feedback') }} as feedback
    where feedback.is_nearest and feedback.is_counted and feedback.score is not null

),

answers as (

    select
        feedback.survey,
        feedback.form_id,
        feedback.question_id,
        feedback.question,
        feedback.score_type,
        feedback.month_on,
        coalesce(feedback.event_name, '(none)') as event_name,
        feedback.platform,
        feedback.country,
        feedback.campaign,
        feedback.score,
        feedback.answered_at,
        case when feedback.score_group = 'promoter' then 1 else 0 end as is_promoter,
        case when feedback.score_group = 'detractor' then 1 else 0 end as is_detractor,
        case when feedback.score_group = 'satisfied' then 1 else 0 end as is_satisfied,
        case when feedback.is_active then weights.weight end as weight
    from feedback
    left join {{ ref('fct_response_weights') }} as weights
        on
            feedback.survey = weights.survey
            and feedback.form_id is not distinct from weights.form_id
            and feedback.month_on = weights.period_start
            {%- for segment in feedback_settings().weight_by %}
            and feedback.{{ segment }} = weights.{{ segment }}
            {%- endfor %}

),

-- Each answer stands in the total and under its micro-conversion, in both by one segment at a time.
by_event as (

    select
        answers.*,
        '(all)' as counted_event
    from answers

    union all

    select
        answers.*,
        answers.event_name as counted_event
    from answers

),

by_segment as (

    {{ in_total_and_by_segment('by_event') }}

),

counted as (

    select
        survey,
        form_id,
        question_id,
        score_type,
        month_on,
        counted_event,
        dimension,
        segment,
        max(question) as question,
        count(*) as answers,
        cast(sum(is_promoter) as {{ dbt.type_bigint() }}) as promoter_answers,
        cast(sum(is_detractor) as {{ dbt.type_bigint() }}) as detractor_answers,
        cast(sum(is_satisfied) as {{ dbt.type_bigint() }}) as satisfied_answers,
        round(avg(score), 9) as mean_score,
        count(weight) as weighted_answers,
        sum(weight) as weight,
        sum(weight * weight) as squared_weight,
        sum(weight * is_promoter) as weighted_promoters,
        sum(weight * is_detractor) as weighted_detractors,
        sum(weight * is_satisfied) as weighted_satisfied,
        max(answered_at) as last_at
    from by_segment
    group by
        survey,
        form_id,
        question_id,
        score_type,
        month_on,
        counted_event,
        dimension,
        segment

),

scored as (

    select
        *,
        case when score_type = 'nps' then promoter_answers end as promoters,
        case when score_type = 'nps' then answers - promoter_answers - detractor_answers end
            as passives,
        case when score_type = 'nps' then detractor_answers end as detractors,
        case when score_type = 'csat' then satisfied_answers end as satisfied,
        -- sums of weights in another order differ in the last digit
        round(weight * weight / squared_weight, 9) as effective_answers,
        case when score_type = 'nps' then round(weighted_promoters / weight, 12) end
            as promoter_share,
        case when score_type = 'nps' then round(weighted_detractors / weight, 12) end
            as detractor_share,
        case when score_type = 'csat' then round(weighted_satisfied / weight, 12) end
            as weighted_csat
    from counted

),

rated as (

    select
        *,
        100 * {{ rate('promoters - detractors', 'answers') }} as nps,
        {{ rate('satisfied', 'answers') }} as csat,
        round(100 * (promoter_share - detractor_share), 9) as weighted_nps,
        -- as sure as so many respondents of equal weight
        promoter_share * effective_answers as effective_promoters,
        detractor_share * effective_answers as effective_detractors,
        weighted_csat * effective_answers as effective_satisfied
    from scored

),

bounded as (

    select
        *,
        {{ nps_bound('nps', 'promoters', 'detractors', 'answers', '-') }} as nps_low,
        {{ nps_bound('nps', 'promoters', 'detractors', 'answers', '+') }} as nps_high,
        {{ wilson_low('satisfied', 'answers') }} as csat_low,
        {{ wilson_high('satisfied', 'answers') }} as csat_high,
        {%- set effective = ['effective_promoters', 'effective_detractors', 'effective_answers'] %}
        {{ nps_bound('weighted_nps', *effective, side='-') }} as weighted_nps_low,
        {{ nps_bound('weighted_nps', *effective, side='+') }} as weighted_nps_high,
        {{ wilson_low('effective_satisfied', 'effective_answers') }} as weighted_csat_low,
        {{ wilson_high('effective_satisfied', 'effective_answers') }} as weighted_csat_high
    from rated

)

select
    survey,
    form_id,
    question_id,
    question,
    score_type,
    month_on as period_start,
    {{ period_end('month', 'month_on') }} as period_end,
    counted_event as event_name,
    dimension,
    segment,
    answers < {{ feedback_settings().smallest_cell }} as is_hidden,
    {{ unless_few('answers', 'answers') }} as answers,
    {{ unless_few('answers', 'promoters') }} as promoters,
    {{ unless_few('answers', 'passives') }} as passives,
    {{ unless_few('answers', 'detractors') }} as detractors,
    {{ unless_few('answers', 'nps') }} as nps,
    {{ unless_few('answers', 'nps_low') }} as nps_low,
    {{ unless_few('answers', 'nps_high') }} as nps_high,
    {{ unless_few('answers', 'csat') }} as csat,
    {{ unless_few('answers', 'csat_low') }} as csat_low,
    {{ unless_few('answers', 'csat_high') }} as csat_high,
    {{ unless_few('answers', 'mean_score') }} as mean_score,
    {{ unless_few('answers', 'weighted_answers') }} as weighted_answers,
    {{ unless_few('weighted_answers', 'effective_answers') }} as effective_answers,
    {{ unless_few('weighted_answers', 'weighted_nps') }} as weighted_nps,
    {{ unless_few('weighted_answers', 'weighted_nps_low') }} as weighted_nps_low,
    {{ unless_few('weighted_answers', 'weighted_nps_high') }} as weighted_nps_high,
    {{ unless_few('weighted_answers', 'weighted_csat') }} as weighted_csat,
    {{ unless_few('weighted_answers', 'weighted_csat_low') }} as weighted_csat_low,
    {{ unless_few('weighted_answers', 'weighted_csat_high') }} as weighted_csat_high,
    {{ row_quality('month_on', period_end('month', 'month_on'), 'last_at') }}
from bounded
