"""What the marts say of a story against what is true of it.

Reads the published tables alone, as any reader does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

Truth = Mapping[str, Any]
DAYS_TO_FIND = 3
"""A break is found where its first bad hour is dated so many days from the truth at most."""


@dataclass(frozen=True)
class Recovery:
    """One known figure: what is true, what a mart says, and its interval; None where it is silent.

    Where a mart gives words or dates, `low` and `high` are None and `is_recovered` says whether
    they are right.
    """

    what: str
    table: str
    truth: float | str
    found: float | str | None
    low: float | None
    high: float | None
    is_recovered: bool


def recovered(connection: duckdb.DuckDBPyConnection, truth: Truth) -> list[Recovery]:
    """One row a known figure of the story that `truth` (its truth.json) names."""
    return list(_OF[truth["story"]](connection, truth))


def _interval(
    connection: duckdb.DuckDBPyConnection,
    what: str,
    truth: float,
    table: str,
    columns: tuple[str, str, str],
    **equal: str | int,
) -> Recovery:
    """The one row of a mart with these values, and whether its interval covers the truth."""
    where = " and ".join(f"{name} = ?" for name in equal)
    row = connection.execute(
        f"select {', '.join(columns)} from marts.{table} where {where}", list(equal.values())
    ).fetchone()
    if row is None or None in row:
        return Recovery(what, table, truth, None, None, None, False)
    found, low, high = row
    return Recovery(what, table, truth, found, low, high, low <= truth <= high)


LIFT = ("lift", "lift_low", "lift_high")
EFFECT = ("effect", "effect_low", "effect_high")
DIFFERENCE = ("difference", "difference_low", "difference_high")


def _experiment(connection: duckdb.DuckDBPyConnection, truth: Truth) -> Recovery:
    known = truth["experiment"]
    return _interval(
        connection,
        f"{known['name']}: lift of {known['event']}",
        known["lift"],
        "fct_experiments",
        LIFT,
        experiment=known["name"],
        event_name=known["event"],
        platform="(all)",
    )


def _by_platform(connection: duckdb.DuckDBPyConnection, known: Truth) -> Iterator[Recovery]:
    for platform, effect in known["by_platform"].items():
        yield _interval(
            connection,
            f"{known['name']}: {known['event']} on {platform}",
            effect,
            "fct_move_effects",
            EFFECT,
            name=known["name"],
            event_name=known["event"],
            segment=platform,
        )


def _tax(connection: duckdb.DuckDBPyConnection, truth: Truth) -> Iterator[Recovery]:
    yield _experiment(connection, truth)
    yield from _by_platform(connection, truth["promotion"])
    known = truth["intervention"]
    yield _interval(
        connection,
        f"{known['name']}: filings paid",
        known["effect"],
        "fct_interventions",
        EFFECT,
        intervention=known["name"],
    )


def _competitor(connection: duckdb.DuckDBPyConnection, truth: Truth) -> Iterator[Recovery]:
    for known in (truth["launch"], truth["answer"]):
        yield _interval(
            connection,
            f"{known['name']}: {known['event']}",
            known["effect"],
            "fct_move_effects",
            EFFECT,
            name=known["name"],
            event_name=known["event"],
            segment="(all)",
        )
        yield _interval(
            connection,
            f"{known['name']}: seconds of a session",
            known["session_seconds"],
            "fct_move_effects",
            EFFECT,
            name=known["name"],
            measure="seconds of a session",
        )
    yield from _by_platform(connection, truth["launch"])


def _season(connection: duckdb.DuckDBPyConnection, truth: Truth) -> Iterator[Recovery]:
    known = truth["readiness"]
    place = {
        "phase": known["phase"],
        "event_name": known["event"],
        "starts_on": known["phase_start"],
    }
    table = "fct_season_readiness"
    yield _interval(
        connection,
        f"{known['phase']}: {known['event']} against last time",
        known["difference"],
        table,
        DIFFERENCE,
        **place,
    )
    row = connection.execute(
        f"""select signal from marts.{table}
        where phase = ? and event_name = ? and starts_on = ? and next_starts_on = ?""",
        [*place.values(), known["peak_start"]],
    ).fetchone()
    signal = row[0] if row else None
    yield _words("signal before the peak", table, "ahead", signal)
    known = truth["value"]
    yield _interval(
        connection,
        f"{known['event']}: {known['macro']} in the month after",
        known["difference"],
        "fct_micro_value",
        DIFFERENCE,
        season=known["phase"],
        event_name=known["event"],
    )
    chosen = connection.execute(
        """select event_name, grade from marts.fct_micro_value
        where season = ? and is_in_set order by event_name""",
        [known["phase"]],
    ).fetchall()
    drivers = ", ".join(sorted(known["drivers"]))
    yield _words("smallest set", "fct_micro_value", drivers, ", ".join(name for name, _ in chosen))
    graded = sorted({grade for _, grade in chosen})
    yield _words("their grade", "fct_micro_value", "survives controls", ", ".join(graded))


def _activation(connection: duckdb.DuckDBPyConnection, truth: Truth) -> Iterator[Recovery]:
    known = truth["broken"]
    row = connection.execute(
        """select first_bad_at::date from quality.fct_changes
        where event_name = ? and direction = 'down' order by detected_at limit 1""",
        [known["step"]],
    ).fetchone()
    since = date.fromisoformat(known["since"])
    yield Recovery(
        f"broken step: {known['step']}",
        "fct_changes",
        known["since"],
        str(row[0]) if row else None,
        None,
        None,
        row is not None and abs(row[0] - since) <= timedelta(DAYS_TO_FIND),
    )
    yield _experiment(connection, truth)
    known = truth["survey"]
    yield _interval(
        connection,
        f"of those who stopped: {known['reason']}",
        known["share"],
        "fct_dropoff_feedback",
        ("share", "share_low", "share_high"),
        funnel=known["funnel"],
        step_number=known["step_number"],
        reason=known["reason"],
    )
    yield _interval(
        connection,
        "net promoters of all who were active",
        known["nps"],
        "fct_satisfaction",
        ("weighted_nps / 100", "weighted_nps_low / 100", "weighted_nps_high / 100"),
        period_start=known["month"],
        event_name="(all)",
        dimension="(all)",
    )
    known = truth["support"]
    row = connection.execute(
        """select demand, unit, state from marts.fct_resource_demand
        where resource = ? and occurred_on = ?""",
        [known["resource"], known["date"]],
    ).fetchone()
    yield _words(
        f"{known['resource']} on the busiest day, {known['date']}",
        "fct_resource_demand",
        f"{known['hours']:.2f} hours, {known['state']}",
        f"{row[0]:.2f} {row[1]}, {row[2]}" if row else None,
    )


def _words(what: str, table: str, truth: str, found: str | None) -> Recovery:
    return Recovery(what, table, truth, found, None, None, truth == found)


_OF: dict[str, Callable[[duckdb.DuckDBPyConnection, Truth], Iterator[Recovery]]] = {
    "tax_deadline": _tax,
    "competitor_launch": _competitor,
    "design_season": _season,
    "broken_activation": _activation,
}
