"""The named faults: which records they hit, how many, and how a right pipeline shows them.

Sizes are large (50 % of the affected records), middle (12 %) and small (3 %). Each fault draws
from its own random stream, so switching one off leaves the others where they were.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from orchestration.demo.story import ADOBE, AMPLITUDE, MIXPANEL, SEGMENT, SHOP
from orchestration.demo.world import Bools, stream

Size = Literal["large", "middle", "small"]
SHARES: Final[Mapping[Size, float]] = MappingProxyType(
    {"large": 0.50, "middle": 0.12, "small": 0.03}
)

# the fate of a record, and what is wrong with its bytes
LOADED, DUPLICATE, IDENTITY, QUARANTINED, FILTERED = range(5)
WHOLE, BROKEN, NOT_UTF8, NO_TIME, BAD_TIME, TORN, EXCLUDED = range(7)


@dataclass(frozen=True)
class Kind:
    """A fault: the source it hits, its usual size, what is affected and how it shows."""

    source: str
    size: Size
    affected: str
    shows_as: str


FAULTS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "mixpanel_duplicates": Kind(
            MIXPANEL,
            "small",
            "records of ios",
            "fate duplicate: same event, distinct_id, time and $insert_id, ingested later",
        ),
        "mixpanel_truncated_file": Kind(
            MIXPANEL,
            "middle",
            "lines of the file of 2025-03-12",
            "landing gate red on that delivery; its torn tail is one quarantined record, "
            "the lines after it are gone",
        ),
        "mixpanel_bad_lines": Kind(
            MIXPANEL,
            "small",
            "lines of the file of 2025-03-14",
            "fate quarantined: broken JSON, not UTF-8, no time",
        ),
        "amplitude_overlap_hours": Kind(
            AMPLITUDE,
            "middle",
            "daily archives",
            "fate duplicate: the archive also holds the first hour of the next day, same uuid",
        ),
        "amplitude_resent": Kind(
            AMPLITUDE,
            "small",
            "records of web",
            "fate duplicate: same device_id and $insert_id within 7 days under another uuid",
        ),
        "amplitude_bad_lines": Kind(
            AMPLITUDE,
            "small",
            "records uploaded on 2025-04-02",
            "fate quarantined: broken JSON, not UTF-8, no event_time",
        ),
        "amplitude_clock_skew": Kind(
            AMPLITUDE,
            "small",
            "records of ios from 2025-04-08 to 2025-04-10",
            "fate quarantined: dated more than 24 hours after the received time",
        ),
        "amplitude_casing_drift": Kind(
            AMPLITUDE,
            "large",
            "tax_reminder_enabled from 2025-04-08 on, by app version 5.2.0",
            "loaded with event_name null; staging gate: share of unmapped events",
        ),
        "amplitude_silent_loss": Kind(
            AMPLITUDE,
            "middle",
            "events of android from 2025-04-05 on",
            "no fate, the records never came: fewer events on one platform than before",
        ),
        "shop_bad_times": Kind(
            SHOP,
            "small",
            "rows of the week 2025-W13",
            "fate quarantined: timestamp missing or unreadable",
        ),
        "segment_retries": Kind(
            SEGMENT,
            "small",
            "all its calls",
            "fate duplicate: the same messageId again, received hours later",
        ),
        "adobe_excluded_hits": Kind(
            ADOBE,
            "small",
            "hits, as many again, of a robot",
            "fate filtered: exclude_hit is not 0",
        ),
    }
)
DEFAULT_PLAN: Final[Mapping[str, Size]] = MappingProxyType({n: k.size for n, k in FAULTS.items()})


@dataclass(frozen=True)
class Fault:
    """A fault as it was injected: `records` counts the records it added, damaged or took away."""

    name: str
    size: Size
    records: int
    source: str
    affected: str
    shows_as: str


@dataclass
class Plan:
    """The faults of one run, and the log of what each did."""

    seed: int
    sizes: Mapping[str, Size]
    log: list[Fault] = field(default_factory=list)

    def __post_init__(self) -> None:
        unknown = sorted(set(self.sizes) - set(FAULTS))
        if unknown:
            raise ValueError(f"unknown fault {unknown[0]!r}; known: {', '.join(sorted(FAULTS))}")

    def share(self, name: str) -> float:
        """The share of affected records the fault hits; 0 when it is switched off."""
        return SHARES[self.sizes[name]] if name in self.sizes else 0.0

    def pick(self, name: str, affected: Bools) -> npt.NDArray[np.int64]:
        """Positions of the affected records that are hit; at least one where there are any."""
        places = np.flatnonzero(affected)
        share = self.share(name)
        if share == 0.0 or not places.size:
            return places[:0]
        hit = places[stream(self.seed, name).random(places.size) < share]
        return hit if hit.size else places[:1]

    def note(self, name: str, records: int) -> None:
        """Write down what a fault did; a fault that is switched off leaves no entry."""
        if name in self.sizes:
            kind = FAULTS[name]
            self.log.append(
                Fault(name, self.sizes[name], records, kind.source, kind.affected, kind.shows_as)
            )
