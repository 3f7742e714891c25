"""What people answered, in each survey tool's own form."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt

from orchestration.demo import lines, story
from orchestration.demo.exports import write_csv
from orchestration.demo.faults import FILTERED, LOADED
from orchestration.demo.story import day_number
from orchestration.demo.world import People, email_of, stream

Fates = npt.NDArray[np.int8]

OBSTACLES = ("", "I did not find the upload", "It asked for too much", "Nothing, it went well")
REMARKS = (
    "",
    "Great, thanks!",
    'The "upload" button hides, on my phone',
    "Two things:\n1. slow\n2. no W2, only 1040",
    "Zu viele Schritte, sonst gut \U0001f642",
    '"""',
)


def write_typeform(folder: Path, crowd: People, seed: int) -> Fates:
    """One CSV of responses from some of the account holders; the fate of each record."""
    rng = stream(seed, "survey")
    accounts = np.flatnonzero(crowd.account)
    count = max(10, len(accounts) // 20)
    person = rng.choice(accounts, count)
    first, last = day_number(date(2025, 4, 1)), day_number(story.LAST_DAY) + 1
    submitted = np.sort(rng.integers(first * 86_400 + 600, last * 86_400, count))
    query = """
        select left(md5(concat(salt, '|', n)), 32) as "#",
            nps as "How likely are you to recommend the tax assistant, from 0 to 10?",
            obstacle as "What got in your way?",
            remark as "Anything else, in your own ""words""?",
            user_id, 'completed' as "Response Type",
            strftime(make_timestamp((at_s - took_s) * 1000000), '%Y-%m-%d %H:%M:%S')
                as "Start Date (UTC)",
            '' as "Stage Date (UTC)",
            strftime(make_timestamp(at_s * 1000000), '%Y-%m-%d %H:%M:%S') as "Submit Date (UTC)",
            left(md5(concat(salt, '|network|', n)), 10) as "Network ID", '' as "Tags"
        from rows"""
    write_csv(
        folder / "tax_assistant_survey.csv",
        query,
        {
            "salt": lines.pick([f"{seed}|survey"], np.zeros(count, np.int64)),
            "n": np.arange(count),
            "nps": np.minimum(10, rng.binomial(12, 0.7, count)),
            "obstacle": lines.pick(OBSTACLES, rng.integers(0, len(OBSTACLES), count)),
            "remark": lines.pick(REMARKS, rng.integers(0, len(REMARKS), count)),
            "user_id": lines.pick(crowd.user_ids, person),
            "at_s": submitted,
            "took_s": rng.integers(20, 600, count),
        },
    )
    return np.full(count, LOADED, np.int8)


QUALTRICS_HEADER = (
    ("StartDate", "Start Date", "startDate"),
    ("EndDate", "End Date", "endDate"),
    ("Status", "Response Type", "status"),
    ("Progress", "Progress", "progress"),
    ("Duration (in seconds)", "Duration (in seconds)", "duration"),
    ("Finished", "Finished", "finished"),
    ("RecordedDate", "Recorded Date", "recordedDate"),
    ("ResponseId", "Response ID", "_recordId"),
    ("DistributionChannel", "Distribution Channel", "distributionChannel"),
    ("UserLanguage", "User Language", "userLanguage"),
    ("Q1", "How easy was it to file,\nfrom 1 to 5?", "QID1"),
    ("Q2_1", "What did you use? - Reminders", "QID2_1"),
    ("Q2_2", "What did you use? - Tutorials", "QID2_2"),
    ("Q3_TEXT", "What should we do next?", "QID3_TEXT"),
    ("email", "email", "email"),
)
DATE = "%Y-%m-%d %H:%M:%S"


def write_qualtrics(folder: Path, crowd: People, seed: int) -> Fates:
    """One CSV with three header rows, times in UTC; the fate of each record.

    Some responses are tests, some were never finished: those are recorded a week after their end.
    """
    rng = stream(seed, "feedback")
    accounts = np.flatnonzero(crowd.account)
    count = max(10, len(accounts) // 30)
    person = rng.choice(accounts, count)
    first, last = day_number(date(2025, 4, 8)), day_number(story.LAST_DAY) + 1
    ended = np.sort(rng.integers(first * 86_400 + 3_600, last * 86_400, count)).astype("M8[s]")
    took = rng.integers(30, 900, count)
    is_test, is_finished = rng.random(count) < 0.05, rng.random(count) < 0.85
    is_test[0], is_finished[-1] = True, False
    ease = 1 + rng.binomial(4, 0.7, count)
    used = rng.random((count, 2)) < 0.4
    remark = rng.integers(0, len(REMARKS), count)
    with (folder / "tax_assistant_feedback.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        names, labels, imports = zip(*QUALTRICS_HEADER, strict=True)
        writer.writerows([names, labels, [f'{{"ImportId":"{each}"}}' for each in imports]])
        for n in range(count):
            recorded = ended[n] + (0 if is_finished[n] else 7 * 86_400)
            moments = (ended[n] - took[n], ended[n], recorded)
            started_at, ended_at, recorded_at = (at.item().strftime(DATE) for at in moments)
            writer.writerow(
                [started_at, ended_at, 2 if is_test[n] else 0, 100 if is_finished[n] else 60]
                + [took[n], int(is_finished[n]), recorded_at, f"R_{seed:03d}{n:012d}"]
                + ["preview" if is_test[n] else "email", "EN", ease[n]]
                + [1 if each else "" for each in used[n]]
                + [REMARKS[remark[n]] if is_finished[n] else "", email_of(int(person[n]))]
            )
    header_rows = np.full(2, FILTERED, np.int8)
    return np.concatenate([header_rows, np.where(is_test, FILTERED, LOADED).astype(np.int8)])
