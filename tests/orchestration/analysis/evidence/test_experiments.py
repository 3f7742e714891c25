"""Experiments against hand-worked cases, other libraries, and simulations of what they promise."""

from math import isnan, nan

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportions_ztest

from orchestration.analysis.evidence.experiments import (
    MISMATCH,
    Arm,
    always_valid,
    corrected,
    cuped,
    sample_ratio,
    share_difference,
    share_interval,
)
from orchestration.analysis.evidence.sequential import margins, mixture


def arm(y: np.ndarray, x: np.ndarray) -> Arm:
    return Arm(len(y), y.sum(), (y**2).sum(), x.sum(), (x**2).sum(), (x * y).sum())


def test_a_split_by_hand() -> None:
    # 520 and 480 of planned halves: (20² + 20²) / 500 = 1.6
    assert sample_ratio([520, 480], [1, 1]) == pytest.approx(stats.chi2.sf(1.6, 1))


def test_a_split_that_was_not_planned_is_a_mismatch() -> None:
    assert sample_ratio([5_300, 4_700], [0.5, 0.5]) < MISMATCH
    assert sample_ratio([5_300, 4_700], [53, 47]) > 0.9


def test_nobody_is_no_mismatch() -> None:
    assert sample_ratio([0, 0], [0.5, 0.5]) == 1.0


def test_the_published_case_of_newcombe() -> None:
    # Newcombe 1998, table II, case (a): 56/70 against 48/80, method 10: 0.0524 to 0.3339
    found = share_difference(control=(48, 80), treated=(56, 70))
    assert found.value == pytest.approx(0.2)
    assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_the_p_value_is_that_of_the_pooled_test() -> None:
    _, p = proportions_ztest([56, 48], [70, 80])
    assert share_difference((48, 80), (56, 70)).p == pytest.approx(p)


def test_shares_of_nobody_are_unknown() -> None:
    assert isnan(share_difference((0, 0), (1, 2)).value)
    assert isnan(share_interval(0, 0)[0])


def test_a_share_that_cannot_be_lower_than_zero() -> None:
    low, high = share_interval(0, 20)
    assert low == pytest.approx(0.0, abs=1e-12)
    assert high == pytest.approx(0.1611, abs=1e-4)  # Wilson: z² / (n + z²)


def test_cuped_is_the_regression_on_variant_and_covariate() -> None:
    rng = np.random.default_rng(3)
    x = rng.poisson(3, 4_000).astype(float)
    group = rng.random(4_000) < 0.5
    y = 0.4 * x + 0.3 * group + rng.normal(size=4_000)
    found, kept = cuped(arm(y[~group], x[~group]), arm(y[group], x[group]))
    fit = sm.OLS(y, sm.add_constant(np.column_stack([group, x]))).fit()
    assert found.value == pytest.approx(fit.params[1])
    assert found.high - found.low == pytest.approx(2 * 1.96 * fit.bse[1], rel=0.01)
    assert kept == pytest.approx(1 - np.corrcoef(x, y)[0, 1] ** 2, abs=0.02)


def test_cuped_without_a_past_is_the_plain_difference() -> None:
    y = np.array([0.0, 1, 1, 0, 1])
    found, kept = cuped(arm(y, 0 * y), arm(1 - y, 0 * y))
    assert (found.value, kept) == (pytest.approx(-0.2), 1.0)
    assert found.p == pytest.approx(2 * stats.norm.sf(0.2 / np.sqrt(2 * y.var(ddof=1) / 5)))


def test_corrections_by_hand() -> None:
    holm, shares = corrected([0.01, 0.04, nan, 0.03])
    assert holm[:2] == pytest.approx([0.03, 0.06])  # 3 x 0.01; 0.04 no lower than 2 x 0.03
    assert shares[:2] == pytest.approx([0.03, 0.04])
    assert isnan(holm[2])
    assert isnan(corrected([nan])[0][0])
    assert corrected([]) == ([], [])


def test_corrections_are_those_of_another_library() -> None:
    p = np.random.default_rng(2).beta(0.3, 1, 40)
    holm, shares = corrected(list(p))
    assert holm == pytest.approx(multipletests(p, method="holm")[1])
    assert shares == pytest.approx(multipletests(p, method="fdr_bh")[1])


def test_the_sequence_by_hand() -> None:
    # t = 100, rho = 0.1: t rho² + 1 = 2, so 2 x 2 / 100 x log(sqrt(2) / 0.05) is 0.1337
    found = margins(np.array([100.0]), np.array([1.0]), 0.1)[0]
    assert found == pytest.approx(np.sqrt(0.04 * np.log(np.sqrt(2) / 0.05)))


def test_the_sequence_is_tightest_for_the_planned_number() -> None:
    rhos = mixture(1_000) * np.array([0.5, 1.0, 2.0])
    widths = [margins(np.array([1_000.0]), np.array([1.0]), rho)[0] for rho in rhos]
    assert widths[1] == min(widths)


def looks(rng: np.random.Generator, rates: tuple[float, float], days: int = 28, daily: int = 150):
    """Converted and persons so far of two arms, by day."""
    return [
        np.column_stack([rng.binomial(daily, rate, days), np.full(days, daily)]).cumsum(axis=0)
        for rate in rates
    ]


def test_looking_every_day_finds_nothing_that_is_not_there() -> None:
    """1,000 null experiments on 28 days: at most 5 % are ever told; a z test tells more."""
    rng = np.random.default_rng(5)
    told = peeked = 0
    for _ in range(1_000):
        control, treated = looks(rng, (0.1, 0.1))
        p = always_valid(control, treated)[1]
        assert np.all(np.diff(p) <= 0)
        told += p[-1] < 0.05
        pooled = (control[:, 0] + treated[:, 0]) / (control[:, 1] + treated[:, 1])
        error = np.sqrt(pooled * (1 - pooled) * 2 / control[:, 1])
        z = np.abs(treated[:, 0] - control[:, 0]) / control[:, 1] / error
        peeked += bool((z > 1.96).any())
    assert told / 1_000 <= 0.05
    assert peeked / 1_000 > 0.15


def test_a_real_lift_is_found_and_covered() -> None:
    rng = np.random.default_rng(6)
    found = covered = 0
    for _ in range(300):
        control, treated = looks(rng, (0.10, 0.15))
        last, p = always_valid(control, treated)
        found += p[-1] < 0.05
        covered += last.low <= 0.05 <= last.high
    assert found > 290
    assert covered >= 285


def test_newcombes_interval_covers() -> None:
    rng = np.random.default_rng(7)
    hits = rng.binomial(400, 0.02, 1_000), rng.binomial(400, 0.11, 1_000)
    covered = [
        (found := share_difference((c, 400), (t, 400))).low <= 0.09 <= found.high
        for c, t in zip(*hits, strict=True)
    ]
    assert 0.93 <= np.mean(covered) <= 0.98


def test_an_empty_first_day_says_nothing() -> None:
    last, p = always_valid([(0, 0), (10, 100)], [(0, 0), (30, 100)])
    assert p[0] == 1.0
    assert last.value == pytest.approx(0.2)
