"""What the days of a change say of a series: counts, loss with its interval, likelihood."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from orchestration.analysis.detection.panel import Panel
from orchestration.analysis.detection.scan import Scan

Z_95 = 1.96


@dataclass(frozen=True)
class Evidence:
    """A series over the days of a change: log likelihood of its own factor, counts and loss.

    `low` and `high` are the 95 % interval of `lost` (events; negative for a surge).
    """

    gain: float
    observed: float
    expected: float
    lost: float
    low: float
    high: float

    @property
    def change(self) -> float:
        """The relative change, -0.12 for a loss of 12 %."""
        return self.observed / self.expected - 1 if self.expected > 0 else 0.0

    @property
    def step(self) -> float:
        """The log of observed over expected, finite where nothing came."""
        return math.log((self.observed + 0.5) / (self.expected + 0.5))

    @property
    def likelihood(self) -> float:
        """Log likelihood of a factor of its own, against none, for Poisson counts."""
        ratio = math.log(self.observed / self.expected) if self.observed else 0.0
        return self.observed * ratio - (self.observed - self.expected)


def evidence(panel: Panel, scan: Scan, row: int, start: int, end: int) -> Evidence:
    """What the days from `start` to before `end` say of a series."""
    days = slice(start, end)
    seen, due = panel.observed[row, days], scan.expected[row, days]
    there = np.isfinite(seen) & np.isfinite(due) & (due > 0)
    if not there.any():
        return Evidence(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    seen, due = seen[there], due[there]
    known = scan.known[row, days][there]
    alone = np.maximum(scan.variance[row, days][there] - known, 0.0)
    total = float(due.sum())
    variance = float((due**2 * alone).sum() / total**2 + known.mean())
    step = float(np.log((seen.sum() + 0.5) / (total + 0.5)))
    lost = total - float(seen.sum())
    margin = Z_95 * total * float(np.sqrt(variance))
    return Evidence(
        step**2 / (2 * variance), float(seen.sum()), total, lost, lost - margin, lost + margin
    )
