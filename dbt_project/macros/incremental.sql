{#
    Three ways to replace what changed, each in the one transaction of its model. Re-running any of
    them, or finishing a killed run, changes nothing that was right.
#}

{# Staging: replace whole deliveries, those of `control.to_stage` that may have rows here. #}
{% macro get_incremental_replace_deliveries_sql(arg_dict) %}
    {%- set columns = quoted_columns(arg_dict['dest_columns']) -%}
    delete from {{ arg_dict['target_relation'] }}
    where
        delivery_id in (
            select delivery_id from {{ source('control', 'to_stage') }} where may_have_rows
        );

    insert into {{ arg_dict['target_relation'] }} ({{ columns }})
    select {{ columns }} from {{ arg_dict['temp_relation'] }};
{% endmacro %}

{#
    The spine: replace all records of the keys in `control.rebuild_keys`, and note whose days that
    changes, before and after, as the cells (person, date) that everything downstream replaces.
#}
{% macro get_incremental_replace_keys_sql(arg_dict) %}
    {%- set columns = quoted_columns(arg_dict['dest_columns']) -%}
    insert into {{ source('control', 'rebuild_cells') }} (person_id, occurred_on)
    select distinct coalesce(person_id, ''), occurred_on
    from {{ arg_dict['target_relation'] }}
    where {{ is_rebuilt_key() }}
    union
    select distinct coalesce(person_id, ''), occurred_on
    from {{ arg_dict['temp_relation'] }};

    -- by key and date, as the model reads them: a key may live on dates that nothing touched
    delete from {{ arg_dict['target_relation'] }}
    where {{ is_rebuilt_key() }};

    insert into {{ arg_dict['target_relation'] }} ({{ columns }})
    select {{ columns }} from {{ arg_dict['temp_relation'] }};
{% endmacro %}

{#
    Dates of a control table, each once: DuckDB turns so few values into a filter of the scan, which
    leaves out the row groups that hold none of them. The rule that follows decides row by row.
#}
{% macro dates_of(table) -%}
    (select distinct dates.occurred_on from {{ source('control', table) }} as dates)
{%- endmacro %}

{# Rows on a date of `control.rebuild_keys`; all of them in a full build. #}
{% macro on_rebuilt_key_dates(alias) -%}
    {%- if is_incremental() -%}
    {{ alias }}.occurred_on in {{ dates_of('rebuild_keys') }}
    {%- else -%}
    true
    {%- endif -%}
{%- endmacro %}

{# Records whose key and date are in `control.rebuild_keys`. #}
{% macro is_rebuilt_key() -%}
    occurred_on in {{ dates_of('rebuild_keys') }}
    and (event_key, occurred_on) in (
        select (keys.event_key, keys.occurred_on)
        from {{ source('control', 'rebuild_keys') }} as keys
    )
{%- endmacro %}

{# Marts: replace the cells of the rebuild set. `cell_date` in a model's meta names its date. #}
{% macro get_incremental_replace_cells_sql(arg_dict) %}
    {%- set columns = quoted_columns(arg_dict['dest_columns']) -%}
    {%- set target = arg_dict['target_relation'] -%}
    {%- set cell_date = config.get('meta', {}).get('cell_date', 'occurred_on') %}
    delete from {{ target }}
    where {{ in_cells('', cell_date) }};

    insert into {{ target }} ({{ columns }})
    select {{ columns }} from {{ arg_dict['temp_relation'] }};
{% endmacro %}

{# Aggregates of a whole date: replace every date of the rebuild set. #}
{% macro get_incremental_replace_dates_sql(arg_dict) %}
    {%- set columns = quoted_columns(arg_dict['dest_columns']) -%}
    delete from {{ arg_dict['target_relation'] }}
    where occurred_on in {{ dates_of('rebuild_cells') }};

    insert into {{ arg_dict['target_relation'] }} ({{ columns }})
    select {{ columns }} from {{ arg_dict['temp_relation'] }};
{% endmacro %}

{# Rows of a relation that lie in the rebuild set; all of them in a full build. #}
{% macro in_rebuilt_cells(alias, cell_date='occurred_on') -%}
    {%- if is_incremental() -%}
    {{ in_cells(alias ~ '.', cell_date) }}
    {%- else -%}
    true
    {%- endif -%}
{%- endmacro %}

{# Whether a row's person and date are in `control.rebuild_cells`. #}
{% macro in_cells(prefix, cell_date) -%}
    {{ prefix }}{{ cell_date }} in {{ dates_of('rebuild_cells') }}
    and (coalesce({{ prefix }}person_id, ''), {{ prefix }}{{ cell_date }}) in (
        select (cells.person_id, cells.occurred_on)
        from {{ source('control', 'rebuild_cells') }} as cells
    )
{%- endmacro %}

{% macro in_rebuilt_dates(alias, date='occurred_on') -%}
    {%- if is_incremental() -%}
    {{ alias }}.{{ date }} in {{ dates_of('rebuild_cells') }}
    {%- else -%}
    true
    {%- endif -%}
{%- endmacro %}

{# Rows of weeks (from Monday) with a date of the rebuild set, or with persons whose cohort moved. #}
{% macro in_rebuilt_weeks(alias) -%}
    {%- if is_incremental() -%}
    {{ in_weeks(week_of(alias ~ '.occurred_on')) }}
    {%- else -%}
    true
    {%- endif -%}
{%- endmacro %}

{% macro in_weeks(week) -%}
    {{ week }} in (
        select {{ week_of('cells.occurred_on') }}
        from {{ source('control', 'rebuild_cells') }} as cells
        union
        select moved.week_on from {{ source('control', 'moved_weeks') }} as moved
    )
{%- endmacro %}

{# Aggregates of days and weeks: replace every week of the rebuild set, with its days. #}
{% macro get_incremental_replace_weeks_sql(arg_dict) %}
    {%- set columns = quoted_columns(arg_dict['dest_columns']) -%}
    delete from {{ arg_dict['target_relation'] }}
    where {{ in_weeks(week_of('period_start')) }};

    insert into {{ arg_dict['target_relation'] }} ({{ columns }})
    select {{ columns }} from {{ arg_dict['temp_relation'] }};
{% endmacro %}

{% macro in_rebuilt_persons() -%}
    {%- if is_incremental() -%}
    person_id in (
        select cells.person_id from {{ source('control', 'rebuild_cells') }} as cells
    )
    {%- else -%}
    true
    {%- endif -%}
{%- endmacro %}

{% macro quoted_columns(columns) -%}
    {%- for column in columns -%}
    {{ adapter.quote(column.name) }}{{ ", " if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# Person dimensions: replace every person of the rebuild set. #}
{% macro get_incremental_replace_persons_sql(arg_dict) %}
    {%- set columns = quoted_columns(arg_dict['dest_columns']) -%}
    delete from {{ arg_dict['target_relation'] }}
    where person_id in (select person_id from {{ source('control', 'rebuild_cells') }});

    insert into {{ arg_dict['target_relation'] }} ({{ columns }})
    select {{ columns }} from {{ arg_dict['temp_relation'] }};
{% endmacro %}

{#
    The same of cohorts. Where a person turns out to have come in another week than known, all weeks
    of that person are noted: in them the cohort lost or won somebody.
#}
{% macro get_incremental_replace_cohorts_sql(arg_dict) %}
    insert into {{ source('control', 'moved_weeks') }} (week_on)
    select distinct {{ week_of('days.occurred_on') }}
    from {{ ref('int_person_days') }} as days
    inner join {{ arg_dict['target_relation'] }} as known on days.person_id = known.person_id
    inner join {{ arg_dict['temp_relation'] }} as made on days.person_id = made.person_id
    where {{ week_of('known.first_seen_on') }} <> {{ week_of('made.first_seen_on') }};

    {{ get_incremental_replace_persons_sql(arg_dict) }}
{% endmacro %}
