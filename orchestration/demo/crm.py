"""What the sales team wrote down: contacts and deals, as somebody exported them from a CRM.

Deals have several contacts and belong to one person all the same; some contacts were merged into
another, and their old ids are still in the deals.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from orchestration.demo import story
from orchestration.demo.faults import IDENTITY, LOADED
from orchestration.demo.story import DAY, SECOND, STORY_END, STORY_START
from orchestration.demo.world import People, email_of, stream

CONTACT_SHARE = 0.15
MERGED_SHARE = 0.1
WON_SHARE, LOST_SHARE = 0.35, 0.25
STAGES = ("Closed Won", "Closed Lost", "Proposal")
CONTACT_COLUMNS = (
    *("Record ID", "First Name", "Email", "App User ID", "Merged object IDs", "Create Date"),
    "Last Modified Date",
)
DEAL_COLUMNS = (
    *("Record ID", "Deal Name", "Amount", "Currency", "Pipeline", "Deal Stage", "Close Date"),
    *("Create Date", "Last Modified Date", "Associated Contact IDs"),
)


@dataclass(frozen=True)
class Sales:
    """The fate of each record, and what the deals come to: numbers, cents and buyers."""

    fates: npt.NDArray[np.int8]
    deals: int
    won: int
    won_minor: int
    buyers: int

    def to_json(self) -> dict[str, Any]:
        """The part of `truth.json` that is about deals; amounts in smallest units."""
        return {
            "deals": self.deals,
            "won": self.won,
            "won_minor": {"USD": self.won_minor},
            "buyers": self.buyers,
        }


def write_hubspot(folder: Path, crowd: People, seed: int) -> Sales:
    """Two CSV exports with labels, on New York's clock."""
    rng = stream(seed, "crm")
    accounts = np.flatnonzero(crowd.account)
    people = rng.choice(accounts, max(12, int(len(accounts) * CONTACT_SHARE)), replace=False)
    # in the order of their ids; the old id of a merged contact is lower than all others
    contact = 10_000 + 7 * np.arange(len(people))
    old = np.where(rng.random(len(people)) < MERGED_SHARE, 1_000 + np.arange(len(people)), 0)
    old[0] = 1_000
    made = rng.integers(STORY_START, STORY_END - 8 * DAY, len(people))
    _write(
        folder / "contacts.csv",
        CONTACT_COLUMNS,
        (
            (
                *(contact[n], f"Name {person}", email_of(int(person)), crowd.user_ids[person]),
                *(old[n] or "", _clock(made[n]), _clock(made[n])),
            )
            for n, person in enumerate(people)
        ),
    )
    count = 2 * len(people)
    first, second = rng.integers(0, len(people), (2, count))
    first[0] = second[0] = 0
    made = rng.integers(STORY_START, STORY_END - 8 * DAY, count)
    closed = made + rng.integers(DAY, 7 * DAY, count)
    cents = rng.lognormal(np.log(150_000), 0.8, count).astype(np.int64)
    chance = rng.random(count)
    stage = np.where(chance < WON_SHARE, 0, np.where(chance < WON_SHARE + LOST_SHARE, 1, 2))
    stage[0] = 0
    _write(
        folder / "deals.csv",
        DEAL_COLUMNS,
        (
            (
                *(500_000 + n, f"Deal {n}", f"${cents[n] / 100:,.2f}", "USD", "Sales"),
                *(STAGES[stage[n]], _clock(closed[n]), _clock(made[n]), _clock(closed[n])),
                ";".join(str(old[each] or contact[each]) for each in (first[n], second[n])),
            )
            for n in range(count)
        ),
    )
    lower = np.where(
        _known_as(first, old, contact) < _known_as(second, old, contact), first, second
    )
    won = stage == 0
    return Sales(
        fates=np.array([IDENTITY] * len(people) + [LOADED] * count, np.int8),
        deals=count,
        won=int(won.sum()),
        won_minor=int(cents[won].sum()),
        buyers=len(np.unique(lower[won])),
    )


def _known_as(
    place: npt.NDArray[np.int64], old: npt.NDArray[np.int64], contact: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """The id by which deals know contacts."""
    return np.where(old[place] > 0, old[place], contact[place])


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def _clock(at_ms: int) -> str:
    moment = datetime.fromtimestamp(int(at_ms) // SECOND, UTC)
    return f"{moment.astimezone(ZoneInfo(story.REPORTING_ZONE)):%Y-%m-%d %H:%M}"
