"""`marts.fct_micro_value`: what persons did before a cut against what they brought after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import duckdb
import pandas as pd

from orchestration.analysis.evidence.value import (
    Association,
    Selection,
    associations,
    smallest_set,
)
from orchestration.evidence.reading import EVENTS, Days, Row, rows_of

FEATURE_DAYS = 28
OUTCOME_DAYS = 28
MOST_MICRO = 12
MOST_MACRO = 3
ALL = "(all)"
RESAMPLES = 50
MOVED = ("higher", "lower")


def value_rows(
    connection: duckdb.DuckDBPyConnection, days: Days, experiments: Sequence[Row]
) -> list[Row]:
    """Rows of the mart; without phases one season of all days. `experiments` grade the evidence."""
    macros = _most_done(connection, "macro", MOST_MACRO)
    micros = _most_done(connection, "micro", MOST_MICRO)
    rows: list[Row] = []
    if not macros or not micros:
        return rows
    for season, cuts in _cuts(connection, days).items():
        persons = _persons(connection, cuts, micros, macros)
        if persons.empty:
            continue
        for place, macro in enumerate(macros):
            others = [f"outcome_{n}" for n in range(len(macros)) if n != place]
            groups = persons.drop(columns=others).rename(columns={f"outcome_{place}": "done"})
            groups["converted"] = groups["persons"] * groups["done"]
            keys = [str(name) for name in groups if name not in ("persons", "converted", "done")]
            groups = groups.groupby(keys, as_index=False)[["persons", "converted"]].sum()
            features = [name for name in keys if name.startswith("did_") and groups[name].any()]
            if not features or not groups["converted"].any():
                continue
            chosen = smallest_set(groups, features, resamples=RESAMPLES)
            common = {
                "season": season,
                "macro_event": macro,
                "cuts": len(cuts),
                "feature_days": FEATURE_DAYS,
                "outcome_days": OUTCOME_DAYS,
                **days.common(min(s for s, _ in cuts), max(c for _, c in cuts) - timedelta(1)),
            }
            for found in associations(groups, features):
                event = micros[int(found.event.removeprefix("did_"))]
                moved = _moved(experiments, event, macro)
                rows.append({**common, "event_name": event, **_row(found, chosen, moved)})
    return rows


def _row(found: Association, chosen: Selection | None, moved: str | None) -> Row:
    is_in = chosen is not None and found.event in chosen.events
    return {
        "persons": found.persons,
        "converted": found.converted,
        "rate": found.converted / found.persons if found.persons else None,
        "others": found.others,
        "others_converted": found.others_converted,
        "others_rate": found.others_converted / found.others if found.others else None,
        "difference": found.difference.value,
        "difference_low": found.difference.low,
        "difference_high": found.difference.high,
        "odds_ratio": found.odds,
        "odds_low": found.odds_low,
        "odds_high": found.odds_high,
        "p_holm": found.p,
        "grade": found.grade(moved is not None),
        "experiment": moved,
        "is_in_set": is_in,
        "set_rank": chosen.events.index(found.event) + 1 if chosen and is_in else None,
        "set_keeps": chosen.kept if chosen else None,
        "stability": chosen.stability[found.event] if chosen else None,
    }


def _moved(experiments: Sequence[Row], micro: str, macro: str) -> str | None:
    """The experiment, if any, of which one variant moved both the same way."""
    seen: Mapping[tuple[str, str, str], str] = {
        (row["experiment"], row["variant"], row["event_name"]): row["conclusion"]
        for row in experiments
        if row["platform"] == ALL and row["conclusion"] in MOVED
    }
    return next(
        (
            name
            for (name, variant, event), way in sorted(seen.items())
            if event == micro and seen.get((name, variant, macro)) == way
        ),
        None,
    )


def _cuts(connection: duckdb.DuckDBPyConnection, days: Days) -> dict[str, list[tuple[date, date]]]:
    """By season the first day of the features and the cut: the first day of the outcomes.

    A cut needs all its outcome days behind it: an upgrade that may still come is no failure.
    """
    latest = days.last_whole + timedelta(1) - timedelta(OUTCOME_DAYS)
    phases = rows_of(connection, "context_periods", kind="phases")
    if not phases:
        start = max(days.first, latest - timedelta(FEATURE_DAYS))
        return {ALL: [(start, latest)]} if start < latest else {}
    found: dict[str, list[tuple[date, date]]] = {}
    for row in phases:
        if row["starts_on"] > latest or row["starts_on"] < days.first:
            continue
        cut = min(row["ends_on"], latest) + timedelta(1) if row["ends_on"] < latest else latest
        start = max(row["starts_on"], cut - timedelta(FEATURE_DAYS))
        if start < cut:
            found.setdefault(row["name"], []).append((start, cut))
    return found


def _most_done(connection: duckdb.DuckDBPyConnection, kind: str, limit: int) -> list[str]:
    rows = connection.execute(
        f"""select event_name from {EVENTS} where is_primary and event_kind = ?
        group by event_name order by count(distinct person_id) desc, event_name limit ?""",
        [kind, limit],
    ).fetchall()
    return [name for (name,) in rows]


def _persons(
    connection: duckdb.DuckDBPyConnection,
    cuts: Sequence[tuple[date, date]],
    micros: Sequence[str],
    macros: Sequence[str],
) -> pd.DataFrame:
    """Groups of persons alike: did_0.. and outcome_0.. (0/1), platform, activity, persons.

    Who was active before a cut, once a cut. Activity is in bands of active days: 1, 2 to 3, more;
    days are bits of a number, which costs a fraction of telling them apart.
    """
    connection.execute("create or replace temp table cuts (starts_on date, cut date)")
    connection.executemany("insert into cuts values (?, ?)", list(cuts))
    before = "events.occurred_on < cuts.cut"
    did = [
        f"bool_or({before} and is_primary and event_name = $micro[{n + 1}])::integer as did_{n}"
        for n in range(len(micros))
    ]
    outcomes = [
        f"bool_or(not {before} and is_primary and event_name = $macro[{n + 1}])::integer"
        f" as outcome_{n}"
        for n in range(len(macros))
    ]
    columns = [f"did_{n}" for n in range(len(micros))]
    columns += [f"outcome_{n}" for n in range(len(macros))]
    return connection.execute(
        f"""with persons as (
            select cuts.cut, events.person_id,
                coalesce(min(events.platform) filter ({before}), '(unknown)') as platform,
                bit_count(bit_or(1::bigint << (events.occurred_on - cuts.starts_on)::integer)
                    filter ({before})) as active_days,
                {", ".join([*did, *outcomes])}
            from cuts inner join {EVENTS} as events
                on events.occurred_on >= cuts.starts_on
                and events.occurred_on < cuts.cut + {OUTCOME_DAYS}
            where events.person_id is not null
            group by cuts.cut, events.person_id
        )
        select {", ".join(f"coalesce({name}, 0) as {name}" for name in columns)}, platform,
            case when active_days = 1 then '1' when active_days <= 3 then '2' else '4' end
                as activity,
            count(*) as persons
        from persons where active_days > 0 group by all order by all""",
        {"micro": list(micros), "macro": list(macros)},
    ).df()
