{#- The number of steps shapes the SQL, so funnels come from migration.yaml as a variable. -#}
{%- set events = ref("fct_events") -%}
-- a funnel draws on all dates there are
with span as (

    select
        min(occurred_on) as period_start,
        max(occurred_on) as period_end,
        max(occurred_at) as last_at
    from {{ events }}

)

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
    counts.median_seconds,
    span.period_start,
    span.period_end,
    {{ row_quality('span.period_start', 'span.period_end', 'span.last_at', tells_open=false) }}
from (
{{ funnel_counts(events, funnel.steps, funnel.within_seconds, funnel.per, how=funnel.get('how', {})) }}
) as counts
cross join span
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
    cast(null as double) as median_seconds,
    period_start,
    period_end,
    cast(null as boolean) as is_complete,
    last_at as fresh_at,
    cast(null as {{ dbt.type_string() }}) as open_incident_id
from span
where false
{%- endfor %}
