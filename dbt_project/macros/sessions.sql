{#
    Where chains longer than 24 hours are cut: a new session starts at the first event more than
    24 hours after the last start. A recursion over starts; only such chains come here.
#}
{% macro cut_after_a_day(chains) %}
    with recursive starts as (
        select distinct
            person_id,
            vendor_session,
            chain_started_at,
            chain_started_at as started_at
        from {{ chains }}

        union all

        select
            starts.person_id,
            starts.vendor_session,
            starts.chain_started_at,
            min(chains.occurred_at) as started_at
        from starts
        inner join {{ chains }} as chains
            on
                starts.person_id = chains.person_id
                and starts.vendor_session is not distinct from chains.vendor_session
                and starts.chain_started_at = chains.chain_started_at
                and chains.occurred_at > starts.started_at + interval '24' hour
        group by starts.person_id, starts.vendor_session, starts.chain_started_at, starts.started_at
    )

    select * from starts
{% endmacro %}
