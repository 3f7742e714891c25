"""Series to scan, made of daily counts: volumes, shares, rates per session, pairs.

The frames have a row a day (`day` is a column number of the panel), source, platform and app
version: `counts` also a row an event, with `events`; `activity` has `sessions` and `persons`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations, pairwise

import numpy as np
import pandas as pd

from orchestration.analysis.detection.panel import Bools, FamilyName, Floats, Key, Panel

UNKNOWN = "(unknown)"
MOST_SERIES = 4000
"""Of more series the largest are scanned: beyond this they are too small to tell anything."""
WINDOW = 14

Rows = list[tuple[Key, Floats, Floats, Floats]]
Names = tuple[str, ...]
Matrices = dict[Names, Floats]


def build(
    counts: pd.DataFrame,
    activity: pd.DataFrame,
    usable: Mapping[str, Bools],
    *,
    weekdays: np.ndarray,
    minimum_daily: int,
    funnels: Sequence[Sequence[str]] = (),
    teaches: Callable[[Key], Bools] | None = None,
    unsettled: Bools | None = None,
) -> Panel:
    """The panel of all series that ever have `minimum_daily` events a day over two weeks.

    `usable` says by source on which days its counts mean something; `teaches` by series on which
    days it may learn; `unsettled` where a season phase begins.
    """
    days = len(weekdays)
    rows: Rows = []
    by_event: dict[str, Matrices] = {}
    by_platform: dict[str, Matrices] = {}
    for source in sorted(usable):
        mine, active = counts[counts.source == source], activity[activity.source == source]
        by_event[source] = _matrices(mine, ("event",), "events", days)
        by_platform[source] = _matrices(mine, ("platform", "event"), "events", days)
        for key, seen, due, behind in _of_source(source, mine, active, days, funnels):
            rows.append((key, np.where(usable[source], seen, np.nan), due, behind))
    rows += [
        (key, np.where(usable[key.source] & usable[str(key.against)], seen, np.nan), due, behind)
        for key, seen, due, behind in _paired(by_event, by_platform)
    ]
    rows = [row for row in rows if _usual(row[1]) >= minimum_daily]
    rows = sorted(rows, key=lambda row: -_usual(row[1]))[:MOST_SERIES]
    rows = sorted(rows, key=lambda row: tuple(str(each) for each in vars(row[0]).values()))
    keys = [row[0] for row in rows]
    shape = (len(keys), days)
    return Panel(
        keys,
        np.array([row[1] for row in rows]).reshape(shape),
        np.array([row[2] for row in rows]).reshape(shape),
        np.array([row[3] for row in rows]).reshape(shape),
        np.array(
            [teaches(key) if teaches else np.ones(days) for key in keys], dtype=np.bool_
        ).reshape(shape),
        np.asarray(weekdays, dtype=np.int64),
        np.zeros(days, dtype=np.bool_) if unsettled is None else unsettled,
    )


def _usual(seen: Floats) -> float:
    """The largest mean of two weeks' counts."""
    filled = np.nan_to_num(seen)
    return float(np.convolve(filled, np.ones(WINDOW) / WINDOW, "valid").max(initial=0.0))


def _matrices(frame: pd.DataFrame, names: Names, value: str, days: int) -> Matrices:
    """Daily sums by the values of some columns: before the first count of one lies NaN."""
    if frame.empty:
        return {}
    known = frame.dropna(subset=list(names)) if names else frame
    by = [known[name] for name in names]
    table = known.groupby([*by, known["day"]])[value].sum()
    found: Matrices = {}
    groups = table.groupby(level=list(range(len(names)))) if names else [((), table)]
    for values, part in groups:
        row = np.zeros(days)
        at = part.index.get_level_values(-1).to_numpy()
        row[at] = part.to_numpy()
        row[: at.min()] = np.nan
        named: tuple[object, ...] = values if isinstance(values, tuple) else (values,)
        found[tuple(str(each) for each in named)] = row
    return found


