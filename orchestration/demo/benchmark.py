"""A Mixpanel export of any size for benchmarks: no faults, one file a day, a UTC project."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
from isal import isal_zlib

from orchestration.demo import lines, story
from orchestration.demo.clocks import Ints
from orchestration.demo.exports import LEVEL
from orchestration.demo.faults import WHOLE
from orchestration.demo.story import DAY, SECOND, day_number
from orchestration.demo.world import Bools, stream

PERSON_EVENTS_A_DAY = 10
MEMORY_DAYS = 30
CHUNK = 250_000


@dataclass(frozen=True)
class _Day:
    """Who is active on one day: regulars, device owners still anonymous, and those who log in."""

    regulars: Ints
    anonymous: Ints
    linking: Ints


@dataclass(frozen=True)
class _Rows:
    """Some of a day's rows, as parallel arrays; times are UTC milliseconds."""

    person: Ints
    known: Bools
    at_ms: Ints
    event: Ints
    serial: Ints


@dataclass(frozen=True)
class _Ids:
    """The text of each person's device and (quoted) user id."""

    device: pa.StringArray
    user: pa.StringArray


def generate_mixpanel(
    out_dir: Path,
    *,
    events: int,
    days: int,
    persons: int,
    seed: int,
    start: date = date(2025, 1, 1),
    link_share: float = 0.0,
) -> list[Path]:
    """Write `events` rows over `days` files `YYYY-MM-DD.jsonl.gz` and return their paths in order.

    About 470 bytes of JSON a row; `time` is UTC. `persons` bounds the regulars, who always carry
    a `$user_id`. On each day but the first, `link_share` of the day's persons show their first
    `$user_id`, on a device whose events so far, on one of the previous 30 days and earlier that
    day, were all anonymous. A day's rows do not depend on how many days follow when `events`
    grows with `days`. Raises ValueError for figures that cannot be met.
    """
    if days < 1 or events < days or persons < 1 or not 0.0 <= link_share <= 0.5:
        raise ValueError(
            f"needs days >= 1, events >= days, persons >= 1 and link_share in 0..0.5, got "
            f"{days=}, {events=}, {persons=}, {link_share=}"
        )
    out_dir.mkdir(parents=True, exist_ok=True)
    base, longer = divmod(events, days)
    active = max(1, min(persons, base // PERSON_EVENTS_A_DAY))
    linkers = round(active * link_share)
    salt = f"{seed}|benchmark"
    total = persons + linkers * (days + MEMORY_DAYS)
    ids = _Ids(
        lines.device_ids(total, salt),
        lines.quoted(np.char.mod("u%08d", np.arange(total)).tolist()),
    )

    def write(number: int) -> Path:
        day = _day(number, active, persons, linkers, seed)
        path = out_dir / f"{start + timedelta(days=number)}.jsonl.gz"
        draft = path.with_suffix(".part")
        with draft.open("wb") as file:
            packer = isal_zlib.compressobj(LEVEL, isal_zlib.DEFLATED, 31)
            for rows in _rows(day, number, base + (number < longer), start, seed):
                columns = _columns(rows, ids, salt)
                file.write(packer.compress(lines.join(lines.render(lines.MIXPANEL_LINE, columns))))
            file.write(packer.flush())
        draft.replace(path)
        return path

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return list(pool.map(write, range(days)))


def _day(number: int, active: int, persons: int, linkers: int, seed: int) -> _Day:
    """Person numbers: regulars below `persons`, then the cohorts that log in, by their day."""
    cohort = persons + linkers * np.arange(number, number + MEMORY_DAYS + 1)[:, None]
    people = cohort + np.arange(linkers)[None, :]
    waits = np.stack(
        [
            stream(seed, f"wait {number + ahead}").integers(1, MEMORY_DAYS + 1, linkers)
            for ahead in range(MEMORY_DAYS + 1)
        ]
    )
    # those whose first visit would lie before the export come on its first day
    waits = np.minimum(waits, np.maximum(1, number + np.arange(MEMORY_DAYS + 1))[:, None])
    anonymous = people[waits == np.arange(MEMORY_DAYS + 1)[:, None]]
    linking = people[0] if number else people[0][:0]
    regulars = stream(seed, f"regulars {number}").choice(
        persons, max(1, active - len(linking) - len(anonymous)), replace=False
    )
    return _Day(regulars.astype(np.int64), anonymous, linking)


def _rows(day: _Day, number: int, count: int, start: date, seed: int) -> Iterator[_Rows]:
    rng = stream(seed, f"day {number}")
    people = np.concatenate([day.regulars, day.anonymous, day.linking])
    regular, waiting = len(day.regulars), len(day.regulars) + len(day.anonymous)
    # everybody active has an event that day (those who log in have two), the rest is chance
    sure = np.r_[np.arange(waiting, len(people)), np.arange(waiting, len(people))]
    sure = np.r_[sure, np.arange(waiting)][:count]
    place = np.r_[sure, rng.integers(0, len(people), count - len(sure))]
    midnight = (day_number(start) + number) * DAY
    at_ms = midnight + rng.integers(0, DAY, count)
    logs_in = place >= waiting
    # before noon a person who links is still anonymous, afterwards the user id is there
    noon = midnight + DAY // 2
    first = np.zeros(count, np.bool_)
    first[: min(count, len(day.linking))] = True
    morning = midnight + rng.integers(0, DAY // 2, count)
    at_ms = np.where(first & logs_in, np.maximum(noon, at_ms), at_ms)
    second = np.zeros(count, np.bool_)
    second[len(day.linking) : 2 * len(day.linking)] = True
    at_ms = np.where(second & logs_in, morning, at_ms)
    known = (place < regular) | (logs_in & (at_ms >= noon))

    order = rng.permutation(count)
    events = np.array([story.CODES[e] for e in story.APP_EVENTS])
    serial = number * 1_000_000_000 + np.arange(count)
    for begin in range(0, count, CHUNK):
        taken = order[begin : begin + CHUNK]
        yield _Rows(
            people[place[taken]],
            known[taken],
            at_ms[taken],
            events[rng.integers(0, len(events), len(taken))],
            serial[begin : begin + len(taken)],
        )


def _columns(rows: _Rows, ids: _Ids, salt: str) -> dict[str, pa.Array | Ints]:
    person = rows.person
    platform = person % 3
    city = person % len(story.CITIES)
    received = rows.at_ms + 300 + rows.serial % 2_000
    nothing = np.zeros(len(person), np.int64)
    return {
        "salt": lines.pick([salt], nothing),
        "act": rows.serial,
        "damage": np.full(len(person), WHOLE, np.int64),
        "device_id": lines.pick(ids.device, person),
        "user_json": lines.pick(ids.user, np.where(rows.known, person, -1)),
        "event": lines.pick(story.MIXPANEL_NAMES, rows.event),
        "time_s": rows.at_ms // SECOND,
        "received_ms": received,
        "processed_ms": received + 900,
        "city": lines.pick([c for c, _ in story.CITIES], city),
        "region": lines.pick([r for _, r in story.CITIES], city),
        "version": lines.pick(story.VERSIONS, person % 3),
        "os": lines.pick(story.MIXPANEL_OS, platform),
        "platform": lines.pick(story.PLATFORMS, platform),
        "lib": lines.pick(("swift", "android", "web"), platform),
        "extra": lines.pick([""], nothing),
        "campaign": lines.pick([""], nothing),
    }
