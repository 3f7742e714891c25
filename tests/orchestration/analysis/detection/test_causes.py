"""One change for each cause, named by the segment that broke, in simulated worlds."""

from __future__ import annotations

import numpy as np
import pytest

from orchestration.analysis.detection import causes
from orchestration.quality.change_words import cause_of

from .worlds import HISTORY, Loss, World, found_in


@pytest.mark.parametrize(
    ("loss", "cause", "parts"),
    [
        (Loss(0.5, platform="android"), "loss_on_platform", {"platform": "android"}),
        (Loss(0.0, platform="android"), "loss_on_platform", {"platform": "android"}),
        (Loss(0.5, version="1.1"), "loss_on_version", {"app_version": "1.1"}),
        (Loss(0.0), "loss_of_source", {}),
        (Loss(0.5, event="share"), "loss_of_event", {"event": "share"}),
        (Loss(0.5), "loss_of_source", {}),
    ],
)
def test_half_of_a_part_is_one_change_that_names_it(loss, cause, parts) -> None:
    world = World(days=HISTORY + 3, loss=loss)
    _, _, found = found_in(world, seed=1)
    late = [change for change in found if change.detected >= HISTORY]
    assert [(cause_of(c), c.key.parts, c.key.source) for c in late] == [(cause, parts, "app")]
    (change,) = late
    assert change.start == change.detected == HISTORY
    assert change.explained_share > 0.9
    assert change.evidence.low < change.evidence.lost < change.evidence.high


@pytest.mark.parametrize("seed", range(3))
def test_a_version_that_sends_nothing_is_named_though_its_sessions_go_with_it(seed: int) -> None:
    world = World(days=HISTORY + 3, loss=Loss(0.0, version="1.1"))
    _, _, found = found_in(world, seed)
    late = [change for change in found if change.detected >= HISTORY]
    assert [(cause_of(c), c.key.parts) for c in late] == [
        ("loss_on_version", {"app_version": "1.1"})
    ]
    assert late[0].evidence.observed < late[0].evidence.expected / 2


def test_every_alarm_is_told_once_even_if_no_segment_explains_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    panel, seen, _ = found_in(World(days=HISTORY + 3, loss=Loss(0.5, version="1.1")), seed=1)
    monkeypatch.setattr(causes, "_explained", lambda *_: False)
    monkeypatch.setattr(causes, "_not_echoes", lambda _panel, _scan, found: found)
    assert len(causes.changes(panel, seen)) >= len({a.series for a in seen.alarms}) > 1


def test_an_old_version_that_people_leave_is_not_what_broke() -> None:
    assert causes._part_before(np.array([0.3, 0.2, 0.15, 0.1])) == 0.15
    assert causes._part_before(np.array([0.3, 0.35, 0.01, 0.0])) == 0.35


def test_nothing_happens_where_nothing_happens() -> None:
    _, _, found = found_in(World(days=HISTORY), seed=2)
    assert found == []


def test_an_event_that_falls_in_every_tool_is_people_not_a_tracker() -> None:
    world = World(days=HISTORY + 2, loss=Loss(0.3, event="share", source="app"), both=True)
    _, _, found = found_in(world, seed=3)
    late = [change for change in found if change.detected >= HISTORY]
    assert [(cause_of(c), c.key.event, c.sources) for c in late] == [
        ("rate_fell", "share", ("app", "shop"))
    ]
