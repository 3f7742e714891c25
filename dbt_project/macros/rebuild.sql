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

{# The open date moves on by itself: dates that nothing else touched are marked anew. #}
{% macro mark_open_date() %}
    update {{ this }}
    set is_open = not is_open
    where is_open <> (occurred_on = cast('{{ env_var("WAYBILL_TODAY") }}' as date))
{% endmacro %}
