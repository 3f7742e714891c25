"""What SQL sums up for the marts of evidence, against pandas and by hand."""

from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from orchestration.context_config import CompanyContext, Period, Variant
from orchestration.evidence.attribution import attribution_rows
from orchestration.evidence.effects import findings, move_rows
from orchestration.evidence.experiments import experiment_rows
from orchestration.evidence.reading import read_days
from orchestration.evidence.seasons import readiness_rows
from orchestration.evidence.value import value_rows

from .worlds import open_story, told, warehouse, with_kinds

COLUMNS = ("event_id", "event", "occurred_at", "user", "platform", "country")
REST = ("campaign", "experiment", "variant")
PILOT = tuple(
    Variant("pilot", name, name == "off", date(2025, 1, 2), date(2025, 1, 4), "page_opened", 0.5)
    for name in ("off", "on")
)


def log(*lines: str) -> pd.DataFrame:
    """`user event time`, then campaign, experiment and variant where there are such."""
    rows = []
    for number, line in enumerate(lines):
        user, event, at, *rest = line.split()
        values = dict(zip(REST, [*rest, *[None] * 3], strict=False))
        kind = "macro" if event == "paid" else "system" if event == "page_opened" else "micro"
        rows.append(
            {
                **dict(zip(COLUMNS, (f"e{number}", event, at, user, "web", "US"), strict=True)),
                **{name: None if value == "-" else value for name, value in values.items()},
                "kind": kind,
                "amount": None,
            }
        )
    return pd.DataFrame(rows)


def opened(frame: pd.DataFrame, **context: tuple[object, ...]) -> duckdb.DuckDBPyConnection:
    return warehouse(frame, CompanyContext(**context))  # type: ignore[arg-type]


def test_the_first_exposure_counts_and_who_saw_both_does_not() -> None:
    connection = opened(
        log(
            "a page_opened 2025-01-02T10:00 - pilot on",
            "a liked 2025-01-02T10:00",  # in the same instant: after
            "b page_opened 2025-01-02T10:00 - pilot off",
            "b liked 2025-01-02T09:59",  # before: a past, no conversion
            "c page_opened 2025-01-02T10:00 - pilot on",
            "c page_opened 2025-01-03T10:00 - pilot off",  # both
            "c liked 2025-01-03T11:00",
            "d page_opened 2025-01-01T10:00 - pilot on",  # before the experiment
            "d liked 2025-01-02T11:00",
            "e liked 2025-01-02T11:00 - pilot on",  # never opened the page
            "f page_opened 2025-01-04T10:00 - pilot off",
            "f liked 2025-01-05T11:00",  # after its end
            "g page_opened 2025-01-06T10:00 - other on",
        ),
        experiments=PILOT,
    )
    days = read_days(connection, "UTC")
    assert days is not None
    rows = experiment_rows(connection, days)
    (row,) = [r for r in rows if r["platform"] == "(all)"]
    assert (row["persons"], row["converted"]) == (1, 1)
    assert (row["control_persons"], row["control_converted"]) == (2, 0)
    assert row["crossed_persons"] == 1
    assert row["is_complete"]


def test_sums_of_an_experiment_are_those_of_pandas(tmp_path: Path) -> None:
    connection, story = open_story("tax_deadline", tmp_path)
    days = read_days(connection, "UTC")
    assert days is not None
    rows = {
        r["event_name"]: r for r in experiment_rows(connection, days) if r["platform"] == "(all)"
    }
    frame = story.rows.assign(at=pd.to_datetime(story.rows["occurred_at"]))
    exposed = frame[(frame["event"] == "filing_page_opened") & frame["experiment"].notna()]
    variants = exposed.groupby("user")["variant"].nunique()
    first = exposed.sort_values("at").drop_duplicates("user").set_index("user")
    first = first[variants.reindex(first.index) == 1]
    assert rows["message_shared"]["crossed_persons"] == int((variants > 1).sum())
    end = pd.Timestamp("2025-03-17")
    for event in ("message_shared", "pilot_reminder_enabled"):
        done = frame[(frame["event"] == event) & (frame["at"] < end)]
        after = done.merge(first[["at"]], left_on="user", right_index=True, suffixes=("", "_seen"))
        users = set(after[after["at"] >= after["at_seen"]]["user"])
        counts = first.assign(did=first.index.isin(users)).groupby("variant")["did"]
        assert rows[event]["persons"] == counts.count()["promotion"]
        assert rows[event]["converted"] == counts.sum()["promotion"]
        assert rows[event]["control_converted"] == counts.sum()["plain"]


