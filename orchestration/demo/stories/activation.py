"""An analytics SaaS whose onboarding breaks at one step, and the test of a fix.

From a release on, connecting a source fails for half of the new persons. A guided set-up is tested
against the form on those who get so far: 18 % against 30 % make a dashboard. A survey a day later
asks new persons why; people on phones answer it far more often, and are far happier.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from orchestration.demo.stories.product import (
    DAY_MS,
    PLATFORMS,
    Event,
    Floats,
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
ANSWERS = {"web": 0.10, "ios": 0.35, "android": 0.35}
"""Chance of an answer by platform."""
SCORES = {"web": (0.2, 0.3, 0.5), "ios": (0.5, 0.3, 0.2), "android": (0.5, 0.3, 0.2)}
"""Shares of promoters, passives and detractors by platform."""
REASONS = ("The connection failed", "It took too long", "Nothing")
STOPPED, THROUGH = (0.60, 0.25, 0.15), (0.10, 0.20, 0.70)
"""Shares of the reasons among who stopped before connecting, and who did not."""
SUPPORT = {"workspace_created": 0.25, "source_connected": 0.10}
"""Hours of support by event."""
WARNING, CRITICAL = 30, 45
RECOMMEND = "How likely are you to recommend us, from 0 to 10?"
WHY = "What got in your way?"
PLATFORM_SHARES = (0.1, 0.1, 0.8)
TITLE = "An analytics SaaS repairs its activation"


def story(seed: int) -> Story:
    """The story; the same seed gives the same rows."""
    rng = np.random.default_rng([seed, 4])
    people = crowd(PERSONS, rng, platforms=PLATFORM_SHARES)
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
    hours = _support(day, connects)
    busiest = int(hours.argmax())
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
            "resources": [
                {
                    "resource": "support",
                    "event": event,
                    "per_event": each,
                    "unit": "hours",
                    "warning": WARNING,
                    "critical": CRITICAL,
                }
                for event, each in SUPPORT.items()
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
            "survey": {
                "funnel": "activation",
                "step_number": 1,
                "reason": REASONS[0],
                "share": STOPPED[0],
                "month": "2025-03-01",
                "nps": sum(
                    share * (SCORES[name][0] - SCORES[name][2])
                    for name, share in zip(PLATFORMS, PLATFORM_SHARES, strict=True)
                ),
            },
            "support": {
                "resource": "support",
                "date": (FIRST + timedelta(busiest)).isoformat(),
                "hours": round(float(hours[busiest]), 9),
                "state": _state(float(hours[busiest])),
            },
        },
        {
            "activation": {
                "steps": ["workspace_created", "source_connected"],
                "within": "14d",
                "per": "person",
            }
        },
        _survey(people.platform, at, connects, np.random.default_rng([seed, 5])),
        {RECOMMEND: "nps", WHY: "choice"},
    )


def _survey(
    platform: npt.NDArray[np.str_],
    at: Ints,
    connects: npt.NDArray[np.bool_],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """One answer of some new persons, in the second day after they came."""
    count = len(at)
    answers = rng.random(count) < np.vectorize(ANSWERS.get)(platform)
    draws = rng.random((2, count))
    promoter, passive, _ = np.array([SCORES[name] for name in platform]).T
    score = np.where(
        draws[0] < promoter,
        rng.integers(9, 11, count),
        np.where(
            draws[0] < promoter + passive, rng.integers(7, 9, count), rng.integers(0, 7, count)
        ),
    )
    shares = np.where(connects[:, None], THROUGH, STOPPED)
    reason = np.array(REASONS)[(draws[1][:, None] > np.cumsum(shares, axis=1)[:, :2]).sum(axis=1)]
    when = pd.to_datetime(at + DAY_MS + rng.integers(0, DAY_MS, count), unit="ms")
    found = pd.DataFrame(
        {
            "user": np.char.mod("u%06d", np.arange(count)),
            "submitted_at": when.strftime("%Y-%m-%d %H:%M:%S"),
            RECOMMEND: score,
            WHY: reason,
        }
    )
    given: pd.DataFrame = found[answers]
    return given.sort_values("submitted_at", kind="stable", ignore_index=True)


def _support(day: Ints, connects: npt.NDArray[np.bool_]) -> Floats:
    """Hours of support that each day asks for."""
    per_person = SUPPORT["workspace_created"] + SUPPORT["source_connected"] * connects
    return np.bincount(day, per_person, DAYS).astype(np.float64)


def _state(hours: float) -> str:
    return "critical" if hours >= CRITICAL else "warning" if hours >= WARNING else "ok"


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
