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
    """How often something comes, and how late it may be.

    It is late once `every` and `late_after` have gone by without anything new.
    """

    every: Duration = timedelta(days=1)
    late_after: Duration = timedelta(hours=6)

    @property
    def within(self) -> timedelta:
        """The longest time without anything new that is in order."""
        return self.every + self.late_after


class SourceTarget(FreshnessTarget):
    """The same of a source; a date with fewer events than `min_daily` is short of what was agreed.

    Without `min_daily` no volume was agreed.
    """

    min_daily: Count | None = None


def _known_mart(name: str) -> str:
    known = [path.stem for path in _MARTS.rglob("*.sql")]
    if name not in known:
        raise refuse(unknown("mart", name, known))
    return name


MartName = Annotated[str, AfterValidator(_known_mart)]
