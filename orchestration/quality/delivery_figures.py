"""Figures of each delivery, by day, against which later ones are held: `control.delivery_figures`.

Measured once, when a delivery is staged, so the work follows what is new. A day is the unit: a
delivery of at most `WHOLE_HOURS` is one day of its source, as its vendor cut it, whatever late
events it brings; a longer one (a backfill) is split by `occurred_on`, so that it can be judged as
if each day had arrived on its day. Hourly files add up to their day.

Counts of events, ids, hours and names are of all rows. Properties, which are JSON, are read of at
most `SAMPLED` rows an event and day: 1,000 rows tell a share of 3 % within half a percent, and
nothing here asks for more. Contents are compared across deliveries by every eighth of their hashes,
chosen by the hash itself, so that equal contents are chosen together.
"""

from __future__ import annotations

import duckdb

from orchestration.config import Migration
from orchestration.quality.triangulation import COMPANION_TABLES, COMPANIONS, counters
from orchestration.sql import literal

WHOLE_HOURS = 36
SAMPLED = 1_000
HASHED = 8  # one content in so many
FEWEST_OF_A_BOT = 60  # events of one device on a day before its rhythm is looked at
ASTRAY_SECONDS = 600  # so far from the time of receipt an event is counted as astray
STEADY_GAPS = 0.15  # spread of the gaps over their mean; people are at 1 and above
WINDOWED = 200_000  # rows a day in which repeats and gaps are looked for, by whole persons
VALUES = 40  # most frequent values of a property that are kept

SCHEMA = """
create schema if not exists control;
create table if not exists control.delivery_figures (
    delivery_id varchar, source varchar, day date, figure varchar, event varchar, item varchar,
    detail varchar, platform varchar, n bigint, value double);
create table if not exists control.delivery_contents (
    delivery_id varchar, source varchar, content ubigint)
"""

# Columns that staging lifted out of the properties and that may fall empty like them.
_COLUMNS = ("app_version", "os", "country", "locale")


def write_delivery_figures(connection: duckdb.DuckDBPyConnection, migration: Migration) -> None:
    """Measure the deliveries of `control.to_judge` anew; one transaction, a few passes over them.

    Reads `control.to_judge`, `control.deliveries` and the staging views of the working file.
    """
    connection.execute(SCHEMA)
    connection.execute("begin transaction")
    try:
        for table in ("delivery_figures", "delivery_contents"):
            connection.execute(
                f"""delete from control.{table}
                where delivery_id in (select delivery_id from control.to_judge)"""
            )
        connection.execute(_DAYS)
        connection.execute(_ROWS)
        connection.execute(_SAMPLE)
        for query in (
            *_COUNTS,
            _hours(migration.reporting_timezone),
            *_IDS,
            *_REPEATS,
            *map(_insert, counters(migration)),
            *COMPANION_TABLES,
            _insert(COMPANIONS),
            *_PROPERTIES,
            *_SURVEYS,
        ):
            connection.execute(query)
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit")


def _insert(select: str) -> str:
    """An insert of (delivery_id, source, day, figure, event, item, detail, platform, n, value)."""
    return f"insert into control.delivery_figures\n{select}"


_OF_TO_JUDGE = """landed_at in (select landed_at from control.to_judge)
        and delivery_id in (select delivery_id from control.to_judge)"""

_DAYS = f"""
create or replace temp table figure_days as
with hours as (
    select delivery_id, occurred_on, date_trunc('hour', occurred_at) as hour, count(*) as n
    from staging.stg_events where record_fate is null and {_OF_TO_JUDGE} group by all
),
running as (
    select *, sum(n) over (partition by delivery_id order by hour, occurred_on
            rows unbounded preceding) as so_far,
        sum(n) over (partition by delivery_id) as all_rows
    from hours
),
spans as (
    select delivery_id,
        epoch(min(hour) filter (so_far >= 0.99 * all_rows))
            - epoch(min(hour) filter (so_far >= 0.01 * all_rows)) as seconds
    from running group by delivery_id
),
dates as (
    select delivery_id, occurred_on, sum(n) as n from hours group by all
),
main as (
    select delivery_id, max({{'n': n, 'day': occurred_on}}).day as day from dates group by all
)
select judged.delivery_id, judged.landed_at, deliveries.source,
    coalesce(main.day, judged.landed_at::date) as day,
    coalesce(spans.seconds <= {WHOLE_HOURS} * 3600, true) as whole
from control.to_judge as judged
join control.deliveries as deliveries on judged.delivery_id = deliveries.delivery_id
left join spans on judged.delivery_id = spans.delivery_id
left join main on judged.delivery_id = main.delivery_id
"""

