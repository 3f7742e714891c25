{{ config(materialized='view') }}

{{ stripe_documents() }}
