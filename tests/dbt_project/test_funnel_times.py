"""The time through a funnel against the product-limit estimate of statsmodels, on the demo."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import pytest
from statsmodels.duration.survfunc import SurvfuncRight

from orchestration.config import Migration
from orchestration.warehouse import marts_file

STEPS = ["cart_opened", "payment_started", "order_paid"]
WITHIN = 7 * 86_400


def spells(events: pd.DataFrame) -> pd.DataFrame:
    """Seconds and whether through, by person, from the first time of the first step."""
    horizon = events["occurred_at"].max()
    events = events[events["is_primary"]]
    found = []
    for _, own in events[events["event_name"].isin(STEPS)].groupby("person_id"):
        times = [own.loc[own["event_name"] == STEPS[0], "occurred_at"].min()]
        if pd.isna(times[0]):
            continue
        for step in STEPS[1:]:
            later = own[(own["event_name"] == step) & (own["occurred_at"] >= times[-1])]
            times.append(later["occurred_at"].min())
            if pd.isna(times[-1]):
                break
        seconds = (times[-1] - times[0]).total_seconds() if len(times) == 3 else np.nan
        through = seconds <= WITHIN  # false for nan
        under_way = (horizon - times[0]).total_seconds()
        found.append((seconds if through else min(under_way, WITHIN), through))
    return pd.DataFrame(found, columns=["seconds", "through"])


def test_the_curve_is_the_product_limit_estimate(demo: Migration) -> None:
    with duckdb.connect(marts_file(demo), read_only=True) as connection:
        events = connection.execute("from marts.fct_events").df()
        curve = connection.execute(
            "from marts.fct_funnel_times where funnel = 'checkout' order by seconds"
        ).df()
    lasts = spells(events)
    assert 5 < lasts["through"].sum() < len(lasts)
    fitted = SurvfuncRight(lasts["seconds"], lasts["through"].astype(int))
    assert len(curve) > 3
    for row in curve.itertuples():
        place = np.searchsorted(fitted.surv_times, row.seconds + 1e-9, side="right") - 1
        open_share = fitted.surv_prob[place]
        assert row.share == pytest.approx(1 - open_share, abs=1e-9)
        assert row.at_risk == fitted.n_risk[place]
        theta = 1.959964 * fitted.surv_prob_se[place] / (open_share * np.log(open_share))
        bounds = sorted(1 - open_share ** np.exp([theta, -theta]))
        assert [row.share_low, row.share_high] == pytest.approx(bounds, abs=1e-6)
