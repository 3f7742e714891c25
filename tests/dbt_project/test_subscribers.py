"""Marts of subscribers against what happened, month by month, and against statsmodels."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from statsmodels.duration.survfunc import SurvfuncRight

from orchestration.config import Migration, load_migration
from orchestration.warehouse import marts_file
from tests.dbt_project.metricflow import answers
from tests.dbt_project.subscriber_exports import LAST, Life, files_of, make_lives, tracked

Table = Callable[[str], pd.DataFrame]
MONTH = timedelta(seconds=2_629_800)
CONFIG = """
home: home
taxonomy: taxonomy.yaml
sources:
  billing:
    vendor: stripe
    location: exports/billing
    identity: {user_field: user_id}
  app: {vendor: tabular, location: exports/app, timezone: UTC,
        columns: {event: event, occurred_at: at, user_id: user, platform: platform}}
subscriptions: {paid_within: 7d, horizon: 300d}
"""
TAXONOMY = """
version: 1
events:
  visited: {description: Came., kind: micro, owner: product}
  report_built: {description: Built a report., kind: micro, owner: product}
"""


def write(folder: Path, files: dict[str, str]) -> Migration:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return load_migration(folder / "migration.yaml")


@pytest.fixture(scope="module")
def lives() -> list[Life]:
    return make_lives(400, seed=7)


@pytest.fixture(scope="module")
def files(lives: list[Life]) -> dict[str, str]:
    exports = {f"exports/billing/{name}": text for name, text in files_of(lives).items()}
    app = {"exports/app/events.csv": tracked(lives)}
    return {"migration.yaml": CONFIG, "taxonomy.yaml": TAXONOMY, **exports, **app}


@pytest.fixture(scope="module")
def migration(
    tmp_path_factory: pytest.TempPathFactory,
    files: dict[str, str],
    build: Callable[[Migration], Any],
) -> Migration:
    migration = write(tmp_path_factory.mktemp("subscribers"), files)
    build(migration)
    return migration


def read(migration: Migration, name: str) -> pd.DataFrame:
    with duckdb.connect(marts_file(migration), read_only=True) as connection:
        return connection.execute(f"select * from marts.{name} order by all").df()


@pytest.fixture(scope="module")
def table(migration: Migration) -> Table:
    return lambda name: read(migration, name)


def state_at(life: Life, moment: datetime) -> tuple[str, int]:
    """The last state that began before a moment."""
    begun = [(status, worth) for at, status, worth in life.states if at < moment]
    return begun[-1] if begun else ("none", 0)


def first_paid(held: list[Life]) -> tuple[datetime, int, Life] | None:
    """When a customer first paid, what that was worth, and for which subscription."""
    starts = [
        (at, worth, life) for life in held for at, status, worth in life.states
        if status == "active"
    ]  # fmt: skip
    return min(starts, key=lambda start: start[0]) if starts else None


def why_lost(held: list[Life], start: datetime, end: datetime) -> str:
    stops = [
        (at, status, life.reason) for life in held for at, status, _ in life.states
        if start <= at < end and status in ("canceled", "unpaid")
    ]  # fmt: skip
    _, status, reason = max(stops, key=lambda stop: stop[0])
    if status == "unpaid" or reason in ("payment_failed", "payment_disputed"):
        return "involuntary"
    return "voluntary" if reason == "cancellation_requested" else "unknown"


def by_customer(lives: list[Life]) -> dict[int, list[Life]]:
    held: dict[int, list[Life]] = {}
    for life in lives:
        held.setdefault(life.customer, []).append(life)
    return held


@pytest.fixture(scope="module")
def months(lives: list[Life]) -> pd.DataFrame:
    """A row a customer and month that is over, from what happened."""
    rows = []
    for customer, held in by_customer(lives).items():
        if (start := first_paid(held)) is None:
            continue
        first_at, first_worth, first_life = start
        month = pd.Timestamp(first_at).to_period("M")
        cohort = month.to_timestamp()
        earlier: int | None = first_worth
        while month.end_time < LAST:
            begin, end = month.start_time, (month + 1).start_time
            states = [state_at(life, end) for life in held]
            paying = [worth for status, worth in states if status == "active"]
            now = sum(paying) if paying else None
            row = {
                "currency": held[0].currency.upper(),
                "cohort_on": cohort,
                "plan": first_life.plan,
                "trial": "without" if first_life.trial_end is None else "with",
                "platform": ("web", "ios")[customer % 2],
                "period_start": begin,
                "at_risk_subscribers": earlier is not None,
                "paying_subscribers": now is not None,
                "churned_subscribers": earlier is not None and now is None,
                "reactivated_subscribers": earlier is None and now is not None,
                "start_mrr_minor": 0 if begin == cohort else (earlier or 0),
                "new_mrr_minor": first_worth if begin == cohort else 0,
                "reactivated_mrr_minor": (now or 0) if earlier is None else 0,
                "expansion_mrr_minor": max(now - earlier, 0) if now and earlier else 0,
                "contraction_mrr_minor": max(earlier - now, 0) if now and earlier else 0,
                "churned_mrr_minor": earlier if earlier and not now else 0,
                "end_mrr_minor": now or 0,
            }
            kind = why_lost(held, begin, end) if row["churned_subscribers"] else None
            row["voluntary_subscribers"] = kind == "voluntary"
            row["involuntary_subscribers"] = kind == "involuntary"
            rows.append(row)
            earlier, month = now, month + 1
    return pd.DataFrame(rows)


@pytest.mark.parametrize("dimension", ["(all)", "plan", "trial", "platform"])
def test_retention_is_what_happened(months: pd.DataFrame, table: Table, dimension: str) -> None:
    own = months.assign(segment=months.get(dimension, "(all)"))
    keys = ["currency", "cohort_on", "segment", "period_start"]
    measures = [name for name in own if name.endswith(("_subscribers", "_minor"))]
    expected = own.groupby(keys)[measures].sum()
    found = table("fct_subscriber_retention")
    found = found[found["dimension"] == dimension].set_index(keys).sort_index()
    pd.testing.assert_frame_equal(
        found[measures], expected, check_dtype=False, check_index_type=False, check_freq=False
    )
    assert (expected[["reactivated_mrr_minor", "expansion_mrr_minor"]].sum() > 0).all()
    assert (expected[["contraction_mrr_minor", "churned_mrr_minor"]].sum() > 0).all()
    kinds = expected[["voluntary_subscribers", "involuntary_subscribers"]].sum()
    assert (kinds > 0).all() and kinds.sum() < expected["churned_subscribers"].sum()


def test_rates_are_of_the_sums(table: Table) -> None:
    found = table("fct_subscriber_retention")
    later = found[(found["age_months"] > 0) & (found["start_mrr_minor"] > 0)]
    lost = later["contraction_mrr_minor"] + later["churned_mrr_minor"]
    gross = 1 - lost / later["start_mrr_minor"]
    np.testing.assert_allclose(later["gross_revenue_retention"], gross)
    net = gross + later["expansion_mrr_minor"] / later["start_mrr_minor"]
    np.testing.assert_allclose(later["net_revenue_retention"], net)
    assert found.loc[found["age_months"] == 0, "net_revenue_retention"].isna().all()
    assert set(found.loc[found["is_main_currency"], "currency"]) == {"USD"}


@pytest.mark.parametrize("dimension", ["(all)", "plan", "in_trial"])
def test_trials_are_what_happened(lives: list[Life], table: Table, dimension: str) -> None:
    rows = []
    for life in lives:
        if life.trial_end is None:
            continue
        until = life.trial_end + timedelta(days=7)
        paid = [at for at, _ in life.payments if life.trial_end <= at <= until and at < LAST]
        is_matured = until <= LAST
        used = "done" if life.used_in_trial else "not done"
        rows.append(
            {
                "period_start": pd.Timestamp(life.start).to_period("M").to_timestamp(),
                "segment": {"(all)": "(all)", "plan": life.plan, "in_trial": used}[dimension],
                "trials": 1,
                "matured_trials": is_matured,
                "paid_trials": is_matured and bool(paid),
            }
        )
    expected = pd.DataFrame(rows).groupby(["period_start", "segment"]).sum()
    found = table("fct_trial_conversion")
    found = found[found["dimension"] == dimension]
    if dimension == "in_trial":
        found = found[found["event_name"] == "report_built"]
    found = found.set_index(["period_start", "segment"]).sort_index()
    pd.testing.assert_frame_equal(
        found[list(expected)], expected, check_dtype=False, check_index_type=False, check_freq=False
    )
    sums = expected.sum()
    assert sums["paid_trials"] < sums["matured_trials"] < sums["trials"]


def test_what_was_done_in_the_trial_goes_with_paying(table: Table) -> None:
    """The truth: 70 % of those who built a report are paid for, and 40 % of the others."""
    found = table("fct_trial_conversion")
    found = found[found["event_name"] == "report_built"].groupby("segment")
    sums = found[["paid_trials", "matured_trials"]].sum()
    rates = sums["paid_trials"] / sums["matured_trials"]
    error = 2.6 * np.sqrt(rates * (1 - rates) / sums["matured_trials"])
    # one in ten who go on has no payment in the first hours, and some of those never
    assert abs(rates["done"] - 0.7 * 0.9) < error["done"] + 0.07
    assert abs(rates["not done"] - 0.4 * 0.9) < error["not done"] + 0.04
    assert rates["done"] - rates["not done"] > 0.1


def test_lifetime_value_is_what_was_paid_less_what_went_back(
    lives: list[Life], table: Table
) -> None:
    rows = []
    for life in lives:
        for at, amount in [each for each in life.payments if each[0] < LAST]:
            rows.append((life.customer, life.currency.upper(), at, amount))
            rows += [
                (life.customer, life.currency.upper(), back, -refund)
                for back, refund in life.refunds
                if timedelta(0) < back - at < timedelta(days=4) and back < LAST
            ]
    posted = pd.DataFrame(rows, columns=["customer", "currency", "at", "minor"])
    posted["cohort_on"] = posted.groupby("customer")["at"].transform("min").dt.to_period("M")
    found = table("fct_lifetime_value")
    found = found[found["dimension"] == "(all)"]
    assert found["returned_minor"].sum() > 0
    whole = pd.Timestamp(LAST).to_period("M") - 1
    cohorts = posted[posted["cohort_on"] <= whole].groupby(["currency", "cohort_on"])
    expected_rows = 0
    for (currency, cohort), own in cohorts:
        held = found[
            (found["currency"] == currency) & (found["period_start"] == cohort.to_timestamp())
        ].set_index("age_months")
        ages = (whole - cohort).n
        expected_rows += ages + 1
        assert list(held.index) == list(range(ages + 1))
        for age in range(ages + 1):
            until = own[own["at"].dt.to_period("M") <= cohort + age]
            assert held.loc[age, "realised_minor"] == until["minor"].sum()
            assert held.loc[age, "payers"] == own["customer"].nunique()
            assert held.loc[age, "is_latest"] == (age == ages)
    assert expected_rows == len(found) > 20


def estimate(
    times: np.ndarray, ended: np.ndarray, worth: np.ndarray, horizon: float
) -> tuple[float, float, float]:
    """Months times worth with its bounds, by statsmodels' weighted product-limit estimate."""
    horizon = min(horizon, times.max())
    status = (ended & (times <= horizon)).astype(int)
    cut = np.minimum(times, horizon)
    fitted = SurvfuncRight(cut, status, freq_weights=worth)
    steps = np.concatenate([[0.0], fitted.surv_times, [horizon]])
    share = np.concatenate([[1.0], fitted.surv_prob])
    areas = np.diff(steps) * share
    mean_time, ahead = areas.sum(), areas[::-1].cumsum()[::-1][1:]
    influence = (worth - worth.mean()) * mean_time
    for time, area in zip(fitted.surv_times, ahead, strict=True):
        at_risk = worth[cut >= time].sum() / len(worth)
        lost = worth * ((cut == time) & (status == 1))
        hazard = lost.sum() / len(worth) / at_risk
        influence += worth.mean() * area * (worth * (cut >= time) * hazard - lost) / at_risk
    value = worth.mean() * mean_time
    error = np.sqrt((influence**2).sum()) / len(worth) / value
    return value, value * np.exp(-1.959964 * error), value * np.exp(1.959964 * error)


