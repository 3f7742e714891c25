{#
    Subscriptions as Stripe tells them, one row per landed record. What only explains them (items,
    prices) is looked up in its latest state.
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

-- each text is read once; a discount that is granted once is none of every month
discounted as (

    select
        records.*,
        {{ stripe_text(['start_date', 'start']) }} as start_text,
        {{ stripe_text(['trial_start']) }} as trial_start_text,
        {{ stripe_text(['trial_end']) }} as trial_end_text,
        {{ stripe_text(['current_period_start', 'items.data[0].current_period_start']) }}
            as period_start_text,
        {{ stripe_text(['current_period_end', 'items.data[0].current_period_end']) }}
            as period_end_text,
        {{ stripe_text(['canceled_at']) }} as canceled_text,
        {{ stripe_text(['ended_at']) }} as ended_text,
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
    coalesce({{ stripe_time('records.start_text') }}, records.occurred_at) as started_at,
    {{ stripe_time('records.trial_start_text') }} as trial_start_at,
    {{ stripe_time('records.trial_end_text') }} as trial_end_at,
    {{ stripe_time('records.period_start_text') }} as current_period_start_at,
    {{ stripe_time('records.period_end_text') }} as current_period_end_at,
    {{ stripe_is_true(['cancel_at_period_end'], 'records.document') }} as cancel_at_period_end,
    {{ stripe_time('records.canceled_text') }} as canceled_at,
    {{ stripe_time('records.ended_text') }} as ended_at,
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
