"""From what was told to figures: recall, cause named, time to detect, false alarms. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

from benchmarks.scorecard.alarms import Alarm
from benchmarks.scorecard.faults import FAULTS, Fault
from benchmarks.scorecard.faults.causes import is_expected
from benchmarks.scorecard.world import FAULT_DAYS, Push, World

DAYS_A_MONTH = 30
SLACK = timedelta(days=1)
"""How far from the fault's own days an alarm may be dated and still be of it."""

GOALS = {"large": 0.95, "middle": 0.80, "whole": 1.0}
"""Recall to reach, by size; of structural faults, in the run they arrive in."""
NAMED_GOAL = 0.9
FALSE_ALARM_GOAL = 1.0

Result = Mapping[str, Any]


@dataclass(frozen=True)
class Score:
    """How a case went. `hours` from the first bad hour until it could be known; null: never.

    `first_run` tells that the run of the first bad day told it; `noise` counts the other new
    alarms; `told` are the causes of those that are of the fault.
    """

    fault: str
    size: str
    seed: int
    detected: bool
    named: bool
    first_run: bool
    hours: float | None
    noise: int
    told: tuple[str, ...]
    failure: str | None


@dataclass(frozen=True)
class FalseAlarm:
    """An alarm of days on which nothing was wrong."""

    seed: int
    week: str
    cause: str
    source: str | None
    where: str


def alarms_of(run: Result) -> list[Alarm]:
    """The alarms a run tells."""
    return [Alarm.from_json(fields) for fields in run["alarms"]]


def score(fault: Fault, result: Result, usual: Collection[tuple[Any, ...]]) -> Score:
    """Score one case. `usual` are the identities of alarms that are told without the fault too."""
    new = [
        [alarm for alarm in alarms_of(run) if identity(alarm) not in usual]
        for run in result["runs"]
    ]
    own = [[alarm for alarm in alarms if is_of(fault, alarm)] for alarms in new]
    found = [alarm for alarms in own for alarm in alarms]
    named = any(is_named(fault, alarm) for alarm in found)
    known = [
        known_at(alarm, datetime.fromisoformat(run["until"]))
        for run, alarms in zip(result["runs"], own, strict=True)
        for alarm in alarms
    ]
    others = {identity(alarm) for alarm in new[-1]} - {identity(alarm) for alarm in own[-1]}
    hours = (min(known) - fault.first_bad_at) / timedelta(hours=1) if known else None
    return Score(
        fault.name,
        result["size"],
        result["seed"],
        bool(found),
        named,
        bool(own[0]),
        None if hours is None else max(0.0, hours),
        len(others),
        tuple(sorted({alarm.cause for alarm in found})),
        next((run["failure"] for run in result["runs"] if run["failure"]), None),
    )


def identity(alarm: Alarm) -> tuple[Any, ...]:
    """What makes two alarms the same thing told, in two homes of one seed."""
    day = alarm.first_bad_at.date() if alarm.first_bad_at else None
    return (alarm.cause, alarm.source, day) if day else (alarm.cause, alarm.source, alarm.key)


def is_of(fault: Fault, alarm: Alarm) -> bool:
    """Whether an alarm is of the fault's source and dates.

    Where it names no source, its cause has to be the fault's.
    """
    if alarm.source is None and not is_expected(fault.name, alarm.cause):
        return False
    if alarm.source is not None and alarm.source not in fault.sources:
        return False
    if alarm.first_bad_at is None or fault.settings:
        return True  # a wrong setting reads all days anew, from the first
    end = datetime(*fault.last_bad_day.timetuple()[:3]) + timedelta(days=1)
    return fault.first_bad_at - SLACK <= alarm.first_bad_at <= end + SLACK


def is_named(fault: Fault, alarm: Alarm) -> bool:
    """Whether an alarm names the fault's cause and, where it has one, its segment."""
    text = plain(f"{alarm.where} {alarm.key}")
    return is_expected(fault.name, alarm.cause) and (
        not fault.segment or any(plain(part) in text for part in fault.segment)
    )


def plain(text: str) -> str:
    """Lower case, with anything between words as one underscore; dots of versions stay."""
    return re.sub(r"[^a-z0-9.]+", "_", text.lower())


