"""Activation, retention and cohorts against pandas, from the events of the demo."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from orchestration.config import Migration, load_migration
from orchestration.warehouse import marts_file

ACTIVATION = """
activation:
  both: {events: [video_tutorial_started, tax_form_uploaded], within: 7d}
  one: {events: [tax_form_uploaded, cart_opened], within: 3d, needs: any, since: 2025-03-10}
activity_cohorts: {within: 3d, outcome_within: 10d, levels: {some: 1, strong: 4}}
"""


@pytest.fixture(scope="module")
def defined(demo: Migration, dbt: Callable[..., None]) -> Migration:
    """The demo with definitions of its own."""
    config = demo.path.with_name("defined.yaml")
    config.write_text(demo.path.read_text() + ACTIVATION)
    migration = load_migration(config)
    dbt(migration, "run", "-s", "fct_activation", "fct_retention", "fct_activity_cohorts")
    return migration


@pytest.fixture(scope="module")
def table(defined: Migration) -> Callable[[str], pd.DataFrame]:
    def read(name: str) -> pd.DataFrame:
        with duckdb.connect(marts_file(defined), read_only=True) as connection:
            return connection.execute(f"select * from marts.{name}").df()

    return read


@pytest.fixture(scope="module")
def events(table: Callable[[str], pd.DataFrame]) -> pd.DataFrame:
    found = table("fct_events").dropna(subset="person_id")
    firsts = found.groupby("person_id").agg(
        first_at=("occurred_at", "min"), first_on=("occurred_on", "min")
    )
    return found.join(firsts, on="person_id")


def monday(days: pd.Series) -> pd.Series:
    return days - pd.to_timedelta(days.dt.day_of_week, "D")


@pytest.mark.parametrize(
    ("name", "asked", "days", "needed", "since"),
    [
        ("both", ["video_tutorial_started", "tax_form_uploaded"], 7, 2, "2025-01-01"),
        ("one", ["tax_form_uploaded", "cart_opened"], 3, 1, "2025-03-10"),
    ],
)
def test_activation_is_what_pandas_counts(
    events: pd.DataFrame,
    table: Callable[[str], pd.DataFrame],
    name: str,
    asked: list[str],
    days: int,
    needed: int,
    since: str,
) -> None:
    within = pd.Timedelta(days=days)
    persons = events.groupby("person_id").agg(at=("first_at", "min"), on=("first_on", "min"))
    persons = persons[persons["on"] >= since]
    persons["is_matured"] = persons["at"] + within <= events["occurred_at"].max()
    in_time = events[
        events["event_name"].isin(asked)
        & events["is_primary"]
        & (events["occurred_at"] <= events["first_at"] + within)
    ]
    done = in_time.groupby("person_id")["event_name"].nunique() >= needed
    persons["is_activated"] = done.reindex(persons.index, fill_value=False) & persons["is_matured"]
    expected = persons.groupby(monday(persons["on"])).agg(
        persons=("at", "size"),
        matured_persons=("is_matured", "sum"),
        activated_persons=("is_activated", "sum"),
    )
    found = table("fct_activation")
    found = found[
        (found["activation"] == name)
        & (found["granularity"] == "week")
        & (found["dimension"] == "(all)")
    ].set_index("period_start")
    pd.testing.assert_frame_equal(
        found[list(expected.columns)].sort_index(),
        expected,
        check_dtype=False,
        check_names=False,
        check_freq=False,
        check_index_type=False,
    )
    assert found["activated_persons"].sum() > 5
    assert found["matured_persons"].sum() < found["persons"].sum()


@pytest.mark.parametrize(("granularity", "length"), [("day", 1), ("week", 7), ("month", 30)])
def test_retention_is_what_pandas_counts(
    events: pd.DataFrame,
    table: Callable[[str], pd.DataFrame],
    granularity: str,
    length: int,
) -> None:
    last = events["occurred_on"].max()
    days = events[["person_id", "first_on", "occurred_on"]].drop_duplicates()
    days["offset"] = (days["occurred_on"] - days["first_on"]).dt.days
    firsts = days.groupby("person_id")["first_on"].min()
    start = {
        "day": firsts,
        "week": monday(firsts),
        "month": firsts.dt.to_period("M").dt.to_timestamp(),
    }[granularity]
    found = table("fct_retention")
    found = found[found["granularity"] == granularity]
    assert len(found) > 5
    for row in found.itertuples():
        to_day = np.inf if pd.isna(row.to_day) else row.to_day
        needs = row.from_day if pd.isna(row.to_day) else row.to_day
        cohort = firsts[start == row.period_start]
        matured = cohort[cohort + pd.Timedelta(days=int(needs)) <= last].index
        inside = days[days["offset"].between(row.from_day, to_day)]
        assert row.persons == len(matured)
        assert (
            row.retained_persons == inside[inside["person_id"].isin(matured)]["person_id"].nunique()
        )
    assert set(found["mode"]) == {"on", "after", "bracket"}
    on_days = found[found["mode"] == "on"]
    assert (on_days["to_day"] - on_days["from_day"] + 1 == length).all()


def test_cohorts_are_what_pandas_counts(
    events: pd.DataFrame, table: Callable[[str], pd.DataFrame]
) -> None:
    start, outcome = pd.Timedelta(days=3), pd.Timedelta(days=10)
    persons = events.groupby("person_id").agg(at=("first_at", "min"), on=("first_on", "min"))
    begin = events[events["occurred_at"] == events["first_at"]]
    persons["platform"] = begin.groupby("person_id")["platform"].min().fillna("(unknown)")
    persons = persons[persons["at"] + start + outcome <= events["occurred_at"].max()]
    events = events[events["person_id"].isin(persons.index)]
    since = events["occurred_at"] - events["first_at"]
    begun = events[(since <= start) & events["is_primary"] & (events["event_kind"] == "micro")]
    later = events[(since > start) & (since <= start + outcome)]
    counts = begun.groupby("person_id").size().reindex(persons.index, fill_value=0)
    persons["level"] = np.select([counts >= 4, counts >= 1], ["strong", "some"], "none")
    macro = later[later["is_primary"] & (later["event_kind"] == "macro")]
    persons["converted"] = persons.index.isin(macro["person_id"])
    persons["returned"] = persons.index.isin(later["person_id"])
    persons["week"] = monday(persons["on"])

    found = table("fct_activity_cohorts").set_index(["outcome", "level"])
    assert len(found) == 6
    for name in ("converted", "returned"):
        cells = persons.groupby(["level", "week", "platform"])[name].agg(["size", "mean"])
        control = cells.loc["none"]
        for level in ("some", "strong"):
            row = found.loc[(name, level)]
            of_level = persons[persons["level"] == level]
            assert (row["persons"], row["outcome_persons"]) == (len(of_level), of_level[name].sum())
            both = cells.loc[level].join(control, rsuffix="_control", how="inner")
            weight = both["size"] / both["size"].sum()
            difference = (weight * (both["mean"] - both["mean_control"])).sum()
            variance = weight**2 * (
                both["mean"] * (1 - both["mean"]) / both["size"]
                + both["mean_control"] * (1 - both["mean_control"]) / both["size_control"]
            )
            assert row["matched_persons"] == both["size"].sum()
            assert row["difference"] == pytest.approx(difference, abs=1e-9)
            half = (row["difference_high"] - row["difference_low"]) / 2
            assert half == pytest.approx(1.959964 * np.sqrt(variance.sum()), abs=1e-6)


def test_a_wrong_event_is_told(demo: Migration, tmp_path: Path) -> None:
    from orchestration.errors import ConfigurationError

    config = tmp_path / "wrong.yaml"
    config.write_text(
        demo.path.read_text().replace("home: home", f"home: {tmp_path}")
        + "activation: {quick: {events: [tax_form_uplaoded], within: 7d}}\n"
    )
    with pytest.raises(ConfigurationError, match="did you mean 'tax_form_uploaded'"):
        load_migration(config)


def test_levels_and_brackets_that_make_no_sense_are_told(demo: Migration) -> None:
    from orchestration.errors import ConfigurationError

    wrong = demo.path.with_name("wrong.yaml")
    for text, told in (
        ("activity_cohorts: {levels: {some: 1, more: 1}}", "two begin at the same number"),
        ("retention: {brackets: [[7, 1]]}", r"\[7, 1\] is no bracket"),
    ):
        wrong.write_text(f"{demo.path.read_text()}{text}\n")
        with pytest.raises(ConfigurationError, match=told):
            load_migration(wrong)
