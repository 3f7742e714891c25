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
    How far a state is on the way of its object, from columns of texts. Times have seconds, and an
    object may take several steps in one: the one that is further is later.
#}
{% macro stripe_step(status, captured, refunded, amount_refunded) -%}
    case
        when {{ status }} in ('open', 'trialing', 'requires_action', 'under_review') then 1
        when {{ status }} in ('active', 'failed', 'uncollectible') then 2
        when {{ status }} in ('past_due', 'paid', 'succeeded') then 3
        when {{ status }} in ('unpaid', 'paused') then 4
        when {{ status }} = 'refunded' then 5
        when {{ status }} in ('void', 'won', 'lost', 'canceled', 'incomplete_expired') then 9
        else 0
    end
    + case when lower({{ captured }}) = 'true' then 1 else 0 end
    + case when {{ amount_refunded }} not in ('0', '0.0') then 1 else 0 end
    + case when lower({{ refunded }}) = 'true' then 1 else 0 end
{%- endmacro %}

{# The kinds of objects that are loaded. All others say who somebody is, or explain these. #}
{% macro stripe_facts() -%}
    'subscription', 'invoice', 'charge', 'refund', 'credit_note', 'dispute'
{%- endmacro %}

{# Amounts by which a record is judged: one that is there must be a number. #}
{% macro stripe_amounts() -%}
    {{ return(['amount', 'amount_due', 'amount_paid', 'amount_refunded', 'total']) }}
{%- endmacro %}

{# Times of a state, besides `created`: where no event and no connector says when it was written. #}
{% macro stripe_times() -%}
    {{ return({
        'canceled': ['canceled_at'],
        'ended': ['ended_at'],
        'period': ['current_period_start', 'items.data[0].current_period_start'],
        'finalized': ['status_transitions.finalized_at', 'finalized_at'],
        'paid': ['status_transitions.paid_at', 'paid_at'],
        'voided': ['status_transitions.voided_at', 'voided_at'],
        'written_off': ['status_transitions.marked_uncollectible_at'],
    }) }}
{%- endmacro %}
