{#
    The calls that Segment defined and RudderStack took over, as objects and as rows of tables. A
    vendor's model gives a CTE `calls`: one row per call with the columns of `call_lineage`, of
    `call_fields`, and
      document (its JSON text), is_row (of a table, in snake_case), table_name (of a row, null for
      an event's own table), is_second_copy (counts only where there is no other copy of the
      event), layout_error (why its fields cannot be found), filter_reason, and of a merge call
      link_kind, link_left, link_right.
    `described_calls` makes the CTE `described` of it, which `staged_events` asks for.
#}

{# The fields of a call, under one name however it is written, and where an object has them. #}
{% macro call_paths() -%}
    {{ return({
        'message_id': 'messageId', 'call_type': 'type', 'anonymous_id': 'anonymousId',
        'user_id': 'userId', 'event': 'event', 'event_text': 'event_text', 'page_name': 'name',
        'previous_id': 'previousId', 'event_time': 'timestamp', 'received_time': 'receivedAt',
        'sent_time': 'sentAt', 'original_time': 'originalTimestamp', 'channel': 'channel',
        'session': 'context.sessionId', 'device_type': 'context.device.type',
        'os_name': 'context.os.name', 'app_version': 'context.app.version',
        'library': 'context.library.name', 'locale': 'context.locale',
        'country': 'context.location.country', 'region': 'context.location.region',
        'utm_source': 'context.campaign.source', 'utm_medium': 'context.campaign.medium',
        'utm_campaign': 'context.campaign.name'
    }) }}
{%- endmacro %}

{#
    The fields of calls as landed; one with the same key in objects and rows is landed once. With
    `has_data` a line may be a row under `data`. A row's own `channel` is a property, unless the
    vendor's tables have that column.
#}
{% macro call_fields(has_data=false) -%}
{%- set shared = ['call_type', 'event', 'event_text', 'page_name', 'event_time', 'channel'] -%}
{%- for field in call_paths() -%}
    {%- if field == 'channel' and not has_data -%}
        {%- set landed = 'case when not is_row then channel end' -%}
    {%- elif field == 'event_time' and has_data -%}
        {#- a reserved word of some warehouses, escaped there -#}
        {%- set landed = 'coalesce(event_time, row_escaped_time)' -%}
    {%- elif field in shared -%}
        {%- set landed = field -%}
    {%- else -%}
        {%- set landed = 'case when is_row then row_' ~ field ~ ' else ' ~ field ~ ' end' -%}
    {%- endif -%}
    {%- if has_data -%}
        {%- set landed = 'case when is_staging then data_' ~ field ~ ' else ' ~ landed ~ ' end' -%}
    {%- endif -%}
    {{ landed }} as {{ field }}{{ ',' if not loop.last }}
{% endfor -%}
{%- endmacro %}

{# The fields of a call in an object's JSON text; `received` where it has no receipt of its own. #}
{% macro call_fields_of(document, received) -%}
{%- for field, path in call_paths().items() -%}
    {%- set text = json_text(document, '$.' ~ path) -%}
    {{ 'coalesce(' ~ text ~ ', ' ~ received ~ ')' if field == 'received_time' else text }}
        as {{ field }}
    {{- ',' if not loop.last }}
{% endfor -%}
{%- endmacro %}

{% macro call_lineage() -%}
    source,
        vendor,
        user_namespace,
        names_pages,
        parse_error,
        raw,
        raw_bytes,
        delivery_id,
        file_sha256,
        file_name,
        member,
        record_number,
        landed_at
{%- endmacro %}

{#
    The table that a file's or a folder's name tells, the one nearest to the file; null for all
    others, which are tables of one event. Exports in parts have numbers behind the name.
#}
{% macro call_table(file_name, member) -%}
    nullif(regexp_extract(
        lower(concat_ws('/', {{ file_name }}, {{ member }})),
        '{{ '^(?:.*[/=])?(tracks|identifies|pages|screens|groups|aliases|users|accounts)'
            ~ '(?:[-_]?[0-9]+(?:_part_[0-9]+)?)?(?:[.].*)?(?:/.*)?$' }}',
        1
    ), '')
{%- endmacro %}

{# An instant in UTC from text: with or without an offset, or an epoch of any unit. #}
{% macro stamp_to_instant(text) -%}
    case
        when abs({{ to_number(text) }}) < 1e20
            then {{ epoch_to_timestamp(
                "case when abs(" ~ to_number(text) ~ ") > 1e17 then " ~ to_number(text)
                ~ " / 1e9 when abs(" ~ to_number(text) ~ ") > 1e14 then " ~ to_number(text)
                ~ " / 1e6 when abs(" ~ to_number(text) ~ ") > 1e11 then " ~ to_number(text)
                ~ " / 1e3 else " ~ to_number(text) ~ " end"
            ) }}
        else {{ to_instant_or_null(text) }}
    end
{%- endmacro %}

{# Text without the secret that lets anybody send in the source's name. #}
{% macro without_write_key(text) -%}
    case
        when instr({{ text }}, 'riteKey') > 0 or instr({{ text }}, 'rite_key') > 0
            then {{ replaced_all(
                text, '"write_?[Kk]ey.?" *: *.?"[^"]*"?', '"writeKey":"removed"'
            ) }}
        else {{ text }}
    end
{%- endmacro %}

{# The same of bytes that are no text: those with a key are not shown. #}
{% macro without_write_key_bytes(bytes) -%}
    case when hex({{ bytes }}) not like '%77726974654B6579%' then {{ bytes }} end
{%- endmacro %}

{#
    An id of the form that every library makes for an anonymous visitor. A user id may have it too;
    an identify link serves both, since it also joins what events carry as a user's (`identity/`).
#}
{% macro is_generated_id(id) -%}
    {{ matches(
        'lower(' ~ id ~ ')', '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
    ) }}
{%- endmacro %}

{#
    CTEs from `calls` to `described`. `rest` is the key under which an object's fields that have no
    column stand in `properties`.
#}
{% macro described_calls(rest) %}
{%- set object_keys = [
    'properties', 'traits', 'event', 'userId', 'anonymousId', 'timestamp', 'receivedAt',
    'writeKey', 'write_key'
] -%}
{%- set row_keys = [
    'event', 'event_text', 'user_id', 'anonymous_id', 'timestamp', '_timestamp', 'received_at',
    'sent_at', 'original_timestamp', 'uuid_ts', 'loaded_at', 'context_session_id',
    'context_os_name', 'context_app_version', 'context_locale', 'context_location_country',
    'context_location_region', 'context_campaign_source', 'context_campaign_medium',
    'context_campaign_name', 'write_key', 'context_write_key'
] -%}
{%- set trait_keys = ['userId', 'anonymousId'] -%}
{%- set with_rest = json_with_rest('own', 'bare_document', rest, object_keys) -%}
opened_calls as {{ not_materialized() }} (

    select
        calls.*,
        case
            when not is_row then call_type
            when table_name = 'tracks' then 'track'
            when table_name = 'identifies' then 'identify'
            when table_name = 'pages' then 'page'
            when table_name = 'screens' then 'screen'
            when table_name = 'groups' then 'group'
            when table_name = 'aliases' then 'alias'
            -- one row per user with its last traits
            when table_name = 'users' then 'profile'
            when event is not null then 'track'
        end as call,
        nullif(case when is_row and table_name = 'users' then message_id else user_id end, '')
            as known_user_id,
        nullif(anonymous_id, '') as known_anonymous_id,
        {{ stamp_to_instant('received_time') }} as received_instant_at,
        case
            when call_type in ('identify', 'group') then {{ json_object_at('object', '$.traits') }}
            else {{ json_object_at('object', '$.properties') }}
        end as bag,
        {{ json_object_at('object', '$.context.traits') }} as context_traits
    from (
        select
            calls.*,
            case when parse_error is null and not is_row then document end as object
        from calls
    ) as calls

),

timed_calls as {{ not_materialized() }} (

    select
        opened_calls.*,
        case
            -- corrected by the vendor, or the sender's own: never corrected again
            when event_time is not null then {{ stamp_to_instant('event_time') }}
            when received_time is not null and sent_time is not null and original_time is not null
                then {{ epoch_to_timestamp(
                    epoch_seconds('received_instant_at') ~ ' - ('
                    ~ epoch_seconds(stamp_to_instant('sent_time')) ~ ' - '
                    ~ epoch_seconds(stamp_to_instant('original_time')) ~ ')'
                ) }}
            when original_time is not null then {{ stamp_to_instant('original_time') }}
            when call = 'profile' then received_instant_at
        end as called_at,
        -- a trait's `name` is a person's, that of a page or a product is not
        case
            when call = 'identify'
                then replace(coalesce(nullif(bag, 'null'), context_traits), '"name":', '"$name":')
            when call in ('page', 'screen')
                then {{ json_with_members('bag', 'document', ['name', 'category']) }}
            else bag
        end as own,
        replace(context_traits, '"name":', '"$name":') as other_traits,
        -- the document with those traits taken out
        case
            when {{ json_is_object('context_traits') }}
                then {{ json_with_rest(
                    json_without('document', ['context']),
                    json_object_at('document', '$.context'), 'context', ['traits']
                ) }}
        end as bare_document
    from opened_calls

),

described as {{ not_materialized() }} (

    select
        source,
        vendor,
        'UTC' as timezone,
        user_namespace,
        parse_error,
        {{ without_write_key('raw') }} as raw,
        {{ without_write_key_bytes('raw_bytes') }} as raw_bytes,
        delivery_id,
        file_sha256,
        file_name,
        member,
        record_number,
        record_part,
        landed_at,
        case
            when call = 'track' then coalesce(nullif(event_text, ''), event)
            when names_pages and call in ('page', 'screen') and page_name <> ''
                then concat(call, ': ', page_name)
            else call
        end as source_event_name,
        -- what is filtered needs no time of its own
        case
            when filter_reason is null then called_at
            else coalesce(received_instant_at, landed_at)
        end as wall_at,
        true as is_utc,
        received_instant_at as received_at,
        case when not is_second_copy then received_instant_at end as ingested_at,
        coalesce(event_time, original_time) as occurred_at_raw,
        case
            when message_id <> ''
                then concat_ws(
                    chr(31), 'message_id', message_id, call,
                    coalesce(nullif(event_text, ''), event, ''),
                    coalesce(known_user_id, known_anonymous_id, '')
                )
        end as key_parts,
        document as content,
        cast(null as string) as vendor_user_id,
        case
            when call = 'alias' and previous_id <> '' and known_user_id is not null
                then case
                    when previous_id = known_anonymous_id or {{ is_generated_id('previous_id') }}
                        then 'identify'
                    else 'merge'
                end
            when call = 'merge' then link_kind
            when known_user_id is not null and known_anonymous_id is not null then 'claim'
        end as link_kind,
        case
            when call = 'alias' then previous_id
            when call = 'merge' then link_left
            else known_anonymous_id
        end as link_left,
        case when call = 'merge' then link_right else known_user_id end as link_right,
        case
            when filter_reason is not null then null
            when layout_error is not null then layout_error
            when call is null and is_row then 'unknown_table'
            when call is null then 'missing_type'
            when
                call not in (
                    'track', 'identify', 'page', 'screen', 'group', 'alias', 'merge', 'profile'
                )
                then 'unknown_type'
            when call = 'track' and coalesce(event, '') = '' and coalesce(event_text, '') = ''
                then 'missing_event'
            when
                call = 'track'
                and not is_row
                and {{ matches('event', '^[-0-9.{[]|^true$|^false$') }}
                and not {{ json_is_text('document', '$.event') }}
                then 'event_is_not_text'
            when
                -- PHP writes an empty object as an array
                call in ('track', 'page', 'screen')
                and bag not in ('null', '[]')
                and not {{ json_is_object('bag') }}
                then 'properties_are_not_an_object'
            when coalesce(event_time, original_time) is null and called_at is null
                then 'missing_time'
        end as shape_error,
        coalesce(call in ('identify', 'alias', 'group', 'merge', 'profile'), false)
        and filter_reason is null as is_identity,
        filter_reason as is_filtered,
        known_anonymous_id as anonymous_id,
        known_user_id as user_id,
        known_anonymous_id as device_id,
        nullif(session, '') as session_hint,
        case
            when lower(device_type) in ('ios', 'android') then lower(device_type)
            when {{ matches('lower(library)', 'android|kotlin') }} then 'android'
            when {{ matches('lower(library)', 'ios|swift') }} then 'ios'
            when
                channel in ('browser', 'web')
                or {{ matches('lower(library)', 'javascript|analytics[.]js') }}
                then 'web'
            when channel = 'server' then 'server'
        end as platform,
        os_name as os,
        app_version,
        country,
        region,
        locale,
        cast(null as string) as product_line,
        utm_campaign as campaign,
        utm_source,
        utm_medium,
        utm_campaign,
        cast(null as string) as experiment_id,
        cast(null as string) as variant_id,
        case
            when parse_error is not null then null
            when is_row and call in ('identify', 'profile')
                then replace({{ json_without('document', row_keys) }}, '"name":', '"$name":')
            when is_row then {{ json_without('document', row_keys) }}
            when bare_document is null
                then {{ json_with_rest('own', 'document', rest, object_keys) }}
            when call = 'identify' then {{ with_rest }}
            else {{ json_with_rest(with_rest, 'other_traits', '$traits', trait_keys) }}
        end as properties
    from timed_calls

),
{% endmacro %}
