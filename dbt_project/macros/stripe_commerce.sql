{#
    The narrow tables of commerce, as Stripe tells them. Each macro is a query of one row per landed
    record. What only explains them (items, prices, lines) is looked up in its latest state.
#}

{# The latest state of objects of some kinds, whatever became of their records. #}
{% macro stripe_latest(types) -%}
    (
        select
            source,
            object_id,
            document
        from (
            select
                source,
                object_id,
                document,
                row_number() over (
                    partition by source, object_type, object_id
                    order by version_at desc nulls last, file_sha256 asc, record_number asc
                ) as age
            from {{ ref('stg_stripe__objects') }}
            where
                object_type in ({% for type in types %}'{{ type }}'{{ ", " if not loop.last }}{% endfor %})
                and coalesce(record_fate, 'filtered') = 'filtered'
        ) as stated
        where age = 1
    )
{%- endmacro %}

{#
    A recurring amount by the month. A quotient of whole numbers below 1e12 lies further from a half
    than a binary fraction errs, so it is rounded as by hand.
#}
{% macro by_the_month(amount, interval, interval_count) -%}
    cast(round(
        cast({{ amount }} as decimal(28, 6))
        * case {{ interval }} when 'week' then 52 when 'day' then 365 else 1 end
        / (
            case {{ interval }} when 'month' then 1 else 12 end
            * coalesce({{ interval_count }}, 1)
        )
    ) as bigint)
{%- endmacro %}

{# Each landed subscription: dates, state, and what it is worth by the month. #}
{% macro stripe_subscriptions() -%}
with records as (

    select
        objects.*,
        {{ stripe_currency() }} as own_currency,
        {{ json_object_at('document', '$.items.data') }} as item_list
    from {{ ref('stg_stripe__objects') }} as objects
    where object_type = 'subscription'

),

listed as (

    select
        source,
        delivery_id,
        file_sha256,
        record_number,
        {{ json_each_item('item_list') }} as item
    from records
    where substr(item_list, 1, 1) = '['

),

-- tables of connectors keep items, plans and prices apart
tabled as (

    select
        records.source,
        records.delivery_id,
        records.file_sha256,
        records.record_number,
        items.document as item,
        prices.document as price
    from records
    inner join {{ stripe_latest(['subscription_item']) }} as items
        on
            records.source = items.source
            and records.object_id = {{ stripe_id(['subscription'], 'items.document') }}
    left join {{ stripe_latest(['price', 'plan']) }} as prices
        on
            items.source = prices.source
            and {{ stripe_id(['price', 'plan'], 'items.document') }} = prices.object_id
    where records.item_list is null

),

itemised as (

    select
        source,
        delivery_id,
        file_sha256,
        record_number,
        item,
        coalesce(
            case when substr({{ json_object_at('item', '$.price') }}, 1, 1) = '{'
                then {{ json_object_at('item', '$.price') }} end,
            {{ json_object_at('item', '$.plan') }}
        ) as price
    from listed

    union all

    select
        source,
        delivery_id,
        file_sha256,
        record_number,
        item,
        price
    from tabled

    union all

    -- a subscription of one plan, as old versions of the API and the dashboard have it
    select
        source,
        delivery_id,
        file_sha256,
        record_number,
        document as item,
        case
            when substr({{ json_object_at('document', '$.plan') }}, 1, 1) = '{'
                then {{ json_object_at('document', '$.plan') }}
            else document
        end as price
    from records
    where
        item_list is null
        and coalesce(
            {{ stripe_text(['plan.interval', 'interval']) }}, {{ stripe_text(['plan.id']) }}
        ) is not null

),

priced as (

    select
        itemised.*,
        {{ stripe_id(['price', 'plan'], 'item') }} as price_id,
        coalesce({{ stripe_id(['product'], 'price') }}, {{ stripe_id(['product'], 'item') }})
            as product_id,
        {{ stripe_currency('price') }} as currency,
        coalesce({{ whole_number(stripe_text(['quantity'], 'item')) }}, 1) as quantity,
        coalesce(
            try_cast({{ stripe_text(
                ['unit_amount_decimal', 'unit_amount', 'amount_decimal', 'amount'], 'price'
            ) }} as decimal(24, 6)),
            {{ minor_units(
                stripe_text(['amount_major'], 'price'), stripe_exponent(stripe_currency('price'))
            ) }}
        ) as unit_minor,
        lower({{ stripe_text(
            ['recurring.interval', 'recurring_interval', 'interval'], 'price'
        ) }}) as price_interval,
        {{ whole_number(stripe_text(
            ['recurring.interval_count', 'recurring_interval_count', 'interval_count'], 'price'
        )) }} as interval_count,
        coalesce({{ stripe_text(
            ['recurring.usage_type', 'recurring_usage_type', 'usage_type'], 'price'
        ) }}, 'licensed') = 'metered' as is_metered
    from itemised

),

worth as (

    select
        priced.*,
        case
            when not is_metered and price_interval in ('day', 'week', 'month', 'year')
                then {{ by_the_month('unit_minor * quantity', 'price_interval', 'interval_count') }}
        end as monthly_minor
    from priced

),

-- of metered items nobody knows before what they will bring; an unknown price is not nothing
summed as (

    select
        delivery_id,
        file_sha256,
        record_number,
        count(*) as items,
        sum(quantity) as quantity,
        min(price_id) as plan_id,
        min(product_id) as product_id,
        min(currency) as currency,
        min(price_interval) as plan_interval,
        min(interval_count) as plan_interval_count,
        case
            when count(monthly_minor) > 0
                and count(monthly_minor) = sum(case when is_metered then 0 else 1 end)
                and count(distinct currency) <= 1
                then cast(sum(monthly_minor) as bigint)
        end as list_minor
    from worth
    group by
        delivery_id,
        file_sha256,
        record_number

),

-- a discount that is granted once is none of every month
discounted as (

    select
        records.*,
        {{ stripe_text([
            'discount.coupon.duration', 'discounts[0].coupon.duration',
            'discounts[0].source.coupon.duration'
        ]) }} as coupon_duration,
        try_cast({{ stripe_text([
            'discount.coupon.percent_off', 'discounts[0].coupon.percent_off',
            'discounts[0].source.coupon.percent_off'
        ]) }} as decimal(9, 4)) as percent_off,
        {{ whole_number(stripe_text([
            'discount.coupon.amount_off', 'discounts[0].coupon.amount_off',
            'discounts[0].source.coupon.amount_off'
        ])) }} as amount_off
    from records

)

select
    records.source,
    records.object_id as subscription_id,
    {{ stripe_id(['customer'], 'records.document') }} as customer_id,
    replace(lower({{ stripe_text(['status'], 'records.document') }}), ' ', '_') as status,
    coalesce(
        {{ stripe_time_at(['start_date', 'start'], 'records.document') }}, records.occurred_at
    ) as started_at,
    {{ stripe_time_at(['trial_start'], 'records.document') }} as trial_start_at,
    {{ stripe_time_at(['trial_end'], 'records.document') }} as trial_end_at,
    {{ stripe_time_at(
        ['current_period_start', 'items.data[0].current_period_start'], 'records.document'
    ) }} as current_period_start_at,
    {{ stripe_time_at(
        ['current_period_end', 'items.data[0].current_period_end'], 'records.document'
    ) }} as current_period_end_at,
    {{ stripe_is_true(['cancel_at_period_end'], 'records.document') }} as cancel_at_period_end,
    {{ stripe_time_at(['canceled_at'], 'records.document') }} as canceled_at,
    {{ stripe_time_at(['ended_at'], 'records.document') }} as ended_at,
    {{ stripe_text(
        ['cancellation_details.reason', 'cancellation_reason'], 'records.document'
    ) }} as cancellation_reason,
    summed.plan_id,
    summed.product_id,
    cast(summed.quantity as bigint) as quantity,
    summed.plan_interval,
    summed.plan_interval_count,
    coalesce(records.own_currency, summed.currency) as currency,
    {{ stripe_exponent('coalesce(records.own_currency, summed.currency)') }} as currency_exponent,
    case
        when records.coupon_duration = 'once' then summed.list_minor
        when records.percent_off is not null
            then cast(round(summed.list_minor * (100 - records.percent_off) * 0.01) as bigint)
        when records.amount_off is not null then greatest(summed.list_minor - {{ by_the_month(
            'records.amount_off', 'summed.plan_interval', 'summed.plan_interval_count'
        ) }}, 0)
        else summed.list_minor
    end as mrr_minor,
    records.delivery_id,
    records.file_sha256,
    records.record_number
from discounted as records
left join summed
    on
        records.delivery_id = summed.delivery_id
        and records.file_sha256 = summed.file_sha256
        and records.record_number = summed.record_number
{%- endmacro %}

{# Each landed invoice, payment, refund, credit note and dispute. #}
{% macro stripe_documents() -%}
with records as (

    select
        objects.*,
        {{ stripe_currency() }} as currency,
        {{ stripe_exponent(stripe_currency()) }} as exponent,
        replace(lower({{ stripe_text(['status']) }}), ' ', '_') as status,
        {{ json_object_at('document', '$.lines.data') }} as line_list
    from {{ ref('stg_stripe__objects') }} as objects
    where object_type in ('invoice', 'charge', 'refund', 'credit_note', 'dispute')

),

listed as (

    select
        delivery_id,
        file_sha256,
        record_number,
        {{ json_each_item('line_list') }} as line
    from records
    where substr(line_list, 1, 1) = '['

),

tabled as (

    select
        records.delivery_id,
        records.file_sha256,
        records.record_number,
        lines.document as line
    from records
    inner join {{ stripe_latest(['invoice_line_item']) }} as lines
        on
            records.source = lines.source
            and records.object_id = {{ stripe_id(['invoice'], 'lines.document') }}
    where records.object_type = 'invoice' and records.line_list is null

),

prorated as (

    select
        delivery_id,
        file_sha256,
        record_number,
        cast(sum(case
            when {{ stripe_is_true([
                'proration', 'parent.invoice_item_details.proration',
                'parent.subscription_item_details.proration'
            ], 'line') }}
                then {{ whole_number(stripe_text(['amount'], 'line')) }}
            else 0
        end) as bigint) as proration_minor
    from (
        select * from listed
        union all
        select * from tabled
    ) as lines
    group by
        delivery_id,
        file_sha256,
        record_number

),

-- newer payments are tied to their invoice by an object of its own
tied as (

    select
        source,
        {{ stripe_text(['payment.payment_intent', 'payment.charge']) }} as payment_ref,
        min({{ stripe_id(['invoice']) }}) as invoice_id
    from {{ stripe_latest(['invoice_payment']) }} as ties
    group by
        source,
        {{ stripe_text(['payment.payment_intent', 'payment.charge']) }}

),

amounts as (

    select
        records.*,
        {% for name in [
            'amount', 'amount_due', 'amount_paid', 'amount_captured', 'amount_refunded',
            'subtotal', 'total', 'tax', 'subtotal_excluding_tax', 'total_excluding_tax',
            'total_discount_amount', 'out_of_band_amount'
        ] -%}
        {{ stripe_amount(name, 'exponent') }} as {{ name }}_minor,
        {% endfor -%}
        case
            when object_type = 'invoice'
                then coalesce(status = 'paid', {{ stripe_is_true(['paid']) }})
            when object_type = 'charge'
                then status in ('succeeded', 'paid', 'refunded', 'partial_refund', 'partially_refunded')
                    and coalesce(lower({{ stripe_text(['paid']) }}) <> 'false', true)
                    and coalesce(lower({{ stripe_text(['captured']) }}) <> 'false', true)
            when object_type = 'refund' then coalesce(status, 'succeeded') = 'succeeded'
            when object_type = 'credit_note' then coalesce(status, 'issued') = 'issued'
            else coalesce(status not in (
                'won', 'prevented', 'warning_needs_response', 'warning_under_review',
                'warning_closed'
            ), true)
        end as is_settled
    from records

)

select
    records.source,
    case records.object_type when 'charge' then 'payment' else records.object_type end
        as document_type,
    records.object_id as document_id,
    {{ stripe_id(['customer'], 'records.document') }} as customer_id,
    records.status,
    coalesce(records.is_settled, false) as is_settled,
    {{ stripe_text(['billing_reason'], 'records.document') }} as billing_reason,
    {{ stripe_text(['failure_code'], 'records.document') }} as failure_code,
    records.currency,
    records.exponent as currency_exponent,
    coalesce(records.total_minor, records.amount_minor) as total_minor,
    case records.object_type
        when 'invoice' then records.amount_paid_minor
        when 'charge' then coalesce(records.amount_captured_minor, records.amount_minor)
        when 'credit_note' then coalesce(records.out_of_band_amount_minor, 0)
        else records.amount_minor
    end as moved_minor,
    records.amount_refunded_minor as refunded_minor,
    coalesce(records.tax_minor, records.total_minor - records.total_excluding_tax_minor)
        as tax_minor,
    coalesce(
        records.total_discount_amount_minor,
        records.subtotal_excluding_tax_minor - records.total_excluding_tax_minor,
        records.subtotal_minor + coalesce(records.tax_minor, 0) - records.total_minor
    ) as discount_minor,
    -- a list of lines in another object is cut at ten
    case
        when not {{ stripe_is_true(['lines.has_more'], 'records.document') }}
            then prorated.proration_minor
    end as proration_minor,
    coalesce(
        {{ stripe_time_at(['status_transitions.paid_at', 'paid_at'], 'records.document') }},
        records.occurred_at
    ) as settled_at,
    case
        when records.object_type = 'invoice' then records.object_id
        else coalesce({{ stripe_id(['invoice'], 'records.document') }}, tied.invoice_id)
    end as invoice_id,
    case
        when records.object_type = 'charge' then records.object_id
        else coalesce(
            {{ stripe_id(['charge'], 'records.document') }},
            {{ stripe_text(['payments.data[0].payment.charge'], 'records.document') }}
        )
    end as payment_id,
    coalesce(
        {{ stripe_id(['payment_intent'], 'records.document') }},
        {{ stripe_text(['payments.data[0].payment.payment_intent'], 'records.document') }}
    ) as payment_intent_id,
    coalesce(
        {{ stripe_id(['subscription'], 'records.document') }},
        {{ stripe_id(['parent.subscription_details.subscription'], 'records.document') }}
    ) as subscription_id,
    -- newer payments say nothing of their invoice
    records.document like '%"invoice%' as names_invoice,
    records.delivery_id,
    records.file_sha256,
    records.record_number
from amounts as records
left join prorated
    on
        records.delivery_id = prorated.delivery_id
        and records.file_sha256 = prorated.file_sha256
        and records.record_number = prorated.record_number
left join tied
    on
        records.object_type = 'charge'
        and records.source = tied.source
        and coalesce(
            {{ stripe_id(['payment_intent'], 'records.document') }}, records.object_id
        ) = tied.payment_ref
{%- endmacro %}