_ROWS = """
create or replace temp view figure_rows as
select days.delivery_id, days.source,
    if(days.whole or occurred_on is null, days.day, occurred_on) as day,
    event_key, source_event_name as event, app_version, platform, os, country, locale, properties,
    user_id, coalesce(device_id, anonymous_id) as device, occurred_at, occurred_at_raw,
    epoch(received_at) - epoch(occurred_at) as lag, record_fate, record_reason
from staging.stg_events as staged
join figure_days as days
    on staged.delivery_id = days.delivery_id and staged.landed_at = days.landed_at
"""

# Chosen by the hash of the key: the same rows in every run, and no order to sort by.
_SAMPLE = f"""
create or replace temp table figure_sample as
with sizes as (
    select delivery_id, day, event, count(*) as n
    from figure_rows where record_fate is null group by all
)
select delivery_id, source, day, event, coalesce(platform, '') as platform, lag, properties,
    {", ".join(_COLUMNS)}
from figure_rows join sizes using (delivery_id, day, event)
where record_fate is null and hash(event_key) % n < {SAMPLED}
"""

_COUNTS = (
    _insert("""select delivery_id, source, day, 'event', event, coalesce(app_version, ''), '',
        coalesce(platform, ''), count(*), null
    from figure_rows where record_fate is null group by all"""),
    _insert(f"""select delivery_id, source, day,
        unnest(['user', 'device', 'timed', 'astray']), '', '', '', coalesce(platform, ''),
        unnest([count(user_id), count(device), count(lag), count_if(abs(lag) > {ASTRAY_SECONDS})]),
        null
    from figure_rows where record_fate is null group by delivery_id, source, day, platform"""),
    _insert("""select delivery_id, source, day, 'reason', '', coalesce(record_reason, ''),
        -- digits of a clock that is a number tell its unit: 10 are seconds, 13 milliseconds
        coalesce(length(regexp_extract(occurred_at_raw, '^([0-9]+)([.][0-9]*)?$', 1)), 0)::varchar,
        '', count(*), null
    from figure_rows
    where record_fate is null or record_fate = 'quarantined' group by all"""),
    _insert("""select delivery_id, source, day, 'lag', '', '', '', platform, count(lag), median(lag)
    from figure_sample group by all having count(lag) > 0"""),
)


def _hours(timezone: str) -> str:
    """Events by hour of the day, in UTC and in the reporting zone; a zone is asked per quarter."""
    return _insert(f"""with quarters as (
        select delivery_id, source, day, epoch(occurred_at)::bigint // 900 as quarter,
            count(*) as n
        from figure_rows where record_fate is null group by all
    ),
    clocks as (
        select delivery_id, source, day, n, make_timestamp(quarter * 900000000) as utc,
            timezone({literal(timezone)}, timezone('UTC', make_timestamp(quarter * 900000000)))
                as wall
        from quarters
    )
    select delivery_id, source, day, 'hour', '', hour(utc)::varchar, 'utc', '', sum(n), null
    from clocks group by all
    union all
    select delivery_id, source, day, 'hour', '', hour(wall)::varchar, 'wall', '', sum(n), null
    from clocks group by all""")


