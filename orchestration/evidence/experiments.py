"""`marts.fct_experiments`: assignment from events, summed up in SQL, judged arm by arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby
from math import nan
from typing import Any

import duckdb

from orchestration.analysis.evidence.experiments import (
    MISMATCH,
    Arm,
    always_valid,
    corrected,
    cuped,
    sample_ratio,
    share_difference,
)
from orchestration.analysis.evidence.sequential import ALPHA
from orchestration.evidence.reading import EVENTS, Days, Row, rows_of

PAST_DAYS = 28
"""Days before a person's exposure that CUPED looks at."""

# The first exposure counts. A person is of the platform they were first exposed on.
EXPOSURES = f"""
create or replace temp table exposures as
with asked as (
    select experiment, any_value(exposure_event) as exposure_event,
        min(starts_on) as starts_on, max(ends_on) as ends_on
    from control.context_experiments group by experiment
)
select asked.experiment, asked.ends_on, events.person_id,
    min(events.occurred_at) as exposed_at,
    min(events.occurred_on) as exposed_on,
    arg_min(events.variant_id, events.occurred_at) as variant,
    -- of two in one instant, always the same
    coalesce(arg_min(events.platform, (events.occurred_at, events.event_id)), '(unknown)')
        as platform,
    count(distinct events.variant_id) as variants
from {EVENTS} as events
inner join asked
    on events.experiment_id = asked.experiment
    and events.occurred_on between asked.starts_on and asked.ends_on
    and (asked.exposure_event is null or events.event_name = asked.exposure_event)
where events.is_primary and events.variant_id is not null and events.person_id is not null
group by all
"""

# A person and event: the first time it was done after the exposure, how often it was before.
OUTCOMES = f"""
create or replace temp table outcomes as
select exposures.experiment, exposures.variant, exposures.platform, exposures.person_id,
    events.event_name, events.event_kind,
    min(events.occurred_on) filter (events.occurred_at >= exposures.exposed_at) as converted_on,
    count(*) filter (events.occurred_at < exposures.exposed_at) as past
from exposures
inner join {EVENTS} as events on exposures.person_id = events.person_id
where exposures.variants = 1 and events.is_primary and events.event_kind in ('micro', 'macro')
    and events.occurred_at >= exposures.exposed_at - interval {PAST_DAYS} day
    and events.occurred_on <= exposures.ends_on
group by all
"""

ARMS = """
select experiment, coalesce(platform, '(all)') as platform, variant, exposed_on, count(*) as persons
from exposures where variants = 1
group by grouping sets (
    (experiment, platform, variant, exposed_on), (experiment, variant, exposed_on))
"""

SUMS = """
select experiment, coalesce(platform, '(all)') as platform, event_name, event_kind, variant,
    converted_on, count(*) as persons, sum(past)::double as past,
    sum(past * past)::double as past_squared
from outcomes
group by grouping sets (
    (experiment, platform, event_name, event_kind, variant, converted_on),
    (experiment, event_name, event_kind, variant, converted_on))
"""


def experiment_rows(connection: duckdb.DuckDBPyConnection, days: Days) -> list[Row]:
    """Rows of the mart; none without experiments in the context."""
    asked = sorted(rows_of(connection, "context_experiments"), key=lambda row: row["experiment"])
    if not asked:
        return []
    connection.execute(EXPOSURES)
    connection.execute(OUTCOMES)
    exposed = connection.execute(ARMS).df()
    sums = connection.execute(SUMS).df()
    crossed = dict(
        connection.execute(
            "select experiment, count(*) from exposures where variants > 1 group by experiment"
        ).fetchall()
    )
    rows: list[Row] = []
    for name, lines in groupby(asked, key=lambda row: str(row["experiment"])):
        variants = list(lines)
        mine, outcomes = (each[each["experiment"] == name] for each in (exposed, sums))
        for platform, arms in mine.groupby("platform"):
            cell = outcomes[outcomes["platform"] == platform]
            rows += _cell(variants, str(platform), arms, cell, int(crossed.get(name, 0)), days)
    return rows


