{{ config(materialized='view') }}

with said as (

    {{ hubspot_opportunities() }}
    {{ union_all_by_name() }}
    {{ salesforce_opportunities() }}

),

valued as (

    select
        said.*,
        {{ month_first('said.closed_text', 'settings.day_first') }} as closed_us,
        {{ month_first('said.won_text', 'settings.day_first') }} as won_us,
        {{ amount_or_null('said.amount_text', 'settings.decimal_comma') }} as amount,
        upper(coalesce(
            nullif(said.currency_text, ''),
            {{ currency_with('said.amount_text') }},
            settings.currency
        )) as currency
    from said
    inner join {{ source('control', 'sources') }} as settings on said.source = settings.source

),

counted as (

    select
        valued.*,
        {{ us_clock('closed_us') }} as closed_clock,
        {{ us_clock('won_us') }} as won_clock,
        coalesce({{ iso_exponent('currency') }}, 2) as currency_exponent
    from valued

)

select
    source,
    vendor,
    opportunity_id,
    pipeline,
    stage,
    says_won,
    says_closed,
    cast(round(amount * {{ units_of('currency_exponent') }}, 0) as bigint) as amount_minor,
    currency,
    currency_exponent,
    created_at,
    -- a day that somebody chose: of the API at midnight UTC, so no zone is applied
    cast({{ crm_time('closed_clock', "'UTC'") }} as date) as closed_on,
    {{ crm_time('won_clock', "'UTC'") }} as says_won_at,
    held_from,
    nullif(merged_ids, '') as merged_ids,
    delivery_id,
    file_sha256,
    record_number
from counted