def spells(lives: list[Life]) -> pd.DataFrame:
    """Months from the first payment to the first break, by customer."""
    rows = []
    for held in by_customer(lives).values():
        if (start := first_paid(held)) is None:
            continue
        first_at, worth, life = start
        changes = sorted({at for each in held for at, _, _ in each.states if at > first_at})
        ends = [
            at for at in changes
            if all(state_at(each, at + timedelta(seconds=1))[0] != "active" for each in held)
        ]  # fmt: skip
        over = ends[0] if ends else LAST
        rows.append(
            (held[0].currency.upper(), life.plan, (over - first_at) / MONTH, bool(ends), worth)
        )
    return pd.DataFrame(rows, columns=["currency", "plan", "months", "ended", "worth"])


@pytest.mark.parametrize("plan", ["(all)", "basic", "pro"])
def test_the_estimate_is_the_product_limit_one(lives: list[Life], table: Table, plan: str) -> None:
    own = spells(lives)
    own = own[(own["currency"] == "USD") & ((own["plan"] == plan) | (plan == "(all)"))]
    found = table("fct_lifetime_estimates")
    found = found[(found["currency"] == "USD") & (found["segment"] == plan)].iloc[0]
    horizon = timedelta(days=300) / MONTH
    times, ended, worth = (own[name].to_numpy() for name in ("months", "ended", "worth"))
    assert found["subscribers"] == len(own)
    assert found["ended_subscribers"] == (ended & (times <= horizon)).sum()
    value, low, high = estimate(times, ended, worth.astype(float), horizon)
    assert found["expected_value_minor"] == pytest.approx(value, rel=1e-6)
    assert found["expected_value_low_minor"] == pytest.approx(low, rel=1e-6)
    assert found["expected_value_high_minor"] == pytest.approx(high, rel=1e-6)
    heads = SurvfuncRight(np.minimum(times, horizon), (ended & (times <= horizon)).astype(int))
    assert found["still_paying_share"] == pytest.approx(heads.surv_prob[-1], abs=1e-9)
    theta = 1.959964 * heads.surv_prob_se[-1] / (heads.surv_prob[-1] * np.log(heads.surv_prob[-1]))
    bounds = sorted(heads.surv_prob[-1] ** np.exp([theta, -theta]))
    assert [found["still_paying_low"], found["still_paying_high"]] == pytest.approx(
        bounds, abs=1e-6
    )


