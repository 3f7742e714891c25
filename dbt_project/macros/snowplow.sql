{#
    Snowplow's self-describing data, which says its schema: in enriched events inside the JSON of
    three fields, in the warehouse in a column per schema. Either way it gets the column's name with
    the major version alone, such as `contexts_com_acme_cart_1`, since versions of one major version
    share a column. Vendor pages: analytics SDK, loading transformed data.
#}

{# Which members of an event are self-describing data, and which its own fields. #}
{% macro snowplow_is_context(key) -%}
    (substr({{ key }}, 1, 9) = 'contexts_' or {{ key }} in ('contexts', 'derived_contexts'))
{%- endmacro %}
{% macro snowplow_is_unstruct(key) -%}
    substr({{ key }}, 1, 14) = 'unstruct_event'
{%- endmacro %}
{% macro snowplow_is_own(key) -%}
    (substr({{ key }}, 1, 3) in ('se_', 'pp_', 'tr_', 'ti_') or substr({{ key }}, 1, 5) = 'page_')
{%- endmacro %}

{# A member's value as JSON; flags are 1 and 0 in enriched events, true and false in tables. #}
{% macro snowplow_value(member) -%}
    case
        when
            not (
                {{ member }}.key in ('br_cookies', 'dvce_ismobile')
                or substr({{ member }}.key, 1, 12) = 'br_features_'
            )
            then {{ member }}.value
        when lower(replace({{ member }}.value, '"', '')) in ('1', 'true') then 'true'
        when lower(replace({{ member }}.value, '"', '')) in ('0', 'false') then 'false'
        else {{ member }}.value
    end
{%- endmacro %}

{# The member that is the data of a self-describing event, null where there is none. Some tables
   hold it as a list of one. #}
{% macro snowplow_body(members) -%}
    {{ return(adapter.dispatch('snowplow_body')(members)) }}
{%- endmacro %}
{% macro default__snowplow_body(members) -%}
    get(filter(
        {{ members }},
        m -> {{ snowplow_is_unstruct('m.key') }} and substr(m.value, 1, 1) in ('{', '[')
    ), 0)
{%- endmacro %}
{% macro duckdb__snowplow_body(members) -%}
    list_filter(
        {{ members }},
        lambda m: case
            when {{ snowplow_is_unstruct('m.key') }}
                then json_type(m.value) = 'OBJECT' or json_type(m.value, '$[0]') = 'OBJECT'
            else false
        end
    )[1]
{%- endmacro %}

{#
    The properties of an event from its members: what its class tells of it (`se_`, `page_`, ...)
    and the data of a self-describing event on top, contexts beside it as lists, all else under
    `$snowplow`. What should be self-describing and is not stays there as it is.
#}
{% macro snowplow_properties(members, contexts, body, lifted) -%}
    {{ return(adapter.dispatch('snowplow_properties')(members, contexts, body, lifted)) }}
{%- endmacro %}
{% macro duckdb__snowplow_properties(members, contexts, body, lifted) -%}
    cast(json_merge_patch(
        {{ json_of_members(
            "list_filter(" ~ members ~ ", lambda m: " ~ snowplow_is_own("m.key") ~ ")"
        ) }},
        coalesce(
            cast(json_extract({{ body }}.value, '$.data.data') as varchar),
            cast(json_extract({{ body }}.value, '$[0]') as varchar),
            {{ body }}.value,
            '{}'
        ),
        {{ json_of_groups(contexts) }},
        json_object('$snowplow', cast(concat('{', array_to_string(list_transform(
            list_filter(
                {{ members }},
                lambda m: not {{ snowplow_is_own('m.key') }}
                and not (
                    {{ snowplow_is_context('m.key') }} and substr(m.value, 1, 1) in ('{', '[')
                )
                and not coalesce(m.key = {{ body }}.key, false)
                and m.key not in ('{{ lifted | join("', '") }}')
            ),
            lambda m: concat({{ json_string('m.key') }}, ':', {{ snowplow_value('m') }})
        ), ','), '}') as json))
    ) as varchar)
{%- endmacro %}
{% macro default__snowplow_properties(members, contexts, body, lifted) -%}
    to_json(map_concat(
        from_json({{ json_of_members(
            "filter(" ~ members ~ ", m -> " ~ snowplow_is_own("m.key") ~ ")"
        ) }}, 'map<string,variant>'),
        from_json(
            coalesce(
                get_json_object({{ body }}.value, '$.data.data'),
                get_json_object({{ body }}.value, '$[0]'),
                {{ body }}.value,
                '{}'
            ),
            'map<string,variant>'
        ),
        from_json({{ json_of_groups(contexts) }}, 'map<string,variant>'),
        map('$snowplow', parse_json(concat('{', array_join(transform(
            filter(
                {{ members }},
                m -> not {{ snowplow_is_own('m.key') }}
                and not {{ snowplow_is_context('m.key') }}
                and not coalesce(m.key = {{ body }}.key, false)
                and m.key not in ('{{ lifted | join("', '") }}')
            ),
            m -> concat({{ json_string('m.key') }}, ':', {{ snowplow_value('m') }})
        ), ','), '}')))
    ))
{%- endmacro %}

{# The contexts of an event as a list of (key, value), the key being the name of their schema. #}
{% macro snowplow_contexts(members) -%}
    {{ return(adapter.dispatch('snowplow_contexts')(members)) }}
{%- endmacro %}
{% macro duckdb__snowplow_contexts(members) -%}
    flatten(list_transform(
        list_filter(
            {{ members }},
            lambda m: {{ snowplow_is_context('m.key') }} and substr(m.value, 1, 1) in ('{', '[')
        ),
        lambda m: case
            when json_type(m.value, '$.data') = 'ARRAY' and m.key in ('contexts', 'derived_contexts')
                then list_transform(
                    json_extract(m.value, '$.data[*]'),
                    lambda c: {
                        'key': {{ snowplow_schema_name("(c ->> '$.schema')") }},
                        'value': cast(coalesce(json_extract(c, '$.data'), c) as varchar)
                    }
                )
            when json_type(m.value) = 'ARRAY'
                then list_transform(
                    json_extract(m.value, '$[*]'),
                    lambda c: {
                        'key': {{ snowplow_column_name('m.key') }}, 'value': cast(c as varchar)
                    }
                )
            else [{'key': {{ snowplow_column_name('m.key') }}, 'value': m.value}]
        end
    ))
{%- endmacro %}
{% macro default__snowplow_contexts(members) -%}
    flatten(transform(
        filter({{ members }}, m -> {{ snowplow_is_context('m.key') }}),
        m -> case
            when m.key in ('contexts', 'derived_contexts')
                then transform(
                    from_json(
                        get_json_object(m.value, '$.data'),
                        'array<struct<schema:string,data:string>>'
                    ),
                    c -> struct({{ snowplow_schema_name('c.schema') }} as key, c.data as value)
                )
            when substr(m.value, 1, 1) = '['
                then transform(
                    from_json(m.value, 'array<string>'),
                    c -> struct({{ snowplow_column_name('m.key') }} as key, c as value)
                )
            else array(struct({{ snowplow_column_name('m.key') }} as key, m.value as value))
        end
    ))
{%- endmacro %}

{# The column of a schema: iglu:org.w3/PerformanceTiming/jsonschema/1-0-0 is in
   contexts_org_w3_performance_timing_1. #}
{% macro snowplow_schema_name(schema) -%}
    {%- set pattern = "'^iglu:([^/]+)/([^/]+)/[^/]+/([0-9]+)'" %}
    case
        when {{ matches(schema, '^iglu:[^/]+/[^/]+/[^/]+/[0-9]') }}
            then translate(lower(concat(
                'contexts_', regexp_extract({{ schema }}, {{ pattern }}, 1),
                '_', {{ snake_case("regexp_extract(" ~ schema ~ ", " ~ pattern ~ ", 2)") }},
                '_', regexp_extract({{ schema }}, {{ pattern }}, 3)
            )), '.-', '__')
        else 'contexts'
    end
{%- endmacro %}

{# The name of a schema's column without what follows its major version. #}
{% macro snowplow_column_name(key) -%}
    case
        when {{ matches(key, '_[0-9]+_[0-9]+_[0-9]+$') }}
            then regexp_extract({{ key }}, '^(.*_[0-9]+)_[0-9]+_[0-9]+$', 1)
        else {{ key }}
    end
{%- endmacro %}
