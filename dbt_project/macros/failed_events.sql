{# What a bad row of Snowplow is, by its schema: `.../schema_violations/jsonschema/2-0-0`. #}
{% macro bad_row_kind(schema) -%}
    split_part(split_part({{ schema }}, ':', 2), '/', 2)
{%- endmacro %}
