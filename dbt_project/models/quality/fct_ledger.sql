with files as (

    select
        files.*,
        deliveries.source,
        deliveries.vendor,
        deliveries.state
    from {{ source('control', 'files') }} as files
    inner join {{ source('control', 'deliveries') }} as deliveries on files.delivery_id = deliveries.delivery_id

),

fates as (

    select
        delivery_id,
        file_sha256,
        {% for fate in ['loaded', 'duplicate', 'identity', 'filtered', 'quarantined', 'erased', 'pending'] -%}
        cast(sum(case when fate = '{{ fate }}' then records else 0 end) as bigint) as {{ fate }}{{ "," if not loop.last }}
        {% endfor %}
    from {{ ref('fct_fates') }}
    group by
        delivery_id,
        file_sha256

)

select
    files.source,
    files.vendor,
    files.delivery_id,
    files.file_name,
    files.file_sha256,
    files.state,
    cast(files.read as bigint) as "read",
    cast(files.landed as bigint) as landed,
    coalesce(fates.loaded, 0) as loaded,
    coalesce(fates.duplicate, 0) as duplicate,
    coalesce(fates.identity, 0) as identity,
    coalesce(fates.filtered, 0) as filtered,
    coalesce(fates.quarantined, 0) as quarantined,
    coalesce(fates.erased, 0) as erased,
    coalesce(fates.pending, 0) as pending,
    files.landed = files.read
    and files.read = coalesce(
        fates.loaded + fates.duplicate + fates.identity + fates.filtered + fates.quarantined
        + fates.erased + fates.pending, 0
    ) as is_balanced
from files
left join fates on files.delivery_id = fates.delivery_id and files.file_sha256 = fates.file_sha256
