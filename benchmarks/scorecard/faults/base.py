"""What a fault is: a named change of what arrives, with the truth a detector is judged by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.scorecard.sources import hashed, rows_of
from benchmarks.scorecard.vendors import Files
from benchmarks.scorecard.world import FAULT_DAYS, FIRST_BAD_DAY, World

Bools = npt.NDArray[np.bool_]
Family = Literal[
    "structural",
    "loss",
    "drift",
    "identity",
    "duplication",
    "clock",
    "survey",
    "money",
    "control",
]
Size = Literal["large", "middle", "small", "whole"]

SIZES: Mapping[Size, float] = {"large": 0.50, "middle": 0.12, "small": 0.03}
"""Share of what is affected. Outages and changes of everything are large, with a share of 1."""
ALL: Mapping[Size, float] = {"large": 1.0}
WHOLE: Mapping[Size, float] = {"whole": 1.0}


@dataclass(frozen=True)
class Moment:
    """One bad day of one source: how much is affected, since when (UTC, ms since 1970)."""

    world: World
    source: str
    day: date
    since: int
    share: float

    @property
    def is_first(self) -> bool:
        """Whether it is the first bad day."""
        return self.day == FIRST_BAD_DAY

    def rng(self) -> np.random.Generator:
        """Chance that depends on the seed, the source and the day alone."""
        name = sum(map(ord, self.source))
        return np.random.default_rng([self.world.seed, 5, self.day.toordinal(), name])

    def earlier(self, days: int = 1) -> pd.DataFrame:
        """What the source recorded so many days ago, before anything broke."""
        return rows_of(self.world, self.source, self.day - timedelta(days=days))


RowsChange = Callable[[pd.DataFrame, Moment], pd.DataFrame]
FilesChange = Callable[[Files, pd.DataFrame, Moment], Files]
Where = Callable[[pd.DataFrame], "pd.Series[bool]"]


@dataclass(frozen=True)
class Fault:
    """A named fault. `sources` are those whose exports change, the one to be named first.

    `segment` is what a finding has to name beside the source: platform, version or event. `hour`
    (UTC) is when it begins on the first bad day, `days` how long it lasts. `late_days` is how many
    days later the first day's files come. `world` and `settings` change the product and the
    settings of sources.
    """

    name: str
    family: Family
    sources: tuple[str, ...]
    what: str
    segment: tuple[str, ...] = ()
    sizes: Mapping[Size, float] | None = None
    hour: int = 0
    days: int = FAULT_DAYS
    rows: RowsChange | None = None
    files: FilesChange | None = None
    late_days: int = 0
    world: Callable[[World], World] | None = None
    settings: Mapping[str, Mapping[str, Any]] | None = None

    @property
    def is_control(self) -> bool:
        """Whether it must raise nothing."""
        return self.family == "control"

    @property
    def shares(self) -> Mapping[Size, float]:
        """The sizes it comes in, with the share of each."""
        if self.sizes is not None:
            return self.sizes
        return WHOLE if self.family in ("structural", "control") else SIZES

    @property
    def first_bad_at(self) -> datetime:
        """UTC, without a zone."""
        return datetime(*FIRST_BAD_DAY.timetuple()[:3], self.hour)

    @property
    def last_bad_day(self) -> date:
        """The last day it lasts."""
        return FIRST_BAD_DAY + timedelta(days=self.days - 1)

    def is_on(self, source: str, day: date) -> bool:
        """Whether it touches what a source delivers for a day."""
        return source in self.sources and FIRST_BAD_DAY <= day <= self.last_bad_day

    def moment(self, world: World, source: str, day: date, size: Size) -> Moment:
        """The fault on a day, in one of its sizes."""
        since = int(pd.Timestamp(self.first_bad_at).timestamp() * 1000)
        return Moment(world, source, day, since, self.shares[size])


def anywhere(rows: pd.DataFrame) -> pd.Series[bool]:
    """Every row."""
    return pd.Series(True, index=rows.index)


def platform(name: str) -> Where:
    """Rows of a platform."""
    return lambda rows: rows["platform"] == name


def version(name: str) -> Where:
    """Rows of an app version."""
    return lambda rows: rows["version"] == name


def named(*names: str) -> Where:
    """Rows of events, by the source's own names."""
    return lambda rows: rows["name"].isin(names)


def chosen(
    rows: pd.DataFrame, moment: Moment, where: Where = anywhere, unit: str | None = None
) -> Bools:
    """Which rows are hit: a share of those that are affected since it began.

    By chance; or, with a `unit` such as device_id or visit, all rows of a share of its values, the
    same ones in every source and on every day.
    """
    able = (where(rows) & (rows["at"] >= moment.since)).to_numpy(dtype=np.bool_)
    if unit is None:
        luck = moment.rng().random(len(rows))
    else:
        luck = np.array([crc32(str(each).encode()) / 2**32 for each in rows[unit]])
    hit: Bools = able & (luck < moment.share)
    return hit


def lost(where: Where = anywhere, unit: str | None = None) -> RowsChange:
    """The rows hit never arrive."""
    return lambda rows, moment: rows[~chosen(rows, moment, where, unit)].reset_index(drop=True)


def changed(
    column: str, value: Callable[[Any], Any], where: Where = anywhere, unit: str | None = None
) -> RowsChange:
    """The rows hit have another value in a column."""

    def change(rows: pd.DataFrame, moment: Moment) -> pd.DataFrame:
        hit = chosen(rows, moment, where, unit)
        values = [
            value(old) if is_hit else old for old, is_hit in zip(rows[column], hit, strict=True)
        ]
        dtype = object if rows[column].dtype == object else None
        return rows.assign(**{column: pd.Series(values, index=rows.index, dtype=dtype)})

    return change


def ordered(*parts: pd.DataFrame) -> pd.DataFrame:
    """Rows together, in order of time."""
    return pd.concat(parts, ignore_index=True).sort_values("at", ignore_index=True)


def again(rows: pd.DataFrame, mark: object) -> pd.DataFrame:
    """The same rows under ids of their own."""
    return rows.assign(id=[hashed(each, mark) for each in rows["id"]])
