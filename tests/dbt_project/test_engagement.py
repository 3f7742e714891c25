"""Engagement against pandas and statsmodels, from the events of the demo."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import pandas as pd
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from orchestration.config import Migration
from orchestration.warehouse import marts_file

Tables = Callable[[str], pd.DataFrame]


@pytest.fixture(scope="module")
def table(demo: Migration) -> Tables:
    def read(name: str) -> pd.DataFrame:
        with duckdb.connect(marts_file(demo), read_only=True) as connection:
            return connection.execute(f"select * from marts.{name}").df()

    return read


@pytest.fixture(scope="module")
def events(table: Tables) -> pd.DataFrame:
    found = table("fct_events")
    first = found.groupby("person_id")["occurred_on"].min().rename("first_on")
    found = found.join(first, on="person_id")
    found["week"] = found["occurred_on"] - pd.to_timedelta(found["occurred_on"].dt.day_of_week, "D")
    monday = found["first_on"] - pd.to_timedelta(found["first_on"].dt.day_of_week, "D")
    found["cohort"] = monday.dt.strftime("%Y-%m-%d")
    return found


@pytest.mark.parametrize("dimension", ["(all)", "platform", "country", "campaign", "cohort"])
@pytest.mark.parametrize(("granularity", "column"), [("day", "occurred_on"), ("week", "week")])
def test_rates_are_those_that_pandas_counts(
    events: pd.DataFrame, table: Tables, dimension: str, granularity: str, column: str
) -> None:
    events = events.assign(
        segment="(all)" if dimension == "(all)" else events[dimension].fillna("(unknown)"),
        period_start=events[column],
    )
    active = events.groupby(["period_start", "segment"])["person_id"].nunique().rename("active")
    micro = events[events["is_primary"] & (events["event_kind"] == "micro")]
    by = ["period_start", "segment", "event_name"]
    expected = micro.groupby(by).agg(events=("event_id", "count"), persons=("person_id", "nunique"))
    expected = expected.join(active, on=["period_start", "segment"])

    found = table("fct_micro_conversion_rates")
    found = found[(found["dimension"] == dimension) & (found["granularity"] == granularity)]
    zeros = found[found["events"] == 0]
    assert (zeros["dimension"] == "(all)").all()
    found = found[found["events"] > 0].set_index(by).sort_index()
    assert len(found) == len(expected) > 20
    expected = expected.loc[found.index]
    assert (found["events"] == expected["events"]).all()
    assert (found["persons"] == expected["persons"]).all()
    assert (found["active_persons"] == expected["active"]).all()


def test_intervals_are_those_of_statsmodels(table: Tables) -> None:
    found = table("fct_micro_conversion_rates")
    low, high = proportion_confint(
        found["persons"], found["active_persons"], alpha=0.05, method="wilson"
    )
    assert (found["rate_low"] - low).abs().max() < 1e-9
    assert (found["rate_high"] - high).abs().max() < 1e-9


def test_changes_are_those_of_newcombe(table: Tables) -> None:
    found = table("fct_micro_conversion_rates")
    found = found[found["dimension"] == "(all)"]
    before = found.assign(period_start=found["period_start"] + pd.Timedelta(days=7))
    keys = ["granularity", "period_start", "event_name"]
    pairs = found[found["previous_rate"].notna()].merge(before, on=keys, suffixes=("", "_before"))
    assert len(pairs) > 20
    assert (pairs["previous_rate"] - pairs["rate_before"]).abs().max() < 1e-12
    for row in pairs.itertuples():
        low, high = confint_proportions_2indep(
            row.persons,
            row.active_persons,
            row.persons_before,
            row.active_persons_before,
            method="newcomb",
            compare="diff",
        )
        assert row.change_low == pytest.approx(low, abs=1e-9)
        assert row.change_high == pytest.approx(high, abs=1e-9)


def test_weeks_that_are_not_whole_are_not_compared(table: Tables) -> None:
    found = table("fct_micro_conversion_rates")
    parts = found[~found["is_full_period"]]
    assert len(parts) > 0
    assert parts["change"].isna().all()


def test_windows_of_stickiness_hold_different_persons(events: pd.DataFrame, table: Tables) -> None:
    found = table("fct_stickiness").set_index("occurred_on").sort_index()
    for day, row in found.iterrows():
        for column, length in (
            ("daily_persons", 1),
            ("weekly_persons", 7),
            ("monthly_persons", 30),
        ):
            since = day - pd.Timedelta(days=length - 1)
            inside = events[events["occurred_on"].between(since, day)]
            assert row[column] == inside["person_id"].nunique(), (day, column)


def test_sessions_are_counted_on_the_date_they_start(events: pd.DataFrame, table: Tables) -> None:
    inside = events[events["session_id"].notna()]
    is_feature = inside["is_primary"] & inside["event_kind"].isin(["micro", "macro"])
    inside = inside.assign(feature=inside["event_name"].where(is_feature))
    sessions = inside.groupby("session_id").agg(
        occurred_on=("occurred_on", "min"),
        person_id=("person_id", "first"),
        first=("occurred_at", "min"),
        last=("occurred_at", "max"),
        features=("feature", "nunique"),
    )
    sessions["seconds"] = (sessions["last"] - sessions["first"]).dt.total_seconds()
    expected = sessions.groupby("occurred_on").agg(
        sessions=("seconds", "size"),
        persons=("person_id", "nunique"),
        mean_duration_seconds=("seconds", "mean"),
        median_duration_seconds=("seconds", "median"),
        mean_features=("features", "mean"),
        median_features=("features", "median"),
    )
    found = table("fct_session_daily")
    found = found[found["platform"] == "(all)"].set_index("occurred_on").sort_index()
    pd.testing.assert_frame_equal(
        found[list(expected.columns)], expected, check_dtype=False, check_freq=False, atol=0.001
    )
