"""Settings of the detection of changes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from orchestration.setting_types import Count, Settings, Share


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
