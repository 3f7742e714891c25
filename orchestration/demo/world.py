"""What happened: people, devices and acts, before any tool wrote anything down."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from orchestration.demo.clocks import Ints, local_day
from orchestration.demo.story import (
    APP_EVENTS,
    CITIES,
    CODES,
    DAY,
    FIRST_DAY,
    HOSTILE_IDS,
    HOUR,
    LAST_DAY,
    ONBOARDING_FIXED,
    SECOND,
    SESSION_GAP,
    STORY_END,
    STORY_START,
    WEIGHTS_AFTER,
    WEIGHTS_BEFORE,
    day_number,
)

EVENTS_PER_PERSON = 30
SHOP_SHARE = 0.12
KIOSK_EVENTS = 100
KIOSK_GAP = 20 * 60 * SECOND
NEVER = np.iinfo(np.int64).max
ACT_COLUMNS = ("act", "person", "device", "user", "event", "variant", "at_ms", "visit_ms")

Bools = npt.NDArray[np.bool_]


def stream(seed: int, name: str) -> np.random.Generator:
    """An own random stream for each purpose, so that one more draw here changes nothing there."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def email_of(person: int) -> str:
    """The address of a person; two tools know people by it."""
    return f"person{person:07d}@example.com"


@dataclass(frozen=True)
class People:
    """Arrays with one entry a person; a person with an account has their own number as user."""

    user_ids: list[str]
    account: Bools
    platform: npt.NDArray[np.int8]
    city: npt.NDArray[np.int8]
    campaign: npt.NDArray[np.int8]
    eagerness: npt.NDArray[np.float64]
    weight: npt.NDArray[np.float64]
    kiosks: int

    def __len__(self) -> int:
        return len(self.account)


