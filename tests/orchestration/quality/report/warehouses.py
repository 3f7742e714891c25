"""A small home with marts and quality tables, as a build leaves them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from expectations.rules import RuleResult
from orchestration.config import Migration
from orchestration.quality.freshness import FRESHNESS
from orchestration.quality.gate_results import write_results
from orchestration.quality.tables import (
    CHANGES,
    COMPLETENESS,
    DETECTABILITY,
    INCIDENTS,
    replace_table,
)
from orchestration.taxonomy.writing import to_yaml
from orchestration.warehouse import marts_file
from tests.orchestration.taxonomy.snapshots import dictionary

LAST = date(2025, 4, 14)
SECRET = "ann.lee@example.org"


def migration_in(folder: Path, **settings: Any) -> Migration:
    (folder / "t.yaml").write_text(to_yaml(dictionary()))
    sources = {
        "app": {"vendor": "mixpanel", "location": folder / "exports" / "app", "timezone": "UTC"},
        "survey": {"vendor": "typeform", "location": folder / "exports" / "survey"},
    }
    return Migration(
        home=folder / "home",
        taxonomy=folder / "t.yaml",
        reporting_timezone="America/New_York",
        sources=settings.pop("sources", sources),
        **settings,
    )


def build(migration: Migration) -> None:
    """Marts of four weeks in which android breaks on 5 April, and a survey that says why."""
    migration.warehouse_dir.mkdir(parents=True)
    with duckdb.connect(marts_file(migration)) as connection:
        connection.execute(
            """create schema marts; create schema quality;
            create table marts.fct_events (source varchar, event_name varchar, platform varchar,
                app_version varchar, occurred_at timestamp, occurred_on date);
            create table marts.dim_event_types (event_name varchar, owner_team varchar);
            create table marts.fct_micro_conversion_daily (occurred_on date, event_name varchar,
                platform varchar, source varchar, events bigint, persons bigint,
                active_persons bigint, rate double, is_complete boolean, is_open boolean);
            create table marts.fct_survey_answers (response_id varchar, question_id varchar,
                source varchar, answer varchar, numeric_value double, score_type varchar,
                occurred_at timestamp, occurred_on date);
            create table quality.fct_ledger (source varchar, delivery_id varchar, "read" bigint,
                loaded bigint, duplicate bigint, identity bigint, filtered bigint,
                quarantined bigint, erased bigint, pending bigint);
            create table quality.fct_quarantine (source varchar, delivery_id varchar,
                file_name varchar, file_sha256 varchar, member varchar, record_number bigint,
                reason varchar, raw varchar, raw_bytes blob);
            create table quality.fct_taxonomy_violations (source varchar, event_name varchar,
                kind varchar, records bigint);
            create table quality.fct_gate_results (run_id varchar, judged_at varchar,
                stage varchar, source varchar, delivery_id varchar, rule varchar,
                success boolean, severity varchar, status varchar, observed varchar,
                next_step varchar, accepted_at varchar);
            insert into marts.dim_event_types values ('cart_opened', 'growth')"""
        )
        for back in range(28):
            on = LAST - timedelta(back)
            at = datetime(on.year, on.month, on.day, 15)
            for platform in ("ios", "android"):
                count = 10 if platform == "android" and on >= date(2025, 4, 5) else 20
                connection.execute(
                    """insert into marts.fct_events select 'app', 'cart_opened', ?, '5.2', ?, ?
                    from range(?)""",
                    [platform, at, on, count],
                )
            persons = 10 if on > LAST - timedelta(7) else 5
            connection.execute(
                """insert into marts.fct_micro_conversion_daily values
                (?, 'cart_opened', '(all)', '(all)', 40, ?, 50, ? / 50, true, false)""",
                [on, persons, persons],
            )
        at = datetime(2025, 4, 12, 9)
        rows = [
            ("r1", "q1", "survey", "3", 3.0, "nps"),
            ("r1", "q2", "survey", f"Too slow, call me: {SECRET} <b>", None, "text"),
            ("r2", "q1", "survey", "10", 10.0, "nps"),
            ("r2", "q2", "survey", "Lovely", None, "text"),
        ]
        connection.executemany(
            f"insert into marts.fct_survey_answers values (?, ?, ?, ?, ?, ?, '{at}', '{at:%F}')",
            rows,
        )
        connection.execute(
            "insert into quality.fct_ledger values ('app', 'd1', 90, 80, 5, 1, 0, 4, 0, 0)"
        )
        raw = [
            (1, "missing_time", '{"event":"x","email":"' + SECRET + '","first_name":"Ann"}'),
            (2, "wrong_column_count", f"7,{SECRET},Ann Lee,+1 212 555 0100"),
            (3, "not_json", '{"first_name":"Ann Lee'),
            (4, "missing_time", '{"note":"' + "y" * 300 + '"}'),
        ]
        connection.executemany(
            "insert into quality.fct_quarantine values ('app', 'd1', 'f.jsonl', 'ab', null, ?, ?,"
            " ?, null)",
            raw,
        )


def tables(migration: Migration, **rows: Iterable[Mapping[str, Any]]) -> None:
    """Replace quality tables, each by its rows or by none."""
    schemas = {
        "changes": CHANGES,
        "completeness": COMPLETENESS,
        "detectability": DETECTABILITY,
        "incidents": INCIDENTS,
        "freshness": FRESHNESS,
    }
    for name, schema in schemas.items():
        replace_table(migration, f"fct_{name}", schema, rows.get(name, ()))


def judged(migration: Migration, *results: RuleResult, run_id: str = "run-1") -> None:
    """Keep judgements as the gates do."""
    for stage in {result.stage for result in results}:
        own = [result for result in results if result.stage == stage]
        write_results(migration.gates_dir, stage, run_id, own)


def result(rule: str = "ledger_balances", **fields: Any) -> RuleResult:
    values: dict[str, Any] = {
        "rule": rule,
        "stage": "marts",
        "source": "app",
        "delivery_id": None,
        "success": True,
        "severity": "block",
        "observed": "rows checked: 1",
        "next_step": "",
        "status": "passed",
    }
    return RuleResult(**(values | fields))


CHANGE = {
    "change_id": "c1",
    "metric": "volume",
    "cause": "loss_on_platform",
    "source": "app",
    "segment": "platform=android",
    "platform": "android",
    "direction": "down",
    "first_bad_at": datetime(2025, 4, 5, 14),
    "detected_at": datetime(2025, 4, 7, 4),
    "estimated_lost": 100.0,
    "lost_low": 80.0,
    "lost_high": 120.0,
    "severity": "critical",
    "sentence": "app lost half of its events on android.",
    "next_step": "Ask the app's team.",
}