def test_paths_by_hand() -> None:
    connection = opened(
        log(
            "a liked 2025-01-01T10:00 mail",
            "a liked 2025-01-01T11:00 mail",  # the same touch again
            "a liked 2025-01-02T10:00 ads",
            "a paid 2025-01-03T10:00",
            "a liked 2025-01-04T10:00 social",  # after it
            "b liked 2025-01-01T10:00 social",  # led nowhere
            "c paid 2025-01-03T10:00",  # from nowhere
            "d liked 2025-01-01T10:00 ads",
            "d paid 2025-03-03T10:00",  # too long ago
        )
    )
    days = read_days(connection, "UTC")
    assert days is not None
    rows = attribution_rows(connection, days)
    found = {(r["campaign"], r["rule"]): r["conversions"] for r in rows}
    assert found[("mail", "first")] == found[("ads", "last")] == 1
    assert found[("mail", "linear")] == found[("ads", "position")] == 0.5
    assert found[("social", "data_driven")] == 0
    assert {(r["touched_conversions"], r["all_conversions"]) for r in rows} == {(1, 3)}


def test_a_phase_counts_persons_to_the_same_day_of_it() -> None:
    phases = (
        Period("phases", "prepare", date(2025, 1, 1), date(2025, 1, 5)),
        Period("phases", "prepare", date(2025, 2, 1), date(2025, 2, 5)),
        Period("phases", "peak", date(2025, 2, 6), date(2025, 2, 9)),
    )
    connection = opened(
        log(
            "a liked 2025-01-01T10:00",
            "b page_opened 2025-01-03T10:00",
            "c liked 2025-01-04T10:00",  # the fourth day: not reached this time
            "a liked 2025-02-01T10:00",
            "a liked 2025-02-03T10:00",
        ),
        periods=phases,
    )
    days = read_days(connection, "UTC")
    assert days is not None
    now = readiness_rows(connection, days)[-1]
    assert (now["compared_days"], now["next_phase"], now["days_left"]) == (3, "peak", 3)
    assert (now["persons"], now["active_persons"]) == (1, 1)
    assert (now["persons_before"], now["active_persons_before"]) == (1, 2)
    assert now["signal"] == "unknown"  # two persons say nothing


def test_what_comes_after_the_cut_is_no_feature(tmp_path: Path) -> None:
    """Everybody likes on the day after the cut, who then pays: nothing of it is told."""
    lines = [f"u{n} opened 2025-01-{1 + n % 20:02}T10:00" for n in range(400)]
    lines += [f"u{n} liked 2025-02-0{1 + n % 5}T10:00" for n in range(0, 400, 2)]
    lines += [f"u{n} paid 2025-02-1{n % 5}T10:00" for n in range(0, 400, 2)]
    lines += ["u0 opened 2025-02-28T10:00"]
    connection = opened(log(*lines))
    days = read_days(connection, "UTC")
    assert days is not None
    rows = value_rows(connection, days, [])
    assert {r["event_name"] for r in rows} == {"opened"}
    assert {r["grade"] for r in rows} == {"none"}


@pytest.mark.parametrize("held", [True, False])
def test_moves_on_one_platform_are_held_against_the_others(held: bool, tmp_path: Path) -> None:
    """The rival's launch told as one of the website alone: the phones are its control."""
    story = told("competitor_launch", 7)
    event = "demo_requested"
    move = Period("moves", "launch", date(2025, 3, 17), date.max, None, event, "web")
    connection = opened(with_kinds(story), periods=(move,))
    if held:
        connection.execute("delete from warehouse.marts.fct_events where platform <> 'web'")
    days = read_days(connection, "UTC")
    assert days is not None
    rows = move_rows(findings(connection, days), days)
    assert {(row["dimension"], row["segment"]) for row in rows} == {("platform", "web")}
    assert rows[0]["controls"] == ("the level before" if held else "android, ios")
    assert rows[0]["is_hit"]
