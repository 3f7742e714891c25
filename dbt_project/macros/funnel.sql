{#-
  The funnel engine: the only SQL that computes a funnel. dbt uses it for fct_funnel_steps, and
  orchestration/analysis/funnels.py renders this same file with plain Jinja for `waybill funnel`.
  So nothing here may call dbt: where a dialect matters, `funnel_dialect` asks for the target.

  How it works. Every instant at which an entity does step 1 opens one attempt. For each later step
  the attempts and the records of that step are laid in one line per entity, newest first, and a
  running minimum gives each attempt the earliest record that is still free. Taking the earliest is
  never worse, for whatever follows a later record also follows an earlier one. No attempt meets
  another, so the work is one sort per step over (attempts + records of that step).
-#}

{%- macro funnel_dialect() -%}
  {{ target.type if target is defined else "duckdb" }}
{%- endmacro -%}

{%- macro funnel_text(value) -%}
  {#- Spark reads a backslash in a literal as an escape; standard SQL does not. -#}
  {%- if funnel_dialect() == "spark" -%}
    '{{ value | string | replace("\\", "\\\\") | replace("'", "\\'") }}'
  {%- else -%}
    '{{ value | string | replace("'", "''") }}'
  {%- endif -%}
{%- endmacro -%}

{%- macro funnel_microseconds(timestamp) -%}
  {{ "unix_micros" if funnel_dialect() == "spark" else "epoch_us" }}({{ timestamp }})
{%- endmacro -%}

{#-
  An event column, or `properties.<key>` where everything after the first dot is one key. To DuckDB
  the key is given as a JSON pointer: a pointer has escapes for its own signs, a JSON path has not.
-#}
{%- macro funnel_segment(by) -%}
  {%- if by.startswith("properties.") -%}
    {%- set key = by[11:] | replace("~", "~0") | replace("/", "~1") -%}
    {%- if funnel_dialect() == "spark" -%}
    from_json(properties, 'map<string,string>')[{{ funnel_text(by[11:]) }}]
    {%- else -%}
    json_extract_string(properties, {{ funnel_text("/" ~ key) }})
    {%- endif -%}
  {%- elif funnel_dialect() == "spark" -%}
    cast(`{{ by }}` as string)
  {%- else -%}
    cast("{{ by | replace('"', '""') }}" as varchar)
  {%- endif -%}
{%- endmacro -%}

{#-
  The furthest attempt of each entity, earliest first: entity, segment, reached (1 to the number of
  steps) and micros_1, micros_2, ..., the time of each step in microseconds since 1970 in UTC. Times
  of steps beyond `reached` mean nothing. `relation` has the columns of fct_events, `within_seconds`
  is none for no limit, `per` is person, session or account, `by` names what to split by, `source`
  shows one source's events, primary or not, and `how` has the rules of orchestration/
  funnel_config.py. The rules are those of "Funnels" in the documentation.
-#}
{%- macro funnel_attempts(relation, steps, within_seconds, per, by=none, source=none, how={}) -%}
{%- set names = steps | unique(case_sensitive=true) | list -%}
{%- set excluded = how.get("exclude") or [] -%}
with step_records as (

    select
        {{ funnel_entity(per, how) }} as entity,
        event_name as step,
        {{ funnel_microseconds("occurred_at") }} as micros,
        {%- if by is not none %}
        event_id,
        case
            when {{ "true" if how.get("order") == "any" else "event_name = " ~ funnel_text(steps[0]) }}
                then coalesce({{ funnel_segment(by) }}, '(none)')
        end as segment,
        {%- endif %}
        {#- Only a name that comes back can meet a record already used; the sort is not free. #}
        {%- if names | length < steps | length %}
        row_number() over (
            partition by {{ funnel_entity(per, how) }}, event_name
            order by occurred_at, event_id
        ) as nth
        {%- else %}
        1 as nth
        {%- endif %}
    from {{ relation }}
    where
        event_name in (
            {%- for name in names + excluded -%}
            {{ funnel_text(name) }}{{ ", " if not loop.last }}
            {%- endfor -%}
        )
        and person_id is not null
        and {{ funnel_entity(per, how) }} is not null
        and {{ "is_primary" if source is none else "source = " ~ funnel_text(source) }}

),

-- Records of step 1 at one instant would open equal attempts: the first stands for all of them.
attempts_1 as (

    select
        entity,
        {{ "null" if by is none else "min_by(segment, event_id)" }} as segment,
        micros as micros_1,
        min(nth) as nth_1
    from step_records
    {%- if how.get("order") == "any" %}
    where step in (
        {%- for name in names -%}{{ funnel_text(name) }}{{ ", " if not loop.last }}{%- endfor -%}
    )
    {%- else %}
    where step = {{ funnel_text(steps[0]) }}
    {%- endif %}
    group by entity, micros

),
{% if how.get("order") == "any" -%}
{{ funnel_any_order(steps) }}
{%- else -%}
{% for step in steps[1:] %}
{%- set number = loop.index + 1 %}
line_{{ number }} as (

    select
        true as is_attempt,
        entity,
        segment,
        {%- for place in range(1, number) %}
        micros_{{ place }},
        nth_{{ place }},
        {%- endfor %}
        micros_{{ number - 1 }}{{ " + 1" if how.get("ties") == "refuse" }} as micros,
        -- Where an equally named step stands at this very instant, its record is used up.
        coalesce(
            {%- for place in range(number - 1, 0, -1) if steps[place - 1] == step %}
            case when micros_{{ place }} = micros_{{ number - 1 }} then nth_{{ place }} + 1 end,
            {%- endfor %}
            1
        ) as nth,
        cast(null as bigint) as free_micros,
        cast(null as bigint) as free_nth
    from attempts_{{ number - 1 }}

    union all

    select
        false as is_attempt,
        entity,
        null as segment,
        {%- for place in range(1, number) %}
        null as micros_{{ place }},
        null as nth_{{ place }},
        {%- endfor %}
        micros,
        nth,
        micros as free_micros,
        nth as free_nth
    from step_records
    where step = {{ funnel_text(step) }}

),

-- Both minima belong to one record: of one name, a later record never has a smaller nth.
joined_{{ number }} as (

    select
        *,
        min(free_micros) over (
            partition by entity
            order by micros desc, nth desc
            range between unbounded preceding and current row
        ) as micros_{{ number }},
        min(free_nth) over (
            partition by entity
            order by micros desc, nth desc
            range between unbounded preceding and current row
        ) as nth_{{ number }}
    from line_{{ number }}

),

attempts_{{ number }} as (

    select
        entity,
        segment
        {%- for place in range(1, number + 1) %},
        micros_{{ place }},
        nth_{{ place }}
        {%- endfor %}
    from joined_{{ number }}
    where is_attempt

),
{% endfor %}
{%- endif %}
{%- if excluded %}
{{ funnel_stops(steps, excluded) }}
{%- endif %}
measured as (

    select
        *,
        case
            {%- for number in range(2, steps | length + 1) %}
            when micros_{{ number }} is null
                {%- if excluded %}
                or micros_{{ number }} > stop_micros
                {%- endif %}
                {%- if within_seconds is not none %}
                or micros_{{ number }} - micros_1 > {{ (within_seconds * 1000000) | int }}
                {%- endif %}
                then {{ number - 1 }}
            {%- endfor %}
            when true then {{ steps | length }}
        end as reached
    from {{ "stopped" if excluded else "attempts_" ~ (steps | length) }}

),

ranked as (

    select
        *,
        {% if how.get("reentry") == "every" -%}
        1 as attempt_rank
        {%- else -%}
        row_number() over (
            partition by {{ funnel_owner(how) }}
            order by {{ "reached desc, " if how.get("reentry") != "first" }}micros_1, entity
        ) as attempt_rank
        {%- endif %}
    from measured

)

select
    entity,
    segment,
    reached
    {%- for number in range(1, steps | length + 1) %},
    micros_{{ number }}
    {%- endfor %}
from ranked
where attempt_rank = 1
{%- endmacro -%}

{#-
  The figures of a funnel, one row per segment and step: segment (null for all entities together),
  step_number, step, entities, from_start, from_previous (null after a zero) and median_seconds from
  step 1 (null for step 1). Without `by` there are no segments but the null one. Arguments are those
  of funnel_attempts.
-#}
{%- macro funnel_counts(relation, steps, within_seconds, per, by=none, source=none, how={}) -%}
with furthest as (

{{ funnel_attempts(relation, steps, within_seconds, per, by, source, how) }}

),

totals as (

    select
        {{ "null as segment" if by is none else "segment" }}
        {%- for number in range(1, steps | length + 1) %},
        count(case when reached >= {{ number }} then 1 end) as entities_{{ number }},
        median(
            case when reached >= {{ number }} then (micros_{{ number }} - micros_1) / 1000000.0 end
        ) as seconds_{{ number }}
        {%- endfor %}
    from furthest
    {%- if by is not none %}
    group by grouping sets ((), (segment))
    {%- endif %}

),

step_totals as (
    {% for step in steps %}
    select
        segment,
        {{ loop.index }} as step_number,
        {% if how.get("order") == "any" -%}
        {{ funnel_text("any " ~ loop.index ~ " of " ~ (steps | length)) }} as step,
        {%- else -%}
        {{ funnel_text(step) }} as step,
        {%- endif %}
        entities_{{ loop.index }} as entities,
        entities_1 as first_entities,
        {#- The first step is compared with itself. #}
        entities_{{ [loop.index - 1, 1] | max }} as previous_entities,
        {{ "cast(null as double)" if loop.first else "seconds_" ~ loop.index }} as median_seconds
    from totals
    {{ "union all" if not loop.last }}
    {%- endfor %}
)

select
    segment,
    step_number,
    step,
    entities,
    cast(entities as double) / nullif(first_entities, 0) as from_start,
    cast(entities as double) / nullif(previous_entities, 0) as from_previous,
    cast(median_seconds as double) as median_seconds
from step_totals
{%- endmacro -%}
