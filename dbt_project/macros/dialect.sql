{#
    What differs between warehouses, in one place. Model bodies call these; a new warehouse adds
    `<adapter>__` versions and nothing else.
#}

{# The JSON pointer of a key in a column. Unlike a path, it has escapes for its own signs. #}
{% macro json_pointer(key) -%}
    '/' || replace(replace({{ key }}, '~', '~0'), '/', '~1')
{%- endmacro %}

{# Text at a JSON path, null where absent. `path` is a JSON path such as $."a"."b". #}
{% macro json_text(document, path) -%}
    {{ return(adapter.dispatch('json_text')(document, path)) }}
{%- endmacro %}
{% macro default__json_text(document, path) -%}
    get_json_object({{ document }}, '{{ path }}')
{%- endmacro %}
{% macro duckdb__json_text(document, path) -%}
    json_extract_string({{ document }}, '{{ path }}')
{%- endmacro %}

{# JSON object text without the given top-level keys. #}
{% macro json_without(document, keys) -%}
    {{ return(adapter.dispatch('json_without')(document, keys)) }}
{%- endmacro %}
{% macro default__json_without(document, keys) -%}
    to_json(map_filter(from_json({{ document }}, 'map<string,variant>'), (k, v) -> k not in (
        {%- for key in keys %}'{{ key }}'{{ ", " if not loop.last }}{% endfor -%}
    )))
{%- endmacro %}
{% macro duckdb__json_without(document, keys) -%}
    cast(json_merge_patch({{ document }}, '{
        {%- for key in keys %}"{{ key }}":null{{ "," if not loop.last }}{% endfor -%}
    }') as varchar)
{%- endmacro %}

{# JSON object text with its keys in order: two ways to write one object become one text. #}
{% macro json_canonical(document) -%}
    {{ return(adapter.dispatch('json_canonical')(document)) }}
{%- endmacro %}
{% macro default__json_canonical(document) -%}
    array_join(transform(
        array_sort(map_keys(from_json({{ document }}, 'map<string,variant>'))),
        k -> concat(k, ':', to_json(from_json({{ document }}, 'map<string,variant>')[k]))
    ), ',')
{%- endmacro %}
{% macro duckdb__json_canonical(document) -%}
    array_to_string(list_transform(
        list_sort(json_keys({{ document }})),
        lambda k: to_json(k) || ':' || json_extract({{ document }}, {{ json_pointer('k') }})
    ), ',')
{%- endmacro %}

{# JSON object text at a path, null where absent. #}
{% macro json_object_at(document, path) -%}
    {{ return(adapter.dispatch('json_object_at')(document, path)) }}
{%- endmacro %}
{% macro default__json_object_at(document, path) -%}
    get_json_object({{ document }}, '{{ path }}')
{%- endmacro %}
{% macro duckdb__json_object_at(document, path) -%}
    cast(json_extract({{ document }}, '{{ path }}') as varchar)
{%- endmacro %}

{# The JSON type at a path: 'VARCHAR' for text. #}
{% macro json_is_text(document, path) -%}
    {{ return(adapter.dispatch('json_is_text')(document, path)) }}
{%- endmacro %}
{% macro default__json_is_text(document, path) -%}
    schema_of_variant(variant_get(try_parse_json({{ document }}), '{{ path }}', 'variant'))
    = 'STRING'
{%- endmacro %}
{% macro duckdb__json_is_text(document, path) -%}
    json_type({{ document }}, '{{ path }}') = 'VARCHAR'
{%- endmacro %}

{# Whether a JSON value, as `json_object_at` gives it (without white space around), is an object. #}
{% macro json_is_object(document) -%}
    substr({{ document }}, 1, 1) = '{'
{%- endmacro %}

{#
    For a CTE that is read twice, once for a few columns: each reading then computes what it needs.
    DuckDB would otherwise keep all its rows, with all their texts, in memory.
#}
{% macro not_materialized() -%}
    {{ return(adapter.dispatch('not_materialized')()) }}
{%- endmacro %}
{% macro default__not_materialized() -%}
{%- endmacro %}
{% macro duckdb__not_materialized() -%}
    not materialized
{%- endmacro %}

{# A number from text, null where it is none. #}
{% macro to_number(text) -%}
    {{ return(adapter.dispatch('to_number')(text)) }}
{%- endmacro %}
{% macro default__to_number(text) -%}
    try_cast({{ text }} as double)
{%- endmacro %}

{# The number of elements of a JSON array's text. #}
{% macro json_length(document) -%}
    {{ return(adapter.dispatch('json_length')(document)) }}
{%- endmacro %}
{% macro default__json_length(document) -%}
    json_array_length({{ document }})
{%- endmacro %}

{% macro matches(text, pattern) -%}
    {{ return(adapter.dispatch('matches')(text, pattern)) }}
{%- endmacro %}
{% macro default__matches(text, pattern) -%}
    regexp_like({{ text }}, '{{ pattern }}')
{%- endmacro %}
{% macro duckdb__matches(text, pattern) -%}
    regexp_matches({{ text }}, '{{ pattern }}')
{%- endmacro %}

{# The same with a pattern that stands in a column. #}
{% macro matches_column(text, pattern) -%}
    {{ return(adapter.dispatch('matches_column')(text, pattern)) }}
{%- endmacro %}
{% macro default__matches_column(text, pattern) -%}
    regexp_like({{ text }}, {{ pattern }})
{%- endmacro %}
{% macro duckdb__matches_column(text, pattern) -%}
    regexp_matches({{ text }}, {{ pattern }})
{%- endmacro %}

{# JSON object `own` with all keys of `document` but `lifted` under one key; nulls are left out. #}
{% macro json_with_rest(own, document, key, lifted) -%}
    {{ return(adapter.dispatch('json_with_rest')(own, document, key, lifted)) }}
{%- endmacro %}
{% macro default__json_with_rest(own, document, key, lifted) -%}
    to_json(map_concat(
        coalesce(
            from_json({{ own }}, 'map<string,variant>'), from_json('{}', 'map<string,variant>')
        ),
        map('{{ key }}', parse_json({{ json_without(document, lifted) }}))
    ))
{%- endmacro %}
{% macro duckdb__json_with_rest(own, document, key, lifted) -%}
    cast(json_merge_patch(
        case when json_type({{ own }}) = 'OBJECT' then {{ own }} else '{}' end,
        json_object('{{ key }}', json_merge_patch('{}', {{ json_without(document, lifted) }}))
    ) as varchar)
{%- endmacro %}

{#
    JSON object `own`, or an empty one, with some top-level members of `document` on top; nulls are
    left out.
#}
{% macro json_with_members(own, document, keys) -%}
    {{ return(adapter.dispatch('json_with_members')(own, document, keys)) }}
{%- endmacro %}
{% macro default__json_with_members(own, document, keys) -%}
    to_json(map_concat(
        map_filter(
            coalesce(
                from_json({{ own }}, 'map<string,variant>'), from_json('{}', 'map<string,variant>')
            ),
            (k, v) -> not map_contains_key(from_json({{ document }}, 'map<string,variant>'), k)
        ),
        map_filter(from_json({{ document }}, 'map<string,variant>'), (k, v) -> k in (
            {%- for key in keys %}'{{ key }}'{{ ", " if not loop.last }}{% endfor -%}
        ))
    ))
{%- endmacro %}
{% macro duckdb__json_with_members(own, document, keys) -%}
    cast(json_merge_patch(
        case when json_type({{ own }}) = 'OBJECT' then {{ own }} else '{}' end,
        json_merge_patch('{}', json_object(
            {%- for key in keys -%}
            '{{ key }}', json_extract({{ document }}, '$."{{ key }}"'){{ ", " if not loop.last }}
            {%- endfor -%}
        ))
    ) as varchar)
{%- endmacro %}

{# Text with every match of a pattern replaced. #}
{% macro replaced_all(text, pattern, by) -%}
    {{ return(adapter.dispatch('replaced_all')(text, pattern, by)) }}
{%- endmacro %}
{% macro default__replaced_all(text, pattern, by) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ by }}')
{%- endmacro %}
{% macro duckdb__replaced_all(text, pattern, by) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ by }}', 'g')
{%- endmacro %}

{# The text if it is JSON, else null. #}
{% macro json_or_null(text) -%}
    {{ return(adapter.dispatch('json_or_null')(text)) }}
{%- endmacro %}
{% macro default__json_or_null(text) -%}
    case when try_parse_json({{ text }}) is not null then {{ text }} end
{%- endmacro %}
{% macro duckdb__json_or_null(text) -%}
    case when json_valid({{ text }}) then {{ text }} end
{%- endmacro %}

{# The JSON text of an array's element, its number from 1 given by a column. #}
{% macro json_item(list, number) -%}
    {{ return(adapter.dispatch('json_item')(list, number)) }}
{%- endmacro %}
{% macro default__json_item(list, number) -%}
    to_json(from_json({{ list }}, 'array<variant>')[{{ number }} - 1])
{%- endmacro %}
{% macro duckdb__json_item(list, number) -%}
    cast(json_extract({{ list }}, '/' || cast({{ number }} - 1 as varchar)) as varchar)
{%- endmacro %}

{# JSON object text with a merge patch (RFC 7386) from a column applied. #}
{% macro json_patched(document, patch) -%}
    {{ return(adapter.dispatch('json_patched')(document, patch)) }}
{%- endmacro %}
{% macro default__json_patched(document, patch) -%}
    to_json(map_filter(
        from_json({{ document }}, 'map<string,variant>'),
        (k, v) -> not map_contains_key(from_json({{ patch }}, 'map<string,variant>'), k)
    ))
{%- endmacro %}
{% macro duckdb__json_patched(document, patch) -%}
    cast(json_merge_patch({{ document }}, {{ patch }}) as varchar)
{%- endmacro %}

{# JSON object text with the keys of another added; of a key in both, the other's value. #}
{% macro json_merged(document, other) -%}
    {{ return(adapter.dispatch('json_merged')(document, other)) }}
{%- endmacro %}
{% macro default__json_merged(document, other) -%}
    to_json(map_concat(
        map_filter(
            from_json({{ document }}, 'map<string,variant>'),
            (k, v) -> not map_contains_key(from_json({{ other }}, 'map<string,variant>'), k)
        ),
        from_json({{ other }}, 'map<string,variant>')
    ))
{%- endmacro %}
{% macro duckdb__json_merged(document, other) -%}
    cast(json_merge_patch({{ document }}, {{ other }}) as varchar)
{%- endmacro %}

{# The texts of a group as a JSON array, in an order; an aggregate. #}
{% macro json_list_of(text, order) -%}
    {{ return(adapter.dispatch('json_list_of')(text, order)) }}
{%- endmacro %}
{% macro default__json_list_of(text, order) -%}
    to_json(transform(
        array_sort(collect_list(struct({{ order }} as place, {{ text }} as member))),
        each -> each.member
    ))
{%- endmacro %}
{% macro duckdb__json_list_of(text, order) -%}
    cast(to_json(list({{ text }} order by {{ order }})) as varchar)
{%- endmacro %}

{# Text with every match of a pattern replaced. #}
{% macro replace_matches(text, pattern, replacement) -%}
    {{ return(adapter.dispatch('replace_matches')(text, pattern, replacement)) }}
{%- endmacro %}
{% macro default__replace_matches(text, pattern, replacement) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}')
{%- endmacro %}
{% macro duckdb__replace_matches(text, pattern, replacement) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}', 'g')
{%- endmacro %}

{# The texts at several top-level keys, given as a list, joined by a separator no text holds. #}
{% macro json_texts(document, keys) -%}
    {{ return(adapter.dispatch('json_texts')(document, keys)) }}
{%- endmacro %}
{% macro default__json_texts(document, keys) -%}
    array_join(transform(
        {{ keys }}, k -> coalesce(from_json({{ document }}, 'map<string,string>')[k], '')
    ), chr(31))
{%- endmacro %}
{% macro duckdb__json_texts(document, keys) -%}
    array_to_string(list_transform({{ keys }}, lambda k: coalesce(
        json_extract_string({{ document }}, {{ json_pointer('k') }}), '')), chr(31))
{%- endmacro %}

{# The JSON text of an object's member, the key given by a column. #}
{% macro json_member(document, key) -%}
    {{ return(adapter.dispatch('json_member')(document, key)) }}
{%- endmacro %}
{% macro default__json_member(document, key) -%}
    to_json(from_json({{ document }}, 'map<string,variant>')[{{ key }}])
{%- endmacro %}
{% macro duckdb__json_member(document, key) -%}
    cast(json_extract({{ document }}, {{ json_pointer(key) }}) as varchar)
{%- endmacro %}

{# The text of an object's member, the key given by a column. #}
{% macro json_member_text(document, key) -%}
    {{ return(adapter.dispatch('json_member_text')(document, key)) }}
{%- endmacro %}
{% macro default__json_member_text(document, key) -%}
    from_json({{ document }}, 'map<string,string>')[{{ key }}]
{%- endmacro %}
{% macro duckdb__json_member_text(document, key) -%}
    json_extract_string({{ document }}, {{ json_pointer(key) }})
{%- endmacro %}

{# One row per key of a JSON object's text; stands alone as a column of its select. #}
{% macro json_each_key(document) -%}
    {{ return(adapter.dispatch('json_each_key')(document)) }}
{%- endmacro %}
{% macro default__json_each_key(document) -%}
    explode(map_keys(from_json({{ document }}, 'map<string,string>')))
{%- endmacro %}
{% macro duckdb__json_each_key(document) -%}
    unnest(json_keys({{ document }}))
{%- endmacro %}

{# One row per element of a JSON array's text; stands alone as a column of its select. #}
{% macro json_each_item(document) -%}
    {{ return(adapter.dispatch('json_each_item')(document)) }}
{%- endmacro %}
{% macro default__json_each_item(document) -%}
    explode(from_json({{ document }}, 'array<string>'))
{%- endmacro %}
{% macro duckdb__json_each_item(document) -%}
    unnest(cast(json_extract({{ document }}, '$[*]') as varchar []))
{%- endmacro %}

{# Whether a JSON value is of a taxonomy type. Text that reads as it counts: CSV has no other. #}
{% macro json_is_of_type(value, type) -%}
    {{ return(adapter.dispatch('json_is_of_type')(value, type)) }}
{%- endmacro %}
{% macro default__json_is_of_type(value, type) -%}
    {%- set text = "replace(" ~ value ~ ", '\"', '')" %}
    case {{ type }}
        when 'string' then substr({{ value }}, 1, 1) = '"'
        when 'boolean' then lower({{ text }}) in ('true', 'false')
        -- of text that is no number both sides are null
        when 'integer'
            then coalesce({{ to_number(text) }} = floor({{ to_number(text) }}), false)
        when 'number' then {{ to_number(text) }} is not null
        when 'array' then substr({{ value }}, 1, 1) = '['
        when 'object' then substr({{ value }}, 1, 1) = '{'
        else true
    end
{%- endmacro %}

{# Whether a JSON array's text has a JSON value. #}
{% macro json_list_has(list, value) -%}
    {{ return(adapter.dispatch('json_list_has')(list, value)) }}
{%- endmacro %}
{% macro default__json_list_has(list, value) -%}
    array_contains(from_json({{ list }}, 'array<string>'), trim(both '"' from {{ value }}))
{%- endmacro %}
{% macro duckdb__json_list_has(list, value) -%}
    json_contains({{ list }}, {{ value }})
{%- endmacro %}

{# Union of relations whose columns may stand in another order; Spark's union goes by place. #}
{% macro union_all_by_name() -%}
    {{ return(adapter.dispatch('union_all_by_name')()) }}
{%- endmacro %}
{% macro default__union_all_by_name() -%}
    union all
{%- endmacro %}
{% macro duckdb__union_all_by_name() -%}
    union all by name
{%- endmacro %}

{#
    JSON text with its personal values replaced by keyed hashes: a function of the session, since
    what it is made of holds the migration's key (`orchestration/privacy.py`).
#}
{% macro masked(document) -%}
    {{ return(adapter.dispatch('masked')(document)) }}
{%- endmacro %}
{% macro default__masked(document) -%}
    masked({{ document }})
{%- endmacro %}
{% macro duckdb__masked(document) -%}
    secret.main.masked({{ document }})
{%- endmacro %}

{# Text in which every masked value looks alike: the same in every home, whatever its key. #}
{% macro without_hashes(text) -%}
    {{ replaced_all(text, 'masked:[0-9a-f]{24}', 'masked:') }}
{%- endmacro %}

{# The keyed hash that stands for one personal value. #}
{% macro keyed_hash(value) -%}
    {{ return(adapter.dispatch('keyed_hash')(value)) }}
{%- endmacro %}
{% macro default__keyed_hash(value) -%}
    keyed_hash({{ value }})
{%- endmacro %}
{% macro duckdb__keyed_hash(value) -%}
    secret.main.keyed_hash({{ value }})
{%- endmacro %}
