"""A communication tool before the tax deadline: a pilot of a promotion, then the promotion itself.

The pilot shows the promotion to half of the persons who open the filing page: 2 % of the others and
11 % of them turn tax reminders on. The promotion itself reaches phones, not the website.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from orchestration.demo.stories.product import (
    DAY_MS,
    Event,
    Story,
    acts,
    crowd,
    number,
    once,
    recorded,
    visits,
)

FIRST = date(2025, 1, 27)
DAYS = 84
PILOT = (date(2025, 2, 24), date(2025, 3, 16))
PROMOTION = (date(2025, 3, 31), date(2025, 4, 15))
PERSONS = 9_000
DAILY = 500
BASE, PROMOTED = 0.02, 0.11
FACTORS = {"ios": 5.5, "android": 3.0, "web": 1.0}
"""By how much the promotion multiplies the share of visits in which reminders are turned on."""
USUAL = 0.04
PAID_FACTOR, PRICE, COST = 1.30, 40.0, 9_000.0
CHANNELS = ("mail", "search", "social")
TITLE = "A communication tool's tax-deadline promotion"


def story(seed: int) -> Story:
    """The story; the same seed gives the same rows."""
    rng = np.random.default_rng([seed, 1])
    people = crowd(PERSONS, rng)
    seen = visits(PERSONS, FIRST, DAYS, DAILY, rng, growth=1.003)
    first, last = ((day - FIRST).days for day in PROMOTION)
    on = seen["day"].between(first, last).to_numpy()
    factor = np.array([FACTORS[each] for each in people.platform])[seen["person"]]
    opened = acts(
        seen,
        {
            "app_opened": 1.0,
            "filing_page_opened": 0.12,
            "video_tutorial_started": 0.20,
            "tax_form_uploaded": 0.16,
            "tax_reminder_enabled": np.where(on, USUAL * factor, USUAL),
            "message_shared": 0.25,
            "feature_toggled": 0.15,
            "filing_paid": np.where(on, 0.05 * PAID_FACTOR, 0.05),
        },
        rng,
    )
    is_start = opened["event"] == "app_opened"
    came = rng.choice(("", *CHANNELS), len(opened), p=(0.7, 0.12, 0.1, 0.08))
    opened["campaign"] = pd.Series(came).where(is_start)
    opened["amount"] = np.where(opened["event"] == "filing_paid", PRICE, np.nan)
    return Story(
        "tax_deadline",
        TITLE,
        EVENTS,
        recorded(people, opened, _pilot(seen, rng)),
        _context(),
        {
            "experiment": {
                "name": "reminder_pilot",
                "event": "pilot_reminder_enabled",
                "control": BASE,
                "treated": PROMOTED,
                "lift": PROMOTED - BASE,
            },
            "promotion": {
                "name": "deadline promotion",
                "event": "tax_reminder_enabled",
                "by_platform": {name: factor - 1 for name, factor in FACTORS.items()},
            },
            "intervention": {"name": "deadline promotion", "effect": PAID_FACTOR - 1},
        },
    )


def _pilot(seen: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """The first visit of a person during the pilot shows the page; half see the promotion on it."""
    first, last = ((day - FIRST).days for day in PILOT)
    shown = seen[seen["day"].between(first, last)].drop_duplicates("person")
    treated = rng.random(len(shown)) < 0.5
    person, at = shown["person"].to_numpy(), shown["at"].to_numpy()
    variant = np.where(treated, "promotion", "plain")
    seen_twice = rng.random(len(shown)) < 0.004  # a bug in the assignment, as there is everywhere
    page = once("filing_page_opened", person, at + 2_000)
    page["experiment"], page["variant"] = "reminder_pilot", variant
    again = page[seen_twice].copy()
    again["at"] += 60_000
    again["variant"] = np.where(again["variant"] == "plain", "promotion", "plain")
    enabled = rng.random(len(shown)) < np.where(treated, PROMOTED, BASE)
    end = (number(PILOT[1]) + 1) * DAY_MS
    later = np.minimum(at + 5_000 + rng.exponential(6 * 3_600_000, len(at)), end - 1)
    return pd.concat(
        [page, again, once("pilot_reminder_enabled", person[enabled], later[enabled].astype(int))]
    )


EVENTS = (
    Event("app_opened", "A person opened the app.", "system"),
    Event("filing_page_opened", "A person opened the page on filing.", "system"),
    Event("video_tutorial_started", "A person started a tutorial video on filing."),
    Event("tax_form_uploaded", "A person sent a tax form for import."),
    Event("tax_reminder_enabled", "A person turned on reminders of the deadline in the app."),
    Event("pilot_reminder_enabled", "A person turned on reminders on the filing page."),
    Event("message_shared", "A person shared a message."),
    Event("feature_toggled", "A person turned an optional feature on or off."),
    Event("filing_paid", "A person paid for a filing.", "macro"),
)


def _context() -> dict[str, list[dict[str, object]]]:
    name = "deadline promotion"
    start, end = PROMOTION
    return {
        "campaigns": [
            {"name": name, "from": start, "to": end, "event": "tax_reminder_enabled"},
            {"name": "filing offer", "from": start, "to": end, "event": "filing_paid"},
        ],
        "phases": [
            {"name": "early", "from": FIRST, "to": date(2025, 3, 15)},
            {"name": "deadline", "from": date(2025, 3, 16), "to": FIRST + timedelta(DAYS - 1)},
        ],
        "experiments": [
            {
                "experiment": "reminder_pilot",
                "variant": variant,
                "is_control": str(variant == "plain").lower(),
                "from": PILOT[0],
                "to": PILOT[1],
                "exposure_event": "filing_page_opened",
                "share": 0.5,
            }
            for variant in ("plain", "promotion")
        ],
        "costs": [
            {
                "intervention": name,
                "from": start,
                "to": end,
                "cost": COST,
                "currency": "USD",
                "event": "filing_paid",
            }
        ],
    }
