{# Sorts of new persons: by week and by month of the first event, as (granularity, first date). #}
{% macro cohort_start(granularity, day) -%}
    cast({{ dbt.date_trunc(granularity, day) }} as date)
{%- endmacro %}

{# The last date of the period that starts on a date. #}
{% macro period_end(granularity, start) -%}
    {%- if granularity == 'day' -%}
    {{ start }}
    {%- elif granularity == 'week' -%}
    {{ start }} + 6
    {%- else -%}
    cast({{ start }} + interval '1' month as date) - 1
    {%- endif -%}
{%- endmacro %}

{# The last date that is over: what a window must not reach beyond to be judged. #}
{% macro last_closed_date(day) -%}
    case
        when {{ day }} >= cast('{{ env_var("WAYBILL_TODAY") }}' as date)
            then cast('{{ env_var("WAYBILL_TODAY") }}' as date) - 1
        else {{ day }}
    end
{%- endmacro %}

{# Events of a list of settings, as texts of SQL. #}
{% macro texts(values) -%}
    {%- for value in values -%}{{ funnel_text(value) }}{{ ", " if not loop.last }}{%- endfor -%}
{%- endmacro %}
