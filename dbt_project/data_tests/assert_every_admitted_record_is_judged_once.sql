-- A record that passed staging and is in scope is loaded or duplicate, and nothing else is judged.
-- A row here most likely means that the rebuild set missed a date of the record's key.
with admitted as (

    select
        event_key,
        file_sha256,
        record_number,
        record_part
    from {{ ref('int_staged_events') }}

),

judged as (

    select
        event_key,
        file_sha256,
        record_number,
        record_part
    from {{ ref('int_events') }}

)

select
    admitted.event_key as admitted_key,
    judged.event_key as judged_key
from admitted
full outer join judged
    on
        admitted.event_key = judged.event_key
        and admitted.file_sha256 = judged.file_sha256
        and admitted.record_number = judged.record_number
        and admitted.record_part = judged.record_part
where admitted.event_key is null or judged.event_key is null
