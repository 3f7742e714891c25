"""What a report reads of a home: gates on file, and the working marts."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from orchestration.config import Migration
from orchestration.quality.report import figures, rows
from orchestration.quality.report.figures import open_marts, read_figures, with_held
from orchestration.quality.report.model import Day
from orchestration.quality.report.page import run_html
from orchestration.quality.report.samples import cut, shape_of
from orchestration.quality.report.weekly import read_week, weekly_html
from orchestration.warehouse import marts_file
from tests.orchestration.quality.report.warehouses import (
    CHANGE,
    LAST,
    SECRET,
    build,
    judged,
    migration_in,
    result,
    tables,
)


@pytest.fixture
def migration(tmp_path: Path) -> Migration:
    made = migration_in(tmp_path)
    build(made)
    return made


@pytest.fixture
def marts(migration: Migration) -> Iterator[rows.Marts]:
    with open_marts(migration) as opened:
        assert opened is not None
        yield opened


def test_before_a_first_build_there_is_nothing_to_read(tmp_path: Path) -> None:
    read = read_figures(migration_in(tmp_path), "run-1")
    assert (read.flows, read.days, read.incidents) == ((), {}, None)
    assert {rule.outcome for rule in read.rules} == {"passed"} and read.rules[0].judged == 0
    assert "No record has been built" in run_html(read)


def test_tables_that_are_missing_give_nothing(migration: Migration) -> None:
    with duckdb.connect(marts_file(migration)) as connection:
        for schema in ("marts", "quality"):
            connection.execute(f"drop schema {schema} cascade")
    assert "No record has been built" in run_html(read_figures(migration, "run-1"))
    assert "There is no closed date yet" in weekly_html(read_week(migration))


def test_the_ledger_by_source_and_fate(marts: rows.Marts) -> None:
    [flow] = rows.read_flows(marts)
    assert (flow.source, flow.read) == ("app", 90)
    assert flow.fates == {"loaded": 80, "duplicate": 5, "identity": 1, "quarantined": 4}


def test_days_are_counted_where_nothing_is_expected_yet(marts: rows.Marts) -> None:
    days = rows.read_days(marts)
    assert {day.state for each in days.values() for day in each} == {"unjudged"}
    assert [(day.on, day.observed) for day in days["app"]][-1] == (LAST, 30)
    assert [day.observed for day in days["survey"]] == [2]  # responses, not answers


@pytest.mark.parametrize(
    ("observed", "completeness", "state"),
    [
        (100, 1.0, "full"),
        (80, 0.8, "low"),
        (88, 0.96, "full"),  # below the band by a hair, and within reason
        (0, 0.0, "missing"),
        (150, 1.5, "over"),
    ],
)
def test_the_state_of_a_day(
    migration: Migration, observed: int, completeness: float, state: str
) -> None:
    row = {
        "source": "app",
        "occurred_on": LAST,
        "observed": observed,
        "expected": 100.0,
        "expected_low": 90.0,
        "expected_high": 110.0,
        "completeness": completeness,
        "is_open": False,
    }
    today = row | {"occurred_on": LAST + timedelta(1), "is_open": True}
    early = {"source": "app", "occurred_on": LAST - timedelta(1), "observed": 3, "is_open": False}
    tables(migration, completeness=[early, row, today])
    with open_marts(migration) as marts:
        assert marts is not None
        states = [day.state for day in rows.read_days(marts)["app"]]
    assert states == ["unjudged", state, "open"]


def test_dates_of_held_deliveries_are_marked_also_where_nothing_is_loaded() -> None:
    on = date(2025, 4, 1)
    days = with_held({"app": (Day(on, "full", 9),)}, {"app": (on, on + timedelta(1)), "new": (on,)})
    assert [(day.on, day.state, day.observed) for day in days["app"]] == [
        (on, "held", 9),
        (on + timedelta(1), "held", 0),
    ]
    assert days["new"][0].state == "held"


def test_personal_values_of_quarantined_records_are_never_shown(migration: Migration) -> None:
    text = run_html(read_figures(migration, "run-1"))
    for secret in (SECRET, "Ann", "0100", "example.org"):
        assert secret not in text
    assert "masked:" in text
    assert "9,xxx.xxx@xxxxxxx.xxx,xxx xxx,+9 999 999 9999" in text
    assert "{&#34;xxxxx_xxxx&#34;:&#34;xxx xxx" in text  # broken JSON: its shape alone


def test_samples_are_cut_to_two_hundred_characters(migration: Migration) -> None:
    read = read_figures(migration, "run-1")
    texts = [sample.text for each in read.quarantine for sample in each.samples]
    assert len(texts) == 4 and max(map(len, texts)) == 200
    assert cut("a" * 200) == "a" * 200 and len(cut("a" * 201)) == 200


def test_the_shape_of_a_text_keeps_what_frames_it() -> None:
    assert shape_of('7,"Ann é\t",a_b@c.de') == '9,"xxx x\t",x_x@x.xx'


def test_a_change_on_a_platform_is_drawn_from_that_platform(migration: Migration) -> None:
    tables(migration, changes=[CHANGE])
    [change] = read_figures(migration, "run-1").changes
    seen = {point.on: point.observed for point in change.points}
    assert (seen[date(2025, 4, 4)], seen[date(2025, 4, 5)]) == (20, 10)
    assert max(seen) == LAST
    assert 'class="broke"' in run_html(read_figures(migration, "run-1"))


def test_a_day_without_events_is_a_day_of_zero(marts: rows.Marts) -> None:
    assert [p.observed for p in rows._without_gaps({date(2025, 4, 1): 5}, date(2025, 4, 3))] == [
        5,
        0,
        0,
    ]
    assert rows._without_gaps({}, date(2025, 4, 3)) == ()


def test_rules_are_told_with_their_outcome(migration: Migration) -> None:
    judged(
        migration,
        result(success=False, status="failed", observed="off by one", next_step="Mend."),
        result("double_tracked", severity="warn", status="not enough history"),
    )
    read = read_figures(migration, "run-1")
    by_name = {rule.rule: rule for rule in read.rules}
    assert by_name["ledger_balances"].outcome == "red"
    assert by_name["ledger_balances"].observed == "app: off by one"
    assert by_name["double_tracked"].outcome == "unjudged"
    assert [fact.rule for fact in read.facts] == ["ledger_balances"]


def test_past_outcomes_are_by_run_and_the_worst_of_each(migration: Migration) -> None:
    tables(migration)
    with duckdb.connect(marts_file(migration)) as connection:
        insert = """insert into quality.fct_gate_results
            values (?, ?, 'marts', ?, null, 'ledger_balances', ?, 'block', ?, '', '', ?)"""
        for run, at, source, success, status, accepted in [
            ("r1", "2025-04-01", "app", True, "passed", None),
            ("r1", "2025-04-01", "web", False, "failed", None),
            ("r2", "2025-04-02", "app", False, "failed", "2025-04-02"),
            ("r3", "2025-04-03", "app", True, "not enough history", None),
            ("r4", "2025-04-04", "app", True, "passed", None),
        ]:
            connection.execute(insert, [run, at, source, success, status, accepted])
    with open_marts(migration) as marts:
        assert marts is not None
        history = figures.read_history(marts)
    assert history[("marts", "ledger_balances")] == ("red", "accepted", "unjudged", "passed")


def incident(**fields: object) -> dict[str, object]:
    return {
        "incident_id": "i1",
        "cause": "loss_on_platform",
        "severity": "critical",
        "status": "open",
        "title": "Android",
        "detected_at": datetime(2025, 4, 7, 4),
    } | fields


def test_open_incidents_come_first_and_know_how_long_the_fix_took(migration: Migration) -> None:
    fixed = datetime(2025, 4, 8, 16)
    tables(
        migration,
        incidents=[
            incident(incident_id="done", status="verified", fixed_at=fixed),
            incident(incident_id="small", severity="warning"),
            incident(incident_id="big"),
        ],
    )
    found = read_figures(migration, "run-1").incidents
    assert found is not None
    assert [each.incident_id for each in found] == ["big", "small", "done"]
    assert [each.hours_to_fix for each in found] == [None, None, 36.0]


def test_the_week_compares_rates_with_their_counts(migration: Migration) -> None:
    week = read_week(migration)
    assert (week.first_on, week.last_on) == (date(2025, 4, 8), LAST)
    [rate] = week.rates
    assert (rate.persons, rate.active, rate.persons_before, rate.active_before) == (
        70,
        350,
        35,
        350,
    )
    assert (rate.now, rate.before, rate.moved) == (0.2, 0.1, 1.0)
    assert rate.owner == "growth"
    assert "20.0 %" in weekly_html(week) and "(70 of 350)" in weekly_html(week)


def test_the_week_shows_what_people_who_scored_low_say_masked(migration: Migration) -> None:
    week = read_week(migration)
    [voice] = week.voices  # not that of who scored 10
    assert (voice.score, voice.score_type) == ("3", "nps")
    assert voice.text.startswith("Too slow, call me: masked:")
    text = weekly_html(week)
    assert SECRET not in text and "<b>" not in text.split("Too slow")[1][:200]
    [score] = week.scores
    assert (score.answers, score.value) == (2, 0.0)  # one promoter, one detractor


def test_the_week_groups_open_incidents_by_owner_and_causes(migration: Migration) -> None:
    tables(
        migration,
        incidents=[
            incident(incident_id="a", owner="mobile", reopened=2, estimated_lost=40.0),
            incident(incident_id="b"),
            incident(
                incident_id="c", status="verified", cause="surge", fixed_at=datetime(2025, 4, 7, 9)
            ),
        ],
    )
    week = replace(read_week(migration), written_at=datetime(2025, 4, 17, 4, tzinfo=UTC))
    text = weekly_html(week)
    assert text.index("nobody") < text.index("<h3>mobile</h3>")
    assert "10 days" in text and "reopened 2 times" in text
    from orchestration.quality.report.weekly import root_causes

    first, second = root_causes(week.incidents, week.written_at)
    assert (first.cause, first.incidents, first.still_open, first.lost) == (
        "loss_on_platform",
        4,
        2,
        40,
    )
    assert (second.cause, second.median_hours) == ("surge", 5.0)
