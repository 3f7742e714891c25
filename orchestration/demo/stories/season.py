"""A design suite through two cycles of preparation, peak and quiet time.

In the first preparation 5 % of the active persons try the new feature, in the second 18 %. Who
starts a project in preparation upgrades a fifth more often in the month after it.
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

FIRST = date(2025, 1, 6)
DAYS = 168
PHASE_DAYS = 28
PHASES = ("preparation", "peak", "off-season")
PERSONS = 6_000
DAILY = 420
TRIED = (0.05, 0.18)
UPGRADES, PROJECT_FACTOR = 0.25, 1.20
INVITED, BETA = 0.20, 0.15
"""By how much the chance of an upgrade is higher after an invitation, and in the beta."""
TITLE = "A design suite's seasonal cycle"


def story(seed: int) -> Story:
    """The story; the same seed gives the same rows."""
    rng = np.random.default_rng([seed, 3])
    people = crowd(PERSONS, rng, lines=("vector", "photo"))
    seen = visits(PERSONS, FIRST, DAYS, DAILY, rng)
    common = acts(
        seen,
        {
            "app_opened": 1.0,
            "help_content_viewed": 0.10,
            "tutorial_completed": 0.06,
            "feedback_submitted": 0.03,
            "community_login": 0.12,
            "update_downloaded": 0.05,
        },
        rng,
    )
    cycles = [_cycle(seen, cycle, rng) for cycle in (0, 1)]
    starts = [FIRST + timedelta(PHASE_DAYS * n) for n in range(6)]
    rows = [
        {"name": PHASES[n % 3], "from": start, "to": start + timedelta(PHASE_DAYS - 1)}
        for n, start in enumerate(starts)
    ]
    return Story(
        "design_season",
        TITLE,
        EVENTS,
        recorded(people, common, *cycles),
        {"phases": rows},
        {
            "readiness": {
                "phase": "preparation",
                "event": "feature_trial_started",
                "before": TRIED[0],
                "now": TRIED[1],
                "difference": TRIED[1] - TRIED[0],
                "phase_start": starts[3].isoformat(),
                "peak_start": starts[4].isoformat(),
            },
            "value": {
                "phase": "preparation",
                "event": "project_started",
                "macro": "plan_upgraded",
                "difference": UPGRADES * (PROJECT_FACTOR - 1),
                "drivers": ["project_started", "collaborator_invited", "beta_joined"],
                "no_driver": "template_saved",
            },
        },
    )


def _cycle(seen: pd.DataFrame, cycle: int, rng: np.random.Generator) -> pd.DataFrame:
    """What persons do at most once in a preparation, and their upgrade within four weeks of it."""
    first = cycle * 3 * PHASE_DAYS
    inside = seen[seen["day"].between(first, first + PHASE_DAYS - 1)]
    # one of the visits that a person makes in it, any of them alike
    inside = inside.iloc[rng.permutation(len(inside))].drop_duplicates("person")
    person, at = inside["person"].to_numpy(), inside["at"].to_numpy()
    count = len(person)
    tried = rng.random(count) < TRIED[cycle]
    started, invited, beta = (rng.random(count) < share for share in (0.4, 0.3, 0.25))
    # goes with a project, and brings nothing of its own
    saved = rng.random(count) < np.where(started, 0.7, 0.2)
    chance = (
        UPGRADES * np.where(started, PROJECT_FACTOR, 1.0)
        + np.where(invited, INVITED, 0)
        + np.where(beta, BETA, 0)
    )
    upgraded = rng.random(count) < chance
    after = (number(FIRST) + first + PHASE_DAYS) * DAY_MS
    upgraded_at = after + rng.integers(0, (PHASE_DAYS - 1) * DAY_MS, count)
    parts = [
        once(event, person[did], at[did] + 1_000 * (place + 1))
        for place, (event, did) in enumerate(
            {
                "feature_trial_started": tried,
                "project_started": started,
                "collaborator_invited": invited,
                "beta_joined": beta,
                "template_saved": saved,
            }.items()
        )
    ]
    return pd.concat([*parts, once("plan_upgraded", person[upgraded], upgraded_at[upgraded])])


EVENTS = (
    Event("app_opened", "A person opened the suite.", "system"),
    Event("help_content_viewed", "A person read a help page."),
    Event("tutorial_completed", "A person finished a tutorial."),
    Event("feedback_submitted", "A person sent feedback."),
    Event("community_login", "A person logged in to the community."),
    Event("update_downloaded", "A person downloaded an update."),
    Event("feature_trial_started", "A person tried the new feature."),
    Event("project_started", "A person started a project with others."),
    Event("collaborator_invited", "A person invited somebody to a project."),
    Event("beta_joined", "A person joined the beta."),
    Event("template_saved", "A person saved a template."),
    Event("plan_upgraded", "A person bought the larger plan.", "macro"),
)
