"""An HR app whose competitor launches a chatbot; four weeks later it answers with a guided demo.

Requests of a demo fall by a quarter: by 40 % on the website, by 10 % on phones. The answer wins
15 % back, everywhere alike. The time between two acts of a session shrinks by a quarter too, and
grows by 15 % again.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from orchestration.demo.stories.product import Event, Story, acts, crowd, recorded, visits

FIRST = date(2025, 1, 6)
DAYS = 126
LAUNCH = date(2025, 3, 17)
ANSWER = date(2025, 4, 14)
PERSONS = 8_000
DAILY = 450
HIT = {"ios": 0.9, "android": 0.9, "web": 0.6}
PLATFORM_SHARES = (0.25, 0.25, 0.5)  # so that the whole is 0.75
LONGER = 1.15
SHORTER = 0.75
USUAL = {
    "profile_updated": 0.22,
    "job_matches_viewed": 0.45,
    "resume_uploaded": 0.14,
    "job_listing_shared": 0.12,
    "interview_reminder_set": 0.16,
    "skills_assessment_completed": 0.10,
    "subscription_started": 0.03,
}
DEMO = 0.20
TITLE = "An HR app answers a competitor's launch"


def story(seed: int) -> Story:
    """The story; the same seed gives the same rows."""
    rng = np.random.default_rng([seed, 2])
    people = crowd(PERSONS, rng, platforms=PLATFORM_SHARES)
    seen = visits(PERSONS, FIRST, DAYS, DAILY, rng)
    launched = (seen["day"] >= (LAUNCH - FIRST).days).to_numpy()
    answered = (seen["day"] >= (ANSWER - FIRST).days).to_numpy()
    hit = np.array([HIT[each] for each in people.platform])[seen["person"]]
    back = np.where(answered, LONGER, 1.0)
    opened = acts(
        seen,
        {
            "app_opened": 1.0,
            **USUAL,
            "demo_requested": DEMO * np.where(launched, hit, 1.0) * back,
        },
        rng,
        stretch=np.where(launched, SHORTER, 1.0) * back,
    )
    # acts after the first of a visit: before the launch, after it, after the answer. A demo that is
    # not requested takes no time
    levels = (1.0, 0.75, 0.75 * LONGER)
    acts_after = [sum(USUAL.values()) + DEMO * level for level in levels]
    return Story(
        "competitor_launch",
        TITLE,
        EVENTS,
        recorded(people, opened),
        {
            "moves": [
                {
                    "name": "rival chatbot",
                    "from": LAUNCH,
                    "to": "",
                    "event": "demo_requested",
                    "competitor": "Rival",
                }
            ],
            "campaigns": [
                {"name": "guided demo", "from": ANSWER, "to": "", "event": "demo_requested"}
            ],
        },
        {
            "launch": {
                "name": "rival chatbot",
                "event": "demo_requested",
                "effect": -0.25,
                "session_seconds": SHORTER * (acts_after[1] / acts_after[0]) - 1,
                "by_platform": {name: factor - 1 for name, factor in HIT.items()},
            },
            "answer": {
                "name": "guided demo",
                "event": "demo_requested",
                "effect": LONGER - 1,
                "session_seconds": LONGER * (acts_after[2] / acts_after[1]) - 1,
            },
            "untouched": "job_listing_shared",
        },
    )


EVENTS = (
    Event("app_opened", "A person opened the app.", "system"),
    Event("profile_updated", "A person changed their profile."),
    Event("job_matches_viewed", "A person looked at matching jobs."),
    Event("resume_uploaded", "A person uploaded a resume."),
    Event("job_listing_shared", "A person shared a job."),
    Event("interview_reminder_set", "A person asked to be reminded of an interview."),
    Event("skills_assessment_completed", "A person finished a skills assessment."),
    Event("demo_requested", "A person asked for a demo."),
    Event("subscription_started", "A company took a subscription.", "macro"),
)
