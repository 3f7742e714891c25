"""Identity: log-ins that stop, ids that vanish, one id for many, and robots."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from orchestration.quality.drift.findings import Finding, percent, shown
from orchestration.quality.drift.history import (
    Bools,
    Floats,
    before,
    departures,
    past_days,
    quantile,
)
from orchestration.quality.drift.reading import (
    Key,
    SourceFigures,
    cells,
    platform_cells,
    with_all,
)
from orchestration.quality.drift.thresholds import (
    FEWEST_DAYS,
    FEWEST_OF_A_CLASS,
    FEWEST_RECORDS,
    FEWEST_ROWS,
    FLOODED,
    MANY_DEVICES,
    MANY_KINDS,
    MANY_TIMES,
    MORE_IDS,
    SMALLEST_MOVE,
)

_LOGIN = (
    "Ask the owner of {source}'s tracking what changed in log-in on that platform; until then"
    " persons of these dates are split."
)
_DEVICE = (
    "Ask the owner of {source}'s tracking why the anonymous id is empty: sessions and first visits"
    " of these dates cannot be joined."
)
_VISITORS = (
    "Ask the owner of {source}'s tracking what visitors see before they log in: a consent banner or"
    " a blocker may drop them; rates of these dates are of those who are left."
)


def find_identity(figures: SourceFigures) -> Iterator[Finding]:
    """Findings of the causes about ids, from `login_stopped` to `robots`."""
    with_user, with_device = figures.of("user", "platform"), figures.of("device", "platform")
    if with_user.keys:
        rows = figures.of("event", "platform")
        of_platform = np.column_stack([rows.column(*key) for key in with_user.keys])
        without = of_platform - with_user.counts
        for counts, cause, called, next_step in (
            (with_user.counts, "login_stopped", "carry user ids", _LOGIN),
            (with_device.counts, "anonymous_id_lost", "carry device ids", _DEVICE),
            (without, "anonymous_visitors_lost", "carry no user id", _VISITORS),
        ):
            told = (cause, called, next_step)
            yield from _falls(figures, with_user.keys, counts, of_platform, told)
    yield from _resets(figures)
    yield from _merges(figures)
    yield from _one_for_many(figures)
    yield from _steady(figures)


def capped(totals: Floats, weekend: Bools) -> Floats:
    """Totals cut a little above the median of the days before, weekends by themselves.

    A campaign brings strangers: the share of known users falls, but their number does not. Held
    against a usual day's rows, only a number that falls is a fall.
    """
    result = totals.copy()
    for day in range(1, len(totals)):
        past = past_days(day)
        alike = past[weekend[past] == weekend[day]]
        days = alike if len(alike) >= FEWEST_OF_A_CLASS else past
        usual = quantile(np.where(totals[days] > 0, totals[days], np.nan), 0.6)
        result[day] = np.fmin(totals[day], usual)
    return result


def _falls(
    figures: SourceFigures,
    platforms: Sequence[Key],
    counts: Floats,
    of_platform: Floats,
    told: tuple[str, str, str],
) -> Iterator[Finding]:
    """Shares that fell, by platform and of all; of all only beyond what the platforms' mix moves.

    `told` are the cause, what the events do, and what to do next.
    """
    counts, totals = with_all(counts), with_all(of_platform)
    bound = capped(totals, figures.weekend)
    found = departures(counts, totals, figures.weekend, figures.judged, at_most=bound)
    fell = (found.moved == -1) & (totals >= FEWEST_ROWS) & (totals <= FLOODED * bound)
    missing = np.nansum((found.usual * totals - counts)[:, 1:], axis=1)
    fell[:, 0] &= missing >= SMALLEST_MOVE * totals[:, 0]
    cause, called, next_step = told
    for day, place, platform in platform_cells(found.usual, fell, platforms):
        share = counts[day, place] / totals[day, place]
        usual = found.usual[day, place]
        yield Finding(
            cause=cause,
            source=figures.source,
            day=figures.days[day],
            until=figures.days[day],
            platform=platform or None,
            what=f"only {percent(share)} of the events{_on(platform)} {called},"
            f" usually {percent(usual)}",
            records=int((usual - share) * totals[day, place]),
            observed=float(share),
            expected=float(usual),
            next_step=next_step,
        )


def _resets(figures: SourceFigures) -> Iterator[Finding]:
    """Device ids that are made anew: more for the same events, or for the same users, than ever."""
    told: set[int] = set()
    for day, finding in _more_ids(figures):
        told.add(day)
        yield finding
    users, split = figures.of("users").counts, figures.of("split_users").counts
    if not users.size or not split.size:
        return
    found = departures(split, users, figures.weekend, figures.judged)
    for day, _ in cells(found.usual, (found.moved == 1) & (split >= FEWEST_RECORDS)):
        if day in told:
            continue
        share, usual = split[day, 0] / users[day, 0], found.usual[day, 0]
        yield _reset(
            figures,
            day,
            f"{percent(share)} of the users came with more than one device id, usually"
            f" {percent(usual)}",
            records=int(split[day, 0] - usual * users[day, 0]),
            observed=float(share),
            expected=float(usual),
        )


def _more_ids(figures: SourceFigures) -> Iterator[tuple[int, Finding]]:
    ids = figures.of("devices").counts
    rows = figures.of("device").counts
    if not ids.size or not rows.size:
        return
    found = departures(np.minimum(ids, rows), rows, figures.weekend, figures.judged)
    rose = (found.moved == 1) & (ids >= MORE_IDS * found.usual * rows) & (rows >= FEWEST_ROWS)
    # where events are lost, the same ids stand on fewer of them
    rose &= ids >= np.array([before(ids, day) for day in range(len(ids))])
    for day, _ in cells(found.usual, rose):
        n, usual = ids[day, 0], found.usual[day, 0] * rows[day, 0]
        yield (
            day,
            _reset(
                figures,
                day,
                f"{n:,.0f} device ids stand on {rows[day, 0]:,.0f} events, usually {usual:,.0f}",
                records=int(n - usual),
                observed=float(n / rows[day, 0]),
                expected=float(found.usual[day, 0]),
            ),
        )


def _reset(
    figures: SourceFigures, day: int, what: str, *, records: int, observed: float, expected: float
) -> Finding:
    return Finding(
        cause="ids_reset",
        source=figures.source,
        day=figures.days[day],
        until=figures.days[day],
        what=f"{what}: ids that people had are made anew",
        records=records,
        observed=observed,
        expected=expected,
        next_step="Ask the owner of {source}'s tracking what empties cookies or storage"
        " (consent, a library, robots): persons and sessions of these dates are split.",
    )


def _on(platform: str) -> str:
    return f" on {platform}" if platform else ""


def _merges(figures: SourceFigures) -> Iterator[Finding]:
    top = figures.of("user_devices", "item")
    flagged: set[int] = set()
    for day in figures.judged_days():
        usual, days = _usual_top(np.nan_to_num(top.values), day, flagged)
        for place in np.flatnonzero(top.counts[day]):
            devices = top.values[day, place]
            if days < FEWEST_DAYS or devices < max(MANY_DEVICES, MANY_TIMES * usual):
                continue
            flagged.add(day)
            yield Finding(
                cause="ids_merged",
                source=figures.source,
                day=figures.days[day],
                until=figures.days[day],
                item=top.keys[place][0],
                what=f"the one user id {shown(top.keys[place][0])} came from {devices:,.0f}"
                f" devices, usually at most {max(usual, 1):,.0f}",
                records=int(top.counts[day, place]),
                observed=float(devices),
                expected=float(usual),
                next_step="If the id means nobody (a default, a test account), add it to"
                " identity.denylist and run again; else ask who owns the log-in of {source}.",
            )


def _usual_top(values: Floats, day: int, flagged: set[int]) -> tuple[float, int]:
    """The upper tenth of the largest value a day of its history, and the days of that."""
    past = values[past_days(day, flagged)].max(axis=1, initial=0.0)
    return (float(np.quantile(past, 0.9)), len(past)) if len(past) else (0.0, 0)


def _one_for_many(figures: SourceFigures) -> Iterator[Finding]:
    top = figures.of("device_events", "item")
    rows = np.maximum(figures.rows, 1)
    shares = top.counts / rows[:, None]
    flagged: set[int] = set()
    for day in figures.judged_days():
        usual, days = _usual_top(shares, day, flagged)
        kinds_usual, _ = _usual_top(np.nan_to_num(top.values), day, flagged)
        for place in np.flatnonzero(top.counts[day]):
            events, kinds = top.counts[day, place], top.values[day, place]
            large = shares[day, place] >= max(SMALLEST_MOVE, MANY_TIMES * usual)
            # On a quiet day one busy person is a large share: kinds of people tell a constant.
            many = kinds >= max(MANY_KINDS, MANY_TIMES * kinds_usual)
            if days < FEWEST_DAYS or events < FEWEST_ROWS or not (large or many):
                continue
            name = shown(top.keys[place][0])
            share = percent(shares[day, place])
            constant = many and shares[day, place] >= SMALLEST_MOVE
            if not constant and not large:
                continue
            flagged.add(day)
            yield Finding(
                cause="constant_id" if constant else "robots",
                source=figures.source,
                day=figures.days[day],
                until=figures.days[day],
                item=top.keys[place][0],
                what=f"the one device id {name} stands on {share} of the events, of"
                f" {kinds:,.0f} kinds of people"
                if constant
                else f"one device ({name}) sent {share} of the events,"
                f" usually none sends more than {percent(usual)}",
                records=int(events),
                observed=float(shares[day, place]),
                expected=float(usual),
                next_step="Add the id to identity.denylist and run again, so that it joins nobody;"
                " then ask why {source} sends a constant."
                if constant
                else "Look at what that device sends; if it is a robot or a load test, have"
                " {source} filter it.",
            )


def _steady(figures: SourceFigures) -> Iterator[Finding]:
    top = figures.of("steady", "item", "event")
    if not top.keys:
        return
    counts = top.counts.sum(axis=1, keepdims=True)
    totals = figures.rows[:, None]
    found = departures(counts, totals, figures.weekend, figures.judged)
    rose = (found.moved == 1) & (counts >= FEWEST_ROWS)
    for day, _ in cells(found.usual, rose):
        name, event = top.keys[int(top.counts[day].argmax())]
        yield Finding(
            cause="robots",
            source=figures.source,
            day=figures.days[day],
            until=figures.days[day],
            item=name,
            what=f"{percent(counts[day, 0] / totals[day, 0])} of the events come at regular gaps,"
            f" as a robot sends them (most from {shown(name)}"
            f"{f', all of them {event}' if event else ''})",
            records=int(counts[day, 0]),
            observed=float(counts[day, 0] / totals[day, 0]),
            expected=float(found.usual[day, 0]),
            next_step="Look at what that device sends; if it is a robot or a load test, have"
            " {source} filter it.",
        )
