{%- set events = ref("fct_events") -%}
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
    curve.share_high
from (
{{ funnel_times(events, funnel) }}
) as curve
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
    cast(null as double) as share_high
from {{ events }}
where false
{%- endfor %}
