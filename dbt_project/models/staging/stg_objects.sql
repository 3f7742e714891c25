{{ config(materialized='view') }}

{% for vendor in var('object_vendors') -%}
select * from {{ ref('stg_' ~ vendor ~ '__objects') }}
{% if not loop.last -%}
{{ union_all_by_name() }}
{% endif -%}
{%- endfor %}
