"""Facts as SQL, so a test states only the figures it is about."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest

Row = Mapping[str, Any]

# Column -> (type, value of a good row), as the pipeline hands the views to the gates.
COLUMNS: dict[str, dict[str, tuple[str, Any]]] = {
    "gate_landing": {
        "source": ("varchar", "app"),
        "vendor": ("varchar", "mixpanel"),
        "delivery_id": ("varchar", "good"),
        "file_name": ("varchar", "app/day.json.gz"),
        "bytes": ("bigint", 2048),
        "state": ("varchar", "complete"),
        "torn_reason": ("varchar", None),
        "looks_like": ("varchar", None),
        "missing_columns": ("varchar", None),
        "records": ("bigint", 1000),
        "rows_written": ("bigint", 1000),
        "parquet_rows": ("bigint", 1000),
        "unreadable": ("bigint", 0),
        "ends_early": ("boolean", False),
        "declared_records": ("bigint", None),
        "advice": ("varchar", None),
        "shortfall": ("varchar", None),
        "doubt": ("varchar", None),
        "known_deliveries": ("bigint", 9),
        "lost_columns": ("varchar", None),
        "is_usually_empty": ("boolean", False),
    },
    "gate_arrivals": {
        "source": ("varchar", "app"),
        "delivery_id": ("varchar", "good"),
        "file_name": ("varchar", "app/day.json.gz"),
        "known_days": ("bigint", 40),
        "missing_hours": ("bigint", 0),
        "missing_days": ("bigint", 0),
        "hours_told": ("varchar", "no events from 09:00 to 12:00 UTC"),
        "days_told": ("varchar", "no events from 1 to 3 March"),
        "hours_lost": ("bigint", 40),
        "days_lost": ("bigint", 900),
        "judged_days": ("bigint", 1),
        "days_outside": ("bigint", 0),
        "volume_told": ("varchar", "2 events, 400 were usual"),
        "volume_lost": ("bigint", 398),
    },
    "gate_staging": {
        "source": ("varchar", "app"),
        "vendor": ("varchar", "mixpanel"),
        "delivery_id": ("varchar", "good"),
        "file_name": ("varchar", "app/day.json.gz"),
        "events": ("bigint", 1000),
        "quarantined": ("bigint", 0),
        "identity": ("bigint", 0),
        "unmapped": ("bigint", 0),
        "retired_event": ("bigint", 0),
        "missing_required": ("bigint", 0),
        "wrong_type": ("bigint", 0),
        "bad_value": ("bigint", 0),
        "extra_property": ("bigint", 0),
        "breaches": ("varchar", None),
        "future_dated": ("bigint", 0),
        "without_ids": ("bigint", 0),
        "null_keys": ("bigint", 0),
        "live_rows": ("bigint", 500),
        "lag_quarter_hours": ("integer", 0),
        "zone_hint": ("varchar", None),
        "previous_events": ("bigint", None),
        "gone": ("bigint", None),
        "added": ("bigint", None),
        "changed": ("bigint", None),
        "repeated_without_id": ("bigint", 0),
    },
    "gate_drift": {
        "source": ("varchar", "app"),
        "delivery_id": ("varchar", "good"),
        "cause": ("varchar", "zone_shift"),
        "verdict": ("varchar", "steady"),
        "records": ("bigint", None),
        "sentence": ("varchar", None),
    },
    "gate_taxonomy": {
        "source": ("varchar", "app"),
        "event_name": ("varchar", "order_paid"),
        "property": ("varchar", "amount"),
        "kind": ("varchar", "another_kind"),
        "enforcement": ("varchar", "flag"),
        "records": ("bigint", 1),
    },
    "gate_changes": {
        "source": ("varchar", "app"),
        "cause": ("varchar", "surge"),
        "severity": ("varchar", "notice"),
        "sentence": ("varchar", "app: 40 % more events since 2025-03-01 00:00 UTC"),
        "estimated_lost": ("double", None),
    },
    "gate_freshness": {
        "source": ("varchar", "app"),
        "last_event_at": ("timestamp", "2025-04-05 08:00:00"),
        "last_arrival_at": ("timestamp", "2025-04-05 09:00:00"),
        "sla_hours": ("double", 30.0),
        "late_by_hours": ("double", 0.0),
        "is_late": ("integer", 0),
        "daily_events": ("bigint", 1000),
        "min_daily": ("bigint", 900),
        "is_short": ("integer", 0),
    },
    "gate_mart_freshness": {
        "mart": ("varchar", "fct_events"),
        "last_event_at": ("timestamp", "2025-04-05 08:00:00"),
        "sla_hours": ("double", 30.0),
        "late_by_hours": ("double", 0.0),
        "is_late": ("integer", 0),
    },
    "gate_events": {
        "source": ("varchar", "app"),
        "delivery_id": ("varchar", "good"),
        "event_key": ("varchar", "k1"),
        "occurred_at": ("timestamp", "2025-03-01 12:00:00"),
        "occurred_on": ("date", "2025-03-01"),
        "source_event_name": ("varchar", "Order Paid"),
        "id_quality": ("varchar", "vendor"),
    },
    "gate_ledger": {
        "source": ("varchar", "app"),
        "file_name": ("varchar", "app/day.json.gz"),
        "file_sha256": ("varchar", "ab12"),
        "delivery": ("varchar", "good"),
        "read": ("bigint", 1000),
        "landed": ("bigint", 1000),
        "loaded": ("bigint", 900),
        "duplicate": ("bigint", 50),
        "identity": ("bigint", 20),
        "filtered": ("bigint", 10),
        "quarantined": ("bigint", 10),
        "erased": ("bigint", 5),
        "pending": ("bigint", 5),
    },
    "gate_marts": {
        "name": ("varchar", "fct_events rows"),
        "observed": ("bigint", 900),
        "expected": ("bigint", 900),
    },
    "gate_sources": {
        "source": ("varchar", "app"),
        "read": ("bigint", 1000),
        "loaded": ("bigint", 900),
        "quarantined": ("bigint", 10),
        "in_marts": ("bigint", 900),
        "to_stage": ("bigint", 1000),
        "staged": ("bigint", 1000),
    },
    "gate_totals": {
        "cell": ("varchar", "2025-03-01 / order_paid / app"),
        "total": ("bigint", 12),
        "parts": ("bigint", 12),
    },
    "gate_persons": {
        "mart": ("varchar", "dim_persons"),
        "persons": ("bigint", 50),
        "ids": ("bigint", 50),
        "events_of_persons": ("bigint", 900),
        "events_with_person": ("bigint", 900),
    },
    "gate_restatements": {
        "source": ("varchar", "app"),
        "occurred_on": ("date", "2025-03-01"),
        "before": ("bigint", 100),
        "after": ("bigint", 103),
    },
    "gate_rates": {
        "mart": ("varchar", "fct_micro_conversion_daily"),
        "cell": ("varchar", "order_paid, 2025-03-01"),
        "rate": ("double", 0.5),
    },
    "gate_funnels": {
        "funnel": ("varchar", "checkout"),
        "step_number": ("integer", 2),
        "entities": ("bigint", 10),
        "previous_entities": ("bigint", 10),
    },
    "gate_double_tracked": {
        "event_name": ("varchar", "order_paid"),
        "sources": ("varchar", "app, web"),
        "days": ("bigint", 3),
    },
}


def _literal(value: Any) -> str:
    if value is None:
        return "null"
    return "'" + str(value).replace("'", "''") + "'"


def _select(view: str, rows: Iterable[Row]) -> str:
    columns = COLUMNS[view]
    good = {name: value for name, (_, value) in columns.items()}
    selects = []
    for row in rows:
        assert row.keys() <= columns.keys(), row
        values = good | row
        selects.append(
            "select "
            + ", ".join(
                f"cast({_literal(values[name])} as {kind}) as {name}"
                for name, (kind, _) in columns.items()
            )
        )
    if not selects:
        return _select(view, [{}]) + " limit 0"
    return " union all ".join(selects)


@pytest.fixture(scope="session")
def facts() -> Callable[[str, Iterable[Row]], str]:
    """The SELECT of a view whose rows are good but for the figures given."""
    return _select
