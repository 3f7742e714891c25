with {{ opened_objects('stripe') }},

-- an event tells of a state of another object, which is what counts
unwrapped as (

    select
        opened.*,
        coalesce(opened.object = 'event', false) as is_event,
        {{ json_text('opened.document', '$.type') }} as event_type,
        case
            when opened.object = 'event'
                then {{ json_object_at('opened.document', '$.data.object') }}
            else opened.document
        end as body
    from opened

),

named as (

    select
        unwrapped.*,
        case
            when coalesce({{ json_text('body', '$.object') }}, object_type) = 'line_item'
                then 'invoice_line_item'
            else replace(coalesce({{ json_text('body', '$.object') }}, object_type), '.', '_')
        end as kind,
        coalesce(
            nullif({{ json_text('body', '$.id') }}, ''),
            {{ json_text('body', '$.balance_transaction_id') }}
        ) as id,
        coalesce({{ json_or_null(json_text('body', '$.metadata')) }}, '{}') as metadata,
        {{ stripe_exponent(stripe_currency('body')) }} as exponent
    from unwrapped

),

dated as (

    select
        named.*,
        {{ stripe_time_at(['created', 'date', 'period_end', 'period_start'], 'body') }} as occurred,
        case
            when is_event then {{ stripe_time('created') }}
            else {{ stripe_time_at(
                ['fivetran_start', '_fivetran_start', 'fivetran_synced', '_fivetran_synced',
                 'batch_timestamp'], 'body'
            ) }}
        end as told_at,
        {{ stripe_latest_time('body') }} as latest_at,
        case when kind = 'customer' then id else {{ stripe_id(['customer'], 'body') }} end
            as customer_id,
        {{ stripe_step('body') }} as step
    from named

),

described as (

    select
        source,
        vendor,
        user_namespace,
        undated_on,
        parse_error,
        raw,
        raw_bytes,
        delivery_id,
        file_sha256,
        file_name,
        member,
        record_number,
        landed_at,
        kind as object_type,
        id as object_id,
        case
            when customer_id is not null then concat('customer:', customer_id)
        end as person_ref,
        {{ json_merged('metadata', 'to_json(' ~ record_of({
            'email': stripe_text(
                ['email', 'customer_email', 'customer_details.email', 'billing_details.email',
                 'receipt_email'], 'body'
            )
        }) ~ ')') }} as person_fields,
        coalesce(
            {{ json_member_text('metadata', 'user_field') }},
            {{ json_member_text('body', "concat(user_field, ' (metadata)')") }},
            {{ json_member_text('body', 'user_field') }}
        ) as user_id,
        cast(null as string) as merged_into,
        occurred,
        case
            when not is_event and told_at is not null then told_at
            when coalesce(told_at, latest_at) > landed_at then landed_at
            else {{ epoch_to_timestamp(
                epoch_seconds('coalesce(told_at, latest_at)') ~ ' + step / 1000000.0'
            ) }}
        end as version,
        {{ stripe_text(['created', 'date', 'period_end', 'period_start'], 'body') }} is not null
            as has_time,
        {{ stripe_is_true(['deleted', 'is_deleted'], 'body') }}
        or coalesce({{ matches('event_type', '^(customer|invoice|price|plan|product)[.]deleted$') }}, false)
            as is_deleted,
        coalesce(
            lower({{ stripe_text(['livemode'], 'body') }}) = 'false'
            or lower({{ stripe_text(['mode'], 'body') }}) = 'test', false
        ) as is_test,
        -- who a customer is, and where, explains no conversion
        case
            when kind = 'customer' then {{ json_without('body', ['name', 'description', 'address', 'shipping']) }}
            else {{ json_without('body', [
                'billing_details', 'shipping', 'customer_address', 'customer_shipping',
                'receipt_url', 'hosted_invoice_url', 'invoice_pdf'
            ]) }}
        end as document,
        case
            when body is null then 'missing_object'
            when kind is null then 'unknown_object'
            when id is null then 'missing_id'
            {% for name in ['amount', 'amount_due', 'amount_paid', 'amount_refunded', 'total'] -%}
            when
                kind in ({{ stripe_facts() }})
                and coalesce(
                    {{ stripe_text([name], 'body') }}, {{ stripe_text([name ~ '_major'], 'body') }}
                ) is not null
                and {{ stripe_amount(name, 'exponent', 'body') }} is null
                then 'unreadable_amount'
            {% endfor %}
        end as shape_error,
        kind in ('customer', 'checkout_session') as is_identity,
        case
            when kind not in ({{ stripe_facts() }}, 'customer', 'checkout_session') then 'reference'
        end as is_filtered
    from dated

),

{{ staged_objects() }}
