with states as (

    select
        objects.object_key,
        objects.source,
        tickets.ticket_id,
        objects.person_id,
        tickets.status,
        tickets.priority,
        tickets.ticket_type,
        tickets.channel,
        tickets.satisfaction,
        tickets.group_id,
        tickets.brand_id,
        tickets.organization_id,
        objects.occurred_at,
        objects.occurred_on,
        objects.version_at,
        tickets.solved_at,
        tickets.reopened_count,
        tickets.merged_ticket_ids,
        objects.is_current,
        objects.is_deleted,
        objects.is_test,
        objects.delivery_id,
        objects.file_sha256,
        objects.record_number,
        row_number() over (
            partition by objects.object_key
            order by
                objects.is_current asc,
                objects.version_at asc nulls first,
                objects.file_sha256 asc,
                objects.record_number asc
        ) as state_number
    from {{ loaded_objects(['ticket']) }} as objects
    inner join {{ ref('stg_support__tickets') }} as tickets
        on
            objects.delivery_id = tickets.delivery_id
            and objects.file_sha256 = tickets.file_sha256
            and objects.record_number = tickets.record_number

),

-- a ticket that is deleted is emptied later: what was known of it before stays known
alive as (

    select
        states.*,
        max(case when not is_deleted then state_number end) over (
            partition by object_key
            order by state_number
            rows between unbounded preceding and current row
        ) as last_alive
    from states

),

status_changes as (

    select
        source,
        ticket_id,
        field_value as status,
        changed_at,
        lag(field_value) over (
            partition by source, ticket_id
            order by changed_at asc, file_sha256 asc, record_number asc
        ) as status_before
    from {{ ref('fct_ticket_changes') }}
    where field = 'status'

),

histories as (

    select
        source,
        ticket_id,
        min(case when status in ('solved', 'closed') then changed_at end) as first_solved_at,
        sum(
            case
                when
                    status_before = 'solved'
                    and status not in ('solved', 'closed', 'deleted')
                    then 1
                else 0
            end
        ) as reopened_count
    from status_changes
    group by
        source,
        ticket_id

),

ratings as (

    select
        source,
        ticket_id,
        field_value as satisfaction,
        row_number() over (
            partition by source, ticket_id
            order by changed_at desc, file_sha256 asc, record_number desc
        ) as age
    from {{ ref('fct_ticket_changes') }}
    where field = 'satisfaction_score' and field_value is not null

),

takeovers as (

    select
        source,
        ticket_id,
        {{ json_each_item('merged_ticket_ids') }} as merged_ticket_id
    from states
    where is_current and merged_ticket_ids <> '[]'

),

unquoted as (

    select
        source,
        ticket_id as merged_into,
        trim(both '"' from merged_ticket_id) as ticket_id
    from takeovers

),

merged as (

    select
        source,
        ticket_id,
        min(merged_into) as merged_into
    from unquoted
    group by
        source,
        ticket_id

)

select
    alive.object_key,
    alive.source,
    alive.ticket_id,
    coalesce(alive.person_id, known.person_id) as person_id,
    alive.status,
    coalesce(alive.priority, known.priority) as priority,
    coalesce(alive.ticket_type, known.ticket_type) as ticket_type,
    coalesce(alive.channel, known.channel) as channel,
    coalesce(alive.group_id, known.group_id) as group_id,
    coalesce(alive.brand_id, known.brand_id) as brand_id,
    coalesce(alive.organization_id, known.organization_id) as organization_id,
    alive.occurred_at as created_at,
    alive.occurred_on,
    alive.version_at as updated_at,
    coalesce(
        histories.first_solved_at,
        case when coalesce(alive.reopened_count, 0) = 0 then alive.solved_at end
    ) as first_solved_at,
    cast(coalesce(histories.reopened_count, alive.reopened_count) as integer) as reopened_count,
    coalesce(alive.satisfaction, ratings.satisfaction, known.satisfaction) as satisfaction,
    merged.merged_into,
    alive.is_current,
    alive.is_deleted,
    alive.is_test,
    alive.delivery_id,
    alive.file_sha256,
    alive.record_number
from alive
left join alive as known
    on
        alive.object_key = known.object_key
        and alive.last_alive = known.state_number
        and alive.is_deleted
left join histories
    on alive.source = histories.source and alive.ticket_id = histories.ticket_id
left join ratings
    on
        alive.source = ratings.source
        and alive.ticket_id = ratings.ticket_id
        and ratings.age = 1
left join merged
    on alive.source = merged.source and alive.ticket_id = merged.ticket_id