_IDS = (
    """create or replace temp table figure_pairs as
    select delivery_id, source, day, user_id, device, platform, country, count(*) as n
    from figure_rows where record_fate is null and coalesce(user_id, device) is not null
    group by all""",
    _insert("""select delivery_id, source, day, 'devices', '', '', '', '',
        count(distinct device), null
    from figure_pairs where device is not null group by all"""),
    _insert("""with users as (
        select delivery_id, source, day, user_id, count(distinct device) as devices, sum(n) as n
        from figure_pairs where user_id is not null group by all
    )
    select delivery_id, source, day, 'user_devices', '', max({'d': devices, 'i': user_id}).i, '',
        '', max({'d': devices, 'n': n}).n, max(devices)
    from users group by all
    union all
    select delivery_id, source, day, unnest(['users', 'split_users']), '', '', '', '',
        unnest([count_if(devices > 0), count_if(devices > 1)]), null
    from users group by all"""),
    _insert("""with devices as (
        select delivery_id, source, day, device, sum(n) as n,
            count(distinct concat_ws('|', user_id, platform, country)) as kinds
        from figure_pairs where device is not null group by all
    )
    select delivery_id, source, day, 'device_events', '', max({'n': n, 'i': device}).i, '', '',
        max(n), max({'n': n, 'k': kinds}).k
    from devices group by all"""),
    _insert(f"""with busy as (
        select delivery_id, day, coalesce(device, user_id) as who
        from figure_pairs group by all having sum(n) >= {FEWEST_OF_A_BOT}
    ),
    gaps as (
        select delivery_id, source, day, who, event,
            epoch(occurred_at) - epoch(lag(occurred_at) over (
                partition by delivery_id, day, who order by occurred_at)) as gap
        from figure_rows
        join busy using (delivery_id, day)
        where coalesce(device, user_id) = who and record_fate is null
    ),
    rhythms as (
        select delivery_id, source, day, who, count(*) as n,
            if(min(event) = max(event), min(event), '') as event,
            stddev_pop(gap) / avg(gap) as spread
        from gaps group by all having avg(gap) > 0
    ),
    busiest as (
        select delivery_id, source, day, max({{'n': n, 'w': who, 'e': event}}) as top, sum(n) as n
        from rhythms where spread < {STEADY_GAPS} group by all
    )
    select delivery_id, source, day, 'steady', top.e, top.w, '', '', n, null from busiest"""),
)

_REPEATS = (
    f"""insert into control.delivery_contents
    with contents as (
        select delivery_id, source,
            hash(event, epoch(occurred_at)::bigint, user_id, device, platform) as content
        from figure_rows where record_fate is null
    )
    select * from contents where content % {HASHED} = 0""",
    _insert("""with mine as (
        select contents.*, landed_at from control.delivery_contents as contents
        join figure_days using (delivery_id)
    ),
    known as (
        select contents.delivery_id, contents.source, content, landed_at
        from control.delivery_contents as contents
        join control.deliveries as deliveries on contents.delivery_id = deliveries.delivery_id
        where deliveries.state = 'current'
            and content in (select content from mine)
    ),
    repeats as (
        select mine.delivery_id, known.delivery_id as earlier,
            count(distinct mine.content) as n
        from mine join known on mine.source = known.source and mine.content = known.content
            and (known.landed_at, known.delivery_id) < (mine.landed_at, mine.delivery_id)
        group by all
    ),
    sizes as (select delivery_id, count(distinct content) as n from mine group by all),
    days as (
        select figure_days.*, sizes.n as compared from figure_days join sizes using (delivery_id)
    )
    select delivery_id, source, day, 'compared', '', '', '', '', compared, null from days
    union all
    select days.delivery_id, days.source, days.day, 'repeats', '',
        coalesce(max({'n': repeats.n, 'e': earlier}).e, ''), '', '',
        coalesce(sum(repeats.n), 0)::bigint, any_value(days.compared)
    from days left join repeats on days.delivery_id = repeats.delivery_id group by all"""),
    _insert("""with keys as (
        select delivery_id, source, day, event_key, count(*) as n
        from figure_rows where record_fate is null group by all
    )
    select delivery_id, source, day, 'same_key', '', '', '', '', (sum(n) - count(*))::bigint, null
    from keys group by all"""),
    _insert(f"""with sizes as (
        select delivery_id, day, 1 + count(*) // {WINDOWED} as parts
        from figure_rows where record_fate is null group by all
    ),
    acts as (
        select delivery_id, source, day, event, parts,
            epoch(occurred_at) - epoch(lag(occurred_at) over act) as gap,
            event_key is distinct from lag(event_key) over act as another
        from figure_rows join sizes using (delivery_id, day)
        where record_fate is null and coalesce(user_id, device) is not null
            and hash(coalesce(user_id, device)) % parts = 0
        window act as (partition by delivery_id, day, coalesce(user_id, device), event
            order by occurred_at, event_key)
    )
    select delivery_id, source, day, 'double', event, '', '', '',
        count(*) filter (gap <= 1 and another) * any_value(parts), null
    from acts group by all"""),
)


