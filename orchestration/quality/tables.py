"""Tables of the quality schema that Python writes, and how: replaced whole, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from orchestration.config import Migration
from orchestration.sql import quoted
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
)
"""One row a cause. Status: open, acknowledged, assigned, resolved, verified.

Severity: critical (something is held or wrong), warning, notice.
"""


def replace_table(
    migration: Migration, name: str, schema: pa.Schema, rows: Iterable[Mapping[str, Any]]
) -> int:
    """Replace `quality.<name>` in the working marts by these rows; returns how many."""
    table = pa.Table.from_pylist(list(rows), schema=schema)
    with open_work(migration) as connection:
        connection.register("rows_to_keep", table)
        connection.execute("create schema if not exists warehouse.quality")
        connection.execute(
            f"create or replace table warehouse.quality.{quoted(name)} as from rows_to_keep"
        )
        connection.unregister("rows_to_keep")
    return int(table.num_rows)
