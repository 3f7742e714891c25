{#
    What exports of CRM systems have in common: clocks and amounts as people's settings write them,
    booleans as text, and ids.
#}

{# Whether a text says yes, null where it says nothing. #}
{% macro is_yes(text) -%}
    (lower({{ text }}) in ('true', 't', 'yes', '1', '1.0'))
{%- endmacro %}

{#
    A clock's text with its date as year, month, day: `3/15/2024 2:30 PM`, `15.03.2024 14:30`. Dots
    mean that the day comes first, slashes where `day_first` says so or no month has that number.
#}
{% macro local_clock(text, day_first) -%}
    {%- set spaced = "replace(" ~ text ~ ", ',', '')" -%}
    {%- set day = "split_part(" ~ spaced ~ ", ' ', 1)" -%}
    {%- set plain = "replace(" ~ day ~ ", '.', '/')" -%}
    {%- set first = "split_part(" ~ plain ~ ", '/', 1)" -%}
    {%- set second = "split_part(" ~ plain ~ ", '/', 2)" -%}
    {%- set rest = "concat(split_part(" ~ plain ~ ", '/', 3), substr(" ~ spaced ~ ", length(" ~ day ~ ") + 1))" -%}
    case
        when not {{ matches(day, '^[0-9]{1,2}[./][0-9]{1,2}[./]([0-9]{4}|[0-9]{2})$') }} then {{ text }}
        when {{ day_first }} or {{ day }} like '%.%' or {{ to_number(first) }} > 12
            then {{ us_clock("concat(" ~ second ~ ", '/', " ~ first ~ ", '/', " ~ rest ~ ")") }}
        else {{ us_clock("concat(" ~ first ~ ", '/', " ~ second ~ ", '/', " ~ rest ~ ")") }}
    end
{%- endmacro %}

{# An instant in UTC from a text of `local_clock`, an ISO text, or epoch milliseconds. #}
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

{# A field of a Salesforce record, by its name in snake case or in the API. #}
{% macro salesforce_field(name) -%}
    {%- set words = name.split('_') -%}
    coalesce({{ json_text('document', '$.' ~ name) }}, {{ json_text('document', '$.' ~ words | map('capitalize') | join('')) }})
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

{# Decimals of a currency (ISO 4217); 2 where it is none of those with others. #}
{% macro currency_exponent(currency) -%}
    case
        when {{ currency }} in (
            'BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI',
            'VND', 'VUV', 'XAF', 'XOF', 'XPF'
        ) then 0
        when {{ currency }} in ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') then 3
        when {{ currency }} in ('CLF', 'UYW') then 4
        else 2
    end
{%- endmacro %}
