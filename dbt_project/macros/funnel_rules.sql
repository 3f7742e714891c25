{#-
  Rules of funnels beyond the plain one, rendered beside `funnel.sql` by dbt and by plain Jinja.
-#}

{#- What counts as one: with a held value, one per value of it. -#}
{%- macro funnel_entity(per, how) -%}
  {%- set owner -%}
    {%- if per == "session" -%}
    session_id
    {%- elif per == "account" -%}
    {{ funnel_segment(how.account) }}
    {%- else -%}
    person_id
    {%- endif -%}
  {%- endset -%}
  {%- if how.get("hold") -%}
    {{ owner }} || chr(31) || {{ funnel_segment(how.hold) }}
  {%- else -%}
    {{ owner }}
  {%- endif -%}
{%- endmacro -%}

{#- Whose attempts compete: however many values were held, it is one person. -#}
{%- macro funnel_owner(how) -%}
  {{ "split_part(entity, chr(31), 1)" if how.get("hold") else "entity" }}
{%- endmacro -%}

{#-
  The steps in any order. Every record of a step opens an attempt; for each step the earliest record
  at or after it counts, and the times of the steps are these in order of time.
-#}
{%- macro funnel_any_order(steps) -%}
any_line as (

    select
        true as is_attempt,
        entity,
        segment,
        micros_1 as micros,
        cast(null as {{ "string" if funnel_dialect() == "spark" else "varchar" }}) as step
    from attempts_1

    union all

    select
        false as is_attempt,
        entity,
        null as segment,
        micros,
        step
    from step_records

),

any_next as (

    select
        is_attempt,
        entity,
        segment,
        micros as start_micros
        {%- for step in steps %},
        min(case when step = {{ funnel_text(step) }} then micros end) over (
            partition by entity
            order by micros desc
            range between unbounded preceding and current row
        ) as next_{{ loop.index }}
        {%- endfor %}
    from any_line

),

any_times as (
    {%- for step in steps %}

    select
        entity,
        segment,
        start_micros,
        {{ loop.index }} as place,
        next_{{ loop.index }} as micros
    from any_next
    where is_attempt
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

any_ordered as (

    select
        *,
        row_number() over (
            partition by entity, start_micros
            order by micros is null, micros, place
        ) as nth
    from any_times

),

attempts_{{ steps | length }} as (

    select
        entity,
        min(segment) as segment
        {%- for step in steps %},
        min(case when nth = {{ loop.index }} then micros end) as micros_{{ loop.index }}
        {%- endfor %}
    from any_ordered
    group by entity, start_micros

),
{%- endmacro -%}

{#- Each attempt with the first excluded record after its first step, at which it ends. -#}
{%- macro funnel_stops(steps, excluded) -%}
stop_line as (

    select
        true as is_attempt,
        entity,
        micros_1,
        micros_1 + 1 as micros,
        cast(null as bigint) as excluded_micros
    from attempts_{{ steps | length }}

    union all

    select
        false as is_attempt,
        entity,
        null as micros_1,
        micros,
        micros as excluded_micros
    from step_records
    where
        step in (
            {%- for name in excluded -%}
            {{ funnel_text(name) }}{{ ", " if not loop.last }}
            {%- endfor -%}
        )

),

stops as (

    select
        is_attempt,
        entity,
        micros_1,
        min(excluded_micros) over (
            partition by entity
            order by micros desc
            range between unbounded preceding and current row
        ) as stop_micros
    from stop_line

),

stopped as (

    select
        attempts.*,
        stops.stop_micros
    from attempts_{{ steps | length }} as attempts
    inner join stops
        on
            attempts.entity = stops.entity
            and attempts.micros_1 = stops.micros_1
            and stops.is_attempt

),
{%- endmacro -%}
