"""The truth beside the exports: what happened, what a right pipeline must find, what was broken."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from orchestration.demo import oracle, story
from orchestration.demo.clocks import Ints, local_day
from orchestration.demo.faults import (
    DUPLICATE,
    FILTERED,
    IDENTITY,
    LOADED,
    QUARANTINED,
    Fault,
)
from orchestration.demo.story import DAY, UNMAPPED, day_number

Counts = dict[str, int]


@dataclass(frozen=True)
class Truth:
    """The content of `truth.json`.

    `happened` counts acts before any fault. `expected` is what the rules give for the records
    in the files, the truncated file accepted; dates in it are of the reporting time zone.
    """

    seed: int
    events: int
    happened: dict[str, Any]
    expected: dict[str, Any]
    faults: list[Fault]

    def to_json(self) -> str:
        """The file's text: indented, ending in a newline."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"


def happened(acts: pd.DataFrame) -> dict[str, Any]:
    """Acts by canonical event, and the people behind them, before any tool wrote them down."""
    return {
        "events": _by_name(acts["event"].to_numpy(np.int64)),
        "persons": int(acts["person"].nunique()),
    }


def expected(
    records: Mapping[str, pd.DataFrame],
    responses: Mapping[str, npt.NDArray[np.int8]],
    users: int,
    devices: int,
) -> dict[str, Any]:
    """The figures a right pipeline finds in `records` (one frame a source).

    `responses` holds the fate of each record of a survey, of billing and of the CRM.

    `users` and `devices` bound the numbers in those columns. Persons are numbered users first,
    then the devices of each source that no user ever claimed.
    """
    loaded = {s: f[(f["fate"] == LOADED).to_numpy()] for s, f in records.items()}
    columns = {source: _columns(source, frame) for source, frame in loaded.items()}
    person = np.concatenate(
        [
            _persons(source, users + number * devices, *columns[source][:3])
            for number, source in enumerate(columns)
        ]
    )
    at_ms, event, primary = (
        np.concatenate([c[place] for c in columns.values()]) for place in (2, 3, 4)
    )
    counted = (primary == 1) & (event != UNMAPPED)
    return {
        "ledger": {s: _ledger(f["fate"].to_numpy()) for s, f in records.items()}
        | {survey: _ledger(fate) for survey, fate in responses.items()},
        "events": {s: _by_name(c[3]) for s, c in columns.items()},
        "primary_events": _by_name(event[counted]),
        "persons": len(np.unique(person)),
        "sessions": _session_count(person, at_ms),
        "funnels": {
            f.name: _funnel(f, person[counted], event[counted], at_ms[counted])
            for f in story.FUNNELS
        },
        "daily": _daily(at_ms[counted], event[counted], person[counted]),
    }


def _columns(source: str, frame: pd.DataFrame) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    device, user, at_ms, event = (
        frame[c].to_numpy(np.int64) for c in ("device", "user", "at_ms", "event")
    )
    return device, user, at_ms, event, is_primary(source, at_ms).astype(np.int64)


def is_primary(source: str, at_ms: Ints) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether a source's record of that instant counts: the old tool's before the switch.

    Mixpanel gives way to Amplitude and the script to Segment; Adobe's never count.
    """
    if source == story.ADOBE:
        return np.zeros(len(at_ms), np.bool_)
    before = local_day(at_ms) < day_number(story.PRIMARY_SWITCH)
    return before if source in (story.MIXPANEL, story.SHOP) else ~before


def _persons(source: str, offset: int, device: Ints, user: Ints, at_ms: Ints) -> Ints:
    if source == story.MIXPANEL:
        owner = oracle.first_user_owns(device, user, at_ms)
    elif source in (story.AMPLITUDE, story.ADOBE):
        owner = oracle.last_user_owns(device, user, at_ms)
    else:
        owner = user
    return np.where(owner >= 0, owner, offset + device)


def _session_count(person: Ints, at_ms: Ints) -> int:
    number = oracle.sessions(person, at_ms, story.SESSION_GAP, story.SESSION_CAP)
    return int(number.max(initial=-1)) + 1


def _funnel(funnel: story.Funnel, person: Ints, event: Ints, at_ms: Ints) -> list[dict[str, Any]]:
    steps = [story.CODES[name] for name in funnel.steps]
    entities = oracle.funnel(person, event, at_ms, steps, funnel.within_days * DAY)
    return [{"step": s, "entities": n} for s, n in zip(funnel.steps, entities, strict=True)]


def _ledger(fate: np.ndarray[tuple[int], np.dtype[np.int8]]) -> Counts:
    return {
        "read": len(fate),
        "loaded": int((fate == LOADED).sum()),
        "duplicate": int((fate == DUPLICATE).sum()),
        "identity": int((fate == IDENTITY).sum()),
        "filtered": int((fate == FILTERED).sum()),
        "quarantined": int((fate == QUARANTINED).sum()),
        "erased": 0,
        "pending": 0,
    }


def _by_name(event: Ints) -> Counts:
    counts = np.bincount(event, minlength=len(story.CANONICAL))
    return {n: int(c) for n, c in zip(story.CANONICAL, counts, strict=True) if c}


def _daily(at_ms: Ints, event: Ints, person: Ints) -> list[dict[str, Any]]:
    """Primary events and their distinct persons by reporting date and event."""
    frame = pd.DataFrame({"day": local_day(at_ms), "event": event, "person": person})
    groups = frame.groupby(["day", "event"])["person"].agg(["size", "nunique"]).reset_index()
    return [
        {
            "date": str(date(1970, 1, 1) + timedelta(days=int(day))),
            "event": story.CANONICAL[int(code)],
            "events": int(events),
            "persons": int(persons),
        }
        for day, code, events, persons in groups.itertuples(index=False)
    ]
