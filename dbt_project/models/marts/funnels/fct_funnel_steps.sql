{#- The number of steps shapes the SQL, so funnels come from migration.yaml as a variable. -#}
{%- set events = ref("fct_events") -%}
{%- for name, funnel in var("funnels", {}).items() %}
select
    {{ funnel_text(name) }} as funnel,
    counts.step_number,
    counts.step,
    {{ funnel_text(funnel.per) }} as per,
    cast({{ "null" if funnel.within_seconds is none else funnel.within_seconds }} as bigint)
        as within_seconds,
    counts.entities,
    counts.from_start,
    counts.from_previous,
    counts.median_seconds
from (
{{ funnel_counts(events, funnel.steps, funnel.within_seconds, funnel.per, how=funnel.get('how', {})) }}
) as counts
{{ "union all" if not loop.last }}
{%- else %}
select
    cast(null as {{ dbt.type_string() }}) as funnel,
    cast(null as {{ dbt.type_int() }}) as step_number,
    cast(null as {{ dbt.type_string() }}) as step,
    cast(null as {{ dbt.type_string() }}) as per,
    cast(null as {{ dbt.type_bigint() }}) as within_seconds,
    cast(null as {{ dbt.type_bigint() }}) as entities,
    cast(null as double) as from_start,
    cast(null as double) as from_previous,
    cast(null as double) as median_seconds
from {{ events }}
where false
{%- endfor %}
