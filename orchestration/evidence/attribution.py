"""`marts.fct_attribution`: macro-conversions credited to the campaigns before them."""

from __future__ import annotations

import duckdb

from orchestration.analysis.evidence.attribution import MODELS, Path, attribute
from orchestration.evidence.reading import EVENTS, Days, Row

LOOKBACK_DAYS = 30
LONGEST = 10
"""Campaigns of a path that are kept, the last ones: a longer one adds nothing but patterns."""

# Neighbouring touches of one campaign are one. Who never converts has a path that led nowhere.
PATHS = f"""
with touches as (
    select person_id, coalesce(campaign, utm_campaign) as campaign, occurred_at
    from {EVENTS}
    where is_primary and person_id is not null and coalesce(campaign, utm_campaign) <> ''
        and occurred_on >= $first
),
conversions as (
    select event_id, person_id, occurred_at from {EVENTS}
    where is_primary and event_name = $macro and person_id is not null and occurred_on >= $first
),
paths as (
    select conversions.event_id as path, touches.campaign, touches.occurred_at, true as is_converted
    from touches inner join conversions on touches.person_id = conversions.person_id
        and touches.occurred_at <= conversions.occurred_at
        and touches.occurred_at >= conversions.occurred_at - interval {LOOKBACK_DAYS} day
    union all
    select person_id, campaign, occurred_at, false from touches
    where person_id not in (select person_id from conversions)
),
steps as (
    select *, lag(campaign) over (partition by path order by occurred_at, campaign) as before
    from paths
),
whole as (
    select path, any_value(is_converted) as is_converted,
        list(campaign order by occurred_at, campaign)[-{LONGEST}:] as campaigns
    from steps where before is distinct from campaign group by path
)
select campaigns, count(*) filter (is_converted), count(*) filter (not is_converted)
from whole group by campaigns order by campaigns
"""


def attribution_rows(connection: duckdb.DuckDBPyConnection, days: Days) -> list[Row]:
    """Rows of the mart; none where no event has a campaign."""
    macros = connection.execute(
        f"""select event_name, count(*) from {EVENTS}
        where is_primary and event_kind = 'macro' and occurred_on >= ? group by all order by all""",
        [days.first],
    ).fetchall()
    rows: list[Row] = []
    for macro, conversions in macros:
        found = connection.execute(PATHS, {"macro": macro, "first": days.first}).fetchall()
        paths = [Path(tuple(campaigns), won, lost) for campaigns, won, lost in found]
        credit = attribute(paths)
        touched = sum(path.converted for path in paths)
        for campaign, shares in credit.iterrows():
            rows += [
                {
                    "macro_event": macro,
                    "campaign": campaign,
                    "rule": model,
                    "conversions": float(shares[model]),
                    "share": float(shares[model]) / touched if touched else None,
                    "touched_conversions": touched,
                    "all_conversions": conversions,
                    "lookback_days": LOOKBACK_DAYS,
                    **days.common(days.first, days.last_whole),
                }
                for model in MODELS
            ]
    return rows
