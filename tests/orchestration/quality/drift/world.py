"""Staged events of a small company, clean or with one named fault: a frame a test can read.

People come in sessions, on their own platform, by the hour and the weekday. There is a campaign
that brings strangers, a holiday that is like a weekend, and a release that phones take up slowly.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import duckdb
import numpy as np
import pandas as pd

START = date(2025, 3, 3)  # a Monday
DAYS = 60
FAULTY = 50  # the day on which a fault begins: Tuesday 2025-04-22
CAMPAIGN = range(30, 37)
HOLIDAY = 45
RELEASE = 24
SOURCE = "app"
SHARES = {"large": 0.50, "middle": 0.12, "small": 0.03}

EVENTS = ["opened", "message_shared", "form_uploaded", "tutorial_started", "order_paid", "opted_in"]
WEIGHTS = np.array([0.34, 0.22, 0.16, 0.12, 0.09, 0.07])
IN_CAMPAIGN = np.array([0.40, 0.12, 0.14, 0.20, 0.07, 0.07])
WEEKDAY_HOURS = np.array(
    [2, 1, 1, 1, 1, 2, 4, 7, 10, 11, 10, 9, 9, 9, 9, 9, 9, 10, 11, 12, 11, 9, 6, 4], dtype=float
)
WEEKEND_HOURS = np.array(
    [4, 3, 2, 1, 1, 1, 2, 3, 5, 8, 10, 11, 11, 10, 10, 9, 9, 9, 10, 11, 11, 10, 8, 6], dtype=float
)
METHODS = ["card", "invoice", "wallet", "transfer"]

Random = np.random.Generator


def events(seed: int = 0, sessions: int = 300, days: int = DAYS) -> pd.DataFrame:
    """Clean events, a row each: some three times as many a weekday as there are sessions."""
    draw = np.random.default_rng(seed)
    frames = [_day(draw, number, sessions) for number in range(days)]
    table = pd.concat(frames, ignore_index=True)
    table["key"] = [f"{seed}-{n}" for n in range(len(table))]
    return table


def _day(draw: Random, number: int, usual: int) -> pd.DataFrame:
    day = START + timedelta(days=number)
    quiet = day.weekday() >= 5 or number == HOLIDAY
    level = (0.55 if quiet else 1.0) * draw.gamma(60, 1 / 60) * (1 + 0.004 * number)
    regulars = draw.poisson(usual * level)
    strangers = draw.poisson(usual * level * 1.2) if number in CAMPAIGN else 0
    n = regulars + strangers
    person = np.where(
        np.arange(n) < regulars, draw.integers(0, 3000, n), 10_000 + 1000 * number + np.arange(n)
    )
    hours = WEEKEND_HOURS if quiet else WEEKDAY_HOURS
    hour = draw.choice(24, n, p=hours / hours.sum())
    begin = (hour + draw.random(n)) * 3600
    length = 1 + draw.geometric(0.4, n)
    at = np.repeat(np.arange(n), length)
    step = np.arange(len(at)) - np.repeat(np.cumsum(length) - length, length)
    seconds = begin[at] + step * 40 + draw.random(len(at)) * 30
    who = person[at]
    # traits that stay with a person
    trait = (who * 2654435761 % 1000) / 1000
    platform = np.select([trait < 0.4, trait < 0.72], ["web", "android"], "ios")
    if quiet:  # phones at home, the web at work
        platform = np.where((platform == "web") & (trait < 0.12), "ios", platform)
    logged_in = (who * 40503 % 100 < 62) & (who < 10_000)
    adopted = np.clip((number - RELEASE) / 10, 0, 1)
    version = np.where((who * 97 % 100) / 100 < adopted, "5.2.0", "5.1.0")
    weights = IN_CAMPAIGN if strangers else WEIGHTS
    event = draw.choice(EVENTS, len(at), p=weights)
    moment = pd.Timestamp(day) + pd.to_timedelta(seconds.round(), unit="s")
    lag = draw.exponential(3, len(at)) + np.where(draw.random(len(at)) < 0.02, 7200, 0)
    return pd.DataFrame(
        {
            "event": event,
            "occurred_at": moment,
            "received_at": moment + pd.to_timedelta(lag, unit="s"),
            "user_id": np.where(logged_in, np.char.add("u", who.astype(str)), None),
            "device_id": np.char.add("d", who.astype(str)),
            "platform": platform,
            "app_version": version,
            "country": np.where(trait < 0.7, "US", "CA"),
            "number": number,
            "amount": np.where(
                event == "order_paid", np.exp(draw.normal(3.4, 0.7, len(at))).round(2), np.nan
            ),
            "method": np.where(
                event == "order_paid", draw.choice(METHODS, len(at), p=[0.5, 0.25, 0.15, 0.1]), None
            ),
            "plan": np.where(
                draw.random(len(at)) < 0.7, np.where(trait < 0.5, "free", "pro"), None
            ),
            "topic": np.char.add("topic ", draw.integers(0, 12, len(at)).astype(str)),
            "campaign": np.where(who >= 10_000, "spring_refund", None),
            "reason": None,
            "raw": None,
        }
    )


PROPERTIES = ["amount", "method", "plan", "topic", "campaign"]


def stage(table: pd.DataFrame, responses: pd.DataFrame | None = None) -> duckdb.DuckDBPyConnection:
    """A working file in memory with these rows staged, a delivery a day unless they name one."""
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    connection.execute("set threads = 2")
    staged = table.copy()
    if "delivery" not in staged:
        staged["delivery"] = staged["number"].map(lambda n: f"day{n:03d}")
    for name in PROPERTIES:
        if name not in staged:
            staged[name] = None
    extra = sorted(set(staged) & {"amount_usd", "sum"})
    pairs = ", ".join(f"{name}: {name}" for name in [*PROPERTIES, *extra])
    amount = "case when amount_text then to_json(amount::varchar) else to_json(amount) end"
    if "amount_text" not in staged:
        staged["amount_text"] = False
    pairs = pairs.replace("amount: amount", f"amount: {amount}", 1)
    connection.register("rows_to_stage", staged)
    connection.execute(
        f"""create schema staging; create schema control;
        create table staging.stg_events as
        select md5(key) as event_key, 'vendor' as id_quality, '{SOURCE}' as source,
            event as source_event_name, occurred_at::timestamp as occurred_at,
            received_at::timestamp as received_at, occurred_at::date as occurred_on,
            raw::varchar as occurred_at_raw, user_id::varchar as user_id,
            device_id::varchar as device_id, null::varchar as anonymous_id, platform::varchar as
            platform, app_version::varchar as app_version, null::varchar as os,
            country::varchar as country, null::varchar as locale,
            to_json({{{pairs}}})::varchar as properties,
            if(reason is null, null, 'quarantined')::varchar as record_fate,
            reason::varchar as record_reason, delivery as delivery_id,
            timestamp '2026-01-01' + to_minutes(dense_rank() over (order by delivery)::bigint)
                as landed_at
        from rows_to_stage"""
    )
    connection.unregister("rows_to_stage")
    empty = pd.DataFrame({"delivery": ["x"], "day": [START], "who": ["x"], "document": ["{}"]})
    connection.register("responses", responses if responses is not None else empty.iloc[:0])
    connection.execute(
        """create table staging.stg_responses as
        select 'survey' as source, day::date as occurred_on, who::varchar as respondent_user_id,
            null::varchar as network_id, document::varchar as document,
            null::varchar as record_fate, delivery::varchar as delivery_id,
            timestamp '2026-02-01' + to_minutes(dense_rank() over (order by delivery)::bigint)
                as landed_at
        from responses;
        create table control.deliveries as
        select distinct source, delivery_id, landed_at, 'current' as state from (
            select source, delivery_id, landed_at from staging.stg_events
            union all select source, delivery_id, landed_at from staging.stg_responses);
        create table control.to_judge as select delivery_id, landed_at from control.deliveries"""
    )
    return connection


Fault = Callable[[pd.DataFrame, np.ndarray, Random], pd.DataFrame]
"""Rows, which of them it may hit (by its size, from the faulty day on), and chance."""


def hit(table: pd.DataFrame, size: str, seed: int) -> np.ndarray:
    """A share of the persons of the faulty days: a fault follows devices, not single rows."""
    whole = (table["number"] >= FAULTY).to_numpy()
    if size == "whole":
        return whole
    number = table["device_id"].str[1:].astype("int64").to_numpy()
    return whole & ((number * 7919 + seed * 31) % 1000 < 1000 * SHARES[size])
