"""Small pictures: what was observed against the band it was expected in, and past outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median

from orchestration.quality.report.model import Outcome, Point

WIDTH, HEIGHT = 480, 96
HEIGHTS: dict[Outcome, int] = {
    "passed": 4,
    "unjudged": 2,
    "accepted": 7,
    "warned": 9,
    "red": 14,
}
"""Of a past outcome, in units: the worse, the higher, so that it is told without colour."""


@dataclass(frozen=True)
class Chart:
    """Paths in a box of `WIDTH` by `HEIGHT`, the scale from 0 to `top`."""

    line: str
    band: str
    usual: str  # of each weekday's median before the break, where there is no band
    broke_at: float | None  # x of the first bad day
    top: float
    first: date
    last: date


def chart_of(points: Sequence[Point], first_bad: date | None) -> Chart | None:
    """The chart; None with fewer than two days."""
    if len(points) < 2:
        return None
    top = max(max(point.observed, point.high or 0) for point in points) or 1.0
    start, span = points[0].on, (points[-1].on - points[0].on).days

    def x(on: date) -> float:
        return round((on - start).days / span * WIDTH, 1)

    def y(value: float) -> float:
        return round(HEIGHT - 2 - value / top * (HEIGHT - 6), 1)

    line = "M" + "L".join(f"{x(p.on)} {y(p.observed)}" for p in points)
    banded = [(p.on, p.low, p.high) for p in points if p.low is not None and p.high is not None]
    band = ""
    if len(banded) > 1:
        upper = [f"{x(on)} {y(high)}" for on, _, high in banded]
        lower = [f"{x(on)} {y(low)}" for on, low, _ in reversed(banded)]
        band = "M" + "L".join(upper + lower) + "z"
    usual = ""
    if not band and (medians := _by_weekday(points, first_bad)):
        usual = "M" + "L".join(f"{x(p.on)} {y(medians[p.on.weekday()])}" for p in points)
    is_inside = first_bad is not None and start <= first_bad <= points[-1].on
    return Chart(
        line=line,
        band=band,
        usual=usual,
        broke_at=x(first_bad) if first_bad is not None and is_inside else None,
        top=top,
        first=start,
        last=points[-1].on,
    )


def _by_weekday(points: Sequence[Point], first_bad: date | None) -> dict[int, float]:
    """The median before the first bad day of every weekday; none without a week for each."""
    before: dict[int, list[float]] = {}
    for point in points:
        if first_bad is not None and point.on < first_bad:
            before.setdefault(point.on.weekday(), []).append(point.observed)
    return {day: median(seen) for day, seen in before.items()} if len(before) == 7 else {}


def history_bars(history: Sequence[Outcome]) -> list[tuple[int, int, Outcome]]:
    """Bars of past outcomes, the oldest first: x, height, outcome."""
    return [(number * 5, HEIGHTS[outcome], outcome) for number, outcome in enumerate(history)]
