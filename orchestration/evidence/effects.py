"""`marts.fct_move_effects` and `marts.fct_interventions`: what dated moves did to daily series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import inf, isfinite, nan

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd

from orchestration.analysis.evidence.effects import Effect, Estimate, estimate, return_on
from orchestration.analysis.evidence.experiments import corrected
from orchestration.analysis.evidence.sequential import ALPHA, Floats
from orchestration.evidence.reading import EVENTS, Days, Row, rows_of

LEAST_DAILY = 5.0
"""Events a day, on average, below which a series says nothing."""
MOST_CONTROLS = 12
MOST_COUNTRIES = 8
ALL = "(all)"
MONEY = ("amount", "revenue", "value", "price", "total")
"""Properties of a macro-conversion that say what it brought, the first that is there."""


@dataclass(frozen=True)
class Move:
    """A dated line of the context that could have changed a series."""

    kind: str
    name: str
    start: date
    end: date
    event: str | None
    platform: str | None = None
    competitor: str | None = None
    cost: float = 0.0
    currency: str | None = None

    def touches(self, event: str | None, platform: str | None) -> bool:
        """Whether the series of an event (None: sessions) on a platform (None: all) is meant."""
        of_event = self.event is None or event is None or self.event == event
        return of_event and (self.platform is None or platform in (None, self.platform))


def read_moves(connection: duckdb.DuckDBPyConnection) -> list[Move]:
    """Competitors' moves, campaigns and interventions with a cost, in the order of the context."""
    found = [
        Move(
            kind, row["name"], row["starts_on"], row["ends_on"], row["event_name"],
            row["platform"], row["competitor"],
        )
        for kind in ("moves", "campaigns")
        for row in rows_of(connection, "context_periods", kind=kind)
    ]  # fmt: skip
    return found + [
        Move(
            "interventions", row["intervention"], row["starts_on"], row["ends_on"],
            row["event_name"], cost=row["cost"], currency=row["currency"],
        )
        for row in rows_of(connection, "context_costs")
        if row["event_name"] is not None
    ]  # fmt: skip


@dataclass(frozen=True)
class Series:
    """Daily counts by event and segment, and what else an estimate needs."""

    days: Days
    moves: Sequence[Move]
    blocked: npt.NDArray[np.bool_]
    counts: dict[str, pd.DataFrame]
    sessions: Floats

    def of(self, event: str, dimension: str = ALL, segment: str = ALL) -> Floats | None:
        """A count a day; None below LEAST_DAILY."""
        table = self.counts[dimension]
        if (event, segment) not in table:
            return None
        found: Floats = table[(event, segment)].to_numpy(dtype=float)
        return found if found.mean() >= LEAST_DAILY else None

    def events(self, dimension: str = ALL, segment: str = ALL) -> list[str]:
        """Events of a segment, the most frequent first."""
        table = self.counts[dimension]
        if segment not in self.segments(dimension):
            return []
        here = table.xs(segment, axis=1, level="segment")
        totals = dict(zip(here.columns, here.to_numpy().sum(axis=0), strict=True))
        return sorted(map(str, totals), key=lambda event: -totals[event])

    def segments(self, dimension: str) -> list[str]:
        """The values of a dimension."""
        return sorted(set(self.counts[dimension].columns.get_level_values("segment")))


@dataclass(frozen=True)
class Finding:
    """One move on one series. `controls` names what it was held against."""

    move: Move
    measure: str
    event: str | None
    dimension: str
    segment: str
    effect: Effect
    estimate: Estimate
    controls: str


def findings(connection: duckdb.DuckDBPyConnection, days: Days) -> list[Finding]:
    """Every move on every series it touches and that can be judged; none without moves."""
    moves = [move for move in read_moves(connection) if move.start <= days.last]
    if not moves:
        return []
    series = _read_series(connection, days, moves)
    asked = dict.fromkeys(
        (event, move.platform)
        for move in moves
        for event in ([move.event] if move.event else series.events()[:MOST_CONTROLS])
    )
    parts = [(each, value) for each in ("platform", "country") for value in series.segments(each)]
    found: list[Finding] = []
    for event, platform in asked:
        places = [("platform", platform)] if platform else [(ALL, ALL), *parts]
        for dimension, segment in places:
            found += _findings(series, event, dimension, segment, platform)
    return found + _of_sessions(series)


