"""The worth of micro-conversions against hand-worked cases, two libraries and simulations."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from orchestration.analysis.evidence.value import associations, information, smallest_set

EVENTS = ["a", "b", "c", "d", "e", "f"]


def persons(
    seed: int, count: int = 6_000, steps: tuple[float, ...] = (1.2, 0.8, 0.6, 0, 0, 0)
) -> pd.DataFrame:
    """A row a person; `d` goes with `a` and has no effect of its own; ios converts more."""
    rng = np.random.default_rng(seed)
    did = (rng.random((count, 6)) < 0.3).astype(int)
    did[:, 3] = np.where(rng.random(count) < 0.7, did[:, 0], did[:, 3])
    ios = rng.random(count) < 0.5
    score = -2.5 + did @ np.array(steps) + 0.5 * ios
    frame = pd.DataFrame(did, columns=EVENTS)
    frame["platform"] = np.where(ios, "ios", "web")
    frame["persons"] = 1
    frame["converted"] = (rng.random(count) < 1 / (1 + np.exp(-score))).astype(int)
    return frame


def grouped(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.groupby([*EVENTS, "platform"], as_index=False)[["persons", "converted"]].sum()


def test_shares_by_hand() -> None:
    groups = pd.DataFrame({"a": [0, 1], "persons": [200, 100], "converted": [20, 30]})
    (found,) = associations(groups, ["a"])
    assert found.difference.value == pytest.approx(0.2)  # 30 % less 10 %
    assert found.odds == pytest.approx((30 / 70) / (20 / 180))
    assert found.grade() == "survives controls"
    assert found.grade(moved=True) == "moved by an experiment"


def test_the_adjusted_odds_are_those_of_a_regression_on_persons() -> None:
    frame = persons(1)
    design = sm.add_constant(frame[EVENTS].assign(web=(frame["platform"] == "web")).astype(float))
    fit = sm.Logit(frame["converted"], design).fit(disp=0)
    for found in associations(grouped(frame), EVENTS):
        assert found.odds == pytest.approx(np.exp(fit.params[found.event]), rel=1e-4)
        low, high = np.exp(fit.conf_int().loc[found.event])
        assert (found.odds_low, found.odds_high) == pytest.approx((low, high), rel=1e-3)


def test_what_only_goes_with_a_cause_does_not_survive_controls() -> None:
    grades = {each.event: each.grade() for each in associations(grouped(persons(2)), EVENTS)}
    assert grades["a"] == grades["b"] == "survives controls"
    assert grades["d"] == "correlated"
    assert grades["e"] == "none"


def test_few_conversions_are_not_adjusted() -> None:
    groups = pd.DataFrame({"a": [0, 1], "persons": [200, 100], "converted": [2, 3]})
    assert np.isnan(associations(groups, ["a"])[0].odds)
    assert smallest_set(groups, ["a"]) is None


def test_an_event_that_everybody_did_says_nothing() -> None:
    groups = pd.DataFrame({"a": [1, 1], "b": [0, 1], "persons": [200, 100], "converted": [40, 30]})
    found = associations(groups, ["a", "b"])[0]
    assert (found.others, found.grade()) == (0, "none")


def test_nothing_is_told_where_nothing_is() -> None:
    """60 worlds without any effect, six events each: in at most 5 % does any survive controls."""
    told = sum(
        any(each.p < 0.05 for each in associations(grouped(persons(s, 1_500, (0,) * 6)), EVENTS))
        for s in range(60)
    )
    assert told / 60 <= 0.1


def test_information_is_the_likelihood_of_two_libraries() -> None:
    frame = persons(3)
    groups = frame.groupby(EVENTS, as_index=False)[["persons", "converted"]].sum()
    hits = groups["converted"].to_numpy(float)
    misses = groups["persons"].to_numpy(float) - hits
    mine = information(groups[EVENTS].to_numpy(float), hits, misses)
    fit = sm.Logit(frame["converted"], sm.add_constant(frame[EVENTS].astype(float))).fit(disp=0)
    assert mine == pytest.approx(fit.llf, rel=1e-6)
    other = LogisticRegression(C=np.inf, max_iter=1_000).fit(frame[EVENTS], frame["converted"])
    loss = log_loss(frame["converted"], other.predict_proba(frame[EVENTS]), normalize=False)
    assert mine == pytest.approx(-loss, rel=1e-5)


def test_the_smallest_set_is_what_the_outcome_was_made_of() -> None:
    found = smallest_set(grouped(persons(4)), EVENTS, resamples=30)
    assert found is not None
    assert found.events == ("a", "b", "c")
    assert found.kept > 0.95
    assert min(found.stability[each] for each in "abc") > 0.95
    assert max(found.stability[each] for each in "def") < 0.2
    assert found == smallest_set(grouped(persons(4)), EVENTS, resamples=30)


def test_a_set_without_causes_is_not_stable() -> None:
    found = smallest_set(grouped(persons(5, steps=(0,) * 6)), EVENTS, resamples=30)
    assert found is not None
    assert min(found.stability[each] for each in found.events) < 0.95