def test_intervals_of_the_estimate_hold_the_truth() -> None:
    """Of 600 populations in which those who pay more stay longer, about 95 % hold it."""
    rng = np.random.default_rng(3)
    horizon, held = 12.0, 0
    plans, means = np.array([10.0, 30.0]), np.array([6.0, 18.0])
    truth = (0.7 * plans[0] * means[0] * (1 - np.exp(-horizon / means[0]))
             + 0.3 * plans[1] * means[1] * (1 - np.exp(-horizon / means[1])))  # fmt: skip
    for _ in range(600):
        kind = (rng.random(200) < 0.3).astype(int)
        lives, seen = rng.exponential(means[kind]), rng.uniform(2, 24, 200)
        _, low, high = estimate(np.minimum(lives, seen), lives <= seen, plans[kind], horizon)
        held += low <= truth <= high
    assert 0.925 <= held / 600 <= 0.975


def test_metrics_are_what_happened(
    lives: list[Life], months: pd.DataFrame, migration: Migration, tmp_path: Path
) -> None:
    """In the main currency alone: amounts of two have no sum."""
    rates = ["churn_rate", "net_revenue_retention", "trial_to_paid_rate", "realised_lifetime_value"]
    found = answers(migration, tmp_path, rates, "month")
    own = months[months["currency"] == "USD"]
    sums = own.groupby("period_start").sum(numeric_only=True)
    later = (
        own[own["period_start"] > own["cohort_on"]].groupby("period_start").sum(numeric_only=True)
    )
    kept = later["start_mrr_minor"] + later["expansion_mrr_minor"]
    kept -= later["contraction_mrr_minor"] + later["churned_mrr_minor"]
    for month in pd.date_range("2024-01-01", "2025-02-01", freq="MS"):
        row = found[f"{month:%Y-%m-%d}"]
        churn = sums.loc[month, "churned_subscribers"] / sums.loc[month, "at_risk_subscribers"]
        assert float(row["churn_rate"]) == pytest.approx(churn)
        net = kept[month] / later.loc[month, "start_mrr_minor"]
        assert float(row["net_revenue_retention"]) == pytest.approx(net)
    january = found["2025-01-01"]
    assert 0 < float(january["trial_to_paid_rate"]) < 1
    assert float(january["realised_lifetime_value"]) > 0