def _findings(
    series: Series, event: str, dimension: str, segment: str, of_platform: str | None
) -> list[Finding]:
    """Moves that are about `of_platform` (None: about all of them) on one series they touch."""
    observed = series.of(event, dimension, segment)
    platform = segment if dimension == "platform" else None
    touching = [move for move in series.moves if move.touches(event, platform)]
    if observed is None or not touching:
        return []
    names, controls = _controls(series, event, dimension, segment, touching)
    measured = _estimated(series, observed, controls, touching)
    return [
        Finding(move, "events", event, dimension, segment, effect, whole, names)
        for move, effect, whole in measured
        if move.platform == of_platform
    ]


def _controls(
    series: Series, event: str, dimension: str, segment: str, touching: Sequence[Move]
) -> tuple[str, Floats]:
    """Series that the moves cannot have touched: other platforms, else other events."""
    if touching and all(move.platform is not None for move in touching):
        hit = {move.platform for move in touching}
        others = [each for each in series.segments("platform") if each not in hit]
        parts = [(each, series.of(event, "platform", each)) for each in others]
    elif all(move.event is not None for move in touching):
        hit = {move.event for move in series.moves}
        others = [each for each in series.events(dimension, segment) if each not in hit]
        parts = [(each, series.of(each, dimension, segment)) for each in others[:MOST_CONTROLS]]
    else:
        parts = []
    found = [(name, values) for name, values in parts if values is not None]
    columns = [values for _, values in found] or [np.zeros((len(series.days.dates), 0))]
    return ", ".join(name for name, _ in found), np.column_stack(columns)


def _estimated(
    series: Series, observed: Floats, controls: Floats, moves: Sequence[Move]
) -> list[tuple[Move, Effect, Estimate]]:
    """Each move's effect; moves of the very same dates share one, for nobody could part them."""
    masks = [series.days.between(move.start, move.end) for move in moves]
    names = {mask.tobytes(): str(place) for place, mask in enumerate(masks)}
    found = estimate(
        observed,
        controls,
        {names[mask.tobytes()]: mask for mask in masks},
        weekdays=np.array([day.weekday() for day in series.days.dates]),
        blocked=series.blocked,
    )
    if found is None:
        return []
    return [
        (move, found.effects[name], found)
        for move, mask in zip(moves, masks, strict=True)
        if (name := names[mask.tobytes()]) in found.effects
    ]


def _of_sessions(series: Series) -> list[Finding]:
    """How long sessions last, held against the level before: nothing else could be its control."""
    moves = [m for m in series.moves if m.platform is None and m.kind in ("moves", "campaigns")]
    none = np.zeros((len(series.days.dates), 0))
    return [
        Finding(move, "seconds of a session", None, ALL, ALL, effect, whole, "")
        for move, effect, whole in _estimated(series, series.sessions, none, moves)
    ]


def move_rows(found: Sequence[Finding], days: Days) -> list[Row]:
    """Rows of `fct_move_effects`; P values are corrected over the segments of one question."""
    rows = [_effect_row(each, days) for each in found if each.move.kind in ("moves", "campaigns")]
    families: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        family = tuple(row[name] for name in ("kind", "name", "measure", "event_name"))
        families.setdefault((*family, row["starts_on"], row["dimension"]), []).append(row)
    for members in families.values():
        holm, _ = corrected([row["p_value"] for row in members])
        for row, p in zip(members, holm, strict=True):
            row |= {"p_holm": p, "is_hit": p < ALPHA}
    return rows


def _effect_row(found: Finding, days: Days) -> Row:
    move, effect, placebos = found.move, found.effect, found.estimate.placebos
    end = min(move.end, days.last_whole)
    first = effect.first_seen
    seen_on = None if first is None else days.dates[first]
    return {
        "kind": move.kind.removesuffix("s"),
        "name": move.name,
        "competitor": move.competitor,
        "measure": found.measure,
        "event_name": found.event,
        "dimension": found.dimension,
        "segment": found.segment,
        "starts_on": move.start,
        "ends_on": None if move.end == date.max else move.end,
        "days": (end - max(move.start, days.first)).days + 1,
        "due": effect.due,
        "seen": effect.seen,
        "effect": effect.value,
        "effect_low": effect.low,
        "effect_high": effect.high if effect.high < inf else None,
        "p_value": effect.p,
        "seen_on": seen_on,
        "days_to_see": None if seen_on is None else (seen_on - move.start).days + 1,
        "controls": found.controls or "the level before",
        "placebo_dates": placebos.dates,
        "false_positive_rate": _number(placebos.false_positive_rate),
        "widening": placebos.widening,
        **days.common(move.start, end),
    }


