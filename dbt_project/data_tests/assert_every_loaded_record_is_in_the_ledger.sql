-- What a reader counts in the marts is what the ledger calls loaded, source by source. The ledger
-- counts by file; events of a file it does not know would be missing there.
with counted as (

    select
        source,
        count(*) as records
    from {{ ref('fct_events') }}
    where record_part = 1
    group by source

    union all

    select
        source,
        count(distinct response_id) as records
    from {{ ref('fct_survey_answers') }}
    group by source
    {% for mart in var('object_marts') %}
    union all

    select
        source,
        count(*) as records
    from (
        select distinct
            source,
            delivery_id,
            file_sha256,
            record_number
        from {{ ref(mart) }}
    ) as loaded
    group by source
    {% endfor %}

),

accounted as (

    select
        source,
        sum(loaded) as records
    from {{ ref('fct_ledger') }}
    group by source

)

select
    accounted.source,
    accounted.records as accounted_records,
    counted.records as counted_records
from accounted
full outer join (
    -- a source of objects has several marts
    select
        source,
        sum(records) as records
    from counted
    group by source
) as counted on accounted.source = counted.source
where coalesce(accounted.records, 0) <> coalesce(counted.records, 0)