def test_any_order_of_arrival_gives_the_same(
    migration: Migration,
    files: dict[str, str],
    tmp_path: Path,
    build: Callable[[Migration], Any],
) -> None:
    """Shuffled lines in two deliveries, the newest first, built one after the other."""
    late = {}
    soon = dict(files)
    for name in [each for each in files if each.startswith("exports/billing/")]:
        lines = files[name].splitlines(keepends=True)
        random.Random(5).shuffle(lines)
        half = len(lines) // 2
        soon[name] = "".join(lines[half:])
        late[name.replace(".jsonl", "-late.jsonl")] = "".join(lines[:half])
    other = write(tmp_path, soon)
    build(other)
    build(write(tmp_path, {name: text for name, text in late.items() if text}))
    for name in (
        "fct_subscriber_retention",
        "fct_trial_conversion",
        "fct_lifetime_value",
        "fct_lifetime_estimates",
    ):
        pd.testing.assert_frame_equal(read(other, name), read(migration, name))


def test_the_laws_hold(migration: Migration, dbt: Callable[..., None]) -> None:
    dbt(
        migration,
        "test",
        "-s",
        *("path:models/marts/subscribers", "int_subscribers", "int_subscriber_months"),
        *("int_trials", "int_payer_months", "assert_lifetime_values_sum_to_revenue"),
        "assert_cohorts_sum_to_what_subscriptions_are_worth",
    )


def test_a_month_that_does_not_add_up_is_found(
    migration: Migration, dbt: Callable[..., None]
) -> None:
    change = """update marts.fct_subscriber_retention set end_mrr_minor = end_mrr_minor + {0}
        where dimension = '(all)' and age_months = 3"""
    with duckdb.connect(marts_file(migration)) as connection:
        connection.execute(change.format(1))
    law = "assert_cohorts_sum_to_what_subscriptions_are_worth"
    with pytest.raises(AssertionError, match=law):
        dbt(migration, "test", "-s", law, "movements_sum_to_the_revenue_at_the_end")
    with duckdb.connect(marts_file(migration)) as connection:
        connection.execute(change.format(-1))
