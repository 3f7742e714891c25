with {{ admitted_and_keyed('stg_objects', 'person_fields') }},

hashed as (

    select
        staged.*,
        coalesce(staged.user_node, staged.vendor_node, keyed.key_node) as person_node,
        md5({{ without_hashes(json_canonical('staged.document')) }}) as content
    from staged
    left join keyed
        on
            staged.delivery_id = keyed.delivery_id
            and staged.file_sha256 = keyed.file_sha256
            and staged.record_number = keyed.record_number
            and keyed.key_number = 1

),

ranked as (

    select
        hashed.*,
        row_number() over (
            partition by source, object_type, object_id, version_at, content
            order by file_sha256, record_number
        ) as copy_number,
        row_number() over (
            partition by source, object_type, object_id
            order by version_at desc nulls last, content asc, file_sha256 asc, record_number asc
        ) as age
    from hashed

)

select
    md5(concat_ws(chr(31), source, object_type, object_id)) as object_key,
    object_type,
    object_id,
    source,
    vendor,
    person_node,
    occurred_at,
    occurred_on,
    version_at,
    age = 1 as is_current,
    is_deleted,
    is_test,
    document,
    case when copy_number = 1 then 'loaded' else 'duplicate' end as fate,
    delivery_id,
    file_sha256,
    member,
    record_number
from ranked
