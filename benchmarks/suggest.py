"""How good the suggestions are, on names whose meaning is known; and the fit of their weights.

Run `waybill demo` with the seeds 7 and 23, each with its own home, then:

    python -m benchmarks.suggest --snapshot 7=H7/warehouse/snapshot.duckdb \
        --snapshot 23=H23/warehouse/snapshot.duckdb [--fit]

Weights are fitted on the cases marked `fit` only. Each group (demo, plans) weighs the same.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from benchmarks.suggest_cases import Labelled, demo_names, plan_names
from orchestration.taxonomy.suggestion.model import AGAINST, FOR, MEASURES, probabilities
from orchestration.taxonomy.suggestion.weights import WEIGHTS

SURE = 0.9
RIDGES = tuple(product((0.001, 0.003, 0.01), (0.00003, 0.0001, 0.0003, 0.001, 0.003)))
"""Penalties on squared weights, of words and of behaviour: leave-one-case-out picks a pair."""
TOLERANCE = 0.01
"""Log loss that a greater penalty may cost: the demo's records are cleaner than the world's."""
BINS = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97, 1.0)
NO_EVIDENCE = -2.0
"""The greatest score where nothing is known: an event without any evidence is no proposal."""
BEHAVIOUR = ("twins", "handover", "paths", "hours", "volume", "level", "no_twins", "side_by_side")
Floats = npt.NDArray[np.float64]


def fit(labelled: Sequence[Labelled], ridge: tuple[float, float]) -> dict[str, float]:
    """Weights of the greatest likelihood, with signs as declared and a ridge penalty."""
    usable = [each for each in labelled if not _is_ruled_out(each)]
    groups = [each.group for each in usable]
    parts = [
        (
            np.array([list(o.measures().values()) for o in each.options if not o.is_opposite]),
            _place(each),
            1 / groups.count(each.group),
        )
        for each in usable
    ]
    penalty = np.array([0.0, *(ridge[name in BEHAVIOUR] for name in MEASURES[1:])])

    def loss(weights: Floats) -> tuple[float, Floats]:
        total, slope = float(penalty @ weights**2), 2 * penalty * weights
        for table, place, share in parts:
            scores = np.append(table @ weights if len(table) else [], 0.0)
            chances = np.exp(scores - scores.max())
            chances /= chances.sum()
            total -= share * math.log(max(chances[place], 1e-300))
            if len(table):
                gap = chances[:-1].copy()
                if place >= 0:
                    gap[place] -= 1
                slope = slope + share * (gap @ table)
        return total, slope

    bounds = [
        (0, None) if name in FOR else (None, 0) if name in AGAINST else (None, NO_EVIDENCE)
        for name in MEASURES
    ]
    best = minimize(loss, np.zeros(len(MEASURES)), jac=True, bounds=bounds, method="L-BFGS-B")
    return {name: round(float(w), 3) + 0.0 for name, w in zip(MEASURES, best.x, strict=True)}


def _place(each: Labelled) -> int:
    """Where the truth stands among the options that are no opposites; -1 for none of them."""
    names = [option.event for option in each.options if not option.is_opposite]
    return names.index(each.truth) if each.truth is not None else -1


def _is_ruled_out(each: Labelled) -> bool:
    return any(o.event == each.truth and o.is_opposite for o in each.options)


def chosen_ridge(labelled: Sequence[Labelled]) -> tuple[float, float]:
    """The penalty under which cases left out are foretold best."""

    def unseen(ridge: tuple[float, float]) -> float:
        losses: dict[str, list[float]] = {}
        for case in {each.case for each in labelled}:
            weights = fit([each for each in labelled if each.case != case], ridge)
            for each in (each for each in labelled if each.case == case):
                likely = probabilities(each.options, weights)
                right = [
                    p for o, p in zip(each.options, likely, strict=True) if o.event == each.truth
                ]
                chance = right[0] if right else 1 - sum(likely)
                losses.setdefault(each.group, []).append(-math.log(max(chance, 1e-6)))
        return sum(float(np.mean(each)) for each in losses.values())

    found = {ridge: unseen(ridge) for ridge in RIDGES}
    print("log loss of cases left out, by ridge:", {k: round(v, 3) for k, v in found.items()})
    near = [ridge for ridge, loss in found.items() if loss <= min(found.values()) + TOLERANCE]
    return max(near, key=lambda ridge: (ridge[0] * ridge[1], ridge))


def report(labelled: Iterable[Labelled], weights: Mapping[str, float], misses: bool) -> None:
    """Print precision and recall at SURE, and how far the probabilities can be believed."""
    listed = list(labelled)
    for split in ("fit", "held_out"):
        for group in ("demo", "plans"):
            part = [each for each in listed if (each.split, each.group) == (split, group)]
            if part:
                print(f"\n== {group}, {split}")
                _report(part, weights, misses)


def _report(part: Sequence[Labelled], weights: Mapping[str, float], misses: bool) -> None:
    tops = []
    for each in part:
        likely = probabilities(each.options, weights)
        place = int(np.argmax(likely))
        tops.append((each, each.options[place].event, likely[place]))
    kinds = sorted({each.kind for each in part})
    print(
        f"{'kind':24}{'names':>7}{'mapped':>8}{'>= 0.9':>8}"
        f"{'right':>7}{'precision':>11}{'recall':>8}"
    )
    for kind in [*kinds, "all"]:
        rows = [row for row in tops if kind in ("all", row[0].kind)]
        real = sum(each.truth is not None for each, _, _ in rows)
        sure = [(each, event) for each, event, p in rows if p >= SURE]
        right = sum(each.truth == event for each, event in sure)
        precision = f"{right / len(sure):.3f}" if sure else "-"
        recall = f"{right / real:.3f}" if real else "-"
        print(f"{kind:24}{len(rows):7}{real:8}{len(sure):8}{right:7}{precision:>11}{recall:>8}")
    hits = np.array([float(each.truth == event) for each, event, _ in tops])
    likely = np.array([p for _, _, p in tops])
    print(f"Brier of the best candidate: {float(np.mean((likely - hits) ** 2)):.4f}")
    print("probability   names  mean said  share right")
    for low, high in pairwise(BINS):
        inside = (likely >= low) & ((likely < high) | (high == 1.0))
        if inside.any():
            said, share = likely[inside].mean(), hits[inside].mean()
            print(f"{low:.2f} - {high:.2f} {int(inside.sum()):7} {said:10.3f} {share:12.3f}")
    if misses:
        for each, event, p in tops:
            is_right = each.truth == event
            if (each.truth is not None and not (is_right and p >= SURE)) or (
                each.truth is None and p >= 0.5
            ):
                print(
                    f"  {each.case}: {each.arrival.source} {each.arrival.name!r} is {each.truth},"
                    f" best {event} {p:.3f}"
                )


def main() -> None:
    """Measure; with --fit, fit first and print the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--snapshot", action="append", default=[], metavar="SEED=FILE")
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--misses", action="store_true", help="list the names that are wrong")
    parser.add_argument("--only", choices=("fit", "held_out"))
    given = parser.parse_args()
    snapshots = {int(s): Path(p) for s, p in (each.split("=", 1) for each in given.snapshot)}
    labelled = [*plan_names(), *(demo_names(snapshots) if snapshots else ())]
    weights: Mapping[str, float] = WEIGHTS
    if given.fit:
        fitted = [each for each in labelled if each.split == "fit"]
        weights = fit(fitted, chosen_ridge(fitted))
        for name, weight in weights.items():
            print(f'    "{name}": {weight},')
    report([e for e in labelled if given.only in (None, e.split)], weights, given.misses)


if __name__ == "__main__":
    main()
