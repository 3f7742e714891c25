"""A clean product by simulation, with losses of known size: what detection is measured on.

Visits follow the week and scatter more than chance; a visit has one platform and version and some
six events, so events come in clusters. Seeds and sizes were fixed before the detector was tuned.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from orchestration.analysis.detection.causes import Change, changes
from orchestration.analysis.detection.panel import Panel
from orchestration.analysis.detection.scan import Limits, Scan, scan
from orchestration.analysis.detection.series import build

TUNING_SEEDS = range(0, 20)
HELD_OUT_SEEDS = range(1000, 1020)

PLATFORMS = {"web": 0.40, "android": 0.35, "ios": 0.25}
EVENTS = {"start": 0.20, "view": 0.25, "share": 0.20, "toggle": 0.15, "upload": 0.12, "pay": 0.08}
WEEK = np.array([1.05, 1.1, 1.08, 1.0, 0.95, 0.75, 0.7])
EVENTS_A_VISIT = 6.0
HISTORY = 56


@dataclass(frozen=True)
class Loss:
    """From `day` on a share of the records of a part is missing."""

    kept: float
    day: int = HISTORY
    source: str = "app"
    platform: str | None = None
    version: str | None = None
    event: str | None = None


@dataclass(frozen=True)
class World:
    """What happens: events a day of each source, and what is special."""

    daily: float = 2000.0
    days: int = 84
    sources: tuple[str, ...] = ("app", "shop")
    versions: dict[str, int] = field(default_factory=lambda: {"1.0": 0, "1.1": 46})
    factors: dict[int, float] = field(default_factory=dict)
    quiet: frozenset[int] = frozenset()
    loss: Loss | None = None
    both: bool = False  # the loss hits every source


def frames(world: World, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Daily counts and activity of the world."""
    random = np.random.default_rng(seed)
    counts, activity = [], []
    for source in world.sources:
        for day in range(world.days):
            level = world.daily / EVENTS_A_VISIT * WEEK[day % 7] * world.factors.get(day, 1.0)
            # half of a day's scatter is shared by all that happens on it
            level *= random.gamma(400) / 400
            for platform, part in PLATFORMS.items():
                for version, share in _rollout(world.versions, day).items():
                    visits = random.poisson(level * part * share)
                    if visits:
                        _visit(
                            random,
                            world.loss,
                            world.both,
                            source,
                            day,
                            platform,
                            version,
                            visits,
                            counts,
                            activity,
                        )
    return (
        pd.DataFrame(
            counts, columns=["source", "day", "event", "platform", "app_version", "events"]
        ),
        pd.DataFrame(
            activity, columns=["source", "day", "platform", "app_version", "sessions", "persons"]
        ),
    )


def _rollout(versions: dict[str, int], day: int) -> dict[str, float]:
    """Each version takes over from the one before within three weeks."""
    shares: dict[str, float] = {}
    for version, begins in versions.items():
        new = min(max((day - begins + 1) / 21, 0.0), 0.95) if begins else 1.0
        shares = {name: share * (1 - new) for name, share in shares.items()}
        if new:
            shares[version] = new
    return shares


def _visit(
    random, loss, everywhere, source, day, platform, version, visits, counts, activity
) -> None:
    sizes = 1 + random.geometric(1 / EVENTS_A_VISIT, visits)
    drawn = random.multinomial(sizes, list(EVENTS.values()))
    hit = (
        loss is not None
        and day >= loss.day
        and (everywhere or source == loss.source)
        and loss.platform in (None, platform)
        and loss.version in (None, version)
    )
    if hit:
        kept = [loss.kept if loss.event in (None, event) else 1.0 for event in EVENTS]
        drawn = random.binomial(drawn, kept)
    seen = int((drawn.sum(axis=1) > 0).sum())
    activity.append((source, day, platform, version, float(seen), float(seen)))
    for event, events in zip(EVENTS, drawn.sum(axis=0), strict=True):
        if events:
            counts.append((source, day, event, platform, version, float(events)))


def panel_of(world: World, seed: int, minimum_daily: int = 20) -> Panel:
    """The panel of a world."""
    counts, activity = frames(world, seed)
    usable = {source: np.ones(world.days, dtype=bool) for source in world.sources}
    for day in world.quiet:
        for rows in usable.values():
            rows[day] = False
    return build(
        counts,
        activity,
        usable,
        weekdays=np.arange(world.days) % 7,
        minimum_daily=minimum_daily,
        funnels=[("view", "upload", "pay")],
    )


def found_in(
    world: World, seed: int, limits: Limits | None = None
) -> tuple[Panel, Scan, list[Change]]:
    """What the detector finds in a world."""
    panel = panel_of(world, seed)
    seen = scan(panel, limits or Limits())
    return panel, seen, changes(panel, seen)
