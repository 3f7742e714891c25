{#
    What the records of Marketo and Braze mean (see `stg_marketing_automation__objects`).
#}

{#
    A member of an activity's `attributes`: an object in the bulk extract's cell,
    `{"Link": "..."}`, a list in pages of the API, `[{"name": "Link", "value": "..."}]`.
#}
{% macro marketo_attribute(attributes, name) -%}
    coalesce(
        {{ json_text(json_or_null(attributes), '$."' ~ name ~ '"') }},
        nullif(regexp_extract(
            {{ attributes }}, '"name": *"{{ name }}", *"value": *"?([^",}]*)', 1
        ), '')
    )
{%- endmacro %}

{# An event of Currents without the wrappers of Avro's unions: `{"string": "a"}` is `"a"`. #}
{% macro braze_unwrapped(document) -%}
    {{ return(adapter.dispatch('braze_unwrapped')(document)) }}
{%- endmacro %}
{% macro default__braze_unwrapped(document) -%}
    regexp_replace(
        {{ document }},
        '[{]\\s*"(?:string|boolean|int|long|float|double)"\\s*:\\s*("(?:[^"\\\\]|\\\\.)*"|[^"{}\\[\\],\\s]+)\\s*[}]',
        '$1'
    )
{%- endmacro %}
{% macro duckdb__braze_unwrapped(document) -%}
    regexp_replace(
        {{ document }},
        '[{]\s*"(?:string|boolean|int|long|float|double)"\s*:\s*("(?:[^"\\]|\\.)*"|[^"{}\[\],\s]+)\s*[}]',
        '\1',
        'g'
    )
{%- endmacro %}

{#
    An event of Braze with its fields side by side, as Currents has them; the HTTP connector puts
    some of them under `user` and `properties`. Properties that are a text stay as they are.
#}
{% macro braze_flat(document) -%}
    {%- set user = json_object_at(document, '$.user') -%}
    {%- set properties = json_object_at(document, '$.properties') -%}
    case
        when {{ json_is_object(user) }}
            then {{ json_merged(
                json_merged(json_without(document, ['user', 'properties']), user),
                'case when ' ~ json_is_object(properties) ~ ' then ' ~ properties ~ " else '{}' end"
            ) }}
        else {{ document }}
    end
{%- endmacro %}

{#
    What an event of Braze is, `users.messages.email.Open`: as it says, else by the name of its
    folder or file, else by fields that one kind alone has.
#}
{% macro braze_event_type(event_type, path, document) -%}
    coalesce(
        {{ event_type }},
        nullif(regexp_extract({{ path }}, 'users(?:[.][a-z_]+)*[.][A-Z][A-Za-z]+', 0), ''),
        case
            when {{ json_text(document, '$.orphaned_by_id') }} is not null then 'users.UserOrphan'
            when {{ document }} like '%"machine_open"%' then 'users.messages.email.Open'
            when {{ document }} like '%"is_suspected_bot_click"%' then 'users.messages.email.Click'
            when {{ document }} like '%"bounce_reason"%' then 'users.messages.email.Bounce'
        end
    )
{%- endmacro %}

{# A link without its query and fragment: they carry tokens that name a person. #}
{% macro bare_link(link) -%}
    nullif({{ replace_matches(link, '[?#].*$', '') }}, '')
{%- endmacro %}

{# Whether a text says yes. #}
{% macro says_true(text) -%}
    coalesce(lower({{ text }}) in ('true', '1', 'yes'), false)
{%- endmacro %}
