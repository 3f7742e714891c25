{# Each landed invoice, payment, refund, credit note and dispute. #}
{% macro stripe_documents() -%}
with records as (

    select
        objects.*,
        {{ stripe_currency() }} as currency,
        replace(lower({{ stripe_text(['status']) }}), ' ', '_') as status,
        {{ stripe_text(['status_transitions.paid_at', 'paid_at']) }} as paid_at_text,
        {{ json_object_at('document', '$.lines.data') }} as line_list,
        {% for name in stripe_document_amounts() -%}
        {{ stripe_text([name]) }} as {{ name }}_text,
        {{ stripe_text([name ~ '_major']) }} as {{ name }}_major{{ "," if not loop.last }}
        {% endfor %}
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

counted as (

    select
        records.*,
        {{ stripe_exponent('currency') }} as exponent
    from records

),

amounts as (

    select
        records.*,
        {% for name in stripe_document_amounts() -%}
        coalesce(
            {{ whole_number(name ~ '_text') }}, {{ minor_units(name ~ '_major', 'exponent') }}
        ) as {{ name }}_minor,
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
    from counted as records

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
    coalesce({{ stripe_time('records.paid_at_text') }}, records.occurred_at) as settled_at,
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

{# Amounts of invoices, payments and what goes back. #}
{% macro stripe_document_amounts() -%}
    {{ return([
        'amount', 'amount_due', 'amount_paid', 'amount_captured', 'amount_refunded', 'subtotal',
        'total', 'tax', 'subtotal_excluding_tax', 'total_excluding_tax', 'total_discount_amount',
        'out_of_band_amount'
    ]) }}
{%- endmacro %}