def _cell(
    variants: Sequence[Mapping[str, Any]],
    platform: str,
    exposed: Any,
    outcomes: Any,
    crossed: int,
    days: Days,
) -> list[Row]:
    """All variants and events of one experiment on one platform; their p values are one family."""
    control = next(str(row["variant"]) for row in variants if row["is_control"])
    counts = exposed.groupby("variant")["persons"].sum()
    shares = [row["share"] if row["share"] is not None else 1.0 for row in variants]
    split = sample_ratio([int(counts.get(row["variant"], 0)) for row in variants], shares)
    start, end = variants[0]["starts_on"], variants[0]["ends_on"]
    calendar = [day for day in days.dates if start <= day <= end]
    rows = []
    for (event, kind), sums in outcomes.groupby(["event_name", "event_kind"]):
        for row in variants:
            if row["is_control"] or not counts.get(row["variant"], 0):
                continue
            rows.append(
                {
                    "experiment": row["experiment"],
                    "variant": row["variant"],
                    "control": control,
                    "platform": platform,
                    "event_name": event,
                    "event_kind": kind,
                    "starts_on": start,
                    "ends_on": end,
                    "crossed_persons": crossed,
                    "sample_ratio_p": split,
                    "is_split_as_planned": split >= MISMATCH,
                    **_compared(exposed, sums, control, str(row["variant"]), calendar),
                    **days.common(start, end),
                }
            )
    holm, shares_false = corrected([row["p_value"] for row in rows])
    is_over = end <= days.last_whole
    for row, p_holm, p_bh in zip(rows, holm, shares_false, strict=True):
        row |= {"p_holm": p_holm, "p_bh": p_bh}
        row["conclusion"] = _conclusion(row, p_holm if is_over else row["always_p"])
    return rows


def _conclusion(row: Row, p: float) -> str:
    """By Holm's p once the experiment is over, by the always-valid one while it runs."""
    if not row["is_split_as_planned"]:
        return "split is not as planned"
    if not p < ALPHA:
        return "undecided"
    return "higher" if row["lift"] > 0 else "lower"


def _compared(exposed: Any, sums: Any, control: str, treated: str, calendar: Sequence[date]) -> Row:
    arms = {}
    looks = {}
    for variant in (control, treated):
        came = exposed[exposed["variant"] == variant]
        did = sums[sums["variant"] == variant]
        converted = did[did["converted_on"].notna()]
        n, y = int(came["persons"].sum()), float(converted["persons"].sum())
        arms[variant] = Arm(
            n,
            y,
            y,
            float(did["past"].sum()),
            float(did["past_squared"].sum()),
            float(converted["past"].sum()),
        )
        looks[variant] = _looks(came, converted, calendar)
    plain = share_difference(
        *((int(arms[variant].y), arms[variant].n) for variant in (control, treated))
    )
    always, _ = always_valid(looks[control], looks[treated])
    adjusted, kept = cuped(arms[control], arms[treated])
    rate = arms[control].mean
    return {
        "persons": arms[treated].n,
        "control_persons": arms[control].n,
        "converted": int(arms[treated].y),
        "control_converted": int(arms[control].y),
        "rate": arms[treated].mean,
        "control_rate": rate,
        "relative_lift": plain.value / rate if rate > 0 else nan,
        "lift": plain.value,
        "lift_low": plain.low,
        "lift_high": plain.high,
        "p_value": plain.p,
        "always_low": always.low,
        "always_high": always.high,
        "always_p": always.p,
        "cuped_lift": adjusted.value,
        "cuped_low": adjusted.low,
        "cuped_high": adjusted.high,
        "variance_kept": kept,
    }


def _looks(came: Any, converted: Any, calendar: Sequence[date]) -> list[tuple[int, int]]:
    """Converted and persons so far at the end of each day."""

    def so_far(frame: Any, column: str) -> list[int]:
        by_day = frame.groupby(frame[column].dt.date)["persons"].sum()
        return [int(n) for n in by_day.reindex(calendar, fill_value=0).cumsum()]

    return list(zip(so_far(converted, "converted_on"), so_far(came, "exposed_on"), strict=True))
