"""Answers that nobody gave so."""

from __future__ import annotations

from functools import partial

import pandas as pd

from benchmarks.scorecard.faults.base import ALL, Fault, Moment, again, changed, lost, ordered
from benchmarks.scorecard.sources import SURVEY

_survey = partial(Fault, family="survey", sources=(SURVEY,))

FLOOD = 8
"""How many times a response comes again when all of them do."""


def _flood(rows: pd.DataFrame, moment: Moment) -> pd.DataFrame:
    rng = moment.rng()
    extra = rows.loc[rng.choice(rows.index, round(FLOOD * moment.share * len(rows)))]
    marks = [f"flood{number}" for number in range(len(extra))]
    return ordered(
        rows,
        *(again(extra.iloc[[number]], mark) for number, mark in enumerate(marks)),
    )


FAULTS = (
    _survey(
        name="survey_flood",
        what="a script answers the survey",
        sizes=ALL,
        rows=_flood,
    ),
    _survey(
        name="survey_scale_change",
        what="the score of 0 to 10 is asked as 0 to 100",
        sizes=ALL,
        rows=changed("nps", lambda score: score * 10),
    ),
    _survey(
        name="survey_stops",
        what="the survey is no longer shown",
        sizes=ALL,
        rows=lost(),
    ),
)
