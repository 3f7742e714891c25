{#
    What fields of Stripe mean, over the forms they come in: API documents of old and new versions
    (times in epoch seconds, amounts in smallest units), tables of connectors (text, smallest
    units), and the dashboard's CSV (text, whole units under `<name>_major`).
#}

{# The first of several paths that has text; an empty one is none. #}
{% macro stripe_text(paths, document='document') -%}
    coalesce(
        {%- for path in paths %}
        nullif({{ json_text(document, '$.' ~ path) }}, ''){{ "," if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}

{# A time, UTC: seconds since 1970, or text. #}
{% macro stripe_time(text) -%}
    case
        when {{ matches(text, '^[0-9]+$') }}
            then {{ epoch_to_timestamp('try_cast(' ~ text ~ ' as bigint)') }}
        else {{ to_instant_or_null(text) }}
    end
{%- endmacro %}

{% macro stripe_time_at(paths, document='document') -%}
    {{ stripe_time(stripe_text(paths, document)) }}
{%- endmacro %}

{% macro stripe_currency(document='document') -%}
    upper({{ stripe_text(['currency', 'plan.currency', 'items.data[0].price.currency'], document) }})
{%- endmacro %}

{# The vendor's own exponents: ISO 4217 but for three currencies, whose amounts it kept as they were. #}
{% macro stripe_exponent(currency) -%}
    case
        when {{ currency }} in ('ISK', 'UGX') then 2
        when {{ currency }} = 'MGA' then 0
        else {{ iso_exponent(currency) }}
    end
{%- endmacro %}

{# An amount in smallest units, of the API and of tables; else the dashboard's. #}
{% macro stripe_amount(name, exponent, document='document') -%}
    coalesce(
        {{ whole_number(stripe_text([name], document)) }},
        {{ minor_units(stripe_text([name ~ '_major'], document), exponent) }}
    )
{%- endmacro %}

{# The id at a path, of an object that may be expanded there. #}
{% macro stripe_id(names, document='document') -%}
    coalesce(
        {%- for name in names %}
        {{ stripe_text([name ~ '.id'], document) }},
        {{ stripe_text([name, name ~ '_id'], document) }}{{ "," if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}

{% macro stripe_is_true(paths, document='document') -%}
    coalesce(lower({{ stripe_text(paths, document) }}) in ('true', 't', '1', 'yes'), false)
{%- endmacro %}

{#
    How far a state is on the way of its object. Times have seconds, and an object may take several
    steps in one: the one that is further is later.
#}
{% macro stripe_step(document='document') -%}
    case lower({{ stripe_text(['status'], document) }})
        when 'draft' then 0
        when 'incomplete' then 0
        when 'pending' then 0
        when 'open' then 1
        when 'trialing' then 1
        when 'requires_action' then 1
        when 'under_review' then 1
        when 'active' then 2
        when 'failed' then 2
        when 'uncollectible' then 2
        when 'past_due' then 3
        when 'paid' then 3
        when 'succeeded' then 3
        when 'unpaid' then 4
        when 'paused' then 4
        when 'refunded' then 5
        when 'void' then 9
        when 'won' then 9
        when 'lost' then 9
        when 'canceled' then 9
        when 'incomplete_expired' then 9
        else 0
    end
    + case when {{ stripe_is_true(['captured'], document) }} then 1 else 0 end
    + case when {{ stripe_text(['amount_refunded'], document) }} not in ('0', '0.0') then 1 else 0 end
    + case when {{ stripe_is_true(['refunded'], document) }} then 1 else 0 end
{%- endmacro %}

{# When a state was written where no event and no connector says it: the latest time in it. #}
{% macro stripe_latest_time(document='document') -%}
    greatest(
        {{ stripe_time_at(['created', 'date'], document) }},
        {{ stripe_time_at(['canceled_at'], document) }},
        {{ stripe_time_at(['ended_at'], document) }},
        {{ stripe_time_at(['current_period_start', 'items.data[0].current_period_start'], document) }},
        {{ stripe_time_at(['status_transitions.finalized_at', 'finalized_at'], document) }},
        {{ stripe_time_at(['status_transitions.paid_at', 'paid_at'], document) }},
        {{ stripe_time_at(['status_transitions.voided_at', 'voided_at'], document) }},
        {{ stripe_time_at(['status_transitions.marked_uncollectible_at'], document) }}
    )
{%- endmacro %}

{# The kinds of objects that are loaded. All others say who somebody is, or explain these. #}
{% macro stripe_facts() -%}
    'subscription', 'invoice', 'charge', 'refund', 'credit_note', 'dispute'
{%- endmacro %}
