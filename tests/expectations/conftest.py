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
    "gate_platform_mix": {
        "source": ("varchar", "app"),
        "platform": ("varchar", "android"),
        "since": ("date", "2025-04-05"),
        "before_share": ("double", 0.4),
        "after_share": ("double", 0.39),
        "events": ("bigint", 10_000),
        "lost": ("bigint", 250),
        "suspicious": ("integer", 0),
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
        "delivery_id": ("varchar", "good"),
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
