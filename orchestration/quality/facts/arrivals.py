"""What each delivery brought, held against what its source brought before: hours, days, volume.

Judged as if each delivery had arrived on its day: an hour or a day is held against earlier ones
alone, however much was delivered at once. Nothing here depends on the order of records in a file.
Hours and days are UTC, so that no change of a clock makes an hour vanish.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.sources import EVENT_VENDORS
from orchestration.sql import literal

# Earlier days an hour is held against, and how many of them must be known.
PROFILE_DAYS, LEAST_DAYS = 28, 7
# Silence is evidence where this many independent events were to be expected: chance leaves a gap
# with probability exp(-12), once in 160,000.
EVIDENCE = 12
# A delivery of a day is one that ends at the same hour as nine in ten before it.
USUAL_SHARE = 0.9
# Earlier same weekdays a day is held against, and how many of them must be known.
PROFILE_WEEKS, LEAST_WEEKS = 8, 3
# A day is out of band below 55 % or above five times the usual, and only where that is more than
# scatter: four times the scatter of its weekday, or of counts that come in sessions of five.
FALL, RISE, SCATTER, CLUSTER = 0.45, 4.0, 4.0, 5.0
STRETCH_DAYS = 3  # days out of band with fewer days between them are one stretch

HOURS = """
create table if not exists control.delivery_hours (
    delivery_id varchar, source varchar, hour timestamp, events bigint)
"""


def write_arrival_facts(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Write one row per delivery of `control.to_judge` to Parquet, for the view `gate_arrivals`.

    Columns: source, delivery_id, file_name, known_days (days of the source before the delivery),
    missing_hours, missing_days, hours_told, days_told, hours_lost, days_lost, judged_days,
    days_outside, volume_told, volume_lost. Losses are estimates in events.
    """
    count_hours(connection)
    connection.execute(f"copy ({_ARRIVALS}) to {literal(str(path))} (format parquet)")


def arrival_views(path: Path) -> dict[str, str]:
    """The view of the staging gate over what `write_arrival_facts` wrote."""
    return {"gate_arrivals": f"select * from read_parquet({literal(str(path))})"}


def count_hours(connection: duckdb.DuckDBPyConnection) -> None:
    """Count events by delivery and hour, of what is judged or was never counted, and keep it.

    So a run reads the rows of what came, and the history as hours alone. A delivery without events
    is noted by one row without an hour.
    """
    staged = "\nunion all\n".join(
        f"""select delivery_id, source, date_trunc('hour', occurred_at) as hour
        from staging.stg_{vendor}__events
        where record_fate is null and landed_at in (select landed_at from to_count)
            and delivery_id in (select delivery_id from to_count)"""
        for vendor in EVENT_VENDORS
    )
    connection.execute(
        f"""
        {HOURS};
        create or replace temp table to_count as
        select delivery_id, landed_at from control.to_judge
        union
        select delivery_id, landed_at from control.deliveries
        where state in ('current', 'held')
            and delivery_id not in (select delivery_id from control.delivery_hours);
        delete from control.delivery_hours
        where delivery_id in (select delivery_id from to_count)
            or delivery_id not in (select delivery_id from control.deliveries);
        insert into control.delivery_hours
        select delivery_id, source, hour, count(*) from ({staged}) group by all;
        insert into control.delivery_hours
        select delivery_id, source, null, 0
        from to_count join control.deliveries using (delivery_id)
        where delivery_id not in (select delivery_id from control.delivery_hours);
        """
    )


