"""Effects against hand-worked cases, an own regression, and simulations of what they promise."""

import numpy as np
import pytest
import statsmodels.api as sm

from orchestration.analysis.evidence.effects import Effect, estimate, return_on

WEEK = np.array([1.0, 1.1, 1.1, 1.0, 0.9, 0.6, 0.5])


def world(
    seed: int,
    days: int = 90,
    steps: dict[tuple[int, int], float] | None = None,
    noise: float = 0.05,
):
    """A series and three controls that share its weekdays, its growth and its good and bad days."""
    rng = np.random.default_rng(seed)
    shared = WEEK[np.arange(days) % 7] * 1.004 ** np.arange(days)
    shared *= np.exp(np.convolve(rng.normal(0, 0.06, days + 4), np.ones(5) / 5, "valid"))
    level = 200 * shared * np.exp(rng.normal(0, noise, days))
    for (first, last), factor in (steps or {}).items():
        level[first:last] *= factor
    controls = np.column_stack(
        [rng.poisson(base * shared * np.exp(rng.normal(0, noise, days))) for base in (300, 80, 150)]
    )
    return rng.poisson(level).astype(float), controls.astype(float)


def span(first: int, last: int, days: int = 90) -> np.ndarray:
    found = np.zeros(days, bool)
    found[first:last] = True
    return found


def test_a_step_by_hand() -> None:
    # steady 100 against a steady control, then 75 for ten days
    observed = np.r_[np.full(40, 100.0), np.full(10, 75.0)]
    jitter = np.tile([-1.0, 1.0], 25)
    found = estimate(observed + jitter, np.full((50, 1), 40.0), {"launch": span(40, 50, 50)})
    assert found is not None
    effect = found.effects["launch"]
    assert effect.value == pytest.approx(-0.25, abs=0.001)
    assert (effect.due, effect.seen) == (pytest.approx(1_000, rel=0.001), 750)
    assert effect.high < 0
    assert effect.first_seen in (40, 41, 42)
    assert found.weights.tolist() == [1.0]


def test_the_step_is_that_of_a_plain_poisson_regression() -> None:
    observed, controls = world(1, steps={(60, 80): 0.75})
    found = estimate(observed, controls[:, :1], {"launch": span(60, 80)})
    assert found is not None
    design = sm.add_constant(span(60, 80).astype(float))
    offset = np.log(controls[:, 0])
    fit = sm.GLM(observed, design, sm.families.Poisson(), offset=offset).fit()
    assert found.effects["launch"].value == pytest.approx(np.expm1(fit.params[1]))


def test_growth_that_the_controls_share_is_no_effect() -> None:
    observed, controls = world(2)
    found = estimate(observed, controls, {"nothing": span(60, 80)})
    alone = estimate(observed, np.zeros((90, 0)), {"nothing": span(60, 80)})
    assert found is not None and alone is not None
    assert found.effects["nothing"].low < 0 < found.effects["nothing"].high
    assert alone.effects["nothing"].value > 0.05  # what a look at before and after would say


def test_a_move_and_the_answer_to_it_are_told_apart() -> None:
    observed, controls = world(3, days=120, steps={(60, 120): 0.75, (90, 120): 1.15})
    found = estimate(
        observed, controls, {"launch": span(60, 120, 120), "answer": span(90, 120, 120)}
    )
    assert found is not None
    launch, answer = found.effects["launch"], found.effects["answer"]
    assert launch.low <= -0.25 <= launch.high < 0
    assert 0 < answer.low <= 0.15 <= answer.high
    assert launch.first_seen is not None and launch.first_seen < 70


def test_too_few_quiet_days_say_nothing() -> None:
    observed, controls = world(4, days=20)
    assert estimate(observed, controls, {"launch": span(10, 20, 20)}) is None
    assert estimate(0 * observed, controls, {"launch": span(18, 20, 20)}) is None
    assert estimate(observed, controls, {"later": span(20, 20, 20)}) is None


def test_blocked_days_do_not_count() -> None:
    observed, controls = world(5)
    observed[20:30] = 0
    found = estimate(observed, controls, {"launch": span(60, 80)}, blocked=span(20, 30))
    assert found is not None
    assert found.effects["launch"].low < 0 < found.effects["launch"].high


def test_intervals_cover_and_placebo_dates_are_quiet() -> None:
    """100 worlds with a fall of a quarter, 100 without: 95 % covered, 5 % told, as promised."""
    covered, told, placebo_rates = 0, 0, []
    for seed in range(100):
        observed, controls = world(100 + seed, steps={(66, 87): 0.75})
        found = estimate(observed, controls, {"launch": span(66, 87)})
        assert found is not None
        effect = found.effects["launch"]
        covered += effect.low <= -0.25 <= effect.high
        placebo_rates.append(found.placebos.false_positive_rate)
        observed, controls = world(400 + seed)
        found = estimate(observed, controls, {"nothing": span(66, 87)})
        assert found is not None
        told += found.effects["nothing"].p < 0.05
    assert covered / 100 >= 0.92
    assert told / 100 <= 0.08
    assert np.mean(placebo_rates) <= 0.05


def test_a_period_without_a_single_event_has_no_end() -> None:
    observed, controls = world(6)
    observed[60:80] = 0
    found = estimate(observed, controls, {"outage": span(60, 80)})
    assert found is not None
    assert found.effects["outage"].value == pytest.approx(-1.0, abs=1e-3)


def test_a_return_by_hand() -> None:
    effect = Effect(0.2, 0.1, 0.3, 0.001, 1_000, 1_200, None)
    found = return_on(effect, cost=500, value_of_one=10)
    assert (found.extra, found.revenue, found.ratio) == pytest.approx((200, 2_000, 3))
    assert (found.ratio_low, found.ratio_high) == pytest.approx((1, 5))
    assert np.isnan(return_on(effect, 0, 10).ratio)
