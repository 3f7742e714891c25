"""A finding: one cause in one place since one day, in a sentence; and findings joined over days."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby


@dataclass(frozen=True)
class Finding:
    """What departed from history on the days from `day` to `until` (both included).

    `what` is a clause without source and dates (`12 % of order_paid lack amount`). `records` counts
    the records concerned, estimated where a sample told. `observed` and `expected` are shares,
    counts, seconds or factors, as `what` says. `segment` is the text that tells this finding from
    others of its cause and source.
    """

    cause: str
    source: str
    day: date
    until: date
    what: str
    records: int
    next_step: str
    event: str | None = None
    item: str | None = None
    platform: str | None = None
    observed: float | None = None
    expected: float | None = None

    @property
    def segment(self) -> str | None:
        """Event, property or id, and platform, as `event=..., property=..., platform=...`."""
        parts = {"event": self.event, "property": self.item, "platform": self.platform}
        return ", ".join(f"{key}={text}" for key, text in parts.items() if text) or None

    @property
    def sentence(self) -> str:
        """What, where, since when, how many."""
        day = f"{self.day:%Y-%m-%d}"
        when = f"on {day}" if self.day == self.until else f"from {day} to {self.until:%Y-%m-%d}"
        return f"{self.source}: {self.what} {when} ({self.records:,} records)."


def joined(
    findings: Iterable[Finding],
    days: Sequence[date],
    apart: Callable[[Finding], object] = lambda _: None,
) -> list[Finding]:
    """Findings of one segment on days that follow each other in `days`, made one.

    Those for which `apart` gives different answers stay apart. The worst day tells the figures and
    the words; records are added up.
    """
    place = {day: number for number, day in enumerate(days)}

    def identity(finding: Finding) -> tuple[str, str, str]:
        return (finding.cause, finding.source, finding.segment or "")

    result = []
    for _, group in groupby(sorted(findings, key=lambda f: (*identity(f), f.day)), key=identity):
        runs: list[list[Finding]] = []
        for finding in group:
            last = runs[-1][-1] if runs else finding
            follows = place[finding.day] - place[last.until] <= 1 and apart(last) == apart(finding)
            if runs and follows:
                runs[-1].append(finding)
            else:
                runs.append([finding])
        for run in runs:
            worst = max(run, key=lambda f: f.records)
            result.append(
                replace(
                    worst,
                    day=run[0].day,
                    until=run[-1].until,
                    records=sum(f.records for f in run),
                )
            )
    return result


def percent(share: float) -> str:
    """A share as text: `12 %`, `0.4 %`."""
    return f"{100 * share:.0f} %" if share >= 0.0995 else f"{100 * share:.1f} %"


def shown(name: str) -> str:
    """A property's or value's name as it is shown: a lifted column by its own name, cut short."""
    name = name.removeprefix("column:")
    return name if len(name) <= 40 else name[:39] + "…"