def _of_source(
    source: str,
    counts: pd.DataFrame,
    activity: pd.DataFrame,
    days: int,
    funnels: Sequence[Sequence[str]],
) -> Rows:
    rows: Rows = []
    exact = np.full(days, np.inf)
    measure = "sessions" if activity["sessions"].sum() > 0 else "persons"

    def add(
        family: FamilyName,
        names: Names,
        values: Names,
        seen: Floats,
        due: Floats,
        behind: Floats,
        against: str | None = None,
    ) -> None:
        parts = dict(zip(names, values, strict=True))
        key = Key(
            family,
            source,
            parts.get("platform"),
            parts.get("app_version"),
            parts.get("event"),
            against,
        )
        rows.append((key, seen, due, behind))

    total = _matrices(counts, (), "events", days)
    if not total:
        return rows
    everything = total[()]
    add("volume", (), (), everything, np.ones(days), exact)
    several = [name for name in ("platform", "app_version") if counts[name].nunique() > 1]
    segments: list[Names] = [(), *((name,) for name in several)]
    if len(several) == 2:
        segments.append(("platform", "app_version"))
    for names in segments:
        seen = _matrices(counts, names, "events", days)
        base = _matrices(activity, names, measure, days)
        for values, row in seen.items():
            if values in base:
                add("activity", names, values, row, base[values], exact)
        if names == ("platform",):
            for values, row in seen.items():
                others = everything - np.nan_to_num(row)
                add("share", names, values, row, others, others)
        if len(names) < 2:
            for values, row in _matrices(counts, (*names, "event"), "events", days).items():
                if values[:-1] in base:
                    due = base[values[:-1]]
                    add("event", (*names, "event"), values, row, due, exact)
    events = _matrices(counts, ("event",), "events", days)
    for steps in funnels:
        for first, then in pairwise(steps):
            if (first,) in events and (then,) in events:
                due = events[first,]
                add("funnel", ("event",), (then,), events[then,], due, due, against=first)
    if "app_version" in several:
        for names, values, row, due, behind in _versions(counts, activity, measure, days):
            add("version", names, values, row, due, behind)
    return rows


def _versions(
    counts: pd.DataFrame, activity: pd.DataFrame, measure: str, days: int
) -> list[tuple[Names, Names, Floats, Floats, Floats]]:
    """Versions against those before them on the same days and platforms, event by event.

    A version rolls out over weeks, so its volume says nothing, and it has no history of its own;
    but its sessions should hold what sessions of the older versions hold.
    """
    base = {
        key: np.nan_to_num(row)
        for key, row in _matrices(activity, ("platform", "app_version"), measure, days).items()
    }
    seen = {
        key: np.nan_to_num(row)
        for key, row in _matrices(
            counts, ("platform", "app_version", "event"), "events", days
        ).items()
    }
    first = counts.dropna(subset=["app_version"]).groupby("app_version")["day"].min()
    events = sorted({event for _, _, event in seen})
    zero = np.zeros(days)
    found = []
    begins = {str(name): int(day) for name, day in first.items()}
    for version, begun in begins.items():
        older = [name for name, day in begins.items() if day < begun]
        if not older:
            continue
        platforms = sorted({p for p, v in base if v == version})
        by_event: dict[str, tuple[Floats, Floats, Floats]] = {}
        for event in events:
            sums = [zero, zero, zero]
            for platform in platforms:
                others = sum((base.get((platform, v), zero) for v in older), zero)
                had = sum((seen.get((platform, v, event), zero) for v in older), zero)
                with np.errstate(divide="ignore", invalid="ignore"):
                    rate = np.where(others > 0, had / others, 0.0)
                mine = np.where(others > 0, base[platform, version], 0.0)
                row = np.where(others > 0, seen.get((platform, version, event), zero), 0.0)
                sums = [sums[0] + row, sums[1] + mine * rate, sums[2] + np.where(mine > 0, had, 0)]
            by_event[event] = (sums[0], sums[1], sums[2])
        for event, (row, due, behind) in by_event.items():
            found.append(
                _version_row(("app_version", "event"), (str(version), event), row, due, behind)
            )
        totals = [sum((each[i] for each in by_event.values()), zero) for i in range(3)]
        found.append(_version_row(("app_version",), (str(version),), *totals))
    return found


def _version_row(
    names: Names, values: Names, row: Floats, due: Floats, behind: Floats
) -> tuple[Names, Names, Floats, Floats, Floats]:
    return names, values, np.where(due > 0, row, np.nan), due, behind


def _paired(by_event: Mapping[str, Matrices], by_platform: Mapping[str, Matrices]) -> Rows:
    """What two sources both count: server against client, or two tools in a parallel run.

    Event by event, and on each platform all such events together.
    """
    rows: Rows = []
    for one, other in combinations(sorted(by_event), 2):
        both = sorted(by_event[one].keys() & by_event[other].keys())
        for (event,) in both:
            due = by_event[other][event,]
            key = Key("paired", one, event=event, against=other)
            rows.append((key, by_event[one][event,], due, due))
        for platform, (seen, due) in _by_platform(by_platform[one], by_platform[other]).items():
            rows.append((Key("paired", one, platform=platform, against=other), seen, due, due))
    return rows


def _by_platform(one: Matrices, other: Matrices) -> dict[str, tuple[Floats, Floats]]:
    """By platform, where there are several, both counts of the events that both know that day."""
    found: dict[str, tuple[Floats, Floats]] = {}
    for platform, event in sorted(one.keys() & other.keys()):
        mine, theirs = one[platform, event], other[platform, event]
        both = np.isfinite(mine) & np.isfinite(theirs)
        seen, due = found.get(platform, (np.zeros(len(both)), np.zeros(len(both))))
        found[platform] = (seen + np.where(both, mine, 0.0), due + np.where(both, theirs, 0.0))
    named = {platform: counts for platform, counts in found.items() if platform != UNKNOWN}
    return named if len(named) > 1 else {}
