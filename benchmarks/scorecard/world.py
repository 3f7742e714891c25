"""A clean, steady product: who does what on each day, as one frame a day.

Each day is drawn from the seed and its date alone, so a day is the same whatever was written before
it. All times are UTC and every visit ends on the date it began on: a day of a source's export is a
day of the product. What moves the volume is known here and nowhere else: the weekday, slow growth,
releases that people adopt gradually, campaigns and public holidays.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

FIRST_DAY = date(2025, 9, 8)  # a Monday
HISTORY_DAYS = 56  # ends on the Sunday on which the clocks of New York go back
FAULT_DAYS = 7
FIRST_BAD_DAY = FIRST_DAY + timedelta(days=HISTORY_DAYS)

DEV_SEEDS = (11, 12)
HELD_OUT_SEEDS = (71, 72, 73)
"""Detectors may be tuned on the first; the published figures are of the second alone."""

VISITS = 1_000
"""Visits on an average day of the first week: about 5,200 records a day over all sources."""
SMALL_VISITS = 300
SMALL_HISTORY_DAYS = 21
PERSONS = 20_000
PLATFORMS = ("ios", "android", "web")
PLATFORM_SHARE = (0.40, 0.35, 0.25)
WEEKDAY = (1.05, 1.10, 1.08, 1.05, 1.00, 0.84, 0.88)
GROWTH_A_DAY = 1.002
NOISE = 0.04
"""Standard deviation of a day's level beyond its Poisson noise, as a share of the level."""
ACCOUNT_SHARE = 0.6
SURVEY_SHARE = 0.025
HOURS = (
    *(4, 2, 1, 1, 1, 2, 5, 12, 22, 30, 34, 36),
    *(40, 38, 36, 36, 38, 44, 52, 58, 56, 44, 26, 12),
)
LONGEST_VISIT = 1_500  # seconds


@dataclass(frozen=True)
class Act:
    """Something a person may do in a visit: with what probability, after which other act."""

    name: str
    chance: float
    after: str | None = None
    kind: str = "micro"


ACTS = (
    Act("app_opened", 1.0, kind="system"),
    Act("logged_in", 0.35, kind="system"),
    Act("tutorial_started", 0.30),
    Act("form_uploaded", 0.25),
    Act("reminder_enabled", 0.40, after="tutorial_started"),
    Act("feature_toggled", 0.20),
    Act("message_shared", 0.15),
    Act("cart_opened", 0.20),
    Act("payment_started", 0.65, after="cart_opened"),
    Act("order_paid", 0.70, after="payment_started", kind="macro"),
)
CODES = {act.name: code for code, act in enumerate(ACTS)}
VALUES = {
    "tutorial_started": ("topic", ("deductions", "filing", "refunds")),
    "form_uploaded": ("form_type", ("1040", "W2", "1099")),
    "reminder_enabled": ("channel", ("push", "email", "sms")),
    "feature_toggled": ("feature", ("dark_mode", "quiet_hours", "read_receipts")),
}


@dataclass(frozen=True)
class Push:
    """Days, both included, on which the volume is `factor` times the usual."""

    name: str
    first: date
    last: date
    factor: float


@dataclass(frozen=True)
class World:
    """What there is to know about the product. `known` pushes are in the company's own calendar."""

    seed: int
    visits: int = VISITS
    history_days: int = HISTORY_DAYS
    campaigns: tuple[Push, ...] = ()
    holidays: tuple[Push, ...] = ()
    unknown: tuple[Push, ...] = ()
    releases: tuple[tuple[str, date], ...] = field(default=())

    @property
    def days(self) -> list[date]:
        """The days of history, the last of them the day before the first bad one."""
        return [FIRST_BAD_DAY - timedelta(days=left) for left in range(self.history_days, 0, -1)]


def steady(seed: int, *, visits: int = VISITS, history_days: int = HISTORY_DAYS) -> World:
    """The product before anything breaks, with what moves it in a common quarter."""

    def day(number: int) -> date:
        return FIRST_DAY + timedelta(days=number)

    return World(
        seed,
        visits,
        history_days,
        campaigns=(Push("autumn promotion", day(24), day(26), 1.5),),
        holidays=(Push("Columbus Day", day(35), day(35), 0.7),),
        unknown=(Push("a newsletter nobody told about", day(37), day(38), 1.2),),
        releases=(("5.0.0", day(-400)), ("5.1.0", day(10)), ("5.2.0", day(36))),
    )


@dataclass(frozen=True)
class Crowd:
    """The persons: arrays of one length. `eagerness` (0 to 1) tells how early one updates."""

    weight: Floats
    platform: Ints
    account: npt.NDArray[np.bool_]
    eagerness: Floats


