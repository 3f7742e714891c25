{{ config(materialized='view') }}

{% for vendor in var('event_vendors') -%}
select * from {{ ref('stg_' ~ vendor ~ '__events') }}
{% if not loop.last -%}
{{ union_all_by_name() }}
{% endif -%}
{%- endfor %}
