{#
    What the marts of feedback have in common: settings, groups of answers, the interval of a Net
    Promoter Score, and how a figure of too few respondents is hidden.
#}

{# The settings of `feedback:`, with their defaults where a project is compiled without any. #}
{% macro feedback_settings() -%}
    {{ return(var('feedback', {
        'within_seconds': 604800,
        'smallest_cell': 5,
        'weight_by': ['platform', 'country'],
        'satisfied_from': 4,
        'satisfied_from_by_question': {},
        'contacts_seconds': 2592000,
        'most_contacts': 2,
    })) }}
{%- endmacro %}

{# The score from which an answer to a question of satisfaction is a satisfied one. #}
{% macro satisfied_from(question_id) -%}
    {%- set settings = feedback_settings() -%}
    {%- if settings.satisfied_from_by_question -%}
    case {{ question_id }}
        {%- for question, score in settings.satisfied_from_by_question.items() %}
        when {{ funnel_text(question) }} then {{ score }}
        {%- endfor %}
        else {{ settings.satisfied_from }}
    end
    {%- else -%}
    {{ settings.satisfied_from }}
    {%- endif -%}
{%- endmacro %}

{# A segment's value where weights tell it apart, else (all). #}
{% macro weighted_segment(segment, value) -%}
    {%- if segment in feedback_settings().weight_by -%}
    coalesce({{ value }}, '(unknown)')
    {%- else -%}
    '(all)'
    {%- endif -%}
{%- endmacro %}

{# First date of an instant less a window of seconds, in the reporting zone. #}
{% macro window_start(instant, seconds) -%}
    cast({{ reporting_wall(instant ~ " - interval '" ~ seconds ~ "' second") }} as date)
{%- endmacro %}

{#
    A bound of the Net Promoter Score, -100 to 100, 95 %: adjusted Wald, with three respondents more
    of whom 3/4 are promoters and 3/4 detractors (Rocks 2016, The American Statistician 70). It
    leans to the middle, so of one respondent it may miss the score itself; then that is the bound.
#}
{% macro nps_bound(score, promoters, detractors, answers, side) -%}
    {%- set n = '(' ~ answers ~ ' + 3.0)' -%}
    {%- set net = '((' ~ promoters ~ ' - ' ~ detractors ~ ') / ' ~ n ~ ')' -%}
    {%- set either = '((' ~ promoters ~ ' + ' ~ detractors ~ ' + 1.5) / ' ~ n ~ ')' -%}
    {%- set half %}1.959963984540054 * sqrt(({{ either }} - {{ net }} * {{ net }}) / {{ n }}){% endset -%}
    case
        when {{ score }} is null then null
        else 100 * {{ 'greatest(-1.0, least' if side == '-' else 'least(1.0, greatest' }}(
            {{ net }} {{ side }} {{ half }}, {{ score }} / 100.0
        ))
    end
{%- endmacro %}

{#
    Rows of answers with what they are counted under: response_id, question_id and answer_group, one
    row an answer, or one a choice. A free text is counted and not shown.
#}
{% macro answer_groups(answers) %}
    select
        response_id,
        question_id,
        case
            when score_type in ('nps', 'csat') then score_group
            when score_type in ('rating', 'number') then '(number)'
            when score_type = 'choice' then answer
            else '(text)'
        end as answer_group
    from {{ answers }}
    where not (score_type = 'choice' and substr(answer, 1, 1) = '[')

    union all

    select
        response_id,
        question_id,
        {{ json_each_text('answer') }} as answer_group
    from (
        select
            response_id,
            question_id,
            {{ json_or_null('answer') }} as answer
        from {{ answers }}
        where score_type = 'choice' and substr(answer, 1, 1) = '['
    ) as listed
{% endmacro %}

{# A figure, null where it would be of fewer respondents than may be shown. #}
{% macro unless_few(respondents, figure) -%}
    case when {{ respondents }} >= {{ feedback_settings().smallest_cell }} then {{ figure }} end
{%- endmacro %}

{# Rows of `relation` in total and once more under each segment: adds `dimension` and `segment`. #}
{% macro in_total_and_by_segment(relation) %}
    {%- for dimension in ['(all)', 'platform', 'country', 'campaign'] %}
    select
        {{ relation }}.*,
        '{{ dimension }}' as dimension,
        {{ "'(all)'" if loop.first else relation ~ '.' ~ dimension }} as segment
    from {{ relation }}
    {{ "union all" if not loop.last }}
    {%- endfor %}
{%- endmacro %}
