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

-- each text is read once: what is made of them names them several times
texts as (

    select
        unwrapped.*,
        case
            when coalesce({{ json_text('body', '$.object') }}, object_type) = 'line_item'
                then 'invoice_line_item'
            else replace(coalesce({{ json_text('body', '$.object') }}, object_type), '.', '_')
        end as kind,
        {{ stripe_text(['id', 'balance_transaction_id'], 'body') }} as id,
        {{ stripe_id(['customer'], 'body') }} as named_customer_id,
        {{ json_text('body', '$.metadata') }} as metadata_text,
        {{ stripe_currency('body') }} as currency,
        lower({{ stripe_text(['status'], 'body') }}) as status,
        {{ stripe_text(['captured'], 'body') }} as captured,
        {{ stripe_text(['refunded'], 'body') }} as refunded,
        {% for name in stripe_amounts() -%}
        {{ stripe_text([name], 'body') }} as {{ name }}_text,
        {{ stripe_text([name ~ '_major'], 'body') }} as {{ name }}_major,
        {% endfor -%}
        {{ stripe_text(['created', 'date', 'period_end', 'period_start'], 'body') }}
            as created_text,
        {% for name, paths in stripe_times().items() -%}
        {{ stripe_text(paths, 'body') }} as {{ name }}_text,
        {% endfor -%}
        {{ stripe_text(
            ['fivetran_start', '_fivetran_start', 'fivetran_synced', '_fivetran_synced',
             'batch_timestamp'], 'body'
        ) }} as told_text
    from unwrapped

),

dated as (

    select
        texts.*,
        case when kind = 'customer' then id else named_customer_id end as customer_id,
        coalesce({{ json_or_null('metadata_text') }}, '{}') as metadata,
        {{ stripe_exponent('currency') }} as exponent,
        {{ stripe_time('created_text') }} as occurred,
        case
            when is_event then {{ stripe_time('created') }}
            else {{ stripe_time('told_text') }}
        end as told_at,
        greatest(
            {{ stripe_time('created_text') }}
            {%- for name in stripe_times() %},
            {{ stripe_time(name ~ '_text') }}
            {%- endfor %}
        ) as latest_at,
        {{ stripe_step('status', 'captured', 'refunded', 'amount_refunded_text') }} as step
    from texts

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
        created_text is not null as has_time,
        {{ stripe_is_true(['deleted', 'is_deleted'], 'body') }}
        or coalesce(event_type in (
            'customer.deleted', 'invoice.deleted', 'price.deleted', 'plan.deleted',
            'product.deleted'
        ), false) as is_deleted,
        coalesce(
            lower({{ stripe_text(['livemode'], 'body') }}) = 'false'
            or lower({{ stripe_text(['mode'], 'body') }}) = 'test', false
        ) as is_test,
        -- who a customer is, and where, explains no conversion
        case
            when kind = 'customer' then {{ json_without('body', [
                'name', 'description', 'address', 'shipping'
            ]) }}
            else {{ json_without('body', [
                'billing_details', 'shipping', 'customer_address', 'customer_shipping',
                'receipt_url', 'hosted_invoice_url', 'invoice_pdf'
            ]) }}
        end as document,
        case
            when body is null then 'missing_object'
            when kind is null then 'unknown_object'
            when id is null then 'missing_id'
            {% for name in stripe_amounts() -%}
            when
                kind in ({{ stripe_facts() }})
                and coalesce({{ name }}_text, {{ name }}_major) is not null
                and coalesce(
                    {{ whole_number(name ~ '_text') }},
                    {{ minor_units(name ~ '_major', 'exponent') }}
                ) is null
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
