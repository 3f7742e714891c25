"""More events than happened."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from benchmarks.scorecard.faults.base import Fault, Moment, again, chosen, named, ordered
from benchmarks.scorecard.sources import AMPLITUDE, MIXPANEL, SEGMENT, hashed

_more = partial(Fault, family="duplication")

BOTS = 3


def _yesterday(moment: Moment) -> pd.DataFrame:
    """A share of what the day before recorded."""
    rows = moment.earlier()
    return rows[moment.rng().random(len(rows)) < moment.share]


def _late(rows: pd.DataFrame) -> pd.DataFrame:
    """Received a day later: the time of the event stays."""
    return rows.assign(received=rows["received"] + 86_400_000)


def _double_firing(rows: pd.DataFrame, moment: Moment) -> pd.DataFrame:
    twice = again(rows[chosen(rows, moment)], "twice")
    return ordered(rows, twice.assign(at=twice["at"] + 300, received=twice["received"] + 300))


def _bots(rows: pd.DataFrame, moment: Moment) -> pd.DataFrame:
    """A few devices that open the tutorial at an even pace all day long."""
    count = int(moment.share * len(rows))
    midnight = pd.Timestamp(moment.day).value // 1_000_000
    at = midnight + np.linspace(0, 86_000_000, count).astype(np.int64)
    row = rows.iloc[0]
    robots = pd.DataFrame(
        {
            "name": "tutorial_started",
            "at": at,
            "received": at + 400,
            "platform": "web",
            "version": row["version"],
            "user_id": pd.Series([None] * count, dtype=object),
            "device_id": [hashed("bot", number % BOTS) for number in range(count)],
            "id": [hashed("bot", moment.day, number) for number in range(count)],
            "visit": midnight,
            "properties": [{"topic": "filing"} for _ in range(count)],
        }
    )
    return ordered(rows, robots)


def _surge(rows: pd.DataFrame, moment: Moment) -> pd.DataFrame:
    more = again(rows[chosen(rows, moment, named("Cart Opened"))], "more")
    return ordered(rows, more.assign(at=more["at"] + 20_000, received=more["received"] + 20_000))


FAULTS = (
    _more(
        name="replay_same_ids",
        sources=(AMPLITUDE,),
        what="each day's file brings events of the day before again",
        rows=lambda rows, moment: ordered(rows, _late(_yesterday(moment))),
    ),
    _more(
        name="replay_new_ids",
        sources=(MIXPANEL,),
        what="events of the day before come again under new ids",
        rows=lambda rows, moment: ordered(rows, _late(again(_yesterday(moment), moment.day))),
    ),
    _more(
        name="double_firing",
        sources=(SEGMENT,),
        what="a tag fires twice, with an id of its own each time",
        rows=_double_firing,
    ),
    _more(
        name="bots",
        sources=(AMPLITUDE,),
        what="a few machines act like people",
        segment=("tutorial_started",),
        rows=_bots,
    ),
    _more(
        name="event_doubled",
        sources=(SEGMENT,),
        what="an event is also sent where it should not be",
        segment=("cart_opened",),
        sizes={"large": 1.0, "middle": 0.24, "small": 0.06},
        rows=_surge,
    ),
)
