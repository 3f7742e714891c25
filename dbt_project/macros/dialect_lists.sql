{#
    Lists, maps and records, where warehouses differ (see `dialect.sql`). An expression over an item
    is SQL text that names it.
#}

{# A JSON object's members as a map of texts. #}
{% macro json_map(document) -%}
    {{ return(adapter.dispatch('json_map')(document)) }}
{%- endmacro %}
{% macro default__json_map(document) -%}
    from_json({{ document }}, 'map<string,string>')
{%- endmacro %}
{% macro duckdb__json_map(document) -%}
    json_transform({{ document }}, '"MAP(VARCHAR, VARCHAR)"')
{%- endmacro %}

{# JSON object text with more members, given as SQL for JSON text by name; null ones stay away. #}
{% macro json_extended(document, members) -%}
    {{ return(adapter.dispatch('json_extended')(document, members)) }}
{%- endmacro %}
{% macro default__json_extended(document, members) -%}
    to_json(map_concat(
        from_json({{ document }}, 'map<string,variant>'),
        map_filter(map(
            {%- for name, value in members.items() %}
            '{{ name }}', parse_json({{ value }}){{ "," if not loop.last }}
            {%- endfor %}
        ), (k, v) -> v is not null)
    ))
{%- endmacro %}
{% macro duckdb__json_extended(document, members) -%}
    cast(json_merge_patch({{ document }}, json_object(
        {%- for name, value in members.items() %}
        '{{ name }}', cast({{ value }} as json){{ "," if not loop.last }}
        {%- endfor %}
    )) as varchar)
{%- endmacro %}

{# Text cut at a sign that has no meaning in a pattern. #}
{% macro split_text(text, sign) -%}
    {{ return(adapter.dispatch('split_text')(text, sign)) }}
{%- endmacro %}
{% macro default__split_text(text, sign) -%}
    split({{ text }}, '{{ sign }}')
{%- endmacro %}
{% macro duckdb__split_text(text, sign) -%}
    string_split({{ text }}, '{{ sign }}')
{%- endmacro %}

{# The texts of a list with a sign between them. #}
{% macro joined(list, sign) -%}
    array_to_string({{ list }}, '{{ sign }}')
{%- endmacro %}

{# The values of a list in order, each once. #}
{% macro ordered_set(list) -%}
    array_sort(array_distinct({{ list }}))
{%- endmacro %}

{# Each item of a list as an expression has it. #}
{% macro mapped(list, item, expression) -%}
    {{ return(adapter.dispatch('mapped')(list, item, expression)) }}
{%- endmacro %}
{% macro default__mapped(list, item, expression) -%}
    transform({{ list }}, {{ item }} -> {{ expression }})
{%- endmacro %}
{% macro duckdb__mapped(list, item, expression) -%}
    list_transform({{ list }}, lambda {{ item }}: {{ expression }})
{%- endmacro %}

{# The items of a list for which a condition holds. #}
{% macro kept(list, item, condition) -%}
    {{ return(adapter.dispatch('kept')(list, item, condition)) }}
{%- endmacro %}
{% macro default__kept(list, item, condition) -%}
    filter({{ list }}, {{ item }} -> {{ condition }})
{%- endmacro %}
{% macro duckdb__kept(list, item, condition) -%}
    list_filter({{ list }}, lambda {{ item }}: {{ condition }})
{%- endmacro %}

{# Whether a list has a value. #}
{% macro list_holds(list, value) -%}
    {{ return(adapter.dispatch('list_holds')(list, value)) }}
{%- endmacro %}
{% macro default__list_holds(list, value) -%}
    array_contains({{ list }}, {{ value }})
{%- endmacro %}
{% macro duckdb__list_holds(list, value) -%}
    list_contains({{ list }}, {{ value }})
{%- endmacro %}

{# A key and a value, as an entry of a map. #}
{% macro pair(key, value) -%}
    {{ return(adapter.dispatch('pair')(key, value)) }}
{%- endmacro %}
{% macro default__pair(key, value) -%}
    struct({{ key }}, {{ value }})
{%- endmacro %}
{% macro duckdb__pair(key, value) -%}
    row({{ key }}, {{ value }})
{%- endmacro %}

{# A record with fields given as SQL by name. #}
{% macro record_of(fields) -%}
    {{ return(adapter.dispatch('record_of')(fields)) }}
{%- endmacro %}
{% macro default__record_of(fields) -%}
    named_struct(
        {%- for name, value in fields.items() %}'{{ name }}', {{ value }}{{ ", " if not loop.last }}
        {%- endfor -%}
    )
{%- endmacro %}
{% macro duckdb__record_of(fields) -%}
    {
        {%- for name, value in fields.items() %}'{{ name }}': {{ value }}{{ ", " if not loop.last }}
        {%- endfor -%}
    }
{%- endmacro %}

{# One row per part of a text between chr(31); stands alone as a column of its select. #}
{% macro each_part(text) -%}
    {{ return(adapter.dispatch('each_part')(text)) }}
{%- endmacro %}
{% macro default__each_part(text) -%}
    explode(split({{ text }}, chr(31)))
{%- endmacro %}
{% macro duckdb__each_part(text) -%}
    unnest(string_split({{ text }}, chr(31)))
{%- endmacro %}

{# One row per number from 1 to `last`; stands alone as a column of its select. #}
{% macro each_number(last) -%}
    {{ return(adapter.dispatch('each_number')(last)) }}
{%- endmacro %}
{% macro default__each_number(last) -%}
    explode(sequence(1, {{ last }}))
{%- endmacro %}
{% macro duckdb__each_number(last) -%}
    unnest(generate_series(1, cast({{ last }} as bigint)))
{%- endmacro %}

{# A list of one value. #}
{% macro list_of(value) -%}
    {{ return(adapter.dispatch('list_of')(value)) }}
{%- endmacro %}
{% macro default__list_of(value) -%}
    array({{ value }})
{%- endmacro %}
{% macro duckdb__list_of(value) -%}
    [{{ value }}]
{%- endmacro %}

{# A list with one value more. #}
{% macro list_with(list, value) -%}
    {{ return(adapter.dispatch('list_with')(list, value)) }}
{%- endmacro %}
{% macro default__list_with(list, value) -%}
    array_append({{ list }}, {{ value }})
{%- endmacro %}
{% macro duckdb__list_with(list, value) -%}
    list_append({{ list }}, {{ value }})
{%- endmacro %}

{# Whether any of a list of seconds lies within `window` seconds of `moment`. #}
{% macro any_within(moments, moment, window) -%}
    {{ return(adapter.dispatch('any_within')(moments, moment, window)) }}
{%- endmacro %}
{% macro default__any_within(moments, moment, window) -%}
    exists({{ moments }}, kept -> abs(kept - ({{ moment }})) <= {{ window }})
{%- endmacro %}
{% macro duckdb__any_within(moments, moment, window) -%}
    len(list_filter({{ moments }}, lambda kept: abs(kept - ({{ moment }})) <= {{ window }})) > 0
{%- endmacro %}

{# The first item of a list, null where there is none. #}
{% macro first_item(list) -%}
    {{ return(adapter.dispatch('first_item')(list)) }}
{%- endmacro %}
{% macro default__first_item(list) -%}
    try_element_at({{ list }}, 1)
{%- endmacro %}
{% macro duckdb__first_item(list) -%}
    list_extract({{ list }}, 1)
{%- endmacro %}

{# Whether a list has no item. #}
{% macro list_is_empty(list) -%}
    {{ return(adapter.dispatch('list_is_empty')(list)) }}
{%- endmacro %}
{% macro default__list_is_empty(list) -%}
    size({{ list }}) = 0
{%- endmacro %}
{% macro duckdb__list_is_empty(list) -%}
    len({{ list }}) = 0
{%- endmacro %}

{# The values of a group in order, each once. #}
{% macro list_of_group(value) -%}
    {{ return(adapter.dispatch('list_of_group')(value)) }}
{%- endmacro %}
{% macro default__list_of_group(value) -%}
    array_sort(collect_set({{ value }}))
{%- endmacro %}
{% macro duckdb__list_of_group(value) -%}
    list_sort(list(distinct {{ value }}))
{%- endmacro %}
