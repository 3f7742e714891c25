with landed as {{ not_materialized() }} (

    select * from {{ source('landing', 'rudderstack') }}

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
        coalesce(settings.loads_extracts, false) as loads_extracts,
        landed.data_table is not null as is_staging,
        landed.message_id is null
        and (
            landed.data_table is not null
            or landed.row_message_id is not null
            or landed.row_received_time is not null
            or landed.record is not null
        ) as is_row,
        coalesce(landed.archived, landed.row_archived) as payload,
        {{ call_table('landed.file_name', 'landed.member') }} as file_table
    from landed
    inner join settings on landed.source = settings.source

),

-- a staging line has its row under `data`
fielded as {{ not_materialized() }} (

    select
        {{ call_lineage() }},
        loads_extracts,
        case
            when is_staging and parse_error is null then {{ json_object_at('raw', '$.data') }}
            else coalesce(record, raw)
        end as document,
        is_row,
        case
            when is_staging then lower(data_table)
            when row_column_name is not null and row_table_name is not null then 'rudder_discards'
            when row_merge_rule is not null or row_merge_mapping is not null then 'rudder_identity'
            when is_row then file_table
        end as table_name,
        false as is_archived,
        1 as record_part,
        coalesce(extract_run, row_extract_run, data_extract_run) as extract_run,
        -- cells of a load file without a header whose columns nobody has told
        case
            when
                record is not null
                and coalesce(
                    row_message_id, row_received_time, row_column_name, row_merge_rule,
                    row_merge_mapping
                ) is null
                then 'unknown_columns'
        end as layout_error,
        {{ call_fields(has_data=true) }}
    from laid_out
    where payload is null

),

-- an archived job is one call or a batch of them, as the sender wrote them
jobs as {{ not_materialized() }} (

    select
        laid_out.*,
        {{ json_or_null('payload') }} as job
    from laid_out
    where payload is not null

),

batches as {{ not_materialized() }} (

    select
        jobs.*,
        {{ json_text('job', '$.receivedAt') }} as job_received_time,
        coalesce(
            {{ json_object_at('job', '$.batch') }}, concat('[', coalesce(job, 'null'), ']')
        ) as batch
    from jobs

),

numbered as {{ not_materialized() }} (

    select
        batches.*,
        {{ each_number('greatest(1, ' ~ json_length('batch') ~ ')') }} as record_part
    from batches

),

parts as {{ not_materialized() }} (

    select
        numbered.*,
        {{ json_item('batch', 'record_part') }} as document
    from numbered

),

archived as {{ not_materialized() }} (

    select
        {{ call_lineage() }},
        loads_extracts,
        document,
        false as is_row,
        cast(null as string) as table_name,
        true as is_archived,
        record_part,
        {{ json_text('document', '$.context.sources.job_run_id') }} as extract_run,
        case
            when job is null then 'unreadable_payload'
            when document is null then 'empty_batch'
        end as layout_error,
        {{ call_fields_of('document', 'job_received_time') }}
    from parts

),

together as {{ not_materialized() }} (

    select * from fielded
    union all
    select * from archived

),

-- a merge call names two ids of any type; those of users and visitors are ours
merging as {{ not_materialized() }} (

    select
        together.*,
        lower(replace({{ json_text('merge_ids', '$[0].type') }}, '_', '')) as left_type,
        {{ json_text('merge_ids', '$[0].value') }} as left_id,
        lower(replace({{ json_text('merge_ids', '$[1].type') }}, '_', '')) as right_type,
        {{ json_text('merge_ids', '$[1].value') }} as right_id
    from (
        select
            together.*,
            case
                when call_type = 'merge' and not is_row
                    then {{ json_object_at('document', '$.mergeProperties') }}
            end as merge_ids
        from together
    ) as together

),

calls as {{ not_materialized() }} (

    select
        merging.*,
        -- `tracks` has no properties, and an archive is raw: any other copy of the event is better
        is_archived or coalesce(table_name = 'tracks', false) as is_second_copy,
        case
            when table_name = 'rudder_discards' then 'discarded_value'
            when table_name like 'rudder_identity%' then 'identity_table'
            when call_type = 'delete' and not is_row then 'deletion_request'
            when (channel = 'sources' or extract_run is not null) and not loads_extracts
                then 'cloud_extract'
        end as filter_reason,
        case
            when left_type = 'userid' and right_type = 'userid' then 'merge'
            when
                (left_type = 'userid' and right_type = 'anonymousid')
                or (left_type = 'anonymousid' and right_type = 'userid')
                then 'identify'
        end as link_kind,
        case when left_type = 'userid' and right_type = 'anonymousid' then right_id else left_id end
            as link_left,
        case when left_type = 'userid' and right_type = 'anonymousid' then left_id else right_id end
            as link_right
    from merging

),

{{ described_calls('$rudderstack') }}
{{ staged_events(part='record_part') }}