@lru_cache(maxsize=4)
def crowd(seed: int) -> Crowd:
    """The persons of a seed."""
    rng = np.random.default_rng([seed, 1])
    weight = rng.lognormal(0, 0.8, PERSONS)
    return Crowd(
        weight=weight / weight.sum(),
        platform=rng.choice(len(PLATFORMS), PERSONS, p=PLATFORM_SHARE),
        account=rng.random(PERSONS) < ACCOUNT_SHARE,
        eagerness=rng.random(PERSONS),
    )


def level(world: World, day: date) -> float:
    """Expected visits of a day."""
    pushes = (*world.campaigns, *world.holidays, *world.unknown)
    factor = float(np.prod([p.factor for p in pushes if p.first <= day <= p.last]))
    age = (day - FIRST_DAY).days
    return world.visits * WEEKDAY[day.weekday()] * GROWTH_A_DAY**age * factor


def versions(world: World, day: date, eagerness: Floats) -> npt.NDArray[np.object_]:
    """The version each person has: half of them have updated four days after a release."""
    names = np.array([name for name, _ in world.releases], dtype=object)
    newest = np.zeros(len(eagerness), np.int64)
    for place, (_, released) in enumerate(world.releases):
        age = (day - released).days
        adopted = 0.0 if age < 0 else 0.97 * (1 - 0.5 ** ((age + 0.5) / 4))
        newest = np.where((eagerness < adopted) | (place == 0), place, newest)
    found: npt.NDArray[np.object_] = names[newest]
    return found


@lru_cache(maxsize=16)
def acts(world: World, day: date) -> pd.DataFrame:
    """What happens on a day, in order of time.

    Columns: act (its code), person, visit (ms since 1970), at (UTC, ms), received (UTC, ms),
    platform, version, account (bool), variant (0 to 2), amount (US dollars of an order, else NaN).
    The frame is shared: callers must not change it.
    """
    rng = np.random.default_rng([world.seed, 2, day.toordinal()])
    people = crowd(world.seed)
    shape = 1 / NOISE**2
    count = int(rng.poisson(level(world, day) * rng.gamma(shape, 1 / shape)))
    person = rng.choice(PERSONS, count, p=people.weight)
    hour = rng.choice(24, count, p=np.array(HOURS) / sum(HOURS))
    start = np.minimum(hour * 3600 + rng.integers(0, 3600, count), 86_399 - LONGEST_VISIT)
    done = np.zeros((count, len(ACTS)), np.bool_)
    for place, act in enumerate(ACTS):
        able = done[:, CODES[act.after]] if act.after else np.ones(count, np.bool_)
        if act.name == "logged_in":
            able = people.account[person]
        done[:, place] = able & (rng.random(count) < act.chance)
    gaps = np.minimum(rng.exponential(45, done.shape), LONGEST_VISIT / len(ACTS) - 1)
    visit, code = np.nonzero(done)
    midnight = pd.Timestamp(day).value // 1_000_000
    offset = np.cumsum(gaps * done, axis=1)[visit, code] * 1000
    at = midnight + start[visit] * 1000 + offset.astype(np.int64)
    who = person[visit]
    is_order = code == CODES["order_paid"]
    frame = pd.DataFrame(
        {
            "act": code,
            "person": who,
            "visit": midnight + start[visit] * 1000,
            "at": at,
            "received": at + 200 + rng.exponential(1_500, len(at)).astype(np.int64),
            "platform": np.array(PLATFORMS, dtype=object)[people.platform[who]],
            "version": versions(world, day, people.eagerness)[who],
            "account": people.account[who],
            "variant": rng.integers(0, 3, len(at)),
            "amount": np.where(is_order, np.round(rng.lognormal(3.5, 0.5, len(at)), 2), np.nan),
        }
    )
    return frame.sort_values(["at", "person", "act"], ignore_index=True)


def responses(world: World, day: date) -> pd.DataFrame:
    """Answers to the survey: person, at (UTC, ms), nps (0 to 10), ease (1 to 5), remark (text)."""
    rng = np.random.default_rng([world.seed, 3, day.toordinal()])
    count = int(rng.poisson(level(world, day) * SURVEY_SHARE))
    midnight = pd.Timestamp(day).value // 1_000_000
    return pd.DataFrame(
        {
            "person": rng.choice(PERSONS, count, p=crowd(world.seed).weight),
            "at": midnight + np.sort(rng.integers(700, 86_000, count)) * 1000,
            "nps": np.minimum(10, rng.binomial(12, 0.7, count)),
            "ease": 1 + rng.binomial(4, 0.7, count),
            "remark": rng.choice(["", "Great, thanks!", "Too slow on my phone"], count),
        }
    )
