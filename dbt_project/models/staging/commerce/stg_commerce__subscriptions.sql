{{ config(materialized='view') }}

{{ stripe_subscriptions() }}
