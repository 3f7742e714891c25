"""Which campaigns macro-conversions are credited to: five rules side by side.

Paths are campaigns in order of time before a conversion, or before nothing. `removal` is the
removal effect of a Markov chain (Anderl, Becker, von Wangenheim and Schumann, IJRM 33, 2016): how
many conversions would be lost if the campaign led nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

FIRST_SHARE, LAST_SHARE = 0.4, 0.4
"""The position rule: 40 % to the first, 40 % to the last, the rest to those between."""
MODELS = ("first", "last", "linear", "position", "data_driven")
START, CONVERTED, LOST = "(start)", "(converted)", "(lost)"


@dataclass(frozen=True)
class Path:
    """Campaigns in the order in which a person met them, and how many persons did so."""

    campaigns: tuple[str, ...]
    converted: int
    lost: int


def attribute(paths: Sequence[Path]) -> pd.DataFrame:
    """Conversions credited to each campaign: index campaign, a column a model of MODELS.

    Every model credits each conversion that has a path once: the columns have one sum.
    """
    steps = _steps(paths)
    credit = pd.DataFrame(index=sorted(steps["campaign"].unique()))
    for model in MODELS[:-1]:
        steps["credit"] = steps["converted"] * steps[model]
        credit[model] = steps.groupby("campaign")["credit"].sum()
    credit["data_driven"] = _data_driven(steps, credit["first"].sum())
    return credit.fillna(0.0).astype(float)


def _steps(paths: Sequence[Path]) -> pd.DataFrame:
    """A row a path and place, with the share of a conversion that each simple rule gives it."""
    longest = [(number, path) for number, path in enumerate(paths) if path.campaigns]
    lengths = [len(path.campaigns) for _, path in longest]
    steps = pd.DataFrame(
        {
            "path": np.repeat([number for number, _ in longest], lengths).astype(int),
            "place": np.concatenate([np.arange(n) for n in lengths]).astype(int)
            if lengths
            else np.zeros(0, int),
            "length": np.repeat(lengths, lengths).astype(int),
            "campaign": [each for _, path in longest for each in path.campaigns],
            "converted": np.repeat([path.converted for _, path in longest], lengths).astype(float),
            "lost": np.repeat([path.lost for _, path in longest], lengths).astype(float),
        }
    )
    first, last = steps["place"] == 0, steps["place"] == steps["length"] - 1
    steps["first"], steps["last"] = first.astype(float), last.astype(float)
    steps["linear"] = 1 / steps["length"]
    between = (1 - FIRST_SHARE - LAST_SHARE) / (steps["length"] - 2).clip(lower=1)
    steps["position"] = np.select(
        [steps["length"] == 1, steps["length"] == 2, first, last],
        [1.0, 0.5, FIRST_SHARE, LAST_SHARE],
        between,
    )
    return steps


def _data_driven(steps: pd.DataFrame, conversions: float) -> pd.Series[float]:
    """Conversions in proportion to what is lost when each campaign leads nowhere."""
    campaigns = sorted(steps["campaign"].unique())
    if not campaigns:
        return pd.Series(dtype=float)
    number = {name: place for place, name in enumerate([START, *campaigns, CONVERTED, LOST])}
    counts = np.zeros((len(number), len(number)))
    weight = (steps["converted"] + steps["lost"]).to_numpy()
    here = steps["campaign"].map(number).to_numpy(dtype=int)
    first = (steps["place"] == 0).to_numpy()
    last = (steps["place"] == steps["length"] - 1).to_numpy()
    follows = ~last[:-1]
    moves = [
        (np.full(first.sum(), number[START]), here[first], weight[first]),
        (here[:-1][follows], here[1:][follows], weight[:-1][follows]),
        *(
            (here[last], np.full(last.sum(), number[state]), steps[column].to_numpy()[last])
            for state, column in ((CONVERTED, "converted"), (LOST, "lost"))
        ),
    ]
    for origins, goals, weights in moves:
        np.add.at(counts.reshape(-1), origins * len(number) + goals, weights)
    base = reached(counts)
    lost = np.array([base - reached(counts, without=number[name]) for name in campaigns])
    lost = np.clip(lost, 0.0, None)
    if lost.sum() <= 0:
        return pd.Series(0.0, index=campaigns)
    return pd.Series(lost / lost.sum() * conversions, index=campaigns)


def reached(counts: np.ndarray, without: int | None = None) -> float:
    """Probability to convert from the start of a chain of transition counts.

    State 0 is the start, the last two are converted and lost; `without` is led to lost.
    """
    moving = counts[:-2].copy()
    if without is not None:
        moving[without] = 0.0
        moving[without, -1] = 1.0
    totals = moving.sum(axis=1, keepdims=True)
    chances = np.divide(moving, totals, out=np.zeros_like(moving), where=totals > 0)
    within, out = chances[:, :-2], chances[:, -2]
    return float(np.linalg.solve(np.eye(len(within)) - within, out)[0])
