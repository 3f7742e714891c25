{#
    Money is a whole number of the currency's smallest unit, beside the currency and its exponent:
    the number of its decimal places. Nothing here passes through a binary fraction.
#}

{#
    Decimal places of a currency by ISO 4217: 2, but for those listed there with another number.
    A macro and not a seed: it is read in views of staging, and a handful of exceptions never
    changes between releases.
#}
{% macro iso_exponent(currency) -%}
    case
        when upper({{ currency }}) in (
            'BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI',
            'VND', 'VUV', 'XAF', 'XOF', 'XPF'
        ) then 0
        when upper({{ currency }}) in ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') then 3
        when upper({{ currency }}) in ('CLF', 'UYW') then 4
        when {{ currency }} is not null then 2
    end
{%- endmacro %}

{# How many smallest units one unit of a currency has. #}
{% macro units_of(exponent) -%}
    case {{ exponent }} when 0 then 1 when 1 then 10 when 3 then 1000 when 4 then 10000 else 100 end
{%- endmacro %}

{# A whole number from text such as `1000` or `1000.00`; null where it is none. #}
{% macro whole_number(text) -%}
    case
        when try_cast({{ text }} as decimal(28, 6)) = floor(try_cast({{ text }} as decimal(28, 6)))
            then cast(try_cast({{ text }} as decimal(28, 6)) as bigint)
    end
{%- endmacro %}

{#
    An amount as people write it, `1061.86`, `399,00`, `1.061,86` or `1,061`, with a point as its
    only separator. The last of two kinds of separators is the decimal one. A lone comma before
    three digits stands for thousands, unless the currency has three decimal places.
#}
{% macro plain_amount(text, exponent) -%}
    {%- set bare = replace_matches(text, '[^0-9.,-]', '') -%}
    case
        when {{ matches(bare, ',.*[.]') }} then replace({{ bare }}, ',', '')
        when {{ matches(bare, '[.].*,') }} then replace(replace({{ bare }}, '.', ''), ',', '.')
        when {{ matches(bare, ',.*,') }} then replace({{ bare }}, ',', '')
        when {{ matches(bare, '[.].*[.]') }} then replace({{ bare }}, '.', '')
        when {{ matches(bare, ',[0-9]{3}$') }} and {{ exponent }} <> 3
            then replace({{ bare }}, ',', '')
        else replace({{ bare }}, ',', '.')
    end
{%- endmacro %}

{#
    Smallest units from an amount as people write it. Null where it is none, or has more decimal
    places than its currency.
#}
{% macro minor_units(text, exponent) -%}
    {%- set plain = plain_amount(text, exponent) -%}
    {%- set scaled = "try_cast(" ~ plain ~ " as decimal(24, 6)) * " ~ units_of(exponent) -%}
    case
        when {{ scaled }} = floor({{ scaled }}) then cast({{ scaled }} as bigint)
    end
{%- endmacro %}

{# An amount in units of the currency, to read and to add up within one currency. #}
{% macro major_units(minor, exponent) -%}
    cast(
        case {{ exponent }}
            when 0 then cast({{ minor }} as decimal(18, 4))
            when 1 then cast({{ minor }} as decimal(18, 4)) * 0.1
            when 3 then cast({{ minor }} as decimal(18, 4)) * 0.001
            when 4 then cast({{ minor }} as decimal(18, 4)) * 0.0001
            else cast({{ minor }} as decimal(18, 4)) * 0.01
        end as decimal(18, 4)
    )
{%- endmacro %}
