{{ config(materialized='incremental', incremental_strategy='replace_cohorts') }}

-- the weeks of a person whose cohort moved are read from there: {{ ref('int_person_days') }}
select
    person_id,
    first_seen_on
from {{ ref('dim_persons') }}
where {{ in_rebuilt_persons() }}
