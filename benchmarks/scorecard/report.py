"""The scorecard as a table, as JSON and as the published page."""

from __future__ import annotations

import os
import platform
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table

from benchmarks.scorecard.faults import FAULTS
from benchmarks.scorecard.scoring import (
    DAYS_A_MONTH,
    FALSE_ALARM_GOAL,
    GOALS,
    NAMED_GOAL,
    FalseAlarm,
    Score,
    Summary,
    summary,
)


@dataclass(frozen=True)
class Scorecard:
    """All that was measured, and on what."""

    scores: Sequence[Score]
    false_alarms: Sequence[FalseAlarm]
    clean_days: float
    seeds: tuple[int, ...]
    visits: int
    history_days: int
    code: str

    @property
    def false_alarms_a_month(self) -> float:
        """Over all metrics together."""
        return len(self.false_alarms) / self.clean_days * DAYS_A_MONTH if self.clean_days else 0.0

    @property
    def groups(self) -> list[Summary]:
        """By size, then by family; structural faults stand apart."""
        sizes = [
            summary("structural" if size == "whole" else size, part)
            for size in ("whole", "large", "middle", "small")
            if (part := [each for each in self.scores if each.size == size])
        ]
        families = dict.fromkeys(FAULTS[each.fault].family for each in self.scores)
        return [
            *sizes,
            *(
                summary(f"family: {family}", part)
                for family in families
                if family != "structural"
                and (part := [e for e in self.scores if FAULTS[e.fault].family == family])
            ),
        ]

    @property
    def misses(self) -> dict[str, list[str]]:
        """What was not found, not named, not told in its first run, or broke the run."""
        return {
            "not found": [_name(each) for each in self.scores if not each.detected],
            "found, cause not named": [
                f"{_name(each)}: {', '.join(each.told)}"
                for each in self.scores
                if each.detected and not each.named
            ],
            "structural, not in its first run": [
                _name(each) for each in self.scores if each.size == "whole" and not each.first_run
            ],
            "the run could not finish": [
                f"{_name(each)}: {each.failure}" for each in self.scores if each.failure
            ],
        }

    @property
    def is_good(self) -> bool:
        """Whether every goal is reached."""
        by_group = {each.group: each for each in self.groups}
        reached = [
            by_group[group].recall >= goal
            for group, goal in (("large", GOALS["large"]), ("middle", GOALS["middle"]))
            if group in by_group
        ]
        if "structural" in by_group:
            reached.append(by_group["structural"].first_run >= GOALS["whole"])
        found = [each for each in self.scores if each.detected]
        if found:
            reached.append(sum(each.named for each in found) / len(found) >= NAMED_GOAL)
        return all(reached) and self.false_alarms_a_month <= FALSE_ALARM_GOAL

    def to_json(self) -> dict[str, Any]:
        """One object; shares of 1, times in hours."""
        return {
            "is_good": self.is_good,
            "groups": [asdict(each) for each in self.groups],
            "false_alarms_a_month": round(self.false_alarms_a_month, 2),
            "clean_days": self.clean_days,
            "false_alarms": [asdict(each) for each in self.false_alarms],
            "misses": self.misses,
            "cases": [asdict(each) for each in self.scores],
            "seeds": list(self.seeds),
            "visits_a_day": self.visits,
            "history_days": self.history_days,
            "code": self.code,
        }


def _name(each: Score) -> str:
    return each.fault if each.size == "whole" else f"{each.fault} ({each.size})"


HEADS = ("cases", "found", "at least", "named", "1st run", "hours", "48 h", "noise")


def _cells(each: Summary) -> list[str]:
    return [
        str(each.cases),
        f"{each.recall:.2f}",
        f"{each.recall_low:.2f}",
        "-" if each.named is None else f"{each.named:.2f}",
        f"{each.first_run:.2f}",
        "-" if each.median_hours is None else f"{each.median_hours:.0f}",
        f"{each.within_48:.2f}",
        f"{each.noise:.1f}",
    ]


def table(card: Scorecard) -> Table:
    """The figures, within 80 columns."""
    shown = Table(title="Fault scorecard", title_justify="left", box=None, padding=(0, 1, 0, 0))
    shown.add_column("")
    for head in HEADS:
        shown.add_column(head, justify="right")
    for each in card.groups:
        shown.add_row(each.group, *_cells(each))
    return shown


def lines(card: Scorecard) -> list[str]:
    """What stands below the table."""
    told = [
        f"False alarms: {len(card.false_alarms)} in {card.clean_days:.0f} clean days,"
        f" {card.false_alarms_a_month:.1f} a month (at most {FALSE_ALARM_GOAL:.0f})"
    ]
    for name, cases in card.misses.items():
        if cases:
            told.append(f"{name.capitalize()}: {'; '.join(cases)}")
    return told


def markdown(card: Scorecard, *, day: str) -> str:
    """The published page."""
    rows = [f"| {each.group} | {' | '.join(_cells(each))} |" for each in card.groups]
    alarms = Counter(
        (alarm.week, alarm.cause, alarm.source or "all sources") for alarm in card.false_alarms
    )
    misses = [
        f"- {name.capitalize()}: {'; '.join(cases)}."
        for name, cases in card.misses.items()
        if cases
    ]
    faults = sorted({each.fault for each in card.scores})
    sizes = [size for size in GOALS if any(each.size == size for each in card.scores)]
    return "\n".join(
        [
            "# The fault scorecard",
            "",
            f"Of {day}, code {card.code}, {os.cpu_count()} cores ({platform.machine()}), seeds"
            f" {', '.join(map(str, card.seeds))}; {len(faults)} faults, {len(card.scores)} cases"
            f" of the sizes {', '.join(sizes)},"
            f" a product of {card.visits:,} visits a day after {card.history_days} days of"
            " history. How it is measured: README.md beside this page. `make scorecard"
            " ARGS=--held-out` makes the page anew.",
            "",
            f"| | {' | '.join(HEADS)} |",
            f"|---|{'---:|' * len(HEADS)}",
            *rows,
            "",
            f"Goals: found {GOALS['large']:.2f} of large and {GOALS['middle']:.2f} of middle"
            f" faults, every structural one in its first run, the cause named in {NAMED_GOAL:.2f}"
            f" of those found, at most {FALSE_ALARM_GOAL:.0f} false alarm a month."
            f" {'All are reached.' if card.is_good else 'Not all are reached.'}",
            "",
            f"False alarms: {len(card.false_alarms)} in {card.clean_days:.0f} clean days over all"
            f" metrics together, {card.false_alarms_a_month:.1f} a month.",
            "",
            *(
                f"- {count} of {cause} on {source} ({week})"
                for (week, cause, source), count in alarms.most_common()
            ),
            *([""] if alarms else []),
            *(["## What was missed", "", *misses, ""] if misses else []),
        ]
    )
