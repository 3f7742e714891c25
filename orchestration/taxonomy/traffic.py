"""How the dictionary's events did in the last 30 days of a snapshot."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import duckdb

from orchestration.taxonomy.audit import MEMBERS, NAMED_ONCE
from orchestration.taxonomy.model import Taxonomy

DAYS = 30


@dataclass(frozen=True)
class EventTraffic:
    """One event: records a day by source (the last day last), violations and filled properties.

    `filled` counts the records of the days in which a property is there and not null.
    """

    last_seen: datetime
    daily: dict[str, list[int]] = field(default_factory=dict)
    violations: dict[str, int] = field(default_factory=dict)
    filled: dict[str, int] = field(default_factory=dict)

    @property
    def records(self) -> int:
        """Records of the days, over all sources."""
        return sum(map(sum, self.daily.values()))

    def empty_share(self, name: str) -> float | None:
        """The share (0 to 1) of records where a property is null or absent; None without any."""
        return 1 - self.filled.get(name, 0) / self.records if self.records else None


@dataclass(frozen=True)
class Traffic:
    """All events that ever arrived; the days end with `last_on`, the last date with an event."""

    last_on: date
    events: dict[str, EventTraffic]


def traffic_of(connection: duckdb.DuckDBPyConnection, taxonomy: Taxonomy) -> Traffic | None:
    """Read the marts; None when they hold no mapped event."""
    seen = connection.execute(
        """select event_name, max(occurred_at), max(occurred_on) from marts.fct_events
        where event_name is not null group by all"""
    ).fetchall()
    if not seen:
        return None
    last_on = max(day for *_, day in seen)
    first_on = last_on - timedelta(days=DAYS - 1)
    events = {name: EventTraffic(last_seen) for name, last_seen, _ in seen}
    for name, source, day, records in connection.execute(
        """select event_name, source, occurred_on, count(*) from marts.fct_events
        where occurred_on >= ? and event_name is not null group by all order by all""",
        [first_on],
    ).fetchall():
        days = events[name].daily.setdefault(source, [0] * DAYS)
        days[(day - first_on).days] = records
    for name, kind, records in connection.execute(
        """select event_name, kind, sum(records) from quality.fct_taxonomy_violations
        where occurred_on >= ? and kind <> 'unplanned_event' group by all order by all""",
        [first_on],
    ).fetchall():
        if name in events:
            events[name].violations[kind] = int(records)
    planned = {name for event in taxonomy.events for name in taxonomy.rules_of(event)}
    for name, key, records in connection.execute(
        f"""with members as (
            select event_name, {MEMBERS} as members from marts.fct_events
            where occurred_on >= ? and event_name is not null
        ),
        found as (
            select event_name, unnest(map_keys(members)) as name,
                unnest(map_values(members)) as value
            from members where {NAMED_ONCE}
        )
        select event_name, name, count(*) from found
        where value is not null and name in (select unnest(?::varchar[])) group by all""",
        [first_on, sorted(planned)],
    ).fetchall():
        events[name].filled[key] = records
    return Traffic(last_on, events)
