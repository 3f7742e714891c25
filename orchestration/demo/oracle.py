"""What a right pipeline must find, computed straight from the rules, on arrays.

An implementation of the identity, session and funnel rules that shares no code with the pipeline.
All times are int64 milliseconds in UTC; persons, users and devices are numbers, -1 means none.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from orchestration.demo.clocks import Ints


def _group_starts(keys: Ints) -> Ints:
    """Positions at which a sorted array begins a new value."""
    return np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]]) if keys.size else np.zeros(0, int)


def first_user_owns(device: Ints, user: Ints, at_ms: Ints) -> Ints:
    """Mixpanel: the first user seen on a device owns all its anonymous events (-1: nobody does)."""
    known = np.flatnonzero(user >= 0)
    order = known[np.lexsort((user[known], at_ms[known], device[known]))]
    first = order[_group_starts(device[order])]
    owner = np.full(int(device.max(initial=-1)) + 1, -1, np.int64)
    owner[device[first]] = user[first]
    return np.where(user >= 0, user, owner[device])


def last_user_owns(device: Ints, user: Ints, at_ms: Ints) -> Ints:
    """Amplitude: an anonymous event belongs to the last user at or before it on its device.

    Before any user came, it belongs to the first one who will; -1 where none ever comes.
    """
    # a known user sorts before an anonymous event of the same instant: "at or before"
    order = np.lexsort((user < 0, at_ms, device))
    sorted_device, sorted_user = device[order], user[order]
    position = np.arange(len(order))
    starts = _group_starts(sorted_device)
    group_start = np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    seen = np.maximum.accumulate(np.where(sorted_user >= 0, position, -1))
    has_past = seen >= group_start
    past = np.where(has_past, sorted_user[np.maximum(seen, 0)], -1)
    owner = np.empty_like(user)
    owner[order] = np.where(has_past, past, first_user_owns(device, user, at_ms)[order])
    return owner


def sessions(person: Ints, at_ms: Ints, gap_ms: int, cap_ms: int) -> Ints:
    """Session number of each event: a gap strictly over `gap_ms`, or an age over `cap_ms`, cuts."""
    order = np.lexsort((at_ms, person))
    who, when = person[order], at_ms[order]
    begins = np.ones(len(order), np.bool_)
    begins[1:] = (who[1:] != who[:-1]) | (when[1:] - when[:-1] > gap_ms)
    while True:
        starts = np.flatnonzero(begins)
        start = np.repeat(starts, np.diff(np.r_[starts, len(order)]))
        late = np.flatnonzero(when - when[start] > cap_ms)
        if not late.size:
            break
        # one cut a session a round: where the next session starts decides on the one after it
        begins[late[_group_starts(start[late])]] = True
    number = np.empty(len(order), np.int64)
    number[order] = np.cumsum(begins) - 1
    return number


def funnel(
    person: Ints, event: Ints, at_ms: Ints, steps: Sequence[int], within_ms: int | None
) -> list[int]:
    """Persons who reach each step in order, each attempt within `within_ms` of its first step.

    Steps must be distinct events, so that no record can satisfy two of them. Taking the earliest
    later step at every turn finds the furthest step an attempt can reach.
    """
    if len(set(steps)) != len(steps):
        raise ValueError(f"the steps of a funnel must be distinct, got {list(steps)}")
    origin = int(at_ms.min(initial=0))
    span = int(at_ms.max(initial=0)) - origin + 2
    keys = [
        np.sort(person[hit] * span + at_ms[hit] - origin) for hit in (event == s for s in steps)
    ]
    start = now = keys[0]
    reached = [len(np.unique(start // span))]
    for key in keys[1:]:
        place = np.searchsorted(key, now)
        found = np.flatnonzero(place < len(key))
        step = key[place[found]]
        attempt = start[found]
        inside = step // span == attempt // span
        if within_ms is not None:
            inside &= step - attempt <= within_ms
        start, now = attempt[inside], step[inside]
        reached.append(len(np.unique(start // span)))
    return reached
