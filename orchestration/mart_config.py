"""What activation, coming back and strong activity mean to the company."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from orchestration.setting_types import Count, Duration, Settings
from orchestration.yaml_models import Name, refuse


class Activation(Settings):
    """When a new person counts as activated: `events` done within a time of the first event.

    `since` leaves out persons first seen before it: at the start of the data everybody looks new.
    """

    events: Annotated[list[Name], Field(min_length=1)]
    within: Duration
    needs: Literal["all", "any"] = "all"
    since: date | None = None


class Retention(Settings):
    """Who counts as coming back, by any loaded event or by `events`, and how far it is counted.

    `brackets` are pairs of days after the first one, both included: [[1, 7], [8, 30]].
    """

    events: list[Name] = []
    days: Count = 30
    weeks: Count = 12
    months: Count = 12
    brackets: list[tuple[int, int]] = [(1, 7), (8, 30)]

    @field_validator("brackets")
    @classmethod
    def _in_order(cls, brackets: list[tuple[int, int]]) -> list[tuple[int, int]]:
        for start, end in brackets:
            if not 0 <= start <= end:
                raise refuse(f"[{start}, {end}] is no bracket; write days like [1, 7]")
        return brackets


class ActivityCohorts(Settings):
    """How strong a start is: micro-conversions within a time of the first event, by level.

    A level begins at its number; whoever has fewer than the lowest is `none`. Outcomes are looked
    at in `outcome_within` after that time, never in it.
    """

    within: Duration = timedelta(days=7)
    outcome_within: Duration = timedelta(days=28)
    levels: Annotated[dict[Name, Count], Field(min_length=1)] = {"some": 1, "strong": 5}

    @model_validator(mode="after")
    def _levels_differ(self) -> Self:
        if "none" in self.levels:
            raise refuse("levels: none is whoever has fewer than the lowest; name this otherwise")
        if len(set(self.levels.values())) < len(self.levels):
            raise refuse("levels: two begin at the same number; give each its own")
        return self


class Subscriptions(Settings):
    """How long after its end a trial may be paid, and how far ahead a subscriber is valued."""

    paid_within: Duration = timedelta(days=14)
    horizon: Duration = timedelta(days=365)


def mart_variables(
    activation: dict[str, Activation],
    retention: Retention,
    cohorts: ActivityCohorts,
    subscriptions: Subscriptions,
) -> dict[str, Any]:
    """The settings as the models read them; times in seconds."""
    return {
        "activation": {
            name: {
                "events": each.events,
                "needs": each.needs,
                "within_seconds": int(each.within.total_seconds()),
                "since": None if each.since is None else each.since.isoformat(),
            }
            for name, each in activation.items()
        },
        "retention": retention.model_dump(mode="json"),
        "activity_cohorts": {
            "within_seconds": int(cohorts.within.total_seconds()),
            "outcome_seconds": int(cohorts.outcome_within.total_seconds()),
            "levels": dict(sorted(cohorts.levels.items(), key=lambda level: level[1])),
        },
        "subscriptions": {
            "paid_within_seconds": int(subscriptions.paid_within.total_seconds()),
            "horizon_seconds": int(subscriptions.horizon.total_seconds()),
        },
    }
