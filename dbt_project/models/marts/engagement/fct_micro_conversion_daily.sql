{{ config(
    materialized='incremental',
    incremental_strategy='replace_dates',
    tags=['dated'],
    post_hook="{{ mark_open_date() }}"
) }}

with events as (

    select
        events.occurred_on,
        events.platform,
        events.source,
        events.event_name,
        events.event_kind,
        events.is_primary,
        events.person_id,
        events.occurred_at
    from {{ ref('fct_events') }} as events
    where {{ in_rebuilt_dates('events') }}

),

-- Totals over platforms and sources are rows of their own, never sums of persons.
active as (

    select
        occurred_on,
        platform,
        source,
        grouping(platform) as over_platforms,
        grouping(source) as over_sources,
        count(distinct person_id) as active_persons,
        max(occurred_at) as last_at
    from events
    group by occurred_on, cube(platform, source)

),

converted as (

    select
        occurred_on,
        event_name,
        platform,
        source,
        grouping(platform) as over_platforms,
        grouping(source) as over_sources,
        count(*) as events,
        count(distinct person_id) as persons
    from events
    where event_kind = 'micro' and is_primary
    group by occurred_on, event_name, cube(platform, source)

)

select
    converted.occurred_on,
    converted.event_name,
    case
        when converted.over_platforms = 1 then '(all)'
        else coalesce(converted.platform, '(unknown)')
    end as platform,
    case when converted.over_sources = 1 then '(all)' else converted.source end as source,
    converted.events,
    converted.persons,
    active.active_persons,
    cast(converted.persons as double) / nullif(active.active_persons, 0) as rate,
    {{ row_quality('converted.occurred_on', 'converted.occurred_on', 'active.last_at') }}
from converted
inner join active
    on
        converted.occurred_on = active.occurred_on
        and converted.over_platforms = active.over_platforms
        and converted.over_sources = active.over_sources
        and converted.platform is not distinct from active.platform
        and converted.source is not distinct from active.source