_ARRIVALS = f"""
with judged as (
    select to_judge.delivery_id, deliveries.source, to_judge.landed_at,
        (select string_agg(file_name, ', ' order by file_name) from control.files as files
         where files.delivery_id = to_judge.delivery_id) as file_name
    from control.to_judge as to_judge
    join control.deliveries as deliveries on to_judge.delivery_id = deliveries.delivery_id
),
delivered as (
    select hours.delivery_id, hours.source, hours.hour, hours.events
    from control.delivery_hours as hours
    join control.deliveries as deliveries on hours.delivery_id = deliveries.delivery_id
    where deliveries.state in ('current', 'held') and hours.hour is not null
        and hours.source in (select source from judged)
),
source_hours as (
    select source, hour, sum(events)::bigint as events from delivered group by all
),
spans as (
    select source, min(hour) as first_hour, max(hour) as last_hour from source_hours group by all
),
ends as (
    select delivery_id, source, min(hour) as first_hour, max(hour) as last_hour,
        hour(max(hour)) as end_hour
    from delivered group by all
),

-- Silence between two hours with events, by whose delivery ended it ...
steps as (
    select source, hour as until,
        lag(hour) over (partition by source order by hour) + interval 1 hour as since
    from source_hours
),
ended as (
    select steps.source, steps.since, steps.until, delivered.delivery_id
    from steps
    join delivered on steps.source = delivered.source and steps.until = delivered.hour
    where steps.until > steps.since
        and delivered.delivery_id in (select delivery_id from judged)
    qualify row_number() over (partition by steps.source, steps.until
        order by delivered.events desc, delivered.delivery_id) = 1
),
-- ... and after the newest delivery of a source whose deliveries end at one hour of the day.
newest as (
    select ends.*, judged.landed_at
    from ends join judged using (delivery_id)
    join spans on ends.source = spans.source and ends.last_hour = spans.last_hour
),
usual_ends as (
    select delivery_id, end_hour
    from (
        select newest.delivery_id, earlier.end_hour, count(*) as times,
            sum(count(*)) over (partition by newest.delivery_id) as deliveries
        from newest
        join ends as earlier on newest.source = earlier.source
            and earlier.last_hour < newest.last_hour
            and earlier.last_hour >= newest.last_hour - interval {PROFILE_DAYS} day
        group by newest.delivery_id, earlier.end_hour
    ) where deliveries >= {LEAST_DAYS} and times >= {USUAL_SHARE} * deliveries
),
unended as (
    select newest.source, newest.last_hour + interval 1 hour as since,
        newest.last_hour + (1 + (24 + usual_ends.end_hour - newest.end_hour) % 24)
            * interval 1 hour as until,
        newest.delivery_id
    from newest join usual_ends using (delivery_id)
    where newest.end_hour <> usual_ends.end_hour
        and newest.landed_at >= newest.last_hour + interval 1 day
        -- an export may end early because it was made early; another source that goes on says no
        and exists (
            from control.delivery_hours as others
            where others.source <> newest.source
                and others.hour >= newest.last_hour + (24 + usual_ends.end_hour - newest.end_hour)
                    % 24 * interval 1 hour)
),
silences as (from ended union all from unended),

silent_hours as (
    select source, since, until, delivery_id,
        unnest(generate_series(since, until - interval 1 hour, interval 1 hour)) as hour
    from silences
),
-- The same hour of the days, and of the weekdays, before the silence began.
profiles as (
    select silent.source, silent.since, silent.until, silent.delivery_id, silent.hour,
        count(*) as days,
        count(usual.events) as days_with,
        coalesce(sum(usual.events), 0) as total,
        coalesce(sum(usual.events * usual.events), 0) as squares,
        quantile_disc(usual.events, 0.1) as low,
        count(*) filter (ago % 7 = 0) as weeks,
        count(usual.events) filter (ago % 7 = 0) as weeks_with,
        min(usual.events) filter (ago % 7 = 0) as weekday_low
    from silent_hours as silent
    join spans using (source)
    cross join range(1, {PROFILE_DAYS + 1}) as back(step)
    cross join lateral (
        select step + (epoch(silent.hour - silent.since) // 86400)::integer as ago) as day
    left join source_hours as usual on silent.source = usual.source
        and usual.hour = silent.hour - ago * interval 1 day
    where silent.hour - ago * interval 1 day >= spans.first_hour
    group by all
),
-- The least that was to be expected, and by how much counts scatter more than chance alone.
expected as (
    select *, total / days as usual,
        greatest(
            if(days >= {LEAST_DAYS} and days_with >= {USUAL_SHARE} * days, low, 0),
            if(weeks >= {LEAST_WEEKS} and weeks_with = weeks, weekday_low, 0)
        ) as least,
        greatest(1, (squares - total * total / days) / greatest(days - 1, 1)
            / nullif(total / days, 0)) as dispersion
    from profiles
),
silence as (
    select delivery_id, since, until, epoch(until - since) // 3600 as hours,
        sum(usual) as lost
    from expected group by all
    having sum(least / dispersion) >= {EVIDENCE}
),
silence_by_delivery as (
    select delivery_id,
        sum(hours) filter (hours < 21)::bigint as missing_hours,
        sum(greatest(1, round(hours / 24))) filter (hours >= 21)::bigint as missing_days,
        round(sum(lost) filter (hours < 21))::bigint as hours_lost,
        round(sum(lost) filter (hours >= 21))::bigint as days_lost,
        string_agg(told, '; ' order by since) filter (hours < 21) as hours_told,
        string_agg(told, '; ' order by since) filter (hours >= 21) as days_told
    from (
        select *, format('no events from {{}} to {{}} UTC, where about {{:,}} were to be expected',
            strftime(since, '%Y-%m-%d %H:%M'), strftime(until, '%Y-%m-%d %H:%M'),
            round(lost)::bigint) as told
        from silence
    ) group by delivery_id
),

source_days as (
    select source, hour::date as day, sum(events)::bigint as events,
        hour(max(hour)) as until_hour
    from source_hours group by all
),
-- A day belongs to the delivery that holds most of it, and is judged when it is over.
own_days as (
    select delivery_id, source, day
    from (
        select delivery_id, source, hour::date as day, sum(events) as events
        from delivered group by delivery_id, source, day
    ) as parts
    join judged using (delivery_id, source)
    join source_days as days using (source, day)
    where parts.events * 2 > days.events and judged.landed_at >= day + interval 1 day
),
-- Of the source's last day only as many hours are compared as there are.
candidates as (
    select days.source, days.day, days.events,
        case when days.day = spans.last_hour::date then days.until_hour else 23 end as until_hour
    from source_days as days
    join spans using (source)
    where (days.source, days.day) in (
        select (source, day - ago::integer) from own_days, range({STRETCH_DAYS + 1}) as t(ago))
),
weekdays as (
    select candidates.source, candidates.day, candidates.events, earlier.hour::date as before,
        sum(earlier.events) as earlier_events
    from candidates
    join spans using (source)
    join source_hours as earlier on candidates.source = earlier.source
        and earlier.hour::date between candidates.day - {7 * PROFILE_WEEKS} and candidates.day - 7
        and (candidates.day - earlier.hour::date) % 7 = 0
        and hour(earlier.hour) <= candidates.until_hour
        and earlier.hour::date > spans.first_hour::date
    group by all
),
bands as (
    select source, day, events, median(earlier_events) as usual,
        greatest({SCATTER} * 1.4826 * mad(earlier_events),
            {SCATTER} * sqrt({CLUSTER} * median(earlier_events))) as scatter
    from weekdays group by all
    having count(*) >= {LEAST_WEEKS}
),
sides as (
    select *, case
        when events < usual - greatest(scatter, {FALL} * usual) then -1
        when events > usual + greatest(scatter, {RISE} * usual) then 1 else 0 end as side
    from bands
),
-- A spike, or a fall, of several days is told once, on its first.
begun as (
    select own_days.delivery_id, sides.*,
        sides.side <> 0 and not exists (
            from sides as lately
            where lately.source = sides.source and lately.side = sides.side
                and lately.day between sides.day - {STRETCH_DAYS} and sides.day - 1
        ) as is_first
    from own_days join sides on own_days.source = sides.source and own_days.day = sides.day
),
volumes as (
    select delivery_id, count(*) as judged_days,
        count(*) filter (is_first) as days_outside,
        round(sum(greatest(0, usual - events)) filter (is_first))::bigint as volume_lost,
        string_agg(format('{{}}: {{:,}} events, {{:,}} were usual on that weekday', day, events,
            round(usual)::bigint), '; ' order by day) filter (is_first) as volume_told
    from begun group by delivery_id
)
select judged.source, judged.delivery_id, judged.file_name,
    coalesce(date_diff('day', spans.first_hour, ends.first_hour), 0) as known_days,
    coalesce(silence.missing_hours, 0) as missing_hours,
    coalesce(silence.missing_days, 0) as missing_days,
    silence.hours_told, silence.days_told, silence.hours_lost, silence.days_lost,
    coalesce(volumes.judged_days, 0) as judged_days,
    coalesce(volumes.days_outside, 0) as days_outside,
    volumes.volume_told, volumes.volume_lost
from judged
left join ends using (delivery_id)
left join spans on judged.source = spans.source
left join silence_by_delivery as silence on judged.delivery_id = silence.delivery_id
left join volumes on judged.delivery_id = volumes.delivery_id
"""
