"""Completeness as a calendar: a picture a month, a row a source, a cell a day.

A state has its colour, its height and its letter, so that it can be told without colour. Days of
one state that follow each other are one dashed stroke: a year of a hundred sources stays small.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from orchestration.quality.report.model import Day, DayState

CELL = 11  # units of a day, of which one is the gap to the next

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
class Stroke:
    """Days of one state in a row: where it begins, and how long it is."""

    state: DayState
    x: int
    length: int


@dataclass(frozen=True)
class CalendarRow:
    """A source in a month."""

    source: str
    strokes: tuple[Stroke, ...]
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
    return CalendarRow(source, tuple(_strokes(days)), tuple(letters), _summary(days))


def _strokes(days: Sequence[Day]) -> Iterable[Stroke]:
    # days of a state that follow each other keep the same distance to their place in the list
    ordered = list(enumerate(sorted(days, key=lambda day: day.on)))
    for (state, _), run in groupby(ordered, key=lambda each: (each[1].state, _gap(*each))):
        same = [day for _, day in run]
        yield Stroke(state, _x(same[0].on), len(same) * CELL - 1)


def _gap(place: int, day: Day) -> int:
    return day.on.toordinal() - place


def _x(on: date) -> int:
    return (on.day - 1) * CELL


def _summary(days: Sequence[Day]) -> str:
    counts = {
        state: sum(day.state == state for day in days)
        for state in dict.fromkeys(day.state for day in days)
    }
    told = ", ".join(f"{number} {MEANINGS[state]}" for state, number in counts.items())
    return told


def bad_days(days: Mapping[str, Sequence[Day]]) -> tuple[tuple[str, Day], ...]:
    """Days that lack something, the latest first."""
    found = [(source, day) for source, each in days.items() for day in each if day.state in TOLD]
    return tuple(sorted(found, key=lambda each: (each[1].on, each[0]), reverse=True))


def states_in(days: Mapping[str, Sequence[Day]]) -> tuple[DayState, ...]:
    """The states that occur, in the order of their legend."""
    present = {day.state for each in days.values() for day in each}
    return tuple(state for state in MEANINGS if state in present)
