{#
    What exports of CRM systems have in common: clocks and amounts as people's settings write them,
    booleans as text, and ids.
#}

{# Whether a text says yes, null where it says nothing. #}
{% macro is_yes(text) -%}
    (lower({{ text }}) in ('true', 't', 'yes', '1', '1.0'))
{%- endmacro %}

{#
    A clock's text with its month first, for `us_clock`: `15.03.2024 14:30`, `3/15/2024, 2:30 PM`.
    Dots mean that the day comes first, slashes where `day_first` says so or no month has that
    number. Any other text stays as it is.
#}
{% macro month_first(text, day_first) -%}
    {{ return(adapter.dispatch('month_first')(text, day_first)) }}
{%- endmacro %}
{% macro default__month_first(text, day_first, second='$2', first='$1') -%}
    {%- set pattern = '^([0-9]{1,2})[./]([0-9]{1,2})[./]' -%}
    case
        when not {{ matches(text, pattern) }} then {{ text }}
        when {{ day_first }} or {{ matches(text, '^([0-9]{1,2}[.]|(1[3-9]|[23][0-9])/)') }}
            then replace(
                regexp_replace({{ text }}, '{{ pattern }}', '{{ second }}/{{ first }}/'), ',', ''
            )
        else replace({{ text }}, ',', '')
    end
{%- endmacro %}
{% macro duckdb__month_first(text, day_first) -%}
    {{ default__month_first(text, day_first, '\\2', '\\1') }}
{%- endmacro %}

{# An instant in UTC from the text of a clock (see `us_clock`), or of epoch milliseconds. #}
{% macro crm_time(text, timezone) -%}
    case
        when {{ matches(text, '^[0-9]{12,13}$') }}
            then {{ epoch_to_timestamp(to_number(text) ~ ' / 1000') }}
        else {{ survey_time(text, timezone) }}
    end
{%- endmacro %}

{#
    A decimal from an amount as delivered or as people see it, null where it is none: a sign or a
    code of its currency, separators of thousands. Of `1.200` and `1,200`, which mean two things,
    `decimal_comma` says which. At most 14 digits before the decimal point, six after it.
#}
{% macro amount_or_null(text, decimal_comma) -%}
    {%- set bare = replaced_all(text, '[^0-9.,-]', '') -%}
    {%- set one_dot = matches(bare, '^-?[0-9]{1,3}[.][0-9]{3}$') -%}
    {%- set one_comma = matches(bare, '^-?[0-9]{1,3},[0-9]{3}$') -%}
    try_cast(case
        when {{ matches(text, '^[-+]?[0-9]+([.][0-9]*)?[eE][-+]?[0-9]+$') }} then {{ text }}
        when not {{ matches(text, '^[^0-9]{0,6}[0-9][^A-Za-z]*[A-Za-z]{0,3}$') }} then null
        when {{ decimal_comma }} and {{ one_dot }} then replace({{ bare }}, '.', '')
        when not {{ decimal_comma }} and {{ one_comma }} then replace({{ bare }}, ',', '')
        when {{ matches(bare, '[.].*,') }} then replace(replace({{ bare }}, '.', ''), ',', '.')
        when {{ matches(bare, ',.*[,.]') }} then replace({{ bare }}, ',', '')
        when {{ matches(bare, '[.].*[.]') }} then replace({{ bare }}, '.', '')
        else replace({{ bare }}, ',', '.')
    end as decimal(20, 6))
{%- endmacro %}

{# The code of a currency that stands with an amount, null where none does. #}
{% macro currency_with(text) -%}
    {%- set letters = replaced_all(text, '[^A-Za-z]', '') -%}
    case when length({{ letters }}) = 3 then upper({{ letters }}) end
{%- endmacro %}

{#
    A Salesforce id in 18 characters. The last three tell, for five characters each, which of them
    are capitals; what is no id of 15 characters stays as it is.
#}
{% macro salesforce_id(id) -%}
    case
        when {{ matches(id, '^[0-9A-Za-z]{15}$') }} then concat(
            {{ id }}
            {%- for part in (0, 5, 10) -%},
            substr('ABCDEFGHIJKLMNOPQRSTUVWXYZ012345', 1
                {%- for place in range(5) %}
                + case when {{ matches("substr(" ~ id ~ ", " ~ (part + place + 1) ~ ", 1)", '[A-Z]') }} then {{ 2 ** place }} else 0 end
                {%- endfor %}, 1)
            {%- endfor %}
        )
        else {{ id }}
    end
{%- endmacro %}

{# A Salesforce record with its fields in snake case, as tables have them: `App_User__c` too. #}
{% macro salesforce_object(document) -%}
    case
        when {{ document }} like '%"attributes"%' or {{ document }} like '%"Id"%' or {{ document }} like '%"_fivetran_%'
            then {{ json_of_members(mapped(
                json_members(document), 'm', record_of({
                    'key': "lower(" ~ replaced_all(replaced_all(snake_case('m.key'), '_+', '_'), '^_', '') ~ ")",
                    'value': 'm.value'
                })
            )) }}
        else {{ document }}
    end
{%- endmacro %}

{#
    A HubSpot object with its properties as its own members, by their internal names: of the API
    they lie below `properties`, in old versions each with its `value`; tables write `property_`
    before them.
#}
{% macro hubspot_object(document) -%}
    {%- set properties = json_object_at(document, '$.properties') -%}
    {%- set value = "case when " ~ json_is_object('m.value') ~ " then coalesce(" ~ json_at_pointer('m.value', "'/value'") ~ ", m.value) else m.value end" -%}
    case
        when {{ json_is_object(properties) }} then {{ json_merged(
            json_without(document, ['properties']),
            json_of_members(mapped(
                json_members(properties), 'm', record_of({'key': 'm.key', 'value': value})
            ))
        ) }}
        when {{ document }} like '%"_fivetran_synced"%' or {{ document }} like '%"property_%'
            then {{ json_of_members(mapped(
                json_members(document), 'm', record_of({
                    'key': replaced_all('m.key', '^(property_|_)', ''), 'value': 'm.value'
                })
            )) }}
        else {{ document }}
    end
{%- endmacro %}

{# Further addresses of a contact, between semicolons, as the fields they would be in. #}
{% macro hubspot_also(addresses) -%}
    {%- set between = "'\"},{\"email\":\"'" -%}
    concat(
        '{"waybill_also":[{"email":',
        replace(replace({{ json_string(addresses) }}, ' ', ''), ';', {{ between }}),
        '}]}'
    )
{%- endmacro %}
