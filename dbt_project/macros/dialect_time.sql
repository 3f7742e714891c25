{#
    The rest of `dialect.sql`: instants, wall clocks and epochs.
#}

{# An instant in UTC from a wall clock in a zone; in the repeated hour, the later of the two. #}
{% macro wall_to_utc(wall, zone) -%}
    {{ return(adapter.dispatch('wall_to_utc')(wall, zone)) }}
{%- endmacro %}
{% macro default__wall_to_utc(wall, zone) -%}
    {#- Java takes the earlier; in the repeated hour alone the clock shows the same an hour on. -#}
    case
        when
            from_utc_timestamp(
                to_utc_timestamp({{ wall }}, {{ zone }}) + interval '1' hour, {{ zone }}
            ) = {{ wall }}
            then to_utc_timestamp({{ wall }}, {{ zone }}) + interval '1' hour
        else to_utc_timestamp({{ wall }}, {{ zone }})
    end
{%- endmacro %}
{% macro duckdb__wall_to_utc(wall, zone) -%}
    timezone('UTC', timezone({{ zone }}, {{ wall }}))
{%- endmacro %}

{# The wall clock of a zone at an instant in UTC. #}
{% macro utc_to_wall(instant, zone) -%}
    {{ return(adapter.dispatch('utc_to_wall')(instant, zone)) }}
{%- endmacro %}
{% macro default__utc_to_wall(instant, zone) -%}
    from_utc_timestamp({{ instant }}, {{ zone }})
{%- endmacro %}
{% macro duckdb__utc_to_wall(instant, zone) -%}
    timezone({{ zone }}, timezone('UTC', {{ instant }}))
{%- endmacro %}

{# A timestamp from seconds since 1970, null where the text is no number. #}
{% macro epoch_to_timestamp(seconds) -%}
    {{ return(adapter.dispatch('epoch_to_timestamp')(seconds)) }}
{%- endmacro %}
{% macro default__epoch_to_timestamp(seconds) -%}
    timestamp_micros(cast(round(({{ seconds }}) * 1000000) as bigint))
{%- endmacro %}
{% macro duckdb__epoch_to_timestamp(seconds) -%}
    make_timestamp(cast(round(({{ seconds }}) * 1000000) as bigint))
{%- endmacro %}

{% macro epoch_seconds(instant) -%}
    {{ return(adapter.dispatch('epoch_seconds')(instant)) }}
{%- endmacro %}
{% macro default__epoch_seconds(instant) -%}
    (unix_micros({{ instant }}) / 1000000.0)
{%- endmacro %}
{% macro duckdb__epoch_seconds(instant) -%}
    (epoch_us({{ instant }}) / 1000000.0)
{%- endmacro %}

{# A wall clock from text without zone, null where it is none. #}
{% macro to_wall_or_null(text) -%}
    try_cast({{ text }} as timestamp)
{%- endmacro %}

{#
    An instant in UTC from text, null where it is none: an offset in the text is applied, text
    without one is UTC. DuckDB's cast to a timestamp reads over an offset without a word.
#}
{% macro to_instant_or_null(text) -%}
    {{ return(adapter.dispatch('to_instant_or_null')(text)) }}
{%- endmacro %}
{% macro default__to_instant_or_null(text) -%}
    try_cast({{ text }} as timestamp)
{%- endmacro %}
{% macro duckdb__to_instant_or_null(text) -%}
    {#- Only text with an offset takes the way over the calendar, which is five times slower. A
        space before the offset, or no seconds, is then written as DuckDB reads it. #}
    case
        when contains(translate(substr({{ text }}, 11), '-', '+'), '+')
            then timezone('UTC', coalesce(
                try_cast({{ text }} as timestamptz),
                try_cast({{ with_seconds(text) }} as timestamptz)
            ))
        else coalesce(
            try_cast({{ text }} as timestamp), try_cast({{ with_seconds(text) }} as timestamp)
        )
    end
{%- endmacro %}
{% macro with_seconds(text) -%}
    regexp_replace(
        regexp_replace({{ text }}, ' ([+-][0-9:]+)$', '\1'),
        '^(.{10}.[0-9]{2}:[0-9]{2})(Z|[+-].*)$', '\1:00\2'
    )
{%- endmacro %}

{# How many days a date is after another. #}
{% macro days_after(later, earlier) -%}
    {%- set later_at = epoch_seconds('cast(' ~ later ~ ' as timestamp)') -%}
    {%- set earlier_at = epoch_seconds('cast(' ~ earlier ~ ' as timestamp)') -%}
    cast(({{ later_at }} - {{ earlier_at }}) / 86400 as integer)
{%- endmacro %}
