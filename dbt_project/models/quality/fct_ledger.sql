with files as (

    select
        files.*,
        deliveries.source,
        deliveries.vendor,
        deliveries.state
    from {{ source('control', 'files') }} as files
    inner join {{ source('control', 'deliveries') }} as deliveries
        on files.delivery_id = deliveries.delivery_id

),

fates as (

    select
        delivery_id,
        file_sha256,
        file_name,
        sum(case when fate = 'loaded' then records else 0 end) as loaded,
        sum(case when fate = 'duplicate' then records else 0 end) as duplicate,
        sum(case when fate = 'identity' then records else 0 end) as identity,
        sum(case when fate = 'filtered' then records else 0 end) as filtered,
        sum(case when fate = 'quarantined' then records else 0 end) as quarantined,
        sum(case when fate = 'erased' then records else 0 end) as erased,
        sum(case when fate = 'pending' then records else 0 end) as pending
    from {{ ref('fct_fates') }}
    group by
        delivery_id,
        file_sha256,
        file_name

)

select
    files.source,
    files.vendor,
    files.delivery_id,
    files.file_name,
    files.file_sha256,
    files.state,
    cast(files.read as bigint) as {{ adapter.quote("read") }},
    cast(files.landed as bigint) as landed,
    cast(coalesce(fates.loaded, 0) as bigint) as loaded,
    cast(coalesce(fates.duplicate, 0) as bigint) as duplicate,
    cast(coalesce(fates.identity, 0) as bigint) as identity,
    cast(coalesce(fates.filtered, 0) as bigint) as filtered,
    cast(coalesce(fates.quarantined, 0) as bigint) as quarantined,
    cast(coalesce(fates.erased, 0) as bigint) as erased,
    cast(coalesce(fates.pending, 0) as bigint) as pending,
    files.landed = files.read
    and files.read = coalesce(
        fates.loaded + fates.duplicate + fates.identity + fates.filtered + fates.quarantined
        + fates.erased + fates.pending, 0
    ) as is_balanced
from files
left join fates
    on
        files.delivery_id = fates.delivery_id
        and files.file_sha256 = fates.file_sha256
        and files.file_name = fates.file_name