def intervention_rows(
    connection: duckdb.DuckDBPyConnection, found: Sequence[Finding], days: Days
) -> list[Row]:
    """Rows of `fct_interventions`: the effect on all of an event, in money where it is known."""
    whole = [each for each in found if each.move.kind == "interventions" and each.dimension == ALL]
    worth = _worth(connection, {each.event for each in whole if each.event})
    rows = []
    for each in whole:
        move, effect = each.move, each.effect
        one = worth.get(each.event or "", nan)
        back = return_on(effect, move.cost, one)
        end = min(move.end, days.last_whole)
        rows.append(
            {
                "intervention": move.name,
                "event_name": each.event,
                "starts_on": move.start,
                "ends_on": None if move.end == date.max else move.end,
                "cost": move.cost,
                "currency": move.currency,
                "due": effect.due,
                "seen": effect.seen,
                "extra": back.extra,
                "effect": effect.value,
                "effect_low": effect.low,
                "effect_high": _number(effect.high),
                "p_value": effect.p,
                "value_of_one": _number(one),
                "revenue": _number(back.revenue),
                "revenue_low": _number(back.revenue_low),
                "revenue_high": _number(back.revenue_high),
                "roi": _number(back.ratio),
                "roi_low": _number(back.ratio_low),
                "roi_high": _number(back.ratio_high),
                "break_even_value": move.cost / back.extra if back.extra > 0 else None,
                **days.common(move.start, end),
            }
        )
    return rows


def _worth(connection: duckdb.DuckDBPyConnection, events: set[str]) -> dict[str, float]:
    """What one of an event brings on average, by its properties; without those it is not known."""
    amounts = ", ".join(
        f"try_cast(json_extract_string(properties, '$.{name}') as double)" for name in MONEY
    )
    found = connection.execute(
        f"""select event_name, avg(coalesce({amounts})) from {EVENTS}
        where is_primary and event_name in (select unnest(?::varchar[])) group by event_name""",
        [sorted(events)],
    ).fetchall()
    return {event: amount for event, amount in found if amount is not None}


def _read_series(
    connection: duckdb.DuckDBPyConnection, days: Days, moves: Sequence[Move]
) -> Series:
    counts = {
        dimension: _counts(connection, days, dimension)
        for dimension in (ALL, "platform", "country")
    }
    sessions = connection.execute(
        # whole milliseconds: their sum does not depend on the order they are read in
        """select started_on, sum((duration_seconds * 1000)::bigint)::double / count(*) / 1000
        from warehouse.marts.fct_sessions
        where started_on >= ? group by started_on""",
        [days.first],
    ).fetchall()
    seconds = dict(sessions)
    closed = [
        days.between(row["starts_on"], row["ends_on"])
        for row in rows_of(connection, "context_periods", kind="closures")
    ]
    held = np.array([day in days.incomplete or day > days.last_whole for day in days.dates])
    return Series(
        days,
        moves,
        np.any([held, *closed], axis=0),
        counts,
        np.array([seconds.get(day, nan) for day in days.dates], dtype=float),
    )


def _counts(connection: duckdb.DuckDBPyConnection, days: Days, dimension: str) -> pd.DataFrame:
    """A row a date, a column an event and segment. Of countries the most frequent ones."""
    segment = f"'{ALL}'" if dimension == ALL else f"coalesce({dimension}, '(unknown)')"
    frame = connection.execute(
        f"""with counted as (
            select occurred_on, event_name, {segment} as segment, count(*) as events
            from {EVENTS}
            where is_primary and event_kind in ('micro', 'macro') and occurred_on >= ?
            group by all
        )
        select * from counted where segment in (
            select segment from counted group by segment
            order by sum(events) desc, segment limit {MOST_COUNTRIES})""",
        [days.first],
    ).df()
    wide = frame.pivot_table(
        index="occurred_on", columns=["event_name", "segment"], values="events", aggfunc="sum"
    )
    wide.index = pd.Index([stamp.date() for stamp in pd.to_datetime(wide.index)])
    return wide.reindex(days.dates).fillna(0.0)


def _number(value: float) -> float | None:
    return value if isfinite(value) else None