_KIND = """case
    when starts_with(value, '"') then 'text'
    when starts_with(value, '{') or starts_with(value, '[') then 'object'
    when value in ('true', 'false') then 'true or false'
    else 'number'
end"""

_PROPERTIES = (
    f"""create or replace temp table figure_members as
    with entries as (
        select delivery_id, source, day, event, platform,
            unnest(map_entries(json_transform(properties, '"MAP(VARCHAR, JSON)"')
                ::map(varchar, varchar))) as entry
        from figure_sample
    ),
    members as (
        select delivery_id, source, day, event, platform, entry.key as name, entry.value as value
        from entries where entry.value is not null and entry.value not in ('null', '""')
        {
        "".join(
            f'''
        union all
        select delivery_id, source, day, event, platform, 'column:{column}',
            to_json({column})::varchar
        from figure_sample where {column} is not null'''
            for column in _COLUMNS
        )
    }
    )
    select delivery_id, source, day, event, platform, name, {_KIND} as kind,
        case when kind in ('number', 'true or false') then value
            when kind = 'text' and length(value) <= 82 then json_extract_string(value, '$')
        end as text,
        count(*) as n
    from members group by all""",
    _insert("""select delivery_id, source, day, 'sampled', event, '', '', platform, count(*), null
    from figure_sample group by all"""),
    _insert("""select delivery_id, source, day, 'kind', event, name, kind, platform, sum(n), null
    from figure_members group by all"""),
    _insert(f"""with texts as (
        select delivery_id, source, day, event, name, text, sum(n)::bigint as n
        from figure_members where text is not null group by all
    )
    select delivery_id, source, day, 'value', event, name, text, '', n,
        count(*) over (partition by delivery_id, day, event, name)
    from texts
    qualify row_number() over (
        partition by delivery_id, day, event, name order by n desc, text) <= {VALUES}"""),
    # Half decades of the size of a number; also of one that is written as text.
    _insert("""with numbers as (
        select *, abs(try_cast(text as double)) as size from figure_members
        where kind in ('number', 'text')
    )
    select delivery_id, source, day, 'size', event, name,
        floor(2 * log10(size))::integer::varchar, '', sum(n), sum(n * log10(size)) / sum(n)
    from numbers where size > 0 and isfinite(size) group by all"""),
)

_OF_RESPONSES = f"record_fate is null and {_OF_TO_JUDGE}"
# Scores are small whole numbers; a question's own history tells whether it is one.
_SURVEYS = (
    _insert(f"""select delivery_id, source, occurred_on, 'responses', '', '', '', '', count(*), null
    from staging.stg_responses where {_OF_RESPONSES} group by all"""),
    _insert(f"""with respondents as (
        select delivery_id, source, occurred_on,
            coalesce(respondent_user_id, network_id) as who, count(*) as n
        from staging.stg_responses where {_OF_RESPONSES} group by all
    )
    select delivery_id, source, occurred_on, 'respondent', '', max({{'n': n, 'w': who}}).w, '', '',
        max(n), null
    from respondents where who is not null group by all"""),
    _insert(f"""with entries as (
        select delivery_id, source, occurred_on,
            unnest(map_entries(json_transform(document, '"MAP(VARCHAR, JSON)"')
                ::map(varchar, varchar))) as entry
        from staging.stg_responses where {_OF_RESPONSES}
    )
    select delivery_id, source, occurred_on, 'score', '', entry.key,
        trim(entry.value, '"'), '', count(*), null
    from entries where regexp_full_match(trim(entry.value, '"'), '-?[0-9]{{1,4}}') group by all"""),
)
