{{ config(materialized='incremental', incremental_strategy='replace_keys') }}

with staged as (

    select
        event_key,
        id_quality,
        source,
        occurred_at,
        occurred_on,
        ingested_at,
        user_node,
        vendor_node,
        device_node,
        -- the conditions of the joins below, as columns: a join on equality alone stays a hash join
        case when user_node is null then device_node end as anonymous_device_node,
        session_hint,
        delivery_id,
        file_sha256,
        record_number,
        record_part
    from {{ ref('int_staged_events') }}
    {% if is_incremental() -%}
    where {{ is_rebuilt_key() }}
    {%- endif %}

),

settings as (

    select * from {{ source('control', 'sources') }}

),

copied_keys as (

    select event_key
    from staged
    group by event_key
    having count(*) > 1

),

-- Only records that share their key with another are looked at closely. Ties by ingestion time,
-- then by content, never by arrival; what is left to lineage are rows equal in every column.
copies as (

    select
        staged.event_key,
        staged.file_sha256,
        staged.record_number,
        staged.record_part,
        staged.occurred_at,
        staged.id_quality,
        settings.dedupe_window_seconds,
        row_number() over (
            partition by staged.event_key
            order by
                case
                    when settings.keeps_last then -{{ epoch_seconds('staged.ingested_at') }}
                    else {{ epoch_seconds('staged.ingested_at') }}
                end nulls last,
                md5(concat_ws(
                    chr(31), {{ without_hashes('contents.properties') }}, contents.user_id,
                    contents.device_id,
                    contents.platform, contents.os, contents.app_version, contents.country,
                    contents.region, contents.occurred_at_raw, contents.session_hint,
                    cast(contents.received_at as string)
                )),
                staged.file_sha256,
                staged.record_number,
                staged.record_part
        ) as copy_number
    from staged
    inner join copied_keys on staged.event_key = copied_keys.event_key
    inner join settings on staged.source = settings.source
    inner join {{ ref('int_staged_events') }} as contents
        on
            staged.event_key = contents.event_key
            and staged.record_number = contents.record_number
            and staged.record_part = contents.record_part
            and staged.file_sha256 = contents.file_sha256
    {% if is_incremental() -%}
    where contents.occurred_on in {{ dates_of('rebuild_keys') }}
    {%- endif %}

),

key_spans as (

    select
        event_key,
        {{ epoch_seconds('max(occurred_at)') }} - {{ epoch_seconds('min(occurred_at)') }}
        > min(dedupe_window_seconds) as is_wide
    from copies
    where id_quality = 'vendor'
    group by event_key

),

-- A key that lives longer than its window has several kept rows: each copy in turn is kept unless a
-- kept one lies within the window.
wide_copies as (

    select copies.*
    from copies
    inner join key_spans on copies.event_key = key_spans.event_key
    where key_spans.is_wide

),

kept_copies as (

    {{ keep_outside_window('wide_copies') }}

),

verdicts as (

    select
        copies.event_key,
        copies.file_sha256,
        copies.record_number,
        copies.record_part,
        copies.copy_number,
        case
            when copies.id_quality = 'derived' then true
            when kept_copies.event_key is not null then kept_copies.is_kept
            else copies.copy_number = 1
        end as is_kept
    from copies
    left join kept_copies
        on copies.event_key = kept_copies.event_key and copies.copy_number = kept_copies.copy_number

),

-- What breaks the dictionary where that keeps records out; the first reason by name.
rejected as (

    select
        file_sha256,
        delivery_id,
        record_number,
        record_part,
        min(kind) as reason
    from {{ ref('stg_violations') }} as violations
    where
        {{ is_enforced('violations', 'quarantine') }}
        and {{ on_rebuilt_key_dates('violations') }}
    group by
        file_sha256,
        delivery_id,
        record_number,
        record_part

),

owners as (

    select * from {{ source('control', 'device_owners') }}

),

nodes as (

    select * from {{ source('control', 'identity_nodes') }}

),

-- A user id wins; else whoever owned the device then; else the vendor's merged id; else the device.
owned as (

    select
        staged.*,
        coalesce(staged.user_node, owners.user_node) as owner_node,
        case when coalesce(staged.user_node, owners.user_node) is null then staged.vendor_node end
            as anonymous_vendor_node
    from staged
    left join owners on staged.anonymous_device_node = owners.device_node
    -- a device's intervals follow each other without a gap, from the beginning to the end of time
    where
        owners.device_node is null
        or (staged.occurred_at >= owners.valid_from and staged.occurred_at < owners.valid_until)

),

resolved as (

    select
        owned.*,
        coalesce(
            user_nodes.root_node,
            owned.owner_node,
            vendor_nodes.root_node,
            owned.device_node,
            owned.vendor_node
        ) as person_node
    from owned
    left join nodes as user_nodes on owned.owner_node = user_nodes.node
    left join nodes as vendor_nodes on owned.anonymous_vendor_node = vendor_nodes.node

)

select
    -- keys
    case
        when settings.dedupe_window_seconds > 0 and resolved.id_quality = 'vendor'
            then md5(concat(resolved.event_key, chr(31), cast(resolved.occurred_at as string)))
        when resolved.id_quality = 'derived' and coalesce(verdicts.copy_number, 1) > 1
            then md5(concat(resolved.event_key, chr(31), cast(verdicts.copy_number as string)))
        else resolved.event_key
    end as event_id,
    resolved.event_key,
    resolved.source,
    case when resolved.person_node is not null then md5(resolved.person_node) end as person_id,

    -- dates and times
    resolved.occurred_at,
    resolved.occurred_on,

    -- sessions
    resolved.session_hint,

    -- fate
    case
        when not coalesce(verdicts.is_kept, true) then 'duplicate'
        when rejected.reason is not null then 'quarantined'
        else 'loaded'
    end as fate,
    case
        when not coalesce(verdicts.is_kept, true) then 'vendor_rule'
        else rejected.reason
    end as fate_reason,

    -- the way back to the byte
    resolved.delivery_id,
    resolved.file_sha256,
    resolved.record_number,
    resolved.record_part
from resolved
inner join settings on resolved.source = settings.source
left join verdicts
    on
        resolved.event_key = verdicts.event_key
        and resolved.file_sha256 = verdicts.file_sha256
        and resolved.record_number = verdicts.record_number
        and resolved.record_part = verdicts.record_part
left join rejected
    on
        resolved.delivery_id = rejected.delivery_id
        and resolved.file_sha256 = rejected.file_sha256
        and resolved.record_number = rejected.record_number
        and resolved.record_part = rejected.record_part
