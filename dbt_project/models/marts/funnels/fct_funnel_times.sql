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
    {{ funnel_text(funnel.per) }} as per,
    cast({{ "null" if funnel.within_seconds is none else funnel.within_seconds }} as bigint)
        as within_seconds,
    curve.seconds,
    curve.at_risk,
    curve.through_so_far,
    curve.share,
    curve.share_low,
    curve.share_high,
    span.period_start,
    span.period_end,
    {{ row_quality('span.period_start', 'span.period_end', 'span.last_at', tells_open=false) }}
from (
{{ funnel_times(events, funnel) }}
) as curve
cross join span
{{ "union all" if not loop.last }}
{%- else %}
select
    cast(null as {{ dbt.type_string() }}) as funnel,
    cast(null as {{ dbt.type_string() }}) as per,
    cast(null as {{ dbt.type_bigint() }}) as within_seconds,
    cast(null as double) as seconds,
    cast(null as {{ dbt.type_bigint() }}) as at_risk,
    cast(null as {{ dbt.type_bigint() }}) as through_so_far,
    cast(null as double) as share,
    cast(null as double) as share_low,
    cast(null as double) as share_high,
    period_start,
    period_end,
    cast(null as boolean) as is_complete,
    last_at as fresh_at,
    cast(null as {{ dbt.type_string() }}) as open_incident_id
from span
where false
{%- endfor %}
