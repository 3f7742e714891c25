{#
    How Adobe's data feed writes lists, ids and clocks (Data feed contents; Data column reference).
#}

{# A value that says something: feeds write signs of their own for what is not set. #}
{% macro adobe_set(text) -%}
    case
        when
            {{ text }} not in (
                '::empty::', '::hash::0', '::unspecified::', '::unknown::', '::none::'
            )
            then {{ text }}
    end
{%- endmacro %}

{# A column of a record's cells: its processed value where the feed has one. #}
{% macro adobe_cell(cells, column) -%}
    coalesce({{ cells }}[concat('post_', {{ column }})], {{ cells }}[{{ column }}])
{%- endmacro %}

{#
    List text whose escaped signs cannot be taken for its own: `^` escapes `,` `;` `=` `^`, and is
    undone in a value once the list is split (`adobe_unescaped`).
#}
{% macro adobe_splittable(list) -%}
    replace(replace(replace(replace(
        {{ list }}, '^^', chr(1)), '^,', chr(2)), '^;', chr(3)), '^=', chr(4))
{%- endmacro %}
{% macro adobe_unescaped(value) -%}
    nullif(replace(replace(replace(replace(
        {{ value }}, chr(1), '^'), chr(2), ','), chr(3), ';'), chr(4), '='), '')
{%- endmacro %}

{#
    Whether text is no list of event ids. A spreadsheet takes short lists for one number: no id has
    more than five digits.
#}
{% macro adobe_is_damaged_list(list) -%}
    not {{ matches(
        list, '^[0-9]{1,5}([=:][^,]*)?(,[0-9]{1,5}([=:][^,]*)?)*,?$'
    ) }}
{%- endmacro %}

{#
    Whether a pair of 64-bit halves went through a spreadsheet, which keeps 15 digits. One half may
    end in zeros by chance; the pair is damaged where the other half is rounded too, or is so short
    that it would stay whole.
#}
{% macro adobe_is_rounded(high, low) -%}
    ({{ adobe_half_is_rounded(high) }} or {{ adobe_half_is_rounded(low) }})
    and ({{ adobe_half_is_rounded(high) }} or length({{ high }}) <= 15)
    and ({{ adobe_half_is_rounded(low) }} or length({{ low }}) <= 15)
{%- endmacro %}
{% macro adobe_half_is_rounded(half) -%}
    {{ matches(half, '^[0-9]{15}0+$|^[0-9][.,]?[0-9]*[eE][+][0-9]+$') }}
{%- endmacro %}

{#
    The name of an entry of an event list, null for what is no event: ids of 100 to 199 and of 10000
    and more say that an eVar was set. Custom events are 200 to 299 and, from event101 on, 20100 and
    more.
#}
{% macro adobe_event_name(entry, without_purchase) -%}
    {%- set id = "try_cast(regexp_extract(" ~ entry ~ ", '^([0-9]+)', 1) as integer)" -%}
    case
        when {{ id }} = 1 then case when not {{ without_purchase }} then 'purchase' end
        when {{ id }} = 2 then 'product_view'
        when {{ id }} = 10 then 'cart_open'
        when {{ id }} = 11 then 'checkout'
        when {{ id }} = 12 then 'cart_add'
        when {{ id }} = 13 then 'cart_remove'
        when {{ id }} = 14 then 'cart_view'
        when {{ id }} = 20 then 'campaign_view'
        when {{ id }} between 100 and 199 then null
        when {{ id }} between 10000 and 20099 then null
        when {{ id }} between 200 and 299 then concat('event', cast({{ id }} - 199 as string))
        when {{ id }} between 20100 and 20999 then concat('event', cast({{ id }} - 19999 as string))
        when {{ id }} is not null then concat('event_id_', cast({{ id }} as string))
    end
{%- endmacro %}

{# The events of a hit in name order, each once, between commas; empty where there are none. #}
{% macro adobe_event_names(list, without_purchase) -%}
    {{ joined(ordered_set(kept(
        mapped(
            split_text(adobe_splittable(list), ','),
            'entry',
            adobe_event_name('entry', without_purchase)
        ),
        'name',
        'name is not null'
    )), ',') }}
{%- endmacro %}

{# What a hit is that tells of no event, by `page_event`. #}
{% macro adobe_hit_name(page_event, pagename, page_url) -%}
    case
        when {{ page_event }} = '0' then 'page_view'
        when {{ page_event }} in ('10', '100') then 'custom_link'
        when {{ page_event }} in ('11', '101') then 'download_link'
        when {{ page_event }} in ('12', '102') then 'exit_link'
        when
            {{ page_event }} in ('31', '32', '33', '76', '77', '78')
            or {{ to_number(page_event) }} between 50 and 66
            then 'media'
        when {{ page_event }} in ('40', '80') then 'survey'
        when {{ page_event }} = '70' then 'target'
        when {{ page_event }} is not null then concat('page_event_', {{ page_event }})
        when coalesce({{ pagename }}, {{ page_url }}) is not null then 'page_view'
    end
{%- endmacro %}

{#
    The visitor's own clock as a wall time, null where it shows none. The files write day, month from
    0, year, time, weekday and the minutes from the clock to UTC. It is never the event's time.
#}
{% macro adobe_local_time(text) -%}
    {%- set day = "split_part(" ~ text ~ ", ' ', 1)" -%}
    {%- set month = "try_cast(split_part(" ~ day ~ ", '/', 2) as integer) + 1" -%}
    {%- set time = "split_part(" ~ text ~ ", ' ', 2)" -%}
    cast(try_cast(concat(
        split_part({{ day }}, '/', 3), '-',
        lpad(cast({{ month }} as string), 2, '0'), '-',
        lpad(split_part({{ day }}, '/', 1), 2, '0'), ' ',
        lpad(split_part({{ time }}, ':', 1), 2, '0'), ':',
        lpad(split_part({{ time }}, ':', 2), 2, '0'), ':',
        lpad(split_part({{ time }}, ':', 3), 2, '0')
    ) as timestamp) as string)
{%- endmacro %}

{# Products as a JSON list: category, name, quantity and price. Their events and eVars stay text. #}
{% macro adobe_products(list) -%}
    {%- set fields = {} -%}
    {%- for name in ['category', 'product', 'quantity', 'price'] -%}
        {%- do fields.update({
            name: adobe_unescaped("split_part(item, ';', " ~ loop.index ~ ")")
        }) -%}
    {%- endfor -%}
    to_json({{ mapped(
        split_text(adobe_splittable(list), ','), 'item', record_of(fields)
    ) }})
{%- endmacro %}

{#
    The cells of a hit that become properties: eVars, props, list variables, the columns below, and
    whatever a source maps to a name of its own, which wins over a column that is called so.
#}
{% macro adobe_properties(cells, names) -%}
    {%- set column = "regexp_replace(cell.key, '^post_', '')" -%}
    {%- set name = "coalesce(" ~ names ~ "[" ~ column ~ "], " ~ column ~ ")" -%}
    to_json(map_from_entries({{ mapped(
        kept('map_entries(' ~ cells ~ ')', 'cell', adobe_is_property(column, names)),
        'cell',
        pair(name, 'cell.value')
    ) }}))
{%- endmacro %}
{% macro adobe_is_property(column, names) -%}
    {{ adobe_set('cell.value') }} is not null
    and (
        {{ names }}[{{ column }}] is not null
        or (
            (
                {{ matches('cell.key', '^(post_)?(evar|prop|mvvar)[0-9]+$') }}
                or {{ column }} in (
                    'pagename', 'page_url', 'page_event', 'page_event_var1', 'page_event_var2',
                    'channel', 'referrer', 'event_list', 'product_list', 'purchaseid', 'currency',
                    'mcvisid'
                )
            )
            and not {{ list_holds('map_values(' ~ names ~ ')', column) }}
        )
    )
{%- endmacro %}
