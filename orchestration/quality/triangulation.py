"""Figures by which what came tells what should have: counters, and acts that never come alone.

Selects over `figure_rows` (see `delivery_figures`) with the columns of `control.delivery_figures`.
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestration.config import Migration
from orchestration.landing.lifting import json_path
from orchestration.sources import REGISTRY
from orchestration.sql import literal

COUNTED = 200_000  # rows a day whose numbers are looked at, by whole devices
LARGEST_GAP = 20  # numbers missing in a row; a counter that jumps further was begun anew
ACCOMPANIED = 20_000  # rows a day whose acts are held against each other, by whole persons
COMMON = 20  # events of the most people a day, among which companions are looked for
TOGETHER = 0.95  # part of the people with one event who also have its companion on that day
FEWEST_PEOPLE = 30


def counters(migration: Migration) -> Iterator[str]:
    """Numbers that vendors' counters went through, and the share of them that did not come.

    All records carry a number, also those that are no events; a gap at the end of a day is not
    seen.
    """
    for source, config in migration.sources.items():
        keys = REGISTRY[config.vendor].counter
        if keys is None:
            continue
        yield f"""with sizes as (
            select delivery_id, day, 1 + count(*) // {COUNTED} as parts
            from figure_rows where source = {literal(source)} group by all
        ),
        numbers as (
            select distinct delivery_id, source, day, coalesce(platform, '') as platform, device,
                try_cast(json_extract_string(properties, {literal(json_path(keys))}) as bigint)
                    as number
            from figure_rows join sizes using (delivery_id, day)
            where source = {literal(source)} and device is not null and hash(device) % parts = 0
        ),
        steps as (
            select *, number - lag(number) over (
                partition by delivery_id, day, platform, device order by number) as step
            from numbers where number is not null
        )
        select delivery_id, source, day, 'counter', '', '', '', platform, sum(step)::bigint,
            sum(step - 1) / sum(step)
        from steps where step between 1 and {1 + LARGEST_GAP} group by all"""


COMPANION_TABLES = (
    f"""create or replace temp table figure_acts as
    with sizes as (
        select delivery_id, day, 1 + count(*) // {ACCOMPANIED} as parts
        from figure_rows where record_fate is null group by all
    )
    select distinct delivery_id, source, day, coalesce(platform, '') as platform, event,
        hash(coalesce(device, user_id)) as who
    from figure_rows join sizes using (delivery_id, day)
    where record_fate is null and event is not null and coalesce(device, user_id) is not null
        and hash(coalesce(device, user_id)) % parts = 0""",
    # what was a companion once is looked at ever after: on a bad day it is none
    f"""create or replace temp table figure_companions as
    with people as (
        select delivery_id, source, day, event, count(*) as n from figure_acts
        group by delivery_id, source, day, event
        qualify row_number() over (
            partition by delivery_id, day order by n desc, event) <= {COMMON}
    ),
    common as (
        select acts.* from figure_acts as acts join people using (delivery_id, day, event)
        where n >= {FEWEST_PEOPLE}
    ),
    pairs as (
        select one.delivery_id, one.source, one.day, one.event, other.event as companion,
            count(*) as together
        from common as one
        join common as other using (delivery_id, day, platform, who)
        where one.event <> other.event group by all
    )
    select distinct source, event, companion from pairs join people
        using (delivery_id, source, day, event)
    where together >= {TOGETHER} * n
    union
    select source, event, item from control.delivery_figures where figure = 'companion'""",
)

COMPANIONS = """with pairs as (
        select acts.*, companion from figure_acts as acts
        join figure_companions using (source, event)
    )
    select delivery_id, source, day, 'companion', event, companion, '', platform, count(*),
        avg((other.who is null)::integer)
    from pairs
    left join (select * rename (event as companion) from figure_acts) as other
        using (delivery_id, source, day, platform, who, companion)
    group by all"""
"""Of people with an event, how many there were, and the part that lacks its companion."""
