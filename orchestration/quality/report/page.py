"""The report of a run as one page, from its figures alone: nothing is read here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median
from zoneinfo import ZoneInfo

from orchestration.pages import render
from orchestration.quality.report import charts
from orchestration.quality.report.calendar import (
    HEIGHTS,
    LETTERS,
    MEANINGS,
    MIDDLE,
    TOLD,
    Month,
    gaps_of,
    months_of,
    states_in,
)
from orchestration.quality.report.flow import picture_of
from orchestration.quality.report.model import Change, Day, Figures, RuleHistory
from orchestration.quality.report.verdict import reach_of, reasons_left, steps_of, verdict_of
from orchestration.quality.runbooks import anchors

REASONS = 5
INCIDENTS = 30
GAPS = 30
QUARANTINE = 12
DETECTABLE = 30
CHANGES = 25
MONTHS_OPEN = 2
SOURCES_OPEN = 15  # of more sources, those that lack something are shown first and apart
TARGET_HOURS = 48

WORDS = {
    "passed": "green",
    "warned": "warning",
    "red": "red",
    "accepted": "accepted",
    "unjudged": "no history",
}


def run_html(figures: Figures) -> str:
    """The page's text. It lies in a folder below the other pages, hence its links."""
    fix_hours = sorted(
        each.hours_to_fix for each in figures.incidents or () if each.hours_to_fix is not None
    )
    states = states_in(figures.days)
    verdict, steps = verdict_of(figures), steps_of(figures)
    return render(
        "run.html.j2",
        title=f"Run {figures.run_id[:8]}",
        root="../",
        f=figures,
        zone=figures.timezone,
        v=verdict,
        reasons=reasons_left(verdict, steps),
        reasons_shown=REASONS,
        steps=steps,
        reach=reach_of(figures),
        flow=picture_of(figures.flows),
        calendars=calendars_of(figures.days),
        judged_days=any(state not in ("unjudged", "held") for state in states),
        legend=[
            (
                state,
                LETTERS.get(state, ""),
                f"M0 {HEIGHTS.get(state, MIDDLE)}h21",
                MEANINGS[state],
            )
            for state in states
        ],
        meanings=MEANINGS,
        gaps=gaps_of(figures.days),
        gaps_shown=GAPS,
        changes=[
            (each, charts.chart_of(each.points, first_bad_on(each, figures.timezone)))
            for each in figures.changes[:CHANGES]
        ],
        incidents_shown=INCIDENTS,
        fix_hours=fix_hours,
        median_fix=median(fix_hours) if fix_hours else None,
        in_target=sum(hours <= TARGET_HOURS for hours in fix_hours),
        rules=rules_by_outcome(figures.rules),
        words=WORDS,
        bars=charts.history_bars,
        quarantine_shown=QUARANTINE,
        detectable_shown=DETECTABLE,
        anchors=anchors(),
    )


def first_bad_on(change: Change, zone: str) -> date | None:
    """The date in the reporting zone of a change's first bad moment."""
    if change.first_bad_at is None:
        return None
    moment = change.first_bad_at.replace(tzinfo=ZoneInfo("UTC"))
    return moment.astimezone(ZoneInfo(zone)).date()


def calendars_of(
    days: Mapping[str, Sequence[Day]],
) -> list[tuple[str, tuple[Month, ...], bool]]:
    """Calendars with a title, and whether they are shown at once.

    The latest months first; of many sources first those that lack something lately.
    """
    months = months_of(days)
    if not months:
        return []
    shown: list[tuple[str, tuple[Month, ...], bool]] = []
    if len(days) > SOURCES_OPEN:
        latest = max(day.on for each in days.values() for day in each)
        lacking = {
            source: each
            for source, each in days.items()
            if any(day.state in TOLD and (latest - day.on).days < 62 for day in each)
        }
        title = f"All {len(days)} sources"
        return [
            ("", months_of(lacking)[:MONTHS_OPEN], True),
            (title, months, False),
        ]
    shown.append(("", months[:MONTHS_OPEN], True))
    if months[MONTHS_OPEN:]:
        shown.append(("Earlier months", months[MONTHS_OPEN:], False))
    return shown


@dataclass(frozen=True)
class Rules:
    """Rules by what there is to say of them."""

    told: tuple[RuleHistory, ...]
    passed: tuple[RuleHistory, ...]
    unjudged: tuple[RuleHistory, ...]
    unused: tuple[RuleHistory, ...]


_ORDER = ("red", "warned", "accepted")


def rules_by_outcome(rules: Sequence[RuleHistory]) -> Rules | None:
    """The rules that failed, worst first, and the others; None where none has judged."""
    if not any(rule.judged for rule in rules):
        return None
    judged = [rule for rule in rules if rule.judged]
    told = [rule for rule in judged if rule.outcome in _ORDER]
    return Rules(
        told=tuple(sorted(told, key=lambda rule: _ORDER.index(rule.outcome))),
        passed=tuple(rule for rule in judged if rule.outcome == "passed"),
        unjudged=tuple(rule for rule in judged if rule.outcome == "unjudged"),
        unused=tuple(rule for rule in rules if not rule.judged),
    )
