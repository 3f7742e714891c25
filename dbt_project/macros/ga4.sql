{#
    GA4's parameters: arrays of a key and a value that stands in one of several slots.
    Vendor page: GA4 BigQuery Export schema.
#}

{#
    The parameters as a list of (key, value), in order of keys and values: their own order is not
    stable. Values are JSON text; those without any slot are left out. A key that repeats is
    numbered `key#2`. Null where the text is no array.
#}
{% macro ga4_members(items) -%}
    {{ return(adapter.dispatch('ga4_members')(items)) }}
{%- endmacro %}
{% macro default__ga4_members(items) -%}
    {%- set slots = 'string_value:string,int_value:string,float_value:string,double_value:string' %}
    array_sort(filter(
        transform(
            from_json({{ items }}, 'array<struct<key:string,value:struct<{{ slots }}>>>'),
            p -> struct(p.key as key, {{ ga4_value('p.value') }} as value)
        ),
        p -> p.key is not null and p.value is not null
    ))
{%- endmacro %}
{% macro duckdb__ga4_members(items) -%}
    list_sort(list_filter(
        list_transform(
            json_transform({{ json_or_null(items) }}, '[{"key": "VARCHAR", "value": {
                "string_value": "VARCHAR", "int_value": "VARCHAR",
                "float_value": "VARCHAR", "double_value": "VARCHAR"
            }}]'),
            lambda p: {'key': p.key, 'value': {{ ga4_value('p.value') }}}
        ),
        lambda p: p.key is not null and p.value is not null
    ))
{%- endmacro %}

{# The first slot that is set, as JSON: numbers are written as text or not, by the way of export. #}
{% macro ga4_value(value) -%}
    {%- set number = 'coalesce(' ~ value ~ '.int_value, ' ~ value ~ '.float_value, '
        ~ value ~ '.double_value)' %}
    case
        when {{ value }}.string_value is not null then {{ json_string(value ~ '.string_value') }}
        when {{ matches(number, '^-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][-+]?[0-9]+)?$') }}
            then {{ number }}
        when {{ number }} is not null then {{ json_string(number) }}
    end
{%- endmacro %}

{# JSON object text of such a list, the repeated keys numbered. #}
{% macro ga4_object(members) -%}
    {{ return(adapter.dispatch('ga4_object')(members)) }}
{%- endmacro %}
{% macro default__ga4_object(members) -%}
    {%- set count = 'size(filter(slice(' ~ members ~ ', 1, i + 1), o -> o.key = p.key))' %}
    concat('{', array_join(transform({{ members }}, (p, i) -> concat({{ json_string(
        "case when " ~ count ~ " > 1 then concat(p.key, '#', cast(" ~ count
        ~ " as string)) else p.key end"
    ) }}, ':', p.value)), ','), '}')
{%- endmacro %}
{% macro duckdb__ga4_object(members) -%}
    {%- set key = members ~ '[i].key' %}
    {%- set count = 'len(list_filter(' ~ members ~ '[:i], lambda o: o.key = ' ~ key ~ '))' %}
    concat('{', array_to_string(list_transform(range(1, len({{ members }}) + 1), lambda i: concat(
        {{ json_string(
            "case when i > 1 and " ~ members ~ "[i - 1].key = " ~ key ~ " then concat(" ~ key
            ~ ", '#', " ~ count ~ ") else " ~ key ~ " end"
        ) }}, ':', {{ members }}[i].value)), ','), '}')
{%- endmacro %}
