"""Acts that always came with another one, and now come alone: the other is lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from orchestration.quality.drift.findings import Finding, percent
from orchestration.quality.drift.history import departures
from orchestration.quality.drift.reading import SourceFigures, platform_cells, with_all
from orchestration.quality.drift.thresholds import ALONE, FEWEST_ALONE


@dataclass(frozen=True)
class _Alone:
    """On a day more people than usual had `event` and not the `lost` one."""

    day: int
    platform: str
    lost: str
    event: str
    share: float
    usual: float
    z: float


def find_companions(figures: SourceFigures) -> Iterator[Finding]:
    """Findings of `companion_missing`, at most one a day.

    A form that is sent was opened, who pays has a cart. Where several events went missing from
    those they belong to, no one of them is named: the platform, or all of the source, lost some.
    """
    rows = figures.of("event", "event")
    found = sorted(_alone(figures), key=lambda each: (each.day, each.lost, -each.z))
    for day, of_day in groupby(found, key=lambda each: each.day):
        first = [next(each) for _, each in groupby(of_day, key=lambda each: each.lost)]
        worst = max(first, key=lambda each: each.z)
        platform = worst.platform if len({each.platform for each in first}) == 1 else ""
        on = f" on {platform}" if platform else ""
        others = f" (and {len(first) - 1} others)" if len(first) > 1 else ""
        yield Finding(
            cause="companion_missing",
            source=figures.source,
            day=figures.days[day],
            until=figures.days[day],
            event=worst.lost if len(first) == 1 else None,
            platform=platform or None,
            what=f"{percent(worst.share)} of the people with {worst.event}{on} had no"
            f" {worst.lost}{others}, usually {percent(worst.usual)}: it is lost",
            records=int((worst.share - worst.usual) * rows.column(worst.lost)[day]),
            observed=worst.share,
            expected=worst.usual,
            next_step="Compare with another source, and ask the owner of {source}'s tracking"
            " what drops it; have the dates exported again.",
        )


def _alone(figures: SourceFigures) -> Iterator[_Alone]:
    pairs = figures.of("companion", "event", "item", "platform")
    for (event, lost), keys in groupby(pairs.keys, key=lambda key: key[:2]):
        platforms = [(platform,) for _, _, platform in keys]
        columns = [pairs.keys.index((event, lost, platform)) for (platform,) in platforms]
        people = pairs.counts[:, columns]
        alone = np.rint(np.nan_to_num(pairs.values[:, columns]) * people)
        counts, totals = with_all(alone), with_all(people)
        found = departures(counts, totals, figures.weekend, figures.judged)
        rose = (found.moved == 1) & (found.usual <= ALONE) & (counts >= FEWEST_ALONE)
        for day, place, platform in platform_cells(found.usual, rose, platforms):
            yield _Alone(
                day,
                platform,
                lost,
                event,
                float(counts[day, place] / totals[day, place]),
                float(found.usual[day, place]),
                float(found.z[day, place]),
            )
