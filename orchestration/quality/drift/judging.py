"""All findings of the deliveries of a run, as the rows that the staging gate judges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from expectations.suites.drift import CAUSES
from orchestration.quality.drift.clocks import find_clocks
from orchestration.quality.drift.companions import find_companions
from orchestration.quality.drift.counters import find_counters
from orchestration.quality.drift.events import find_events
from orchestration.quality.drift.findings import Finding, joined
from orchestration.quality.drift.identity import find_identity
from orchestration.quality.drift.properties import find_properties
from orchestration.quality.drift.reading import SourceFigures, read_figures
from orchestration.quality.drift.repeats import find_repeats
from orchestration.quality.drift.surveys import find_surveys
from orchestration.quality.drift.thresholds import FEWEST_DAYS
from orchestration.quality.drift.values import find_values

DRIFT: Final = pa.schema(
    [
        *((name, pa.string()) for name in ("source", "delivery_id", "cause", "verdict")),
        *((name, pa.string()) for name in ("event_name", "item", "platform", "segment")),
        ("since", pa.date32()),
        ("until", pa.date32()),
        ("observed", pa.float64()),
        ("expected", pa.float64()),
        ("records", pa.int64()),
        ("sentence", pa.string()),
        ("next_step", pa.string()),
    ]
)
"""One row a finding (`verdict` drift), or a delivery and cause without one (steady, no_history)."""

# Told of without history: the rows themselves, or another delivery, show it.
_NEED_NO_HISTORY: Final = frozenset({"epoch_unit", "replayed_delivery"})


def find_all(figures: SourceFigures, owners: Mapping[date, str] | None = None) -> list[Finding]:
    """Every finding of one source that lasts into the days to judge, its days joined.

    `owners` are the judged deliveries by day: what blocks is told of each of them by itself, since
    each is to be held.
    """

    def each() -> Iterator[Finding]:
        yield from find_clocks(figures)
        yield from find_counters(figures)
        yield from find_companions(figures)
        yield from find_identity(figures)
        yield from find_events(figures)
        yield from find_properties(figures)
        yield from find_values(figures)
        yield from find_repeats(figures)
        yield from find_surveys(figures)

    of_day = owners or {}
    findings = joined(
        each(),
        figures.days,
        lambda f: of_day.get(f.day) if CAUSES[f.cause].severity == "block" else None,
    )
    new = [day for day, is_new in zip(figures.days, figures.new, strict=True) if is_new]
    return [f for f in findings if any(f.day <= day <= f.until for day in new)]


def write_drift(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Judge the deliveries of `control.to_judge` by their figures; rows written to Parquet.

    A finding is told of the delivery that has most of the rows of its first day to judge. Reads
    `control.delivery_figures`, which must hold these deliveries.
    """
    rows: list[dict[str, Any]] = []
    told: set[tuple[str, str]] = set()
    with_history: set[str] = set()
    for figures in read_figures(connection):
        owners = _owners(connection, figures.source)
        with_history |= {
            owners[day]
            for place, day in enumerate(figures.days)
            if place >= FEWEST_DAYS and day in owners
        }
        for finding in find_all(figures, owners):
            delivery = owners[min(d for d in owners if finding.day <= d <= finding.until)]
            told.add((delivery, finding.cause))
            rows.append(_row(finding, delivery))
    for source, delivery in connection.execute(
        """select source, delivery_id from control.to_judge
        join control.deliveries using (delivery_id) order by all"""
    ).fetchall():
        for cause in CAUSES:
            if (delivery, cause) in told:
                continue
            judged = delivery in with_history or cause in _NEED_NO_HISTORY
            verdict = "steady" if judged else "no_history"
            rows.append(
                {"source": source, "delivery_id": delivery, "cause": cause, "verdict": verdict}
            )
    pq.write_table(pa.Table.from_pylist(rows, schema=DRIFT), path)
    return len(rows)


def _owners(connection: duckdb.DuckDBPyConnection, source: str) -> dict[Any, str]:
    """By day, the judged delivery with most of its rows."""
    rows = connection.execute(
        """select day, max({'n': n, 'd': delivery_id}).d from (
            select day, delivery_id, sum(n) as n from control.delivery_figures
            where source = ? and figure in ('event', 'responses', 'reason')
                and delivery_id in (select delivery_id from control.to_judge)
            group by all)
        group by day""",
        [source],
    ).fetchall()
    return {day: str(delivery) for day, delivery in rows}


def _row(finding: Finding, delivery_id: str) -> dict[str, Any]:
    return {
        "source": finding.source,
        "delivery_id": delivery_id,
        "cause": finding.cause,
        "verdict": "drift",
        "event_name": finding.event,
        "item": finding.item,
        "platform": finding.platform,
        "segment": finding.segment,
        "since": finding.day,
        "until": finding.until,
        "observed": finding.observed,
        "expected": finding.expected,
        "records": finding.records,
        "sentence": finding.sentence,
        "next_step": finding.next_step,
    }
