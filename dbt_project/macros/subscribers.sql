{#
    What marts of subscribers have in common. A subscriber is a person of one source who holds
    subscriptions in one currency, so nothing adds up over sources or over currencies.
#}

{# The last date (reporting zone) that a source tells of, by its newest object; rows by source. #}
{% macro told_until() -%}
    (
        select
            source,
            max(greatest(occurred_at, coalesce(version_at, occurred_at))) as known_until
        from {{ ref('int_objects') }}
        group by source
    )
{%- endmacro %}

{# First date of the month that lies a number of months after another first date. #}
{% macro months_on(month_on, number) -%}
    cast({{ dbt.dateadd('month', number, month_on) }} as date)
{%- endmacro %}

{# How many months a first date of a month is after another; whole years and months, no days. #}
{% macro months_after(later, earlier) -%}
    cast(
        (extract(year from {{ later }}) - extract(year from {{ earlier }})) * 12
        + extract(month from {{ later }}) - extract(month from {{ earlier }}) as integer
    )
{%- endmacro %}

{# The first date of the last month that is over, where a source tells until an instant in UTC. #}
{% macro last_whole_month(known_until) -%}
    {{ months_on(cohort_start('month', reporting_wall(known_until)), -1) }}
{%- endmacro %}

{#
    Why a subscription stopped paying. Stripe's `cancellation_details.reason` is
    cancellation_requested, payment_failed or payment_disputed; `unpaid` is where its retries ended.
    Older versions say nothing: that is unknown, and not guessed from a late payment before.
#}
{% macro loss_kind(status, reason) -%}
    case
        when {{ status }} = 'unpaid' then 'involuntary'
        when {{ status }} <> 'canceled' then 'unknown'
        when {{ reason }} = 'cancellation_requested' then 'voluntary'
        when {{ reason }} in ('payment_failed', 'payment_disputed') then 'involuntary'
        when true then 'unknown'
    end
{%- endmacro %}

{#
    Whether a currency is the one that most have: metrics count it alone, since amounts of several
    currencies have no sum. Of equals the first by name. `relation` has a row for each who counts.
#}
{% macro main_currency(relation) -%}
    (
        select currency from {{ relation }}
        group by currency
        order by count(*) desc, currency
        limit 1
    )
{%- endmacro %}
