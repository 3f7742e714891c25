with landed as {{ not_materialized() }} (

    select * from {{ source('landing', 'segment') }}

),

settings as (

    select * from {{ source('control', 'sources') }}

),

laid_out as {{ not_materialized() }} (

    select
        landed.*,
        settings.vendor,
        settings.user_namespace,
        coalesce(settings.names_pages, false) as names_pages,
        coalesce(landed.record, landed.raw) as document,
        -- a table's row has no messageId; its `type` may be a property
        landed.message_id is null
        and (landed.row_message_id is not null or landed.row_received_time is not null) as is_row,
        {{ call_table('landed.file_name', 'landed.member') }} as file_table
    from landed
    inner join settings on landed.source = settings.source

),

fielded as {{ not_materialized() }} (

    select
        {{ call_lineage() }},
        document,
        is_row,
        case when is_row then file_table end as table_name,
        {{ call_fields() }}
    from laid_out

),

calls as {{ not_materialized() }} (

    select
        fielded.*,
        1 as record_part,
        cast(null as string) as layout_error,
        -- it has no properties; the event's own table has the same event with them
        coalesce(table_name = 'tracks', false) as is_second_copy,
        case
            when call_type = 'delete' and not is_row then 'deletion_request'
            when table_name = 'accounts' then 'account_row'
            when
                message_id like 'segment-test-message-%'
                or user_id like 'test-user-%'
                or anonymous_id like 'test-user-%'
                then 'event_tester'
        end as filter_reason,
        cast(null as string) as link_kind,
        cast(null as string) as link_left,
        cast(null as string) as link_right
    from fielded

),

{{ described_calls('$segment') }}
{{ staged_events() }}
