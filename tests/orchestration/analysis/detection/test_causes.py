"""One change for each cause, named by the segment that broke, in simulated worlds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from orchestration.analysis.detection import causes
from orchestration.analysis.detection.scan import Limits, scan
from orchestration.analysis.detection.series import build
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


def both_counted(seed: int, kept: float, loser: str = "client") -> list[causes.Change]:
    """What is found where a client and a server count the same, and android of one loses some."""
    random = np.random.default_rng(seed)
    days = HISTORY + 5
    rows = []
    for day in range(days):
        for platform, mean in (("android", 45), ("ios", 60)):
            for event in ("pay", "refund"):
                acts = random.poisson(mean)
                for source in ("client", "server"):
                    lost = day >= HISTORY and platform == "android" and source == loser
                    seen = float(random.binomial(acts, kept if lost else 0.995))
                    rows.append((source, day, event, platform, seen))
    counts = pd.DataFrame(rows, columns=["source", "day", "event", "platform", "events"])
    counts["app_version"] = None
    activity = counts.groupby(["source", "day", "platform"], as_index=False)["events"].sum()
    # sessions of some two acts, lost with them: no rate of one source tells it
    activity = activity.assign(sessions=activity["events"] / 2, persons=0.0, app_version=None)
    usable = {source: np.ones(days, dtype=bool) for source in ("client", "server")}
    panel = build(counts, activity, usable, weekdays=np.arange(days) % 7, minimum_daily=20)
    return causes.changes(panel, scan(panel, Limits()))


@pytest.mark.parametrize("seed", range(5))
def test_what_two_count_tells_the_few_that_a_platform_of_one_of_them_loses(seed: int) -> None:
    assert both_counted(seed, 0.995) == []
    for loser in ("client", "server"):
        [change, *_] = both_counted(seed, 0.88, loser)
        assert change.key.parts["platform"] == "android"
        assert change.start >= HISTORY - 1
        assert cause_of(change) in ("ratio_broken", "loss_on_platform")
        # whichever of the two is named first in the panel, the one that has less is told
        assert (change.key.source, change.direction, change.sources) == (loser, "down", (loser,))
        assert change.evidence.low < change.evidence.lost < change.evidence.high
        days = HISTORY + 5 - change.start
        assert change.evidence.lost == pytest.approx(2 * 45 * days * 0.12, rel=0.5)
