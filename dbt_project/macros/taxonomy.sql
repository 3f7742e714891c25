{#
    What the event dictionary means for one record. Its tables are small and are joined on a name;
    what has conditions, dates or maps is a list in the row of that name, looked at record by
    record.
#}

{# The event that a name means: the first choice that the record meets, else what it always means. #}
{% macro named_event(aliases, date, properties) -%}
    {%- set unmet = kept(
        'choice.conditions', 'wish',
        'not coalesce(' ~ list_holds(
            'wish.wanted', json_member_text(properties, 'wish.property')
        ) ~ ', false)'
    ) -%}
    {%- set met = kept(
        aliases ~ '.choices', 'choice',
        date ~ ' >= choice.from_date and ' ~ date ~ ' < choice.until_date and '
        ~ list_is_empty(unmet)
    ) -%}
    case
        when {{ aliases }}.choices is null then {{ aliases }}.event_name
        else coalesce(({{ first_item(met) }}).event_name, {{ aliases }}.event_name)
    end
{%- endmacro %}

{# The properties under their canonical names and with canonical values. #}
{% macro rewritten(properties, rewrites) -%}
    {%- set present = kept(
        rewrites, 'rewrite',
        json_member(properties, 'rewrite.old_name') ~ ' is not null and ('
        ~ 'rewrite.old_name = rewrite.new_name or '
        ~ json_member(properties, 'rewrite.new_name') ~ ' is null)'
    ) -%}
    {%- set meaning = first_item(kept(
        'rewrite.meanings', 'known',
        'known.source_value = ' ~ json_member_text(properties, 'rewrite.old_name')
    )) -%}
    {%- set added = mapped(
        present, 'rewrite',
        'concat(' ~ json_string('rewrite.new_name') ~ ", ':', coalesce((" ~ meaning
        ~ ').meaning, ' ~ json_member(properties, 'rewrite.old_name') ~ '))'
    ) -%}
    {%- set removed = mapped(
        present, 'rewrite', 'concat(' ~ json_string('rewrite.old_name') ~ ", ':null')"
    ) -%}
    case
        when {{ rewrites }} is null then {{ properties }}
        else {{ json_merged(
            json_patched(properties, "concat('{', " ~ joined(removed, ',') ~ ", '}')"),
            "concat('{', " ~ joined(added, ',') ~ ", '}')"
        ) }}
    end
{%- endmacro %}

{# Whether a JSON value is of one of the types of a rule. #}
{% macro is_of_types(value, rules) -%}
    case
        when {{ rules }}.property_types is null then true
        when {{ rules }}.property_type is not null
            then {{ json_is_of_type(value, rules ~ '.property_type') }}
        else
            {%- for type in ['string', 'integer', 'number', 'boolean', 'array', 'object'] %}
            (
                instr({{ rules }}.property_types, '"{{ type }}"') > 0
                and {{ json_is_of_type(value, "'" ~ type ~ "'") }}
            )
            {{- ' or' if not loop.last }}
            {%- endfor %}
    end
{%- endmacro %}

{# Whether a JSON value and its text keep to what a rule says besides the type. #}
{% macro is_allowed(value, text, rules) -%}
    (
        {{ rules }}.allowed_values is null
        or {{ json_list_has(rules ~ '.allowed_values', value) }}
    )
    and ({{ rules }}.pattern is null or {{ matches_column(text, rules ~ '.pattern') }})
    and case {{ rules }}.format
        when 'date-time' then {{ to_instant_or_null(text) }} is not null
        when 'date' then try_cast({{ text }} as date) is not null
        when 'email' then {{ matches(text, '^[^@ ]+@[^@ ]+[.][^@ ]+$') }}
        when 'uri' then {{ matches(text, '^[A-Za-z][A-Za-z0-9+.-]*:') }}
        when 'uuid' then {{ is_generated_id(text) }}
        else true
    end
    {%- for bound, sign in [
        ('minimum', '>='), ('maximum', '<='), ('exclusive_minimum', '>'), ('exclusive_maximum', '<')
    ] %}
    and ({{ rules }}.{{ bound }} is null or {{ to_number(text) }} {{ sign }} {{ rules }}.{{ bound }})
    {%- endfor %}
    and ({{ rules }}.min_length is null or length({{ text }}) >= {{ rules }}.min_length)
    and ({{ rules }}.max_length is null or length({{ text }}) <= {{ rules }}.max_length)
{%- endmacro %}

{# JSON object text with a null under each name of a list. #}
{% macro json_nulls(names) -%}
    concat('{', {{ joined(mapped(names, 'k', 'concat(' ~ json_string('k') ~ ", ':null')"), ',') }}, '}')
{%- endmacro %}

{# JSON object text of some members of another. #}
{% macro json_picked(document, names) -%}
    {%- set members = mapped(
        names, 'k', 'concat(' ~ json_string('k') ~ ", ':', " ~ json_member(document, 'k') ~ ')'
    ) -%}
    concat('{', {{ joined(members, ',') }}, '}')
{%- endmacro %}

{# Violations about which one thing is done. #}
{% macro is_enforced(violations, mode) -%}
    {{ violations }}.enforcement = '{{ mode }}'
    and {{ violations }}.possible_modes like '%{{ mode }}%'
{%- endmacro %}
