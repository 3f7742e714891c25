{#
    What every vendor's staging has in common. A vendor's model says, in a CTE, what its fields mean
    (see `staged_events`); these macros settle clocks, fates, keys and the one output shape.
#}

{# An id as a node of the identity graph, null for ids that stand for nobody. #}
{% macro node(rank, namespace, id) -%}
    case
        when
            {{ id }} is not null
            and lower(trim({{ id }})) not in (
                select denied.id from {{ source('control', 'denied_ids') }} as denied
            )
            then concat('{{ rank }}|', {{ namespace }}, '|', {{ id }})
    end
{%- endmacro %}

{#
    A key that several sources know a person by (`identity.keys`), as a node. It is hashed with the
    migration's key, unless masking has done so: the same address gives the same node everywhere.
    What stands for nobody may have been hashed too.
#}
{% macro key_node(kind, value) -%}
    case
        when
            {{ value }} is not null
            and lower(trim({{ value }})) not in (
                select denied.id from {{ source('control', 'denied_ids') }} as denied
            )
            and {{ value }} not in (
                select {{ keyed_hash('denied.id') }}
                from {{ source('control', 'denied_ids') }} as denied
            )
            then concat('2|', {{ kind }}, '|', case
                when substr({{ value }}, 1, 7) = 'masked:' then {{ value }}
                else {{ keyed_hash(value) }}
            end)
    end
{%- endmacro %}

{# Rows of the deliveries that this run stages: they lie together, and share a time of landing. #}
{% macro is_staged_now() -%}
    landed_at in (
        select to_stage.landed_at from {{ source('control', 'to_stage') }} as to_stage
    )
    and delivery_id in (
        select to_stage.delivery_id from {{ source('control', 'to_stage') }} as to_stage
    )
{%- endmacro %}

{# Seconds since 1970 from seconds or, above 1e10, milliseconds: vendors write either. #}
{% macro unscaled_epoch(epoch) -%}
    case when abs({{ epoch }}) > 1e10 then {{ epoch }} / 1000 else {{ epoch }} end
{%- endmacro %}

{# Whether a time's text ends in an offset. A bare date ends in what only looks like one. #}
{% macro has_offset(text) -%}
    {{ matches(text, '^[0-9]{4}-[0-9]{2}-[0-9]{2}.[0-9].*(Z| UTC|[+-][0-9]{2}(:?[0-9]{2})?)$') }}
{%- endmacro %}

{# The clock of the reporting time zone at an instant in UTC. #}
{% macro reporting_wall(instant) -%}
    {{ utc_to_wall(instant, "'" ~ var('reporting_timezone') ~ "'") }}
{%- endmacro %}

{#
    The end of a staging model: from the CTE `described` to the one event shape.

    `described` holds the lineage columns of landing and
      source_event_name, wall_at (the clock as written), is_utc (it is UTC, whatever the zone),
      received_at, ingested_at (UTC), occurred_at_raw, key_parts (text, null without a vendor id),
      content (JSON text that tells two rows apart), vendor_user_id, link_kind, link_left,
      link_right, shape_error (why the record is no event), is_identity, is_filtered (a reason), and
      the columns of the event contract from anonymous_id to properties.
    `part` numbers the events of one record from 1, where a record may tell of several.
#}
{% macro staged_events(part='1') %}
{%- set wall_seconds = epoch_seconds('described.wall_at') -%}
wall_quarters as (
    -- zone rules are looked up once per quarter hour and zone, not once per event
    select distinct
        timezone,
        is_utc,
        floor({{ epoch_seconds('wall_at') }} / 900) as quarter
    from described
    where wall_at is not null
),

wall_instants as (
    select
        timezone,
        is_utc,
        quarter,
        {{ epoch_to_timestamp('quarter * 900') }} as wall_from,
        case
            when is_utc or timezone = 'UTC' then {{ epoch_to_timestamp('quarter * 900') }}
            else {{ wall_to_utc(epoch_to_timestamp('quarter * 900'), 'timezone') }}
        end as late_from
    from wall_quarters
),

wall_offsets as (
    select
        timezone,
        is_utc,
        quarter,
        {{ epoch_seconds('wall_from') }} - {{ epoch_seconds('late_from') }} as late_offset,
        -- in the repeated autumn hour the clock shows the same an hour earlier
        case
            when
                is_utc or timezone = 'UTC'
                or {{ utc_to_wall("late_from - interval '1' hour", 'timezone') }} <> wall_from
                then {{ epoch_seconds('wall_from') }} - {{ epoch_seconds('late_from') }}
            else {{ epoch_seconds('wall_from') }} - {{ epoch_seconds('late_from') }} + 3600
        end as early_offset
    from wall_instants
),

instants as {{ not_materialized() }} (
    select
        described.*,
        case
            when
                wall_offsets.early_offset <> wall_offsets.late_offset
                and described.received_at is not null
                and {{ epoch_seconds('described.received_at') }} + 300
                >= {{ epoch_seconds('described.wall_at') }} - wall_offsets.late_offset
                then {{ epoch_to_timestamp(wall_seconds ~ ' - wall_offsets.late_offset') }}
            else {{ epoch_to_timestamp(wall_seconds ~ ' - wall_offsets.early_offset') }}
        end as occurred_at
    from described
    left join wall_offsets
        on
            described.timezone = wall_offsets.timezone
            and described.is_utc = wall_offsets.is_utc
            and floor({{ epoch_seconds('described.wall_at') }} / 900) = wall_offsets.quarter
),

reporting_dates as (
    select
        quarter,
        cast({{ reporting_wall(epoch_to_timestamp('quarter * 900')) }} as date) as occurred_on
    from (
        select distinct floor({{ epoch_seconds('occurred_at') }} / 900) as quarter
        from instants
        where occurred_at is not null
    ) as quarters
),

judged as (
    select
        instants.*,
        reporting_dates.occurred_on,
        case
            when instants.parse_error is not null then instants.parse_error
            when instants.shape_error is not null then instants.shape_error
            when instants.occurred_at is null then 'unreadable_time'
            when instants.occurred_at < timestamp '2000-01-01 00:00:00' then 'time_before_2000'
            when
                instants.occurred_at
                > coalesce(instants.received_at, instants.landed_at) + interval '24' hour
                then 'future_dated'
        end as quarantine_reason
    from instants
    left join reporting_dates
        on floor({{ epoch_seconds('instants.occurred_at') }} / 900) = reporting_dates.quarter
),

shaped as (
    select
        -- keys
        case
            when quarantine_reason is null
                then md5(concat(source, chr(31), coalesce(
                    key_parts,
                    concat(source_event_name, chr(31), {{ json_canonical('content') }})
                )))
        end as event_key,
        case when key_parts is null then 'derived' else 'vendor' end as id_quality,

        -- what and where from
        source,
        vendor,
        source_event_name,

        -- clocks
        occurred_at,
        received_at,
        ingested_at,
        case when quarantine_reason is null then occurred_on end as occurred_on,
        occurred_at_raw,
        {{ epoch_seconds('occurred_at') }} - {{ epoch_seconds('received_at') }}
            as clock_skew_seconds,

        -- who
        anonymous_id,
        user_id,
        device_id,
        {{ node(0, 'user_namespace', 'user_id') }} as user_node,
        {{ node(1, 'source', 'vendor_user_id') }} as vendor_node,
        {{ node(9, 'source', 'device_id') }} as device_node,
        session_hint,

        -- context
        platform,
        os,
        app_version,
        country,
        region,
        locale,
        product_line,
        campaign,
        utm_source,
        utm_medium,
        utm_campaign,
        experiment_id,
        variant_id,
        {{ masked('properties') }} as properties,

        -- identity records
        link_kind,
        link_left,
        link_right,

        -- the fate of records that stop here
        case
            when quarantine_reason is not null then 'quarantined'
            when is_identity then 'identity'
            when is_filtered is not null then 'filtered'
        end as record_fate,
        coalesce(
            quarantine_reason, case when is_identity then 'identity_record' else is_filtered end
        ) as record_reason,
        case when quarantine_reason is not null then raw end as raw,
        case when quarantine_reason is not null then raw_bytes end as raw_bytes,

        -- the way back to the byte
        delivery_id,
        file_sha256,
        file_name,
        member,
        record_number,
        cast({{ part }} as smallint) as record_part,
        landed_at
    from judged
)

select * from shaped
{% endmacro %}

{# Who responded: the configured field's value, and its node. #}
{% macro respondent_columns(value) -%}
nullif({{ value }}, '') as respondent_user_id,
    {{ node(0, 'user_namespace', "nullif(" ~ value ~ ", '')") }} as user_node
{%- endmacro %}

{#
    Staged records of dates in scope that have no fate yet, and of several keys that other sources
    know their person by the first that is configured: the CTEs `staged` and `keyed`. `fields` is the
    column with the fields that may hold a key; where it is null the document has them.
#}
{% macro admitted_and_keyed(relation, fields) -%}
staged as (

    select staged.*
    from {{ ref(relation) }} as staged
    inner join {{ source('control', 'admitted') }} as admitted
        on
            staged.delivery_id = admitted.delivery_id
            and staged.occurred_on >= admitted.from_date
            and staged.occurred_on <= admitted.until_date
    where staged.record_fate is null

),

keyed as (

    select
        staged.delivery_id,
        staged.file_sha256,
        staged.record_number,
        {{ key_node('identity_keys.kind', json_member_text(
            'coalesce(staged.' ~ fields ~ ', staged.document)', 'identity_keys.property'
        )) }} as key_node,
        row_number() over (
            partition by staged.delivery_id, staged.file_sha256, staged.record_number
            order by identity_keys.position
        ) as key_number
    from staged
    inner join {{ source('control', 'identity_keys') }} as identity_keys
        on staged.source = identity_keys.source

)
{%- endmacro %}
