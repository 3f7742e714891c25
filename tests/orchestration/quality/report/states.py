"""Figures of a run in the states a report must tell apart, made by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from orchestration.quality.report.model import (
    Change,
    Day,
    DayState,
    Detectable,
    Fact,
    Figures,
    Flow,
    Freshness,
    Incident,
    PastRun,
    Point,
    Quarantine,
    RuleHistory,
    Sample,
)

NOW = datetime(2025, 4, 16, 7, 3, tzinfo=UTC)
TODAY = date(2025, 4, 16)
SOURCES = {"app_events": 41_200, "web_events": 18_400, "shop_log": 5_300, "survey": 120}


def past(number: int, verdict: str = "green") -> PastRun:
    return PastRun(
        f"run-{number}",
        NOW - timedelta(days=number),
        verdict,  # type: ignore[arg-type]
        "Every gate is green. All 65,020 records are accounted for.",
        65_020,
        0,
        (),
        0,
    )


def days(source: str, number: int = 90) -> tuple[Day, ...]:
    """A weekly cycle, everything as expected; the last one is still open."""
    made = []
    for back in range(number, -1, -1):
        on = TODAY - timedelta(days=back)
        expected = SOURCES.get(source, 900) / 30 * (0.6 if on.weekday() >= 5 else 1.15)
        seen = round(expected * (1 + 0.03 * math.sin(back)))
        state: DayState = "open" if back == 0 else "unjudged" if back > number - 14 else "full"
        judged = state != "unjudged"
        made.append(
            Day(
                on,
                state,
                seen // 3 if back == 0 else seen,
                expected if judged else None,
                expected * 0.9 if judged else None,
                expected * 1.1 if judged else None,
            )
        )
    return tuple(made)


def rule(name: str, stage: str = "staging", **fields: object) -> RuleHistory:
    base = RuleHistory(
        stage=stage,
        rule=name,
        dimension="validity",
        severity="block",
        judged=40,
        failed=0,
        unjudged=0,
        accepted=0,
        observed="",
        history=("passed",) * 14,
    )
    return replace(base, **fields)  # type: ignore[arg-type]


RULES = (
    rule("file_is_whole", "landing", dimension="completeness"),
    rule("two_counts_agree", "landing", dimension="consistency"),
    rule("most_records_are_readable", "landing"),
    rule("clock_agrees_with_receipt"),
    rule("ledger_balances", "marts", dimension="completeness"),
    rule("funnels_never_grow", "marts", dimension="consistency"),
    rule("reexport_keeps_its_events", unjudged=40),
)

GREEN = Figures(
    run_id="0f6a2b7e-6f3c-4b4c-a0a2-56b0a9e7c111",
    written_at=NOW,
    timezone="America/New_York",
    failure=None,
    rules=RULES,
    flows=tuple(
        Flow(source, read, {"loaded": read - read // 90, "duplicate": read // 90})
        for source, read in SOURCES.items()
    ),
    days={source: days(source) for source in SOURCES},
    freshness=(
        Freshness("app_events", "source", NOW, NOW, 30.0, 0.0, False, 1400, 900),
        Freshness("survey", "source", NOW, NOW, None, None, False),
    ),
    incidents=(),
    detectability=(
        Detectable("volume", None, "app_events", "platform=android", 480, 0.11, None),
        Detectable("rate", "order_paid", "shop_log", None, 12, None, "too few a day"),
    ),
    survey_sources=frozenset({"survey"}),
    snapshot_at=NOW,
    last_event_on=TODAY,
    earlier=tuple(past(number) for number in range(1, 9)),
)

TORN = Fact(
    "landing",
    "file_is_whole",
    "web_events",
    "0c722ea3d34398e7",
    "block",
    "2025-04-15.jsonl.gz is cut off: the gzip stream ends before its checksum (73,440 bytes, 928"
    " records read)",
    "Fetch or copy the file of web_events again, then run again. What could be read is kept and"
    " pending; to go on without the rest: waybill run --accept file_is_whole --delivery"
    ' 0c722ea3d34398e7 --why "..."',
)

RED_LANDING = replace(
    GREEN,
    run_id="9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d",
    facts=(TORN,),
    rules=(
        rule(
            "file_is_whole",
            "landing",
            dimension="completeness",
            failed=1,
            observed=f"web_events: {TORN.observed}",
            history=("passed",) * 13 + ("red",),
        ),
        rule(
            "all_events_are_mapped",
            severity="warn",
            failed=4,
            observed="app_events: 2025-04-15.jsonl: 84 of 1,415 events are not in the taxonomy",
            history=("passed",) * 10 + ("warned",) * 4,
        ),
        *RULES[1:],
    ),
    flows=(
        Flow("app_events", 41_200, {"loaded": 40_700, "duplicate": 489, "quarantined": 11}),
        Flow("web_events", 18_400, {"loaded": 17_268, "duplicate": 204, "pending": 928}),
        *GREEN.flows[2:],
    ),
    held={"web_events": (date(2025, 4, 15),)},
    days=GREEN.days
    | {
        "web_events": tuple(
            replace(day, state="held", observed=0, note="a delivery of this date is held back")
            if day.on == date(2025, 4, 15)
            else day
            for day in days("web_events")
        )
    },
    quarantine=(
        Quarantine(
            "app_events",
            "future_dated",
            11,
            (
                Sample(
                    "app_events",
                    "future_dated",
                    "2025-04-15.jsonl",
                    47,
                    '{"event":"order_paid","email":"masked:8a7f0e21bb4c93d0aa10f2c7","time":17769'
                    '92384,"platform":"ios"}',
                    False,
                ),
                Sample("app_events", "not_json", "2025-04-15.jsonl", 48, '{"xxxxx":"xxx', True),
            ),
        ),
    ),
)

_BROKE = date(2025, 4, 5)


def _android() -> tuple[Point, ...]:
    points = []
    for back in range(38, 0, -1):
        on = TODAY - timedelta(days=back)
        level = 480 * (0.6 if on.weekday() >= 5 else 1.15) * (0.88 if on >= _BROKE else 1)
        points.append(Point(on, round(level * (1 + 0.02 * math.sin(3 * back)))))
    return tuple(points)


LOSS = Change(
    cause="loss_on_platform",
    metric="volume",
    source="app_events",
    event_name=None,
    segment="platform=android, app_version=5.2.0",
    severity="critical",
    direction="down",
    first_bad_at=datetime(2025, 4, 5, 14),
    detected_at=datetime(2025, 4, 7, 4),
    ended_at=None,
    expected=5_280.0,
    observed=4_640.0,
    lost=640.0,
    lost_low=420.0,
    lost_high=870.0,
    sentence="app_events lost about 12 % of its events on android 5.2.0 since 5 April, 10:00.",
    next_step="Ask the app's team what android 5.2.0 changed in its tracking.",
    points=_android(),
)

INCIDENT = Incident(
    incident_id="inc-7f31c2",
    cause="loss_on_platform",
    source="app_events",
    segment="platform=android, app_version=5.2.0",
    severity="critical",
    status="open",
    first_bad_at=LOSS.first_bad_at,
    detected_at=LOSS.detected_at,
    fixed_at=None,
    verified_at=None,
    owner="mobile",
    title="Events are lost on android 5.2.0",
    sentence=LOSS.sentence,
    next_step=LOSS.next_step,
    lost=640.0,
    lost_low=420.0,
    lost_high=870.0,
)

FIXED = replace(
    INCIDENT,
    incident_id="inc-11aa02",
    cause="file_is_whole",
    title="A file is cut off",
    severity="warning",
    status="verified",
    detected_at=datetime(2025, 4, 2, 7),
    fixed_at=datetime(2025, 4, 2, 16),
    verified_at=datetime(2025, 4, 2, 16),
    lost=None,
    lost_low=None,
    lost_high=None,
)

SILENT_LOSS = replace(
    GREEN,
    run_id="1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed",
    changes=(LOSS,),
    incidents=(INCIDENT, FIXED),
    days=GREEN.days
    | {
        "app_events": tuple(
            replace(day, state="low", observed=round(day.observed * 0.88), lost=64)
            if day.on >= _BROKE and day.state == "full"
            else day
            for day in days("app_events")
        )
    },
)

FIRST_DAY = Figures(
    run_id="c2d29867-3d0b-4497-9191-18a9d8ee7830",
    written_at=NOW,
    timezone="UTC",
    failure=None,
)

FAILED = replace(
    GREEN,
    run_id="3f333df6-90a4-4fda-8dd3-9485d27cee36",
    failure="marts_models: No space left on device: /data/warehouse/work.duckdb",
)

RED_MARTS = replace(
    GREEN,
    run_id="6ecd8c99-4036-403d-bf84-cf8400f67836",
    facts=(
        Fact(
            "marts",
            "ledger_balances",
            "shop_log",
            "aa11bb22cc33dd44",
            "block",
            "shop_2025-W15.csv: read 1,322, fates and pending 1,321",
            "A record of shop_log is lost or counted twice. Run `waybill verify`, then rebuild the"
            " dates with `waybill run --from D --to D`.",
        ),
    ),
    rules=(
        rule("ledger_balances", "marts", failed=1, observed="shop_log: shop_2025-W15.csv: read"),
        *RULES[:4],
    ),
)

STATES = {
    "green": GREEN,
    "red_landing": RED_LANDING,
    "silent_loss": SILENT_LOSS,
    "first_day": FIRST_DAY,
    "failed": FAILED,
    "red_marts": RED_MARTS,
}