def people(count: int, seed: int) -> People:
    """`count` persons; the first few are kiosks, the next ones carry the hostile ids."""
    rng = stream(seed, "people")
    kiosks = max(1, count // 2000)
    account = rng.random(count) < 0.82
    platform = rng.choice(3, count, p=[0.36, 0.34, 0.30]).astype(np.int8)
    account[:kiosks], platform[:kiosks] = False, 2
    hostile = range(kiosks, min(count, kiosks + len(HOSTILE_IDS)))
    account[list(hostile)] = True
    user_ids: list[str] = np.char.mod("u%07d", np.arange(count)).tolist()
    weight = rng.gamma(1.3, 1.0, count)
    for person, user_id in zip(hostile, HOSTILE_IDS, strict=False):
        user_ids[person] = user_id
        weight[person] = 3.0
    weight[:kiosks] = 0.0
    return People(
        user_ids=user_ids,
        account=account,
        platform=platform,
        city=rng.integers(0, len(CITIES), count, np.int8),
        campaign=rng.choice(3, count, p=[0.55, 0.3, 0.15]).astype(np.int8),
        eagerness=rng.random(count),
        weight=weight,
        kiosks=kiosks,
    )


def acts(crowd: People, events: int, seed: int) -> pd.DataFrame:
    """Exactly `events` acts, one a row, in the columns ACT_COLUMNS.

    `user` is the person's number once logged in, else -1; `device` is below twice the number of
    persons (own device, second device); `at_ms` and `visit_ms` are UTC milliseconds.
    """
    shop_count = int(events * SHOP_SHARE)
    visits = _visits(crowd, events - shop_count, stream(seed, "visits"))
    app = _app_acts(crowd, visits, stream(seed, "app"))
    shop = _shop_acts(crowd, visits, shop_count, stream(seed, "shop"))
    both = pd.concat([app, shop], ignore_index=True)
    both.insert(0, "act", np.arange(len(both), dtype=np.int64))
    return both


@dataclass(frozen=True)
class _Visits:
    person: Ints
    size: Ints
    start: Ints
    rank: Ints
    login_at: Ints  # number of the visit's first logged-in event; NEVER where anonymous
    is_kiosk: Bools


def _visits(crowd: People, app_count: int, rng: np.random.Generator) -> _Visits:
    size = 1 + rng.geometric(0.2, app_count // 5 + 50).astype(np.int64)
    size[: crowd.kiosks] = KIOSK_EVENTS
    ends = np.cumsum(size)
    count = int(np.searchsorted(ends, app_count)) + 1
    size = size[:count]
    size[-1] -= int(ends[count - 1]) - app_count

    pick = np.cumsum(crowd.weight)
    person = np.searchsorted(pick, rng.random(count) * pick[-1], side="right").astype(np.int64)
    kiosks = min(crowd.kiosks, count)
    person[:kiosks] = np.arange(kiosks)
    start = _visit_starts(count, rng)

    order = np.lexsort((start, person))
    sorted_person = person[order]
    first = np.flatnonzero(np.r_[True, sorted_person[1:] != sorted_person[:-1]])
    rank = np.empty(count, np.int64)
    rank[order] = np.arange(count) - np.repeat(first, np.diff(np.r_[first, count]))

    login_visit = (rng.random(len(crowd)) < 0.25).astype(np.int64)[person]
    login_at = np.zeros(count, np.int64)
    login_at[rng.random(count) < 0.08] = NEVER
    at_login = rank == login_visit
    login_at[at_login] = (rng.random(int(at_login.sum())) * size[at_login]).astype(np.int64)
    login_at[(rank < login_visit) | ~crowd.account[person]] = NEVER
    return _Visits(person, size, start, rank, login_at, np.arange(count) < kiosks)


def _visit_starts(count: int, rng: np.random.Generator) -> Ints:
    """More visits towards the deadline, fewer at week-ends and at night (New York)."""
    days = np.arange(day_number(FIRST_DAY), day_number(LAST_DAY) + 1)
    weekend = (days + 3) % 7 >= 5
    by_day = (1.0 + 2.2 * (np.arange(len(days)) / len(days)) ** 3) * np.where(weekend, 0.6, 1.0)
    hours = np.arange(24)
    by_hour = 0.15 + np.exp(-(((hours - 13) / 4.5) ** 2)) + 0.6 * np.exp(-(((hours - 20) / 2) ** 2))
    day = rng.choice(days, count, p=by_day / by_day.sum())
    hour = rng.choice(hours, count, p=by_hour / by_hour.sum())
    start = day * DAY + (hour + 4) * HOUR + rng.integers(0, HOUR, count)
    inside: Ints = np.clip(start, STORY_START, STORY_END - 1)
    return inside


def _app_acts(crowd: People, visits: _Visits, rng: np.random.Generator) -> pd.DataFrame:
    total = int(visits.size.sum())
    first = np.cumsum(visits.size) - visits.size
    visit = np.repeat(np.arange(len(visits.size)), visits.size)
    number = np.arange(total) - first[visit]

    gap = rng.lognormal(np.log(45 * SECOND), 1.1, total).astype(np.int64)
    kind = rng.random(total)
    # the rule "a gap strictly over the timeout" has both of its sides in the data
    gap = np.where(kind < 0.004, SESSION_GAP, gap)
    gap = np.where(kind > 0.99, SESSION_GAP + rng.integers(1, SESSION_GAP, total), gap)
    gap = np.where(visits.is_kiosk[visit], KIOSK_GAP, gap)
    gap[number == 0] = 0
    elapsed = np.cumsum(gap)
    elapsed -= elapsed[first][visit]
    last = first + visits.size - 1
    start = visits.start - np.maximum(0, visits.start + elapsed[last] - (STORY_END - 1))
    start = np.maximum(start, STORY_START)
    at_ms = start[visit] + elapsed

    draw = rng.random(total)
    codes = np.array([CODES[name] for name in APP_EVENTS])
    before = codes[np.searchsorted(np.cumsum(WEIGHTS_BEFORE), draw).clip(max=len(codes) - 1)]
    after = codes[np.searchsorted(np.cumsum(WEIGHTS_AFTER), draw).clip(max=len(codes) - 1)]
    event = np.where(local_day(at_ms) < day_number(ONBOARDING_FIXED), before, after)
    event[number == 0] = CODES["session_start"]

    person = visits.person[visit]
    return pd.DataFrame(
        {
            "person": person,
            "device": _devices(crowd, visits, rng)[visit],
            "user": np.where(number >= visits.login_at[visit], person, -1),
            "event": event.astype(np.int8),
            "variant": rng.integers(0, 3, total, np.int8),
            "at_ms": at_ms,
            "visit_ms": start[visit],
        }
    )


def _devices(crowd: People, visits: _Visits, rng: np.random.Generator) -> Ints:
    """A device for each visit: one's own, a second one, or that of the person next door."""
    count, person = len(crowd), visits.person
    has_second = rng.random(count) < 0.2
    borrows = (rng.random(count) < 0.02) & crowd.account
    borrows[: crowd.kiosks + 1] = False  # nobody carries a kiosk home
    draw = rng.random(len(person))
    device = np.where(has_second[person] & (draw < 0.3), count + person, person)
    return np.where(borrows[person] & (draw > 0.5), person - 1, device)


def _shop_acts(
    crowd: People, visits: _Visits, count: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Carts, payments and orders of people with an account, begun during one of their visits."""
    candidates = np.flatnonzero(crowd.account[visits.person])
    carts = rng.choice(candidates, count)
    minutes = 60 * SECOND
    cart = visits.start[carts] + rng.integers(30 * SECOND, 20 * minutes, count)
    cart = np.minimum(cart, STORY_END - 1)
    quick = rng.lognormal(np.log(5 * minutes), 0.9, count).astype(np.int64)
    slow = rng.integers(DAY, 10 * DAY, count)
    payment = cart + np.where(rng.random(count) < 0.08, slow, quick)
    quick = rng.lognormal(np.log(2 * minutes), 0.6, count).astype(np.int64)
    slow = rng.integers(DAY, 8 * DAY, count)
    order = payment + np.where(rng.random(count) < 0.06, slow, quick)

    pays = (rng.random(count) < 0.62) & (payment < STORY_END)
    buys = pays & (rng.random(count) < 0.72) & (order < STORY_END)
    happened = np.stack([np.ones(count, np.bool_), pays, buys], axis=1).ravel()
    taken = np.flatnonzero(happened)[:count]
    cart_number, step = taken // 3, taken % 3
    visit = carts[cart_number]
    person = visits.person[visit]
    return pd.DataFrame(
        {
            "person": person,
            "device": person,
            "user": person,
            "event": (CODES["cart_opened"] + step).astype(np.int8),
            "variant": rng.integers(0, 3, len(taken), np.int8),
            "at_ms": np.stack([cart, payment, order], axis=1).ravel()[taken],
            "visit_ms": visits.start[visit],
        }
    )
