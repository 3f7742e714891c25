"""Surveys: a flood of responses, another scale, scores that no scale has."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.stats import poisson

from orchestration.quality.drift.findings import Finding, percent, shown
from orchestration.quality.drift.history import past_days
from orchestration.quality.drift.reading import SourceFigures
from orchestration.quality.drift.thresholds import (
    FEWEST_DAYS,
    FEWEST_RESPONSES,
    FEWEST_SCORES,
    FLOOD_PROBABILITY,
    FLOOD_TIMES,
    SCALE_VALUES,
    SCALES,
)


def find_surveys(figures: SourceFigures) -> Iterator[Finding]:
    """Findings of `survey_flood`, `score_scale` and `impossible_scores`."""
    yield from _floods(figures)
    yield from _scores(figures)


def _floods(figures: SourceFigures) -> Iterator[Finding]:
    responses = figures.of("responses")
    if not responses.keys:
        return
    counts = responses.counts[:, 0]
    respondents = figures.of("respondent", "item")
    most = respondents.counts.max(axis=1, initial=0.0)
    flagged: set[int] = set()
    for day in figures.judged_days():
        past = past_days(day, flagged)
        if len(past) < FEWEST_DAYS:
            continue
        # The upper quarter of days with responses: invitations go out in bursts.
        usual = float(np.quantile(counts[past], 0.75))
        n = counts[day]
        improbable = poisson.sf(n - 1, max(usual, 1.0)) < FLOOD_PROBABILITY
        above = n > max(FLOOD_TIMES * usual, 2 * counts[past].max())
        if n >= FEWEST_RESPONSES and improbable and above:
            flagged.add(day)
            yield Finding(
                cause="survey_flood",
                source=figures.source,
                day=figures.days[day],
                until=figures.days[day],
                what=f"{n:,.0f} responses came, usually {usual:,.0f} a day",
                records=int(n),
                observed=float(n),
                expected=usual,
                next_step="Check whether an invitation went out twice or a robot answers; scores"
                " of these dates of {source} weigh more than others.",
            )
        if most[day] >= FEWEST_RESPONSES and most[day] > FLOOD_TIMES * max(most[past].max(), 1):
            who = respondents.keys[int(respondents.counts[day].argmax())][0]
            yield Finding(
                cause="survey_flood",
                source=figures.source,
                day=figures.days[day],
                until=figures.days[day],
                item=who,
                what=f"one respondent ({shown(who)}) answered {most[day]:,.0f} times, usually"
                f" nobody more than {max(most[past].max(), 1):,.0f} times a day",
                records=int(most[day]),
                observed=float(most[day]),
                expected=float(most[past].max()),
                next_step="Look at these responses of {source}; a test or a robot should be"
                " filtered where the survey is run.",
            )


def _scores(figures: SourceFigures) -> Iterator[Finding]:
    """Questions answered by few small numbers; the latest scores against those before them."""
    scores = figures.of("score", "item", "detail")
    for question in sorted({key[0] for key in scores.keys}):
        places = scores.under(question)
        values = np.array([int(scores.keys[p][1]) for p in places])
        counts = scores.counts[:, places]
        for day in figures.judged_days():
            first = _begin(counts.sum(axis=1), day)
            history, latest = counts[:first].sum(axis=0), counts[first : day + 1].sum(axis=0)
            known = values[history > 0]
            if history.sum() < FEWEST_SCORES or len(known) > SCALE_VALUES:
                continue
            low, high = _scale(int(known.min()), int(known.max()))
            today = counts[day]
            out = float(today[(values < low) | (values > high)].sum())
            edge = float(today[(values == low - 1) | (values == high + 1)].sum())
            # A value beside the known ones may be a rare answer of the same scale.
            impossible = out - edge if out - edge else 0.0
            changed = _other_scale(values, history, latest)
            if changed:
                yield _finding(
                    figures,
                    day,
                    "score_scale",
                    question,
                    f"scores of {shown(question)!r} lie from {changed[0]} to {changed[1]}, before"
                    f" from {low} to {high}",
                    int(today.sum()),
                )
            elif impossible:
                yield _finding(
                    figures,
                    day,
                    "impossible_scores",
                    question,
                    f"{percent(impossible / today.sum())} of the scores of {shown(question)!r}"
                    f" are outside its scale of {low} to {high}",
                    int(impossible),
                )


def _scale(low: int, high: int) -> tuple[int, int]:
    """What a question's scores may be: the narrowest usual scale that holds those seen.

    However many were seen, the rarest answer may come tomorrow.
    """
    wide = (scale for scale in SCALES if scale[0] <= low and high <= scale[1])
    return next(wide, (low, high))


def _begin(answers: np.ndarray[tuple[int], np.dtype[np.float64]], day: int) -> int:
    """The latest day from which on to `day` there are `FEWEST_SCORES` answers."""
    first, total = day, answers[day]
    while first > 0 and total < FEWEST_SCORES:
        first -= 1
        total += answers[first]
    return first


def _other_scale(
    values: np.ndarray[tuple[int], np.dtype[np.int64]],
    history: np.ndarray[tuple[int], np.dtype[np.float64]],
    latest: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> tuple[int, int] | None:
    """The range of the latest scores where it is another scale: half as wide or twice as high."""
    if latest.sum() < FEWEST_SCORES or not history.sum():
        return None
    total = history.sum()
    old_top = values[history > 0].max()
    new = values[latest > 0]
    low, high = int(new.min()), int(new.max())
    beyond = history[values > high].sum() / total
    # So many scores without one from the upper half of the scale that others used: no chance.
    if high <= old_top / 2 and (1 - beyond) ** latest.sum() < FLOOD_PROBABILITY:
        return low, high
    if high >= 2 * old_top and latest[values > old_top].sum() >= latest.sum() / 3:
        return low, high
    return None


def _finding(
    figures: SourceFigures, day: int, cause: str, question: str, what: str, records: int
) -> Finding:
    return Finding(
        cause=cause,
        source=figures.source,
        day=figures.days[day],
        until=figures.days[day],
        item=shown(question),
        what=what,
        records=records,
        next_step="Check the question's scale where the survey of {source} is run; means over the"
        " change of scale say nothing.",
    )
