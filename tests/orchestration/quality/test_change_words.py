"""How grave a change is."""

from __future__ import annotations

from datetime import datetime

import pytest

from orchestration.analysis.detection.causes import Change
from orchestration.analysis.detection.evidence import Evidence
from orchestration.analysis.detection.panel import Key
from orchestration.quality.change_words import tell

AT = datetime(2025, 3, 3, 6)


def risen(observed: float) -> Change:
    key = Key("event", "app", event="share")
    found = Evidence(9.0, observed, 100.0, 100.0 - observed, -30.0, -10.0)
    return Change(key, 0, "up", 5, 5, None, None, 6.0, found, 1.0, 1, ("app",))


@pytest.mark.parametrize(
    ("observed", "campaign", "severity"),
    [
        (200.0, None, "warning"),
        (124.0, None, "warning"),
        (112.0, None, "notice"),
        (200.0, "autumn promotion", "notice"),
    ],
)
def test_an_event_that_rises_by_a_fifth_is_a_warning_unless_a_campaign_explains_it(
    observed: float, campaign: str | None, severity: str
) -> None:
    assert tell(risen(observed), AT, "UTC", campaign).severity == severity
