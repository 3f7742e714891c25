{#
    The rest of `dialect.sql`: JSON documents read and written as lists of members.
#}

{# The texts at several JSON paths as a list, found in one pass; null where absent. #}
{% macro json_paths(document, paths) -%}
    {{ return(adapter.dispatch('json_paths')(document, paths)) }}
{%- endmacro %}
{% macro default__json_paths(document, paths) -%}
    array({% for path in paths %}{{ json_text(document, path) }}{{ ", " if not loop.last }}
    {%- endfor %})
{%- endmacro %}
{% macro duckdb__json_paths(document, paths) -%}
    json_extract_string({{ document }}, [
        {%- for path in paths %}'{{ path }}'{{ ", " if not loop.last }}{% endfor -%}
    ])
{%- endmacro %}

{# An element of a list, the first being 1. #}
{% macro list_item(list, position) -%}
    {{ return(adapter.dispatch('list_item')(list, position)) }}
{%- endmacro %}
{% macro default__list_item(list, position) -%}
    element_at({{ list }}, {{ position }})
{%- endmacro %}
{% macro duckdb__list_item(list, position) -%}
    {{ list }}[{{ position }}]
{%- endmacro %}

{# JSON text of a text. #}
{% macro json_string(text) -%}
    {{ return(adapter.dispatch('json_string')(text)) }}
{%- endmacro %}
{% macro default__json_string(text) -%}
    {#- Spark writes structures only -#}
    substr(to_json(array({{ text }})), 2, length(to_json(array({{ text }}))) - 2)
{%- endmacro %}
{% macro duckdb__json_string(text) -%}
    cast(to_json({{ text }}) as varchar)
{%- endmacro %}

{#
    The members of a JSON object as a list of (key, value), values as JSON text and nulls left out.
    A text that holds an object or an array has become one: tables keep what is nested as text.
#}
{% macro json_members(document) -%}
    {{ return(adapter.dispatch('json_members')(document)) }}
{%- endmacro %}
{% macro default__json_members(document) -%}
    filter(
        transform(
            map_entries(from_json({{ document }}, 'map<string,variant>')),
            m -> struct(
                m.key as key,
                case
                    when
                        schema_of_variant(m.value) = 'STRING'
                        and try_parse_json(cast(m.value as string)) is not null
                        and substr(cast(m.value as string), 1, 1) in ('{', '[')
                        then cast(m.value as string)
                    else to_json(m.value)
                end as value
            )
        ),
        m -> m.value <> 'null'
    )
{%- endmacro %}
{% macro duckdb__json_members(document) -%}
    list_transform(
        list_filter(
            {#- a map has no two entries of one key, so such an object is read key by key #}
            case
                when json_type({{ document }}) <> 'OBJECT' then null
                when len(json_keys({{ document }})) = len(list_distinct(json_keys({{ document }})))
                    then map_entries(cast(cast({{ document }} as json) as map(varchar, json)))
                else list_transform(list_sort(list_distinct(json_keys({{ document }}))), lambda k: {
                    'key': k, 'value': json_extract({{ document }}, {{ json_pointer('k') }})
                })
            end,
            lambda m: m.value is not null
        ),
        lambda m: {
            'key': m.key,
            'value': case
                when substr(cast(m.value as varchar), 1, 2) not in ('"{', '"[')
                    then cast(m.value as varchar)
                when json_valid(m.value ->> '$') then m.value ->> '$'
                else cast(m.value as varchar)
            end
        }
    )
{%- endmacro %}

{# JSON object text of a list of (key, value), values being JSON text. #}
{% macro json_of_members(members) -%}
    {{ return(adapter.dispatch('json_of_members')(members)) }}
{%- endmacro %}
{% macro default__json_of_members(members) -%}
    concat('{', array_join(transform(
        {{ members }}, m -> concat({{ json_string('m.key') }}, ':', m.value)
    ), ','), '}')
{%- endmacro %}
{% macro duckdb__json_of_members(members) -%}
    concat('{', array_to_string(list_transform(
        {{ members }}, lambda m: concat({{ json_string('m.key') }}, ':', m.value)
    ), ','), '}')
{%- endmacro %}

{# JSON object text of a list of (key, value) whose keys repeat: each key with the list of its. #}
{% macro json_of_groups(members) -%}
    {{ return(adapter.dispatch('json_of_groups')(members)) }}
{%- endmacro %}
{% macro default__json_of_groups(members) -%}
    concat('{', array_join(transform(
        array_sort(array_distinct(transform({{ members }}, m -> m.key))),
        k -> concat({{ json_string('k') }}, ':[', array_join(
            transform(filter({{ members }}, m -> m.key = k), m -> m.value), ','
        ), ']')
    ), ','), '}')
{%- endmacro %}
{% macro duckdb__json_of_groups(members) -%}
    concat('{', array_to_string(list_transform(
        list_sort(list_distinct(list_transform({{ members }}, lambda m: m.key))),
        lambda k: concat({{ json_string('k') }}, ':[', array_to_string(list_transform(
            list_filter({{ members }}, lambda m: m.key = k), lambda m: m.value
        ), ','), ']')
    ), ','), '}')
{%- endmacro %}

{# camelCase as snake_case, its capitals as they are. #}
{% macro snake_case(text) -%}
    {{ return(adapter.dispatch('snake_case')(text)) }}
{%- endmacro %}
{% macro default__snake_case(text) -%}
    regexp_replace({{ text }}, '([^A-Z_])([A-Z])', '$1_$2')
{%- endmacro %}
{% macro duckdb__snake_case(text) -%}
    regexp_replace({{ text }}, '([^A-Z_])([A-Z])', '\1_\2', 'g')
{%- endmacro %}

{# JSON object text with its keys in lower case and its texts unpacked, as in `json_members`. #}
{% macro json_lower_keys(document) -%}
    {{ return(adapter.dispatch('json_lower_keys')(document)) }}
{%- endmacro %}
{% macro default__json_lower_keys(document) -%}
    concat('{', array_join(transform(
        {{ json_members(document) }},
        m -> concat({{ json_string('lower(m.key)') }}, ':', m.value)
    ), ','), '}')
{%- endmacro %}
{% macro duckdb__json_lower_keys(document) -%}
    concat('{', array_to_string(list_transform(
        {{ json_members(document) }},
        lambda m: concat({{ json_string('lower(m.key)') }}, ':', m.value)
    ), ','), '}')
{%- endmacro %}

{# JSON text at a JSON pointer that stands in a column, null where absent. #}
{% macro json_at_pointer(document, pointer) -%}
    {{ return(adapter.dispatch('json_at_pointer')(document, pointer)) }}
{%- endmacro %}
{% macro default__json_at_pointer(document, pointer) -%}
    get_json_object({{ document }}, concat(
        '$', regexp_replace({{ pointer }}, '/([^/]*)', '[\'$1\']')
    ))
{%- endmacro %}
{% macro duckdb__json_at_pointer(document, pointer) -%}
    cast(json_extract({{ document }}, {{ pointer }}) as varchar)
{%- endmacro %}

{# One row per text of a JSON array's text; stands alone as a column of its select. #}
{% macro json_each_text(document) -%}
    {{ return(adapter.dispatch('json_each_text')(document)) }}
{%- endmacro %}
{% macro default__json_each_text(document) -%}
    explode(from_json({{ document }}, 'array<string>'))
{%- endmacro %}
{% macro duckdb__json_each_text(document) -%}
    unnest(json_extract_string({{ document }}, '$[*]'))
{%- endmacro %}
