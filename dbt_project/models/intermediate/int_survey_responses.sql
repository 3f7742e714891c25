with {{ admitted_and_keyed('stg_responses', 'respondent_fields') }},

ranked as (

    select
        staged.*,
        keyed.key_node,
        -- a response keeps its id as it is completed: the most complete, then the latest, counts
        row_number() over (
            partition by staged.source, staged.key_parts
            order by
                case
                    when staged.completion in ('completed', 'disqualified', 'overquota') then 0
                    when staged.completion = 'started' then 2
                    else 1
                end asc,
                coalesce(staged.recorded_at, staged.submitted_at) desc nulls last,
                staged.submitted_at desc nulls last,
                md5({{ without_hashes('staged.document') }}) asc,
                staged.file_sha256 asc,
                staged.record_number asc
        ) as copy_number
    from staged
    left join keyed
        on
            staged.delivery_id = keyed.delivery_id
            and staged.file_sha256 = keyed.file_sha256
            and staged.record_number = keyed.record_number
            and keyed.key_number = 1

)

select
    md5(concat_ws(chr(31), source, key_parts)) as response_id,
    response_token,
    source,
    vendor,
    form_id,
    respondent_user_id,
    coalesce(user_node, key_node, vendor_node) as respondent_node,
    network_id,
    platform,
    completion,
    opened_at,
    submitted_at,
    occurred_at,
    recorded_at,
    occurred_on,
    document,
    answers,
    layout,
    case when copy_number = 1 then 'loaded' else 'duplicate' end as fate,
    delivery_id,
    file_sha256,
    member,
    record_number
from ranked
