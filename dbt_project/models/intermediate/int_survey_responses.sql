with staged as (

    select staged.*
    from {{ ref('stg_typeform__responses') }} as staged
    inner join {{ source('control', 'admitted') }} as admitted
        on
            staged.delivery_id = admitted.delivery_id
            and staged.occurred_on >= admitted.from_date
            and staged.occurred_on <= admitted.until_date
    where staged.record_fate is null

),

ranked as (

    select
        staged.*,
        -- a response keeps its token as it is completed: the most complete, then the latest, counts
        row_number() over (
            partition by source, coalesce(form_id, ''), response_token
            order by
                case completion when 'completed' then 0 when 'partial' then 1 else 2 end asc,
                submitted_at desc nulls last,
                md5(document) asc,
                file_sha256 asc,
                record_number asc
        ) as copy_number
    from staged

)

select
    md5(concat_ws(chr(31), source, coalesce(form_id, ''), response_token)) as response_id,
    response_token,
    source,
    form_id,
    nullif(coalesce(nullif(api_respondent, ''), csv_respondent), '') as respondent_user_id,
    network_id,
    platform,
    completion,
    opened_at,
    submitted_at,
    occurred_on,
    document,
    answers,
    is_csv,
    case when copy_number = 1 then 'loaded' else 'duplicate' end as fate,
    delivery_id,
    file_sha256,
    record_number
from ranked
