"""What was agreed about how fresh and how large a source or a mart is to be."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from orchestration.setting_types import Count, Duration, Settings
from orchestration.yaml_models import refuse, unknown

_MARTS = Path(__file__).parent.parent / "dbt_project" / "models" / "marts"


class FreshnessTarget(Settings):
    """How often something comes, how late it may be, and the least events of a date.

    A source is late once `every` and `late_after` have gone by without a delivery. A date is short
    with fewer than `min_daily` events; without it no volume was agreed.
    """

    every: Duration = timedelta(days=1)
    late_after: Duration = timedelta(hours=6)
    min_daily: Count | None = None

    @property
    def within(self) -> timedelta:
        """The longest time without anything new that is in order."""
        return self.every + self.late_after


def _known_mart(name: str) -> str:
    known = [path.stem for path in _MARTS.rglob("*.sql")]
    if name not in known:
        raise refuse(unknown("mart", name, known))
    return name


MartName = Annotated[str, AfterValidator(_known_mart)]
