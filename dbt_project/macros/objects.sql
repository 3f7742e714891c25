{#
    What staging of business systems has in common: CRM, billing, support, marketing. A vendor's
    model says, in a CTE, what its fields mean (see `staged_objects`); narrow models take the facts.
#}

{# The landed records of a vendor with their settings and document: the CTEs a model begins with. #}
{% macro opened_objects(vendor) -%}
settings as (

    select * from {{ source('control', 'sources') }}

),

opened as (

    select
        landed.*,
        settings.vendor,
        settings.timezone,
        settings.user_namespace,
        settings.user_field,
        settings.undated_on,
        settings.day_first,
        settings.decimal_comma,
        case
            when landed.parse_error is null then coalesce(landed.record, landed.raw)
        end as document
    from {{ source('landing', vendor) }} as landed
    inner join settings on landed.source = settings.source

)
{%- endmacro %}

{#
    The end of a staging model: from the CTE `described` to the one shape of objects.

    `described` holds the lineage columns of landing and
      source, vendor, user_namespace, undated_on, object_type, object_id, person_ref (the vendor's
      own key of the person that the object is, or is about, `<type>:<id>`), person_fields (JSON
      text where the user id and the keys of `identity.keys` are; null where `document` has them),
      user_id (the configured field's value), merged_into (the `person_ref` that this person became
      part of), occurred (when the object came into being, UTC), version (when this state of it was
      written, UTC), has_time (whether any time was delivered), is_deleted, is_test, document,
      shape_error (why the record is no object), is_identity, is_filtered (a reason).
    `merged_refs` is SQL for a JSON array of further `person_ref`s that this person is one with.
#}
{% macro staged_objects(merged_refs='cast(null as string)') %}
timed as (

    select
        described.*,
        coalesce(
            occurred, version, case when not has_time then cast(undated_on as timestamp) end
        ) as occurred_at
    from described

),

judged as (

    select
        timed.*,
        case
            when parse_error is not null then parse_error
            when is_filtered is not null then null
            when shape_error is not null then shape_error
            when is_identity then null
            when occurred_at is null and not has_time then 'missing_time'
            when occurred_at is null then 'unreadable_time'
            when occurred_at < timestamp '2000-01-01 00:00:00' then 'time_before_2000'
            when occurred_at > landed_at + interval '24' hour then 'future_dated'
        end as quarantine_reason
    from timed

)

select
    -- keys
    object_type,
    object_id,
    source,
    vendor,

    -- who
    nullif(user_id, '') as user_id,
    {{ node(0, 'user_namespace', "nullif(user_id, '')") }} as user_node,
    {{ node(1, 'source', 'person_ref') }} as vendor_node,
    {{ node(1, 'source', 'merged_into') }} as merged_node,
    {{ merged_refs }} as merged_refs,
    {{ masked('person_fields') }} as person_fields,

    -- times
    occurred_at,
    version as version_at,
    cast({{ reporting_wall('occurred_at') }} as date) as occurred_on,

    -- state
    coalesce(is_deleted, false) as is_deleted,
    coalesce(is_test, false) as is_test,
    {{ masked('document') }} as document,

    -- the fate of records that stop here
    case
        when quarantine_reason is not null then 'quarantined'
        when is_filtered is not null then 'filtered'
        when is_identity then 'identity'
    end as record_fate,
    coalesce(
        quarantine_reason,
        is_filtered,
        case when is_identity then 'identity_record' end
    ) as record_reason,
    case when quarantine_reason is not null then raw end as raw,
    case when quarantine_reason is not null then raw_bytes end as raw_bytes,

    -- the way back to the byte
    delivery_id,
    file_sha256,
    file_name,
    member,
    record_number,
    landed_at
from judged
{% endmacro %}

{# Objects of some kinds that count, each with its person: what a mart of objects begins with. #}
{% macro loaded_objects(types) -%}
    (
        select
            objects.*,
            case
                when objects.person_node is not null
                    then md5(coalesce(nodes.root_node, objects.person_node))
            end as person_id
        from {{ ref('int_objects') }} as objects
        left join {{ source('control', 'identity_nodes') }} as nodes
            on objects.person_node = nodes.node
        where
            objects.fate = 'loaded'
            and objects.object_type in ({% for type in types %}'{{ type }}'{{ ", " if not loop.last }}{% endfor %})
    )
{%- endmacro %}
