{#
    Shares and how far chance alone moves them. The interval is Wilson's, 95 %, from counts of
    persons: it stays inside 0 to 1 and is right for few persons and for rates near 0
    (Wilson 1927; Brown, Cai and DasGupta 2001).
#}

{# The share of a whole, null where there is nothing to divide by. #}
{% macro rate(part, whole) -%}
    cast({{ part }} as double) / nullif({{ whole }}, 0)
{%- endmacro %}

{% macro wilson_low(part, whole) -%}
    {{ wilson_bound(part, whole, '-') }}
{%- endmacro %}

{% macro wilson_high(part, whole) -%}
    {{ wilson_bound(part, whole, '+') }}
{%- endmacro %}

{# At 0 and at 1 the outer bound is exactly that; floating point alone would miss it by a hair. #}
{% macro wilson_bound(part, whole, side) -%}
    {%- set z2 = '3.841458820694124' -%}
    case
        when {{ whole }} = 0 then null
        when {{ part }} = {{ '0' if side == '-' else whole }} then {{ '0.0' if side == '-' else '1.0' }}
        else (
            {{ rate(part, whole) }} + {{ z2 }} / (2 * {{ whole }})
            {{ side }} sqrt(
                {{ z2 }} * (
                    {{ rate(part, whole) }} * (1 - {{ rate(part, whole) }}) / {{ whole }}
                    + {{ z2 }} / (4.0 * {{ whole }} * {{ whole }})
                )
            )
        ) / (1 + {{ z2 }} / {{ whole }})
    end
{%- endmacro %}

{#
    Bounds of the difference of two rates (now less before) from their Wilson bounds, 95 %
    (Newcombe 1998, method 10). They take the two groups for different persons; where many are the
    same, the true interval is narrower.
#}
{% macro difference_low(now, before) -%}
    {{ now }}.rate - {{ before }}.rate - sqrt(
        ({{ now }}.rate - {{ now }}.rate_low) * ({{ now }}.rate - {{ now }}.rate_low)
        + ({{ before }}.rate_high - {{ before }}.rate) * ({{ before }}.rate_high - {{ before }}.rate)
    )
{%- endmacro %}

{% macro difference_high(now, before) -%}
    {{ now }}.rate - {{ before }}.rate + sqrt(
        ({{ now }}.rate_high - {{ now }}.rate) * ({{ now }}.rate_high - {{ now }}.rate)
        + ({{ before }}.rate - {{ before }}.rate_low) * ({{ before }}.rate - {{ before }}.rate_low)
    )
{%- endmacro %}

{# Monday of a date's week. #}
{% macro week_of(day) -%}
    cast({{ dbt.date_trunc('week', day) }} as date)
{%- endmacro %}
