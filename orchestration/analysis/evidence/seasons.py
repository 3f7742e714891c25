"""Seasons: this phase against the same phase of the season before, day by day of the phase.

Two seasons are compared at the same day of the phase, never by calendar date: what matters in the
second week of a preparation is how the last one stood in its second week.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import nan

from orchestration.analysis.evidence.experiments import Difference, share_difference

LEAST_PERSONS = 30
SIGNALS = ("ahead", "behind", "level", "unknown")


@dataclass(frozen=True)
class Phase:
    """One occurrence of a phase, both days included, in the reporting zone."""

    name: str
    start: date
    end: date

    @property
    def days(self) -> int:
        """Its length."""
        return (self.end - self.start).days + 1


@dataclass(frozen=True)
class Comparison:
    """Where a phase stands against the one before it, after `days` days of both.

    `is_over` tells that the phase has ended by `today`. `then` is what follows it, with how many
    days are left until it starts; None where nothing is planned.
    """

    phase: Phase
    before: Phase | None
    days: int
    is_over: bool
    then: Phase | None
    days_left: int | None


def comparisons(phases: Sequence[Phase], today: date) -> list[Comparison]:
    """One comparison an occurrence that has begun by `today`, in order of time.

    Where the earlier occurrence was shorter, both are counted to its length.
    """
    ordered = sorted(phases, key=lambda phase: (phase.start, phase.end, phase.name))
    found = []
    for place, phase in enumerate(ordered):
        if phase.start > today:
            continue
        before = next((p for p in reversed(ordered[:place]) if p.name == phase.name), None)
        days = (min(phase.end, today) - phase.start).days + 1
        if before is not None:
            days = min(days, before.days)
        then = next((p for p in ordered if p.start > phase.start and p.name != phase.name), None)
        left = None if then is None else max((then.start - today).days, 0)
        found.append(Comparison(phase, before, days, phase.end <= today, then, left))
    return found


@dataclass(frozen=True)
class Readiness:
    """Shares of active persons with an event, now and in the season before, and what it says."""

    rate: float
    rate_before: float
    difference: Difference
    signal: str


def readiness(now: tuple[int, int], before: tuple[int, int] | None) -> Readiness:
    """`now` and `before` are (persons with the event, active persons) to the same day of the phase.

    ahead or behind where Newcombe's 95 % interval leaves 0 out; unknown without an earlier season
    or with fewer than LEAST_PERSONS in either.
    """
    rate = now[0] / now[1] if now[1] else nan
    unknown = Difference(nan, nan, nan, nan)
    if before is None or min(now[1], before[1]) < LEAST_PERSONS:
        known = before[0] / before[1] if before and before[1] else nan
        return Readiness(rate, known, unknown, "unknown")
    found = share_difference(before, now)
    signal = "ahead" if found.low > 0 else "behind" if found.high < 0 else "level"
    return Readiness(rate, before[0] / before[1], found, signal)
