"""What configuration says of reports that people saw before: where their figures stand."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from orchestration.setting_types import Settings, Text
from orchestration.yaml_models import Name, Problem, refuse

Grain = Literal["day", "week", "month", "quarter", "year", "range"]


class LegacyMetric(Settings):
    """What a figure counts, in words, and the column it stands in."""

    definition: Text
    unit: Text | None = None
    column: Text | None = None


class LegacyReport(Settings):
    """How the files of one report are read.

    Each row is a segment (the columns `segments`; none: the whole) and either one period (the
    column `period`) with a column per metric, or one metric with a column per period. With the
    grain `range` all figures are of one span of days.
    """

    files: Text
    metrics: Annotated[dict[Name, LegacyMetric], Field(min_length=1)]
    segments: list[Text] = []
    period: Text | None = None
    grain: Grain = "day"
    dates: Text | None = None
    first_day: date | None = None
    last_day: date | None = None
    decimal_comma: bool = False

    @property
    def has_periods_across(self) -> bool:
        """Whether the periods stand in the header."""
        return self.period is None and self.grain != "range"

    @property
    def columns(self) -> list[str]:
        """The columns that a header must have."""
        named = [metric.column for metric in self.metrics.values() if metric.column]
        return [*self.segments, *([self.period] if self.period else []), *named]

    @model_validator(mode="after")
    def _says_where_its_figures_stand(self) -> Self:
        wrong = []
        for name, metric in self.metrics.items():
            place = ("metrics", name, "column")
            if metric.column is None and not self.has_periods_across:
                wrong.append(Problem("missing; name the column with the figures", place))
            if metric.column is not None and self.has_periods_across:
                wrong.append(
                    Problem("remove it, or name the column with the periods as `period`", place)
                )
        if self.has_periods_across and len(self.metrics) > 1:
            wrong.append(Problem("one only, where each column is a period", ("metrics",)))
        is_range = self.grain == "range"
        for key, day in (("first_day", self.first_day), ("last_day", self.last_day)):
            if is_range != (day is not None):
                told = "missing; a range has both days" if is_range else "is for grain range"
                wrong.append(Problem(told, (key,)))
        if is_range and self.first_day and self.last_day and self.first_day > self.last_day:
            wrong.append(Problem("is before first_day", ("last_day",)))
        if is_range and self.period is not None:
            wrong.append(Problem("is not for grain range; remove it", ("period",)))
        if wrong:
            raise refuse(*wrong)
        return self
