{{ config(materialized='view') }}

{% for vendor in var('survey_vendors') -%}
select * from {{ ref('stg_' ~ vendor ~ '__responses') }}
{% if not loop.last -%}
{{ union_all_by_name() }}
{% endif -%}
{%- endfor %}
