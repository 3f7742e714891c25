"""What the marts gate looks at: views over marts and quality."""

from __future__ import annotations

from orchestration.sources import EVENT_VENDORS, OBJECT_MARTS
from orchestration.sql import literal

_OBJECT_MARTS = "\n".join(
    f"""union all
    select source, count(distinct (delivery_id, file_sha256, record_number))
    from warehouse.marts.{mart} group by source"""
    for mart in OBJECT_MARTS
)

# With the marts attached as `warehouse`, and the working file as `work`.
MARTS_VIEWS = {
    # Judged by source: a result a delivery in every run would fill the history of results.
    "gate_ledger": """
        select * rename (delivery_id as delivery) from warehouse.quality.fct_ledger""",
    "gate_marts": f"""
        select 'records in fct_events' as name,
            (select count(*) from warehouse.marts.fct_events where record_part = 1) as observed,
            (select coalesce(sum(loaded), 0)::bigint from warehouse.quality.fct_ledger
             where vendor in ({", ".join(map(literal, EVENT_VENDORS))})) as expected
        union all
        select 'events in sessions', (select coalesce(sum(event_count), 0)::bigint from
            warehouse.marts.fct_sessions),
            (select count(session_id) from warehouse.marts.fct_events)
        union all
        select 'quarantined records', (select count(*) from warehouse.quality.fct_quarantine),
            (select coalesce(sum(quarantined), 0)::bigint from warehouse.quality.fct_ledger)""",
    # Every staged record is one row of part 1; what is held, superseded or a copy is not compared.
    "gate_sources": f"""
        with ledger as (
            select source, sum("read")::bigint as read, sum(loaded)::bigint as loaded,
                sum(quarantined)::bigint as quarantined
            from warehouse.quality.fct_ledger group by source
        ),
        delivered as (
            select deliveries.source, deliveries.delivery_id, sum(files.read)::bigint as read
            from work.control.deliveries as deliveries
            join work.control.files as files on deliveries.delivery_id = files.delivery_id
            where deliveries.state = 'current' and files.copy_of is null group by all
        ),
        to_stage as (select source, sum(read)::bigint as records from delivered group by source),
        staged as (
            select source, count(*) as records
            from (
                select source, delivery_id from work.staging.stg_events where record_part = 1
                union all select source, delivery_id from work.staging.stg_responses
                union all select source, delivery_id from work.staging.stg_objects
            )
            where delivery_id in (select delivery_id from delivered) group by source
        ),
        in_marts as (
            select source, sum(records)::bigint as records
            from (
                select source, count(*) as records from warehouse.marts.fct_events
                where record_part = 1 group by source
                union all
                select source, count(distinct (delivery_id, file_sha256, record_number))
                from warehouse.marts.fct_survey_answers group by source
                {_OBJECT_MARTS}
            ) group by source
        )
        select ledger.source, ledger.read, ledger.loaded, ledger.quarantined,
            coalesce(in_marts.records, 0) as in_marts,
            coalesce(to_stage.records, 0) as to_stage, coalesce(staged.records, 0) as staged
        from ledger
        left join to_stage using (source)
        left join staged using (source)
        left join in_marts using (source)""",
    "gate_totals": """
        select concat_ws(' / ', occurred_on, event_name, source) as cell,
            sum(events) filter (platform = '(all)')::bigint as total,
            sum(events) filter (platform <> '(all)')::bigint as parts
        from warehouse.marts.fct_micro_conversion_daily group by occurred_on, event_name, source
        union all
        select concat_ws(' / ', occurred_on, event_name, platform),
            sum(events) filter (source = '(all)')::bigint,
            sum(events) filter (source <> '(all)')::bigint
        from warehouse.marts.fct_micro_conversion_daily group by occurred_on, event_name, platform
        """,
    # Ids of events as nodes of the identity graph; each belongs to one person at any time.
    "gate_persons": """
        select 'dim_persons' as mart,
            (select count(*) from warehouse.marts.dim_persons) as persons,
            (select count(*) from work.control.node_spans) as ids,
            (select coalesce(sum(event_count), 0)::bigint from warehouse.marts.dim_persons)
                as events_of_persons,
            (select count(person_id) from warehouse.marts.fct_events) as events_with_person""",
    "gate_rates": """
        select 'fct_micro_conversion_daily' as mart,
            concat_ws(' / ', occurred_on, event_name, platform, source) as cell, rate
        from warehouse.marts.fct_micro_conversion_daily""",
    "gate_funnels": """
        select funnel, step_number, entities,
            lag(entities) over (partition by funnel order by step_number) as previous_entities
        from warehouse.marts.fct_funnel_steps""",
    "gate_taxonomy": """
        select source, event_name, property_name as property, kind, enforcement,
            sum(records)::bigint as records
        from warehouse.quality.fct_taxonomy_violations group by all""",
    "gate_changes": """
        select source, cause, severity, sentence, estimated_lost
        from warehouse.quality.fct_changes where is_current""",
    "gate_freshness": """
        select asset as source, last_event_at, last_arrival_at, sla_hours, late_by_hours,
            is_late::integer as is_late, daily_events, min_daily,
            coalesce(daily_events < min_daily, false)::integer as is_short
        from warehouse.quality.fct_freshness where kind = 'source' and sla_hours is not null""",
    "gate_mart_freshness": """
        select asset as mart, last_event_at, sla_hours, late_by_hours, is_late::integer as is_late
        from warehouse.quality.fct_freshness where kind = 'mart'""",
    "gate_double_tracked": """
        with days as (
            select daily.event_name, daily.occurred_on, daily.source
            from warehouse.marts.fct_micro_conversion_daily as daily
            join warehouse.marts.dim_event_types as types on daily.event_name = types.event_name
            where daily.platform = '(all)' and daily.source <> '(all)' and not types.has_primary
        ),
        doubled as (
            select event_name, occurred_on, string_agg(source, ', ' order by source) as sources
            from days group by event_name, occurred_on having count(*) > 1
        )
        select event_name, sources, count(*) as days from doubled group by event_name, sources""",
}
