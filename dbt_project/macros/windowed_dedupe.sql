{#
    Copies of one key, in their order of preference, kept unless a kept copy lies within the window.
    A recursion over copy numbers; only keys that outlive their window come here, so it is short.
#}
{% macro keep_outside_window(copies) %}
    {%- set is_near_kept = any_within(
        'judged.kept_at', epoch_seconds('copies.occurred_at'), 'copies.dedupe_window_seconds'
    ) %}
    with recursive judged as (
        select
            event_key,
            copy_number,
            true as is_kept,
            {{ list_of(epoch_seconds('occurred_at')) }} as kept_at
        from {{ copies }}
        where copy_number = 1

        union all

        select
            copies.event_key,
            copies.copy_number,
            not {{ is_near_kept }} as is_kept,
            case
                when {{ is_near_kept }} then judged.kept_at
                else {{ list_with('judged.kept_at', epoch_seconds('copies.occurred_at')) }}
            end as kept_at
        from judged
        inner join {{ copies }} as copies
            on judged.event_key = copies.event_key and copies.copy_number = judged.copy_number + 1
    )

    select
        event_key,
        copy_number,
        is_kept
    from judged
{% endmacro %}
