"""Tables of the quality schema that Python writes, and how: replaced whole, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from orchestration.config import Migration
from orchestration.sql import quoted
from orchestration.stages import QUALITY
from orchestration.warehouse import open_work

TEXT, INT, FLOAT, BOOL = pa.string(), pa.int64(), pa.float64(), pa.bool_()
DATE, TIME = pa.date32(), pa.timestamp("us")  # times are UTC


def _schema(**columns: pa.DataType) -> pa.Schema:
    return pa.schema(list(columns.items()))


CHANGES = _schema(
    change_id=TEXT,
    metric=TEXT,
    cause=TEXT,
    source=TEXT,
    event_name=TEXT,
    segment=TEXT,
    platform=TEXT,
    app_version=TEXT,
    direction=TEXT,
    first_bad_at=TIME,
    detected_at=TIME,
    ended_at=TIME,
    expected=FLOAT,
    observed=FLOAT,
    estimated_lost=FLOAT,
    lost_low=FLOAT,
    lost_high=FLOAT,
    statistic=FLOAT,
    explained_share=FLOAT,
    severity=TEXT,
    sentence=TEXT,
    next_step=TEXT,
    is_current=BOOL,
)
"""Changes found in what arrived, a row a change and cause.

`segment` is the narrowest that explains the change, as text (`platform=android,
app_version=5.2.0`); null where all of the source changed. `expected` and `observed` are counts or
rates of the metric over the time from `first_bad_at` to `ended_at` (null while it lasts), and the
losses are events with a 95 % interval. `detected_at` is when the run of that day could have known.
`is_current` is what the gate tells: it lasts and is not yet the usual level, or it is recent.
"""

DETECTABILITY = _schema(
    metric=TEXT,
    event_name=TEXT,
    source=TEXT,
    segment=TEXT,
    daily_count=FLOAT,
    baseline=FLOAT,
    smallest_drop=FLOAT,
    reason=TEXT,
)
"""The smallest drop (share of 1) of a metric and segment that would be seen within 48 hours.

Null, with a reason, where no drop would be seen, or the history is too short to say.
"""

COMPLETENESS = _schema(
    source=TEXT,
    occurred_on=DATE,
    observed=INT,
    expected=FLOAT,
    expected_low=FLOAT,
    expected_high=FLOAT,
    estimated_lost=FLOAT,
    completeness=FLOAT,
    is_open=BOOL,
    note=TEXT,
)
"""What arrived of a source on a date against what was to be expected, a row a source and date.

Expected figures are null where there is not enough history, which `note` says.
"""

INCIDENTS = _schema(
    incident_id=TEXT,
    cause=TEXT,
    metric=TEXT,
    source=TEXT,
    segment=TEXT,
    direction=TEXT,
    first_bad_at=TIME,
    detected_at=TIME,
    severity=TEXT,
    status=TEXT,
    acknowledged_at=TIME,
    fixed_at=TIME,
    verified_at=TIME,
    estimated_lost=FLOAT,
    owner=TEXT,
    title=TEXT,
    sentence=TEXT,
    next_step=TEXT,
    runbook=TEXT,
    lost_low=FLOAT,
    lost_high=FLOAT,
    delivery_ids=pa.list_(TEXT),
    findings=INT,
    reopened=INT,
    event_name=TEXT,
    platform=TEXT,
    app_version=TEXT,
    expected=FLOAT,
    observed=FLOAT,
    records=INT,
    bad_until=TIME,
    opened_at=TIME,
    resolved_at=TIME,
    is_open=BOOL,
    explains=pa.list_(TEXT),
    run_id=TEXT,
)
"""One row a cause. Status: open, acknowledged, assigned, resolved, verified.

Severity: critical (something is held or wrong), warning, notice. `detected_at` is when the run of
that day could have known, `opened_at` when a run did. `resolved_at` is when a person said it is
mended, `fixed_at` the first good moment, `verified_at` when a run saw that. `bad_until` is the last
moment known to be bad. `is_open` is false too where the finding was accepted. `explains` names
findings that have this one as their cause; they are no incidents of their own. `run_id` is the run
that opened it, or reopened it last.
"""

INCIDENT_LOG = _schema(
    incident_id=TEXT,
    number=INT,
    at=TIME,
    transition=TEXT,
    status=TEXT,
    severity=TEXT,
    by=TEXT,
    why=TEXT,
    to=TEXT,
    run_id=TEXT,
)
"""One row a transition of an incident, those by people too, numbered from 1 in each incident.

`status` is that after it. Transition: opened, updated, escalated, accepted, verified, reopened,
merged (into the incident `to`); by people acknowledge, assign (to the team `to`), resolve, note.
"""

INCIDENT_TIMES = _schema(
    incident_id=TEXT,
    month=DATE,
    owner=TEXT,
    severity=TEXT,
    cause=TEXT,
    source=TEXT,
    hours_to_detect=FLOAT,
    hours_to_acknowledge=FLOAT,
    hours_to_fix=FLOAT,
    hours_to_verify=FLOAT,
    within_target=BOOL,
)
"""One row an incident: how long it took. `month` is the first of that of `detected_at`.

To detect: from the first bad moment, by the clock of the data. To acknowledge: from its opening. To
fix: from detection to the first good moment. To verify: from a person's word that it is mended,
else from its opening, to the run that saw it. Null where that has not happened. The target is 48
hours from the first bad moment to the first good one; null while it may still be met.
"""

INCIDENT_MONTHS = _schema(
    month=DATE,
    owner=TEXT,
    incidents=INT,
    critical=INT,
    still_open=INT,
    median_hours_to_detect=FLOAT,
    median_hours_to_acknowledge=FLOAT,
    median_hours_to_fix=FLOAT,
    within_target=INT,
    outside_target=INT,
)
"""One row a month of detection and owner: how many incidents, and their times."""

ALERT_DELIVERIES = _schema(
    message_key=TEXT,
    route=TEXT,
    queued_at=TIME,
    run_id=TEXT,
    severity=TEXT,
    title=TEXT,
    incident_ids=pa.list_(TEXT),
    attempts=INT,
    last_attempt_at=TIME,
    delivered_at=TIME,
    answer=TEXT,
)
"""One row an alert and route: how often it was tried, when it went out, and the last answer.

`delivered_at` is null while it waits.
"""


def replace_table(
    migration: Migration,
    name: str,
    schema: pa.Schema,
    rows: Iterable[Mapping[str, Any]],
    stage: str = QUALITY,
) -> int:
    """Replace `<stage>.<name>` in the working marts by these rows; returns how many."""
    table = pa.Table.from_pylist(list(rows), schema=schema)
    place = f"warehouse.{quoted(stage)}"
    with open_work(migration) as connection:
        connection.register("rows_to_keep", table)
        connection.execute(f"create schema if not exists {place}")
        connection.execute(f"create or replace table {place}.{quoted(name)} as from rows_to_keep")
        connection.unregister("rows_to_keep")
    return int(table.num_rows)
