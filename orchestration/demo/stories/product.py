"""How a small product lives: persons, visits, and what they do in a visit.

Times are UTC and every visit ends on the date it began on. Chances are known here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

DAY_MS = 86_400_000
WEEKDAY = (1.05, 1.10, 1.08, 1.05, 1.00, 0.84, 0.88)
NOISE = 0.04
"""Standard deviation of a day's level beyond chance; all that happens on a day shares it."""
GAP_SECONDS = 40.0
COLUMNS = (
    *(
        "event_id",
        "event",
        "occurred_at",
        "user",
        "platform",
        "country",
        "product_line",
        "campaign",
    ),
    *("experiment", "variant", "amount"),
)
PLATFORMS = ("ios", "android", "web")


@dataclass(frozen=True)
class Event:
    """An event of the product's dictionary."""

    name: str
    description: str
    kind: str = "micro"


@dataclass(frozen=True)
class Story:
    """A product, what it recorded, what it knows about itself, and what is true of it.

    `rows` has the COLUMNS, ordered by time; `context` a list of lines by kind of context file.
    `survey` has a row a response: user, submitted_at (text, UTC) and a column a question;
    `score_types` says what its questions are.
    """

    name: str
    title: str
    events: tuple[Event, ...]
    rows: pd.DataFrame
    context: dict[str, list[dict[str, Any]]]
    truth: dict[str, Any]
    funnels: dict[str, dict[str, Any]] = field(default_factory=dict)
    survey: pd.DataFrame | None = None
    score_types: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Crowd:
    """The persons: what is known of each, in arrays of one length."""

    platform: npt.NDArray[np.str_]
    country: npt.NDArray[np.str_]
    product_line: npt.NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.platform)


def crowd(
    count: int,
    rng: np.random.Generator,
    *,
    platforms: Sequence[float] = (0.40, 0.35, 0.25),
    lines: Sequence[str] = ("core",),
) -> Crowd:
    """`count` persons; `platforms` are the shares of PLATFORMS."""
    return Crowd(
        rng.choice(PLATFORMS, count, p=platforms),
        rng.choice(("US", "DE", "JP"), count, p=(0.6, 0.25, 0.15)),
        rng.choice(lines, count),
    )


def number(day: date) -> int:
    """Days since 1970."""
    return day.toordinal() - date(1970, 1, 1).toordinal()


def visits(
    count: int,
    first: date,
    days: int,
    daily: float,
    rng: np.random.Generator,
    *,
    growth: float = 1.001,
) -> pd.DataFrame:
    """Visits of `count` persons, a row each: person, day (from 0), at (UTC, ms).

    `daily` is the average of the first week. Some persons come more often than others.
    """
    numbers = np.arange(days)
    weekday = np.array([WEEKDAY[(first.weekday() + day) % 7] for day in numbers])
    level = daily * weekday * growth**numbers * np.exp(rng.normal(0, NOISE, days))
    day = np.repeat(numbers, rng.poisson(level))
    weight = rng.gamma(1.5, 1.0, count)
    second = rng.integers(6 * 3600, 22 * 3600, len(day))
    at = (number(first) + day) * DAY_MS + second * 1000
    person = rng.choice(count, len(day), p=weight / weight.sum())
    return pd.DataFrame({"person": person, "day": day, "at": at})


def acts(
    seen: pd.DataFrame,
    chances: Mapping[str, float | Floats],
    rng: np.random.Generator,
    *,
    stretch: float | Floats = 1.0,
) -> pd.DataFrame:
    """What is done in visits, in the order of `chances`: columns event, person, day, at, visit.

    A chance is one number, or one a visit. `stretch` makes the time between two acts longer.
    """
    count = len(seen)
    done = np.column_stack(
        [rng.random(count) < np.broadcast_to(chance, count) for chance in chances.values()]
    )
    gaps = rng.exponential(GAP_SECONDS, done.shape) * np.reshape(
        np.broadcast_to(stretch, count), (-1, 1)
    )
    gaps = np.minimum(gaps, 1_700) * done
    gaps[:, 0] = 0
    visit, act = np.nonzero(done)
    offset = (np.cumsum(gaps, axis=1)[visit, act] * 1000).astype(np.int64)
    names = np.array(list(chances))
    return pd.DataFrame(
        {
            "event": names[act],
            "person": seen["person"].to_numpy()[visit],
            "day": seen["day"].to_numpy()[visit],
            "at": seen["at"].to_numpy()[visit] + offset,
            "visit": visit,
        }
    )


def once(event: str, person: Ints, at: Ints) -> pd.DataFrame:
    """One act a person, outside their visits; `at` is UTC in ms."""
    return pd.DataFrame({"event": event, "person": person, "at": at})


def recorded(people: Crowd, *parts: pd.DataFrame) -> pd.DataFrame:
    """All acts as the product's log has them: the COLUMNS, in order of time."""
    rows = pd.concat(parts, ignore_index=True).sort_values("at", kind="stable", ignore_index=True)
    person = rows["person"].to_numpy(dtype=np.int64)
    rows["event_id"] = np.char.mod("e%07d", np.arange(len(rows)))
    rows["user"] = np.char.mod("u%06d", person)
    rows["platform"] = people.platform[person]
    rows["country"] = people.country[person]
    rows["product_line"] = people.product_line[person]
    rows["occurred_at"] = (
        pd.to_datetime(rows["at"], unit="ms").dt.strftime("%Y-%m-%dT%H:%M:%S.%f").str.slice(0, 23)
    )
    return rows.reindex(columns=COLUMNS)
