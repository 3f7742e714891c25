"""What is scanned: series of daily counts, each beside the count it is held against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
FamilyName = Literal["volume", "share", "activity", "event", "version", "paired", "funnel"]


@dataclass(frozen=True)
class Family:
    """A kind of series: what is known of its behaviour before any of it is seen.

    `level_sd`, `weekday_sd` and `noise` are relative (log) standard deviations: of the level
    before its first day, of one weekday against another, and of a day beyond its counts.
    `discount` is how much of the certainty about the level a day keeps (West and Harrison 1997,
    section 6.3): 0.98 remembers some 50 days. A `level_sd` below 1 means that the reference itself
    predicts the level. `history` is the part of the configured history that a series needs: two
    weeks show what a weekday is like, one shows a level that hardly follows the week.
    `dispersion` is the variance over the mean to begin with: events come in visits, so a count of
    all of them scatters as the visits' sizes do until the series itself shows that it does not.
    `doubt` is how many days of evidence that dispersion is worth: two counts of the same acts
    scatter far less than any other, which their first weeks show.
    """

    name: FamilyName
    metric: str
    weekday_sd: float
    noise: float
    discount: float
    level_sd: float = 2.0
    history: float = 1.0
    dispersion: float = 3.0
    doubt: float = 4.0


# Set before any of it was tried on data. Volumes follow the week, campaigns and growth; a share of
# a day's events and a rate per session cancel nearly all of that.
FAMILIES: dict[FamilyName, Family] = {
    family.name: family
    for family in (
        Family("volume", "events a day", 0.30, 0.03, 0.95, dispersion=10.0),
        Family(
            "share", "share of the source's events", 0.05, 0.01, 0.97, history=0.5, dispersion=10.0
        ),
        Family("activity", "events per session", 0.03, 0.01, 0.97, history=0.5, dispersion=6.0),
        Family("event", "events of a kind per session", 0.05, 0.01, 0.97),
        Family(
            "version",
            "events per session against other versions",
            0.02,
            0.01,
            0.98,
            0.15,
            0.07,
            4.0,
        ),
        Family(
            "paired",
            "events in one source for each in another",
            0.05,
            0.02,
            0.97,
            dispersion=6.0,
            doubt=0.5,
        ),
        Family(
            "funnel",
            "events of a step for each of the step before",
            0.05,
            0.01,
            0.97,
            doubt=1.0,
        ),
    )
}


@dataclass(frozen=True)
class Key:
    """Which part of the data a series counts; None means all of it.

    `against` names what it is held against where that is another source or event.
    """

    family: FamilyName
    source: str
    platform: str | None = None
    app_version: str | None = None
    event: str | None = None
    against: str | None = None

    @property
    def parts(self) -> dict[str, str]:
        """The dimensions that narrow the source down."""
        named = {"platform": self.platform, "app_version": self.app_version, "event": self.event}
        return {name: value for name, value in named.items() if value is not None}

    @property
    def segment(self) -> str | None:
        """`platform=android, app_version=5.2.0`; None where only an event or nothing narrows it."""
        told = [f"{name}={value}" for name, value in self.parts.items() if name != "event"]
        return ", ".join(told) or None

    def conflicts(self, other: Key) -> bool:
        """Whether no event belongs to both."""
        return self.source != other.source or any(
            self.parts[name] != other.parts[name] for name in self.parts.keys() & other.parts.keys()
        )

    def inside(self, other: Key) -> bool:
        """Whether every event of this one belongs to the other."""
        return self.source == other.source and other.parts.items() <= self.parts.items()


@dataclass(frozen=True)
class Panel:
    """Series by day: row i of each array is `keys[i]`, column t the t-th day.

    `observed` counts events and is NaN where a day says nothing. `reference` is what the count is
    proportional to (1 for a plain volume), `reference_count` the events that `reference` itself was
    counted from (infinite where it is no estimate). `learns` is False on days that must not shape
    the baseline: campaigns, closures. `unsettled` is True where a season phase begins.
    """

    keys: list[Key]
    observed: Floats
    reference: Floats
    reference_count: Floats
    learns: Bools
    weekdays: npt.NDArray[np.int64]
    unsettled: Bools

    def rows(self, chosen: list[int]) -> Panel:
        """The panel of some of its series."""
        return Panel(
            [self.keys[i] for i in chosen],
            self.observed[chosen],
            self.reference[chosen],
            self.reference_count[chosen],
            self.learns[chosen],
            self.weekdays,
            self.unsettled,
        )

    def until(self, days: int) -> Panel:
        """The panel as it was after so many days."""
        return Panel(
            self.keys,
            self.observed[:, :days],
            self.reference[:, :days],
            self.reference_count[:, :days],
            self.learns[:, :days],
            self.weekdays[:days],
            self.unsettled[:days],
        )
