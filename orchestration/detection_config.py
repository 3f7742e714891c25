"""Settings of the detection of changes, and the company's own context as CSV files.

A context file has the columns name, from, to and, where only a part is meant, source, event and
platform. Dates are of the reporting zone, both ends included; an empty `to` means from then on.
"""

from __future__ import annotations

import csv
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from orchestration.errors import ConfigurationError
from orchestration.setting_types import ConfiguredPath, Count, Settings, Share
from orchestration.yaml_models import nearest, unknown

ContextKind = Literal["campaigns", "phases", "closures"]
COLUMNS = ("name", "from", "to", "source", "event", "platform")
LAST_DAY = date(9999, 12, 31)


class Thresholds(Settings):
    """What the business wants to hear of, as shares of 1, once it is more than chance."""

    adoption_drop: Share = 0.10
    week_on_week: Share = 0.15


class Detection(Settings):
    """How changes are looked for; false alarms are counted over all series together."""

    false_alarms_per_month: Annotated[float, Field(gt=0, le=100)] = 1.0
    minimum_daily: Count = 20
    minimum_history_days: Annotated[int, Field(strict=True, ge=7)] = 14
    smallest_change: Share = 0.05
    shown_days: Count = 14
    thresholds: Thresholds = Thresholds()


class Context(Settings):
    """Files with what the company knows about its own calendar."""

    campaigns: ConfiguredPath | None = None
    phases: ConfiguredPath | None = None
    closures: ConfiguredPath | None = None


@dataclass(frozen=True)
class Period:
    """One line of a context file. `source`, `event` and `platform` None mean all of them."""

    kind: ContextKind
    name: str
    start: date
    end: date
    source: str | None = None
    event: str | None = None
    platform: str | None = None

    def covers(self, day: date, source: str | None) -> bool:
        """Whether the day lies inside and the source, if any, is meant."""
        meant = self.source is None or source is None or self.source == source
        return meant and self.start <= day <= self.end


def read_context(context: Context, sources: Collection[str]) -> list[Period]:
    """Every period of the context files, in their order; `sources` are those configured.

    Raises ConfigurationError with file and line of the first line that cannot be read.
    """
    files: list[tuple[ContextKind, Path | None]] = [
        ("campaigns", context.campaigns),
        ("phases", context.phases),
        ("closures", context.closures),
    ]
    return [
        period
        for kind, path in files
        if path is not None
        for period in _periods(kind, path, sources)
    ]


def _periods(kind: ContextKind, path: Path, sources: Collection[str]) -> list[Period]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{path}: context.{kind} cannot be read ({error}); write it as UTF-8 CSV or remove the"
            " setting"
        ) from error
    reader = csv.DictReader(text.splitlines())
    for column in reader.fieldnames or ():
        if column not in COLUMNS:
            near = nearest(column, COLUMNS)
            hint = f"did you mean '{near}'?" if near else f"known: {', '.join(COLUMNS)}"
            raise ConfigurationError(f"{path}:1: unknown column '{column}'; {hint}")
    for column in ("name", "from", "to"):
        if column not in (reader.fieldnames or ()):
            raise ConfigurationError(f"{path}:1: column '{column}' is missing; add it")
    return [_period(kind, row, f"{path}:{reader.line_num}", sources) for row in reader]


def _period(
    kind: ContextKind, row: dict[str, str | None], where: str, sources: Collection[str]
) -> Period:
    values = {column: (row.get(column) or "").strip() for column in COLUMNS}
    if not values["name"]:
        raise ConfigurationError(f"{where}: name is empty; say what it is")
    start = _day(values["from"], "from", where)
    end = _day(values["to"], "to", where) if values["to"] else LAST_DAY
    if start > end:
        raise ConfigurationError(f"{where}: to {end} is before from {start}; swap them")
    if values["source"] and values["source"] not in sources:
        raise ConfigurationError(f"{where}: {unknown('source', values['source'], sources)}")
    return Period(
        kind,
        values["name"],
        start,
        end,
        values["source"] or None,
        values["event"] or None,
        values["platform"] or None,
    )


def _day(text: str, column: str, where: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(
            f"{where}: {column} '{text}' is no date; write it like 2025-03-01"
        ) from None
