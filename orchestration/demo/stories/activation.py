"""An analytics SaaS whose onboarding breaks at one step, and the test of a fix.

From a release on, connecting a source fails for half of the new persons. A guided set-up is tested
against the form on those who get so far: 18 % against 30 % make a dashboard.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from orchestration.demo.stories.product import (
    DAY_MS,
    Event,
    Ints,
    Story,
    acts,
    crowd,
    number,
    once,
    recorded,
    visits,
)

FIRST = date(2025, 1, 6)
DAYS = 112
BROKEN = date(2025, 3, 3)
TEST = (date(2025, 3, 31), date(2025, 4, 27))
PERSONS = 11_000
DAILY = 350
CONNECTS, CONNECTS_BROKEN = 0.60, 0.30
CONTROL, TREATED = 0.18, 0.30
TITLE = "An analytics SaaS repairs its activation"


def story(seed: int) -> Story:
    """The story; the same seed gives the same rows."""
    rng = np.random.default_rng([seed, 4])
    people = crowd(PERSONS, rng, platforms=(0.1, 0.1, 0.8))
    seen = visits(PERSONS, FIRST, DAYS, DAILY, rng)
    common = acts(
        seen,
        {
            "app_opened": 1.0,
            "report_viewed": 0.5,
            "report_shared": 0.15,
            "alert_created": 0.10,
            "trial_converted": 0.02,
        },
        rng,
    )
    day = rng.integers(0, DAYS, PERSONS)
    person = np.arange(PERSONS)
    at = (number(FIRST) + day) * DAY_MS + rng.integers(6 * 3_600_000, 20 * 3_600_000, PERSONS)
    broken = day >= (BROKEN - FIRST).days
    connects = rng.random(PERSONS) < np.where(broken, CONNECTS_BROKEN, CONNECTS)
    first, last = ((each - FIRST).days for each in TEST)
    tested = (day >= first) & (day <= last)
    treated = rng.random(PERSONS) < 0.5
    chance = np.where(tested, np.where(treated, TREATED, CONTROL), CONTROL)
    makes = rng.random(PERSONS) < chance
    setup = once("setup_opened", person, at + 20_000)
    setup["experiment"] = pd.Series("guided_setup", setup.index).where(tested)
    setup["variant"] = pd.Series(np.where(treated, "guided", "form")).where(tested)
    return Story(
        "broken_activation",
        TITLE,
        EVENTS,
        recorded(
            people,
            common,
            once("workspace_created", person, at),
            setup,
            once("source_connected", person[connects], _soon(at, 60, rng)[connects]),
            once("dashboard_created", person[makes], _soon(at, 900, rng)[makes]),
        ),
        {
            "experiments": [
                {
                    "experiment": "guided_setup",
                    "variant": variant,
                    "is_control": str(variant == "form").lower(),
                    "from": TEST[0],
                    "to": TEST[1],
                    "exposure_event": "setup_opened",
                    "share": 0.5,
                }
                for variant in ("form", "guided")
            ],
        },
        {
            "broken": {
                "funnel": "activation",
                "step": "source_connected",
                "since": BROKEN.isoformat(),
                "before": CONNECTS,
                "after": CONNECTS_BROKEN,
            },
            "experiment": {
                "name": "guided_setup",
                "event": "dashboard_created",
                "control": CONTROL,
                "treated": TREATED,
                "lift": TREATED - CONTROL,
            },
        },
        {
            "activation": {
                "steps": ["workspace_created", "source_connected"],
                "within": "14d",
                "per": "person",
            }
        },
    )


def _soon(at: Ints, seconds: float, rng: np.random.Generator) -> Ints:
    """Some time after, on the same day."""
    wait = 40_000 + rng.exponential(seconds * 1000, len(at))
    found: Ints = at + np.minimum(wait, 3 * 3_600_000).astype(np.int64)
    return found


EVENTS = (
    Event("app_opened", "A person opened the product.", "system"),
    Event("report_viewed", "A person looked at a report."),
    Event("report_shared", "A person shared a report."),
    Event("alert_created", "A person made an alert."),
    Event("workspace_created", "A new person made a workspace."),
    Event("setup_opened", "A new person opened the set-up.", "system"),
    Event("source_connected", "A new person connected a first source."),
    Event("dashboard_created", "A new person made a first dashboard."),
    Event("trial_converted", "A trial became a paid plan.", "macro"),
)
