"""What each source records of a day: one frame of rows a source, before they are written.

Rows of events have the columns name (as the source calls it), at and received (UTC, ms), platform,
version, user_id (text or None), device_id, id (the vendor's own for a row, unique), visit (ms since
1970) and properties (a dict each). Faults change rows; `vendors` writes them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.scorecard.world import ACTS, CODES, VALUES, World, acts, responses

AMPLITUDE, MIXPANEL, ADOBE = "amplitude_app", "mixpanel_app", "adobe_web"
SEGMENT, SHOP, SURVEY = "segment_shop", "shop_log", "typeform_survey"

APP_ACTS = tuple(act.name for act in ACTS[: CODES["cart_opened"]])
SHOP_ACTS = tuple(act.name for act in ACTS[CODES["cart_opened"] :])


@dataclass(frozen=True)
class Tool:
    """A source of events: what it calls each act, and what it sees."""

    vendor: str
    names: Mapping[str, str]
    platforms: tuple[str, ...] = ("ios", "android", "web")
    keeps: float = 1.0
    """Share of the acts that arrive on a good day; the legacy tool loses a few."""


TOOLS: dict[str, Tool] = {
    AMPLITUDE: Tool("amplitude", {name: name for name in APP_ACTS}),
    MIXPANEL: Tool(
        "mixpanel",
        {name: name.replace("_", " ").title() for name in APP_ACTS},
        keeps=0.995,
    ),
    ADOBE: Tool(
        "adobe_analytics",
        {name: f"event{number}" for number, name in enumerate(APP_ACTS, start=1)},
        platforms=("web",),
    ),
    SEGMENT: Tool("segment", {name: name.replace("_", " ").title() for name in SHOP_ACTS}),
    SHOP: Tool("tabular", {"payment_started": "pay_start", "order_paid": "ORDER"}),
}
ALL_SOURCES = (*TOOLS, SURVEY)


def hashed(*parts: object) -> str:
    """32 hexadecimal digits that depend on the parts alone."""
    text = "|".join(map(str, parts))
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def rows_of(world: World, source: str, day: date) -> pd.DataFrame:
    """What a source records on a day, in order of time."""
    if source == SURVEY:
        return _responses(world, day)
    tool = TOOLS[source]
    happened = acts(world, day)
    seen = happened["act"].isin([CODES[name] for name in tool.names])
    seen &= happened["platform"].isin(tool.platforms)
    rng = np.random.default_rng([world.seed, 4, day.toordinal(), list(TOOLS).index(source)])
    seen &= rng.random(len(happened)) < tool.keeps
    found = happened[seen].reset_index(names="number")
    canonical = [ACTS[code].name for code in found["act"]]
    return pd.DataFrame(
        {
            "name": [tool.names[name] for name in canonical],
            "at": found["at"],
            "received": found["received"],
            "platform": found["platform"],
            "version": found["version"],
            "user_id": pd.Series(
                [
                    f"u{person:05d}" if account else None
                    for person, account in zip(found["person"], found["account"], strict=True)
                ],
                dtype=object,  # a column of texts would turn None into NaN
            ),
            "device_id": [hashed(world.seed, "device", person) for person in found["person"]],
            "id": [hashed(world.seed, source, day, number) for number in found["number"]],
            "visit": found["visit"],
            "properties": [
                _properties(name, variant, amount)
                for name, variant, amount in zip(
                    canonical, found["variant"], found["amount"], strict=True
                )
            ],
        }
    )


def _properties(name: str, variant: int, amount: float) -> dict[str, Any]:
    if name in VALUES:
        key, values = VALUES[name]
        return {key: values[variant]}
    if name == "message_shared":
        return {"length": 20 + 60 * variant}
    if name == "cart_opened":
        return {"items": 1 + variant}
    if name == "order_paid":
        return {"amount": amount, "currency": "USD"}
    return {}


def _responses(world: World, day: date) -> pd.DataFrame:
    """Responses: at (UTC, ms), user_id, device_id (of the network), id, nps, ease, remark."""
    found = responses(world, day)
    return found.assign(
        user_id=[f"u{person:05d}" for person in found["person"]],
        device_id=[hashed(world.seed, "network", person)[:10] for person in found["person"]],
        id=[hashed(world.seed, "response", day, number) for number in range(len(found))],
    ).drop(columns="person")
