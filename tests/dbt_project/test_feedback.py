"""Feedback and resource demand against pandas and statsmodels, on a world drawn at random."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.weightstats import DescrStatsW

from orchestration.config import Migration, load_migration
from orchestration.errors import ConfigurationError
from orchestration.warehouse import marts_file
from tests.dbt_project import feedback_world as world
from tests.dbt_project.feedback_world import CELL, CSAT, MORE, NPS, WEIGHT_BY, WHY, WITHIN

Build = Callable[[Migration], Any]
Tables = Callable[[str], pd.DataFrame]
SEED = 11
MARTS = (
    *("fct_feedback", "fct_response_weights", "fct_satisfaction", "fct_feedback_reasons"),
    *("fct_survey_contacts", "fct_dropoff_feedback", "fct_resource_demand"),
)
DIMENSIONS = ("(all)", "platform", "country", "campaign")


@pytest.fixture(scope="module")
def log() -> pd.DataFrame:
    return world.events(SEED)


@pytest.fixture(scope="module")
def said() -> pd.DataFrame:
    return world.answers(SEED)


@pytest.fixture(scope="module")
def votes(log: pd.DataFrame, said: pd.DataFrame) -> pd.DataFrame:
    return world.votes(log, said)


@pytest.fixture(scope="module")
def migration(
    tmp_path_factory: pytest.TempPathFactory, build: Build, log: pd.DataFrame, said: pd.DataFrame
) -> Migration:
    folder = tmp_path_factory.mktemp("feedback")
    path = world.write_world(folder)
    world.write_events(folder, "all.csv", log)
    world.write_answers(folder, "all.csv", said)
    migration = load_migration(path)
    build(migration)
    return migration


def read(migration: Migration, table: str) -> pd.DataFrame:
    with duckdb.connect(marts_file(migration), read_only=True) as connection:
        return connection.execute(f"select * from marts.{table}").df()


@pytest.fixture(scope="module")
def table(migration: Migration) -> Tables:
    return lambda name: read(migration, name)


def cells(votes: pd.DataFrame) -> pd.DataFrame:
    """Each vote in the total and under its event, in both by one segment at a time."""
    by_event = pd.concat([votes.assign(event_name="(all)"), votes])
    return pd.concat(
        by_event.assign(dimension=name, segment="(all)" if name == "(all)" else by_event[name])
        for name in DIMENSIONS
    )


def weights(log: pd.DataFrame, votes: pd.DataFrame) -> pd.DataFrame:
    """By month, platform and country: active persons, respondents, weight."""
    months = world.local(log["at"]).dt.to_period("M").dt.start_time
    active = log.assign(month=months)[["month", "user"]].drop_duplicates()
    active = active.join(world.persons(log), on="user")
    by = ["month", *WEIGHT_BY]
    found = active.groupby(by)["user"].nunique().rename("active_persons").to_frame()
    answered = votes[votes["is_active"]].groupby(by)["user"].nunique().rename("respondents")
    found = found.join(answered).fillna({"respondents": 0})
    found["weight"] = found["active_persons"] / found["respondents"].replace(0, np.nan)
    return found


def test_the_nearest_micro_conversion_is_the_one_pandas_finds(
    table: Tables, votes: pd.DataFrame
) -> None:
    found = table("fct_feedback")
    counted = found[found["is_nearest"] & found["is_counted"]]
    events = counted["event_name"].fillna("(none)")
    keys = ["answered_at", "question", "event_name"]
    expected = votes.rename(columns={"at": "answered_at"})[keys].value_counts().sort_index()
    got = counted.assign(event_name=events)[keys].value_counts().sort_index()
    assert len(expected) > 200
    pd.testing.assert_series_equal(got, expected, check_dtype=False, check_index_type=False)
    assert set(found["behaviour"]) == {
        *("seen", "nothing in time", "respondent without events", "respondent unknown"),
    }


def test_how_often_each_was_done_before_an_answer(
    table: Tables, log: pd.DataFrame, said: pd.DataFrame
) -> None:
    micro = log[log["event"].isin(["opened", "saved"])]
    pairs = said[said["user"] != ""].merge(micro, on="user", suffixes=("", "_act"))
    before = pairs["at"] - pairs["at_act"]
    pairs = pairs[(before >= pd.Timedelta(0)) & (before <= WITHIN)]
    expected = pairs.groupby(["at", "event"]).size()
    found = table("fct_feedback").dropna(subset="event_name")
    got = found[found["question"] == NPS].groupby(["answered_at", "event_name"])["events"].sum()
    assert got.to_dict() == expected.to_dict()
    assert len(got) > 50


def test_weights_are_those_of_pandas_and_sum_to_the_population(
    table: Tables, log: pd.DataFrame, votes: pd.DataFrame
) -> None:
    found = table("fct_response_weights").set_index(["period_start", *WEIGHT_BY]).sort_index()
    expected = weights(log, votes).sort_index()
    assert found.index.to_list() == expected.index.to_list()
    assert found["active_persons"].to_list() == expected["active_persons"].to_list()
    assert found["respondents"].to_list() == expected["respondents"].to_list()
    np.testing.assert_allclose(found["weight"], expected["weight"])
    assert (found["campaign"] == "(all)").all()
    stood_for = (found["weight"] * found["respondents"]).sum()
    assert stood_for == pytest.approx(found.loc[found["is_answered"], "active_persons"].sum())


def test_scores_are_those_of_pandas_and_statsmodels(
    table: Tables, log: pd.DataFrame, votes: pd.DataFrame
) -> None:
    found = table("fct_satisfaction").set_index(
        ["question", "period_start", "event_name", "dimension", "segment"]
    )
    scored = votes[votes["question"].isin([NPS, CSAT])].copy()
    scored["score"] = scored["answer"].astype(float)
    scored["up"] = (scored["score"] >= np.where(scored["question"] == NPS, 9, 6)).astype(int)
    down = (scored["question"] == NPS) & (scored["score"] <= 6)
    scored["net"] = scored["up"] - down.astype(int)
    weight = weights(log, votes)["weight"].reset_index()
    scored = scored.merge(weight, on=["month", *WEIGHT_BY], how="left")
    scored["weight"] = scored["weight"].where(scored["is_active"])
    groups = cells(scored).groupby(["question", "month", "event_name", "dimension", "segment"])
    assert len(groups) == len(found)
    shown = 0
    for key, own in groups:
        row = found.loc[key]
        assert row["is_hidden"] == (len(own) < CELL), key
        if len(own) < CELL:
            assert row[["answers", "nps", "csat", "mean_score", "weighted_nps"]].isna().all()
            continue
        shown += 1
        assert row["answers"] == len(own)
        assert row["mean_score"] == pytest.approx(own["score"].mean())
        heavy = own.dropna(subset="weight")
        assert row["weighted_answers"] == len(heavy)
        if key[0] == CSAT:
            low, high = proportion_confint(own["up"].sum(), len(own), method="wilson")
            assert row[["csat", "csat_low", "csat_high"]].to_list() == pytest.approx(
                [own["up"].mean(), low, high], abs=1e-9
            )
            column, values = "weighted_csat", heavy["up"]
        else:
            check_nps(row, own["net"])
            column, values = "weighted_nps", 100 * heavy["net"]
        if len(heavy) < CELL:
            assert np.isnan(row[column])
            continue
        mean = DescrStatsW(values, heavy["weight"]).mean
        assert row[column] == pytest.approx(mean, abs=1e-6)
        kish = heavy["weight"].sum() ** 2 / (heavy["weight"] ** 2).sum()
        assert row["effective_answers"] == pytest.approx(kish, abs=1e-6)
    assert shown > 40


def check_nps(row: pd.Series, net: pd.Series) -> None:
    """The score, and its bounds as those of a mean with three respondents more."""
    padded = DescrStatsW([*net, 1, 0, -1], [*np.ones(len(net)), 0.75, 1.5, 0.75])
    half = 1.959963984540054 * np.sqrt(padded.var / (len(net) + 3))
    bounds = np.clip([padded.mean - half, padded.mean + half], -1, 1)
    assert row["nps"] == pytest.approx(100 * net.mean())
    assert [row["nps_low"], row["nps_high"]] == pytest.approx(list(100 * bounds), abs=1e-9)
    assert row["promoters"] == (net == 1).sum()
    assert row["detractors"] == (net == -1).sum()


def test_reasons_are_counted_and_rare_ones_are_not_shown(
    table: Tables, votes: pd.DataFrame
) -> None:
    found = table("fct_feedback_reasons")
    own = found[found["question"] == WHY].set_index(
        ["period_start", "event_name", "dimension", "segment", "reason"]
    )
    by = ["month", "event_name", "dimension", "segment"]
    chosen = cells(votes[votes["question"] == WHY])
    counts = chosen.groupby([*by, "answer"]).size()
    totals = chosen.groupby(by).size()
    for (*cell, reason), count in counts.items():
        if count < CELL:
            assert (*cell, reason) not in own.index
            assert (*cell, "(few)") in own.index
            continue
        row = own.loc[(*cell, reason)]
        low, high = proportion_confint(count, totals[tuple(cell)], method="wilson")
        assert row[["answers", "share", "share_low", "share_high"]].to_list() == pytest.approx(
            [count, count / totals[tuple(cell)], low, high], abs=1e-9
        )
    few = counts[counts < CELL].groupby(by).sum()
    hidden = own.xs("(few)", level="reason")
    assert len(hidden) == len(few) > 5
    assert (hidden["answers"].isna() == (few.loc[hidden.index] < CELL)).all()
    assert set(found.loc[found["question"] == MORE, "reason"]) <= {"(text)", "(few)"}
    assert not found["reason"].str.contains("remark").any()


def test_contacts_are_those_that_pandas_counts(table: Tables, said: pd.DataFrame) -> None:
    asked = said.assign(opened=said["at"] - pd.Timedelta(seconds=60))
    asked["voter"] = asked["user"].where(asked["user"] != "", asked["token"])
    expected = []
    for row in asked.itertuples():
        since = row.opened - pd.Timedelta(days=5)
        own = asked[asked["voter"] == row.voter]["opened"]
        expected.append((row.opened, int(own.between(since, row.opened).sum())))
    found = table("fct_survey_contacts")
    got = list(zip(found["contacted_at"], found["contacts_in_time"], strict=True))
    assert sorted(got) == sorted(expected)
    assert ((found["contacts_in_time"] > 2) == found["is_too_many"]).all()
    assert found["is_too_many"].any()


def furthest(own: pd.DataFrame, steps: list[str], within: pd.Timedelta) -> tuple[int, pd.Timestamp]:
    """The earliest furthest attempt: how many steps, and the time of the last of them."""
    best: tuple[int, pd.Timestamp] = (0, pd.NaT)
    for start in own.loc[own["event"] == steps[0], "at"].sort_values():
        at, reached = start, 1
        for step in steps[1:]:
            later = own.loc[
                (own["event"] == step) & (own["at"] >= at) & (own["at"] <= start + within), "at"
            ]
            if later.empty:
                break
            at, reached = later.min(), reached + 1
        if reached > best[0]:
            best = reached, at
    return best


def test_what_people_said_after_they_dropped(
    table: Tables, log: pd.DataFrame, said: pd.DataFrame
) -> None:
    steps = ["opened", "saved", "paid"]
    rows = []
    for user, own in log.groupby("user"):
        reached, left = furthest(own, steps, pd.Timedelta(days=1))
        after = said[(said["user"] == user) & (said[WHY] != "")]
        after = after[(after["at"] >= left) & (after["at"] <= left + WITHIN)].sort_values("at")
        if reached and len(after):
            rows.append((reached, after[WHY].iloc[0]))
    expected = pd.Series(rows).value_counts()
    found = table("fct_dropoff_feedback")
    own = found[(found["funnel"] == "way") & (found["question"] == WHY)]
    shown = own[own["reason"] != "(few)"]
    got = dict(
        zip(zip(shown["step_number"], shown["reason"], strict=True), shown["answers"], strict=True)
    )
    assert got == expected[expected >= CELL].to_dict()
    assert got
    steps_found = table("fct_funnel_steps").set_index(["funnel", "step_number"])["entities"]
    for row in found.itertuples():
        further = steps_found.get((row.funnel, row.step_number + 1), 0)
        assert row.stopped == steps_found[(row.funnel, row.step_number)] - further
        assert row.is_through == (row.step == ("paid" if row.funnel == "way" else "saved"))
    assert set(found["funnel"]) == {"way", "visit"}


def test_demand_is_that_of_pandas(table: Tables, log: pd.DataFrame) -> None:
    found = table("fct_resource_demand").set_index(["resource", "occurred_on"]).sort_index()
    days = world.local(log["at"])
    counts = log.assign(day=days).groupby(["day", "event"]).size()
    every = pd.date_range(days.min(), days.max())
    paid_from = pd.Timestamp("2025-03-27")
    expected = {}
    for day in every:
        opened, paid = counts.get((day, "opened"), 0), counts.get((day, "paid"), 0)
        expected["support", day] = 0.5 * opened + 1.25 * paid * (day >= paid_from)
        if pd.Timestamp("2025-03-25") <= day <= pd.Timestamp("2025-04-02"):
            expected["boxes", day] = 2.0 * paid
    past = found[~found["is_ahead"]]
    assert past["demand"].to_dict() == pytest.approx(expected)
    ahead = found[found["is_ahead"]]
    assert [day for _, day in ahead.index] == list(
        pd.date_range(days.max() + pd.Timedelta(days=1), periods=7)
    )
    assert ahead["demand"].isna().all()
    for (resource, day), row in found.iterrows():
        before = [expected.get((resource, day - pd.Timedelta(weeks=n))) for n in range(1, 5)]
        known = [demand for demand in before if demand is not None]
        assert row["baseline_days"] == len(known)
        if known:
            assert row["baseline"] == pytest.approx(np.mean(known))
        level = row["baseline"] if row["is_ahead"] else row["demand"]
        if resource == "boxes":
            assert row["state"] == "no threshold"
        elif not np.isnan(level):
            state = "critical" if level >= 25 else "warning" if level >= 20 else "ok"
            assert row["state"] == state
            assert row["utilisation"] == pytest.approx(level / 24)
    assert {"ok", "warning", "critical"} <= set(found["state"])


def test_parts_in_another_order_come_to_the_same(
    tmp_path: Path, build: Build, table: Tables, log: pd.DataFrame, said: pd.DataFrame
) -> None:
    """Late answers, late events on old dates, and first events that move a person's segment."""
    path = world.write_world(tmp_path)
    late = log["id"].str[-1].isin(["3", "7"])
    world.write_events(tmp_path, "most.csv", log[~late].sample(frac=1, random_state=1))
    world.write_answers(tmp_path, "second.csv", said[80:])
    migration = load_migration(path)
    build(migration)
    before = read(migration, "fct_satisfaction")
    world.write_events(tmp_path, "late.csv", log[late])
    world.write_answers(tmp_path, "first.csv", said[:80])
    assert not build(migration).full_refresh
    assert len(before) != len(table("fct_satisfaction"))
    for name in MARTS:
        columns = [c for c in table(name).columns if not c.startswith("is_open")]
        whole, parts = (
            each[columns].sort_values(columns, ignore_index=True)
            for each in (table(name), read(migration, name))
        )
        pd.testing.assert_frame_equal(parts, whole, check_exact=True)
    build(migration)
    assert len(read(migration, "fct_feedback")) == len(table("fct_feedback"))


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("smallest_cell: 0", "smallest_cell"),
        ("weight_by: [platform, platform]", "a segment comes twice"),
        ("weight_by: [shoe_size]", "weight_by"),
        ("weight_by: []", "weight_by"),
        ("within: soon", "is no duration"),
    ],
)
def test_settings_that_make_no_sense_are_refused(
    tmp_path: Path, setting: str, message: str
) -> None:
    path = world.write_world(tmp_path)
    text = path.read_text().split("feedback:")[0]
    path.write_text(text + f"feedback: {{{setting}}}\n")
    with pytest.raises(ConfigurationError, match=message):
        load_migration(path)
