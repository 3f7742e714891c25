{{ config(materialized='view') }}

with tickets as (
    {{ zendesk_tickets() }}
)

select * from tickets
