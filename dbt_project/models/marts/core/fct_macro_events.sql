{{ config(materialized='incremental', incremental_strategy='replace_cells') }}

{{ conversions('macro') }}
