{#
    Widen the rebuild set along unbroken activity: a session that runs over midnight ties two dates
    of its person together, so one cannot be rebuilt without the other. Called before
    `int_midnight_days` is replaced (ties that were) and after (ties that are).
#}
{% macro widen_rebuild_cells() %}
{% if execute and is_incremental() %}
    insert into {{ source('control', 'rebuild_cells') }} (person_id, occurred_on)
    with recursive ties as (
        select
            evening.person_id,
            evening.occurred_on as evening_on,
            morning.occurred_on as morning_on
        from {{ this }} as evening
        inner join {{ this }} as morning
            on
                evening.person_id = morning.person_id
                and morning.occurred_on = evening.occurred_on + 1
        {% if not var('sessions_use_vendor') -%}
        where
            {{ epoch_seconds('morning.first_at') }} - {{ epoch_seconds('evening.last_at') }}
            <= {{ var('session_timeout_seconds') }}
        {%- endif %}
    ),

    widened as (
        select
            person_id,
            occurred_on
        from {{ source('control', 'rebuild_cells') }}

        union

        select
            ties.person_id,
            case
                when ties.evening_on = widened.occurred_on then ties.morning_on
                else ties.evening_on
            end
        from widened
        inner join ties
            on
                widened.person_id = ties.person_id
                and (widened.occurred_on = ties.evening_on or widened.occurred_on = ties.morning_on)
    )

    select person_id, occurred_on from widened
    except
    select person_id, occurred_on from {{ source('control', 'rebuild_cells') }}
{% else %}
    select 1
{% endif %}
{% endmacro %}

{#
    What each row of a mart tells of its own trust: whether all came for its dates (both included),
    whether they are over, the newest event it could count, and the incident that is open on it.
    Incidents are known after the marts only; `orchestration/quality/warned_rows.py` fills them in.
    Marts over all dates, too dear to be made anew each day, leave out whether they are over.
#}
{% macro row_quality(first_on, last_on, fresh_at, tells_open=true) -%}
    not exists (
        select 1 from {{ source('control', 'incomplete_dates') }} as incomplete
        where
            {%- if first_on == last_on %}
            incomplete.occurred_on = {{ first_on }}
            {%- else %}
            incomplete.occurred_on >= {{ first_on }} and incomplete.occurred_on <= {{ last_on }}
            {%- endif %}
    ) as is_complete,
    {% if tells_open -%}
    cast('{{ env_var("WAYBILL_TODAY") }}' as date) between {{ first_on }} and {{ last_on }}
        as is_open,
    {% endif -%}
    {{ fresh_at }} as fresh_at,
    cast(null as {{ dbt.type_string() }}) as open_incident_id
{%- endmacro %}

{# The open date moves on by itself: dates that nothing else touched are marked anew. #}
{% macro mark_open_date() %}
    update {{ this }}
    set is_open = not is_open
    where is_open <> (occurred_on = cast('{{ env_var("WAYBILL_TODAY") }}' as date))
{% endmacro %}