def known_at(alarm: Alarm, until: datetime) -> datetime:
    """When it could be known: when the alarm says so, at the latest when the run's last day ended.

    The run of the lab is long after; what matters is the day whose arrival told it.
    """
    return min(alarm.detected_at or until, until)


def score_all(bases: Sequence[Result], results: Sequence[Result]) -> list[Score]:
    """Every faulted case against what its seed's healthy home and clean week tell."""
    usual = {base["seed"]: set(map(identity, alarms_of(base["runs"][-1]))) for base in bases}
    for result in results:
        if result["fault"] == "clean_week":
            for run in result["runs"]:
                usual[result["seed"]] |= set(map(identity, alarms_of(run)))
    return [
        score(FAULTS[result["fault"]], result, usual[result["seed"]])
        for result in results
        if not FAULTS[result["fault"]].is_control
    ]


def false_alarms(
    bases: Sequence[Result], results: Sequence[Result], worlds: Mapping[int, World]
) -> tuple[list[FalseAlarm], float]:
    """Alarms of days when nothing was wrong, and the clean days they came in.

    The history of each seed, its clean week, and of the other controls what they add to those.
    A rise that falls on the days of a push nobody told of is right, and no false alarm.
    """
    found: list[FalseAlarm] = []
    days = 0.0
    seen: dict[int, set[tuple[Any, ...]]] = {}
    for base in bases:
        seed = base["seed"]
        days += len(worlds[seed].days)
        alarms = alarms_of(base["runs"][-1])
        seen[seed] = set(map(identity, alarms))
        found += [
            _false(seed, "history", alarm)
            for alarm in alarms
            if not is_push(alarm, worlds[seed].unknown)
        ]
    controls = [result for result in results if FAULTS[result["fault"]].is_control]
    for result in sorted(controls, key=lambda result: result["fault"] != "clean_week"):
        seed = result["seed"]
        fault = FAULTS[result["fault"]]
        # the same records in another form are no further days
        days += FAULT_DAYS if fault.world or fault.name == "clean_week" else 0
        alarms = [alarm for run in result["runs"] for alarm in alarms_of(run)]
        for alarm in alarms:
            if identity(alarm) not in seen[seed]:
                seen[seed].add(identity(alarm))
                if not is_push(alarm, worlds[seed].unknown):
                    found.append(_false(seed, result["fault"], alarm))
    return found, days


def is_push(alarm: Alarm, pushes: Sequence[Push]) -> bool:
    """Whether an alarm tells of a rise on the days of one of these pushes."""
    if alarm.first_bad_at is None or alarm.direction == "down":
        return False
    day: date = alarm.first_bad_at.date()
    return any(push.first - SLACK <= day <= push.last + SLACK for push in pushes)


def _false(seed: int, week: str, alarm: Alarm) -> FalseAlarm:
    return FalseAlarm(seed, week, alarm.cause, alarm.source, alarm.where)


@dataclass(frozen=True)
class Summary:
    """Figures of a group of cases; shares of 1, times in hours."""

    group: str
    cases: int
    recall: float
    recall_low: float
    named: float | None
    first_run: float
    median_hours: float | None
    within_48: float
    noise: float


def summary(group: str, scores: Sequence[Score]) -> Summary:
    """Figures of a group. Raises ValueError for an empty one."""
    if not scores:
        raise ValueError(f"no case of {group}")
    found = [each for each in scores if each.detected]
    hours = [each.hours for each in found if each.hours is not None]
    return Summary(
        group,
        len(scores),
        len(found) / len(scores),
        wilson_low(len(found), len(scores)),
        sum(each.named for each in found) / len(found) if found else None,
        sum(each.first_run for each in scores) / len(scores),
        median(hours) if hours else None,
        sum(hour <= 48 for hour in hours) / len(scores),
        sum(each.noise for each in scores) / len(scores),
    )


def wilson_low(successes: int, trials: int, z: float = 1.96) -> float:
    """Lower end of Wilson's 95 % interval (1927) of a share: what so few cases can vouch for."""
    share = successes / trials
    middle = share + z * z / (2 * trials)
    margin = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    return max(0.0, (middle - margin) / (1 + z * z / trials))
