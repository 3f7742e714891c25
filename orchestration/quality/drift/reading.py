"""A source's figures as matrices: a row a day, a column a series."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd

from orchestration.quality.drift.history import Bools, Floats
from orchestration.quality.drift.thresholds import WINDOW

Key = tuple[str, ...]


@dataclass(frozen=True)
class Counted:
    """Counts of a figure: `keys` name the columns of `counts` and `values`; missing is 0 and nan.

    `values` are the means of the figure's own value, weighted by rows.
    """

    keys: list[Key]
    counts: Floats
    values: Floats
    starts: dict[int, dict[Key, list[int]]] = field(default_factory=dict)

    def column(self, *key: str) -> Floats:
        """Counts of one series; zeros where there is none."""
        if key in self.places:
            return self.counts[:, self.places[key]]
        return np.zeros(len(self.counts))

    @cached_property
    def places(self) -> dict[Key, int]:
        """Column by key."""
        return {key: place for place, key in enumerate(self.keys)}

    def under(self, *start: str) -> list[int]:
        """Columns whose keys begin so, in their order."""
        if len(start) not in self.starts:
            found: dict[Key, list[int]] = {}
            for place, key in enumerate(self.keys):
                found.setdefault(key[: len(start)], []).append(place)
            self.starts[len(start)] = found
        return self.starts[len(start)].get(start, [])


@dataclass(frozen=True, eq=False)
class SourceFigures:
    """Figures of one source, a row a day.

    `table` has the columns of `control.delivery_figures` summed by day, with `at`, the place of the
    day in `days`. `new` are the days that a delivery to be judged touches, `judged` those and the
    window before them: so a fault that lasts is dated by its first day, and is no history.
    """

    source: str
    days: list[date]
    judged: Bools
    new: Bools
    table: pd.DataFrame
    counted: dict[Key, Counted] = field(default_factory=dict)

    @cached_property
    def weekend(self) -> Bools:
        """Saturdays and Sundays."""
        return np.array([day.weekday() >= 5 for day in self.days], dtype=bool)

    def of(self, figure: str, *by: str) -> Counted:
        """A figure's counts by some of `event`, `item`, `detail` and `platform`; counted once."""
        if (figure, *by) not in self.counted:
            self.counted[figure, *by] = self._count(figure, by)
        return self.counted[figure, *by]

    def _count(self, figure: str, by: Key) -> Counted:
        rows = self.parts.get(figure)
        shape = len(self.days)
        if rows is None:
            return Counted([], np.zeros((shape, 0)), np.full((shape, 0), np.nan))
        if not by:
            keys: list[Key] = [()]
            column: npt.NDArray[np.int64] = np.zeros(len(rows), dtype=np.int64)
        else:
            grouped = rows.groupby(list(by) if len(by) > 1 else by[0], sort=True)
            column = grouped.ngroup().to_numpy().astype(np.int64)
            named = [k if isinstance(k, tuple) else (k,) for k in grouped.groups]
            keys = [tuple(map(str, key)) for key in named]
        at = rows["at"].to_numpy()
        n = rows["n"].to_numpy(dtype=np.float64)
        counts = np.zeros((shape, len(keys)))
        np.add.at(counts, (at, column), n)
        weighted = np.zeros_like(counts)
        np.add.at(weighted, (at, column), n * rows["mean"].to_numpy(dtype=np.float64))
        with np.errstate(invalid="ignore", divide="ignore"):
            return Counted(keys, counts, weighted / counts)

    @cached_property
    def parts(self) -> dict[str, pd.DataFrame]:
        """Rows by figure."""
        return {str(name): rows for name, rows in self.table.groupby("figure")}

    @cached_property
    def rows(self) -> Floats:
        """Events a day."""
        counted = self.of("event")
        return counted.counts[:, 0] if counted.keys else np.zeros(len(self.days))

    def scaled(self, event: str) -> Floats:
        """Events a sampled one stands for, by day."""
        sampled = self.of("sampled", "event").column(event)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.nan_to_num(self.of("event", "event").column(event) / sampled)

    def judged_days(self) -> Iterator[int]:
        """Places of the days to judge."""
        return iter(np.flatnonzero(self.judged).tolist())


def read_figures(connection: duckdb.DuckDBPyConnection) -> list[SourceFigures]:
    """Figures of every source that `control.to_judge` touches, judged days and those before them.

    Only current deliveries and those being judged count: a superseded or held one is no history.
    """
    days = connection.execute(
        """select figures.source, figures.day, bool_or(judged.delivery_id is not null) as judged
        from control.delivery_figures as figures
        left join control.to_judge as judged on figures.delivery_id = judged.delivery_id
        where figures.delivery_id in (
            select delivery_id from control.to_judge
            union all select delivery_id from control.deliveries where state = 'current')
        group by all order by all"""
    ).fetchall()
    found = []
    for source in sorted({source for source, _, judged in days if judged}):
        of_source = [(day, judged) for name, day, judged in days if name == source]
        first = next(place for place, (_, judged) in enumerate(of_source) if judged)
        last = max(place for place, (_, judged) in enumerate(of_source) if judged)
        start = max(0, first - 2 * WINDOW)
        listed = of_source[start : last + 1]
        found.append(_read(connection, source, listed, max(0, first - WINDOW) - start))
    return found


def _read(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    days: Sequence[tuple[date, bool]],
    first_judged: int,
) -> SourceFigures:
    listed = [day for day, _ in days]
    table = connection.execute(
        """select day, figure, event, item, detail, platform, sum(n)::bigint as n,
            -- a median is not the mean of medians: a handful of late rows would move it
            case when figure = 'lag' then arg_max(value, n)
                else sum(n * value) / nullif(sum(n), 0) end as mean
        from control.delivery_figures
        where source = ? and day between ? and ? and delivery_id in (
            select delivery_id from control.to_judge
            union all select delivery_id from control.deliveries where state = 'current')
        group by day, figure, event, item, detail, platform""",
        [source, listed[0], listed[-1]],
    ).df()
    place = {pd.Timestamp(day): number for number, day in enumerate(listed)}
    table["at"] = pd.to_datetime(table["day"]).map(place).astype("int64")
    new = np.array([each for _, each in days], dtype=bool)
    judged = np.arange(len(listed)) >= first_judged
    return SourceFigures(source, listed, judged, new, table)


def cells(share: Floats, mask: Bools) -> Iterator[tuple[int, int]]:
    """Places (day, series) where `mask` holds, in order of time."""
    for day, series in np.argwhere(mask & np.isfinite(share)):
        yield int(day), int(series)


def with_all(counts: Floats) -> Floats:
    """Platforms behind all of them together, which tell what none has events enough for."""
    return np.column_stack([counts.sum(axis=1), counts])


def platform_cells(
    share: Floats, mask: Bools, platforms: Sequence[Key]
) -> Iterator[tuple[int, int, str]]:
    """Day, series and platform ('' for all) where `mask` of `with_all` series holds, each once.

    What all tell is not told again of each; where one platform alone moved, it is that one.
    """
    for day, place in cells(share, mask):
        if place and mask[day, 0]:
            continue
        alone = np.flatnonzero(mask[day, 1:])
        if not place and len(alone) == 1:
            place = int(alone[0]) + 1
        yield day, place, platforms[place - 1][0] if place else ""
