"""Completeness as a calendar: a picture a month, a row a source, a cell a day.

A state has its colour, its height and its letter, so that it can be told without colour. Days of
one state that follow each other are one dashed stroke: a year of a hundred sources stays small.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from orchestration.quality.report.model import Day, DayState

CELL = 11  # units of a day, of which one is the gap to the next
MIDDLE = 8  # of a row of 16, where a stroke runs
HEIGHTS: Mapping[DayState, float] = {"low": 10.5, "missing": 13}

LETTERS: Mapping[DayState, str] = {
    "low": "L",
    "missing": "M",
    "over": "+",
    "held": "H",
    "open": "o",
}
MEANINGS: Mapping[DayState, str] = {
    "full": "as expected",
    "low": "fewer than expected",
    "missing": "nothing came",
    "over": "more than expected",
    "held": "held back by a gate",
    "open": "still open",
    "unjudged": "arrived; not enough history to judge",
}
TOLD: tuple[DayState, ...] = ("missing", "low", "held")


@dataclass(frozen=True)
class CalendarRow:
    """A source in a month."""

    source: str
    paths: tuple[tuple[DayState, str], ...]  # of a state, its strokes
    letters: tuple[tuple[DayState, str, str], ...]  # state, x of each, letters
    summary: str


@dataclass(frozen=True)
class Month:
    """A month of all sources that had anything in it."""

    name: str
    days: int
    rows: tuple[CalendarRow, ...]


def months_of(days: Mapping[str, Sequence[Day]]) -> tuple[Month, ...]:
    """The calendar, the latest month first; sources in the order they are given."""
    by_month: dict[tuple[int, int], dict[str, list[Day]]] = {}
    for source, its_days in days.items():
        for day in its_days:
            month = by_month.setdefault((day.on.year, day.on.month), {})
            month.setdefault(source, []).append(day)
    return tuple(_month(key, by_month[key]) for key in sorted(by_month, reverse=True))


def _month(key: tuple[int, int], by_source: Mapping[str, Sequence[Day]]) -> Month:
    year, month = key
    return Month(
        name=f"{calendar.month_name[month]} {year}",
        days=calendar.monthrange(year, month)[1],
        rows=tuple(_row(source, days) for source, days in by_source.items()),
    )


def _row(source: str, days: Sequence[Day]) -> CalendarRow:
    letters = [
        (state, " ".join(str(_x(day.on) + CELL // 2) for day in same), LETTERS[state] * len(same))
        for state in LETTERS
        if (same := [day for day in days if day.state == state])
    ]
    return CalendarRow(source, _paths(days), tuple(letters), _summary(days))


def _paths(days: Sequence[Day]) -> tuple[tuple[DayState, str], ...]:
    paths: dict[DayState, str] = {}
    for (state, _), run in groupby(_placed(days), key=_state_and_run):
        same = [day for _, day in run]
        stroke = f"M{_x(same[0].on)} {HEIGHTS.get(state, MIDDLE)}h{len(same) * CELL - 1}"
        paths[state] = paths.get(state, "") + stroke
    return tuple(paths.items())


def _placed(days: Sequence[Day]) -> list[tuple[int, Day]]:
    return list(enumerate(sorted(days, key=lambda day: day.on)))


def _state_and_run(placed: tuple[int, Day]) -> tuple[DayState, int]:
    # days that follow each other keep the same distance to their place in the list
    place, day = placed
    return day.state, day.on.toordinal() - place


def _x(on: date) -> int:
    return (on.day - 1) * CELL


def _summary(days: Sequence[Day]) -> str:
    counts = {
        state: sum(day.state == state for day in days)
        for state in dict.fromkeys(day.state for day in days)
    }
    told = ", ".join(f"{number} {MEANINGS[state]}" for state, number in counts.items())
    return told


@dataclass(frozen=True)
class Gap:
    """Days of a source that follow each other and lack something."""

    source: str
    first: date
    last: date
    state: DayState
    observed: int
    expected: float | None
    low: float | None
    high: float | None
    note: str


def gaps_of(days: Mapping[str, Sequence[Day]]) -> tuple[Gap, ...]:
    """Where something is lacking, the latest first; figures are sums over the days."""
    found = [
        _gap_of(source, state, [day for _, day in run])
        for source, its_days in days.items()
        for (state, _), run in groupby(_placed(its_days), key=_state_and_run)
        if state in TOLD
    ]
    return tuple(sorted(found, key=lambda gap: (gap.last, gap.source), reverse=True))


def _gap_of(source: str, state: DayState, days: Sequence[Day]) -> Gap:
    def total(values: Sequence[float | None]) -> float | None:
        known = [value for value in values if value is not None]
        return sum(known) if len(known) == len(values) else None

    return Gap(
        source,
        days[0].on,
        days[-1].on,
        state,
        sum(day.observed for day in days),
        total([day.expected for day in days]),
        # bands of days do not add up: that of their sum would be narrower
        days[0].low if len(days) == 1 else None,
        days[0].high if len(days) == 1 else None,
        "; ".join(dict.fromkeys(day.note for day in days if day.note)),
    )


def states_in(days: Mapping[str, Sequence[Day]]) -> tuple[DayState, ...]:
    """The states that occur, in the order of their legend."""
    present = {day.state for each in days.values() for day in each}
    return tuple(state for state in MEANINGS if state in present)
