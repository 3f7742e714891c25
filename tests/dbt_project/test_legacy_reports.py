"""Figures of older reports and feeds of failures, from files to marts: exports made up here."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from orchestration.config import Migration, load_migration

Build = Callable[[Migration], Any]
Rows = Callable[[Migration, str], list[tuple[Any, ...]]]

CONFIG = """
home: home
taxonomy: taxonomy.yaml
sources:
  charts:
    vendor: legacy_report
    location: exports/charts
    timezone: US/Pacific
    reports:
      signups:
        files: "signups*.csv"
        period: Date
        segments: [Platform]
        metrics:
          signups: {definition: Unique users of Sign Up, unit: persons, column: Sign Up - Unique}
          rate: {definition: Sign-ups per visitor, column: Rate}
      actives:
        files: actives.csv
        segments: [Segment]
        grain: week
        metrics: {actives: {definition: Any active event, unit: persons}}
      revenue:
        files: bi/*.csv
        grain: range
        first_day: 2024-01-01
        last_day: 2024-03-31
        decimal_comma: true
        metrics: {revenue: {definition: Paid orders less refunds, unit: EUR, column: Umsatz}}
  failures: {vendor: failed_events, location: exports/failures}
  rudder: {vendor: rudderstack, location: exports/rudder}
"""
TAXONOMY = "version: 1\nevents:\n  paid: {description: Paid., kind: macro, owner: sales}\n"
# Adobe writes a block of notes above the table
SIGNUPS = """\
#=================================================================
# Report suite: shop
# Date: January 1, 2024
#=================================================================

Date,Platform,Sign Up - Unique,Rate
"Jan 1, 2024",iOS,"1,234",12.5%
"Jan 2, 2024",iOS,—,n/a
not a day,iOS,1,1%
"Jan 3, 2024",iOS,1
"""
LATER = "Date,Platform,Sign Up - Unique,Rate\n2024-01-01,iOS,1300,0.125\n2024-01-02,iOS,—,n/a\n"
# Amplitude puts the chart's name first, a tab before each name, and a column per period
ACTIVES = '"Weekly actives"\n\n"\tSegment","2024-01-01","2024-01-08"\n"\tAll Users","10","12"\n'
# Tableau writes tabs in UTF-16
REVENUE = "Region\tUmsatz\nalle\t1.234,50 €\n"
VIOLATION = {
    "type": "track",
    "event": "Violation Generated",
    "messageId": "sch-1",
    "userId": "schema-violations",
    "receivedAt": "2024-01-05T10:00:00Z",
    "timestamp": "2024-01-05T10:00:00Z",
    "properties": {
        "eventName": "Order Completed",
        "eventMessageID": "node-1",
        "violationType": "Required",
        "violationField": "properties.products",
        "violationDescription": "properties.products is required",
    },
}
REPORT = {"message": "$.sku: is missing", "path": "$.sku", "keyword": "required", "targets": []}
BAD_ROW = {
    "schema": "iglu:com.snowplowanalytics.snowplow.badrows/schema_violations/jsonschema/2-0-0",
    "data": {
        "processor": {"artifact": "enrich", "version": "3.0.0"},
        "failure": {
            "timestamp": "2024-01-05T11:00:00.000Z",
            "messages": [
                {
                    "schemaKey": "iglu:com.acme/cart/jsonschema/1-0-0",
                    "error": {"error": "ValidationError", "dataReports": [REPORT]},
                }
            ],
        },
        "payload": {"enriched": {"event_name": "cart", "user_id": "SECRET"}},
    },
}
TOO_LARGE = {
    "schema": "iglu:com.snowplowanalytics.snowplow.badrows/size_violation/jsonschema/1-0-0",
    "data": {
        "failure": {"timestamp": "2024-01-05T12:00:00Z", "expectation": "1 MB at most"},
        "payload": "SECRET",
    },
}
DISCARDS = (
    "row_id,table_name,column_name,column_value,received_at,uuid_ts,reason\n"
    "r1,order_paid,total,SECRET,2024-01-05 12:00:00,2024-01-05 13:00:00,incompatible schema\n"
)
FILES: dict[str, str | bytes] = {
    "migration.yaml": CONFIG,
    "taxonomy.yaml": TAXONOMY,
    "exports/charts/signups-01.csv": SIGNUPS,
    "exports/charts/signups-02.csv": LATER,
    "exports/charts/actives.csv": ACTIVES,
    "exports/charts/bi/q1.csv": REVENUE.encode("utf-16"),
    "exports/charts/other.csv": "a,b\n1,2\n",
    "exports/failures/violations.jsonl": (json.dumps(VIOLATION) + "\n") * 2,
    "exports/failures/bad.jsonl": f"{json.dumps(BAD_ROW)}\n{json.dumps(TOO_LARGE)}\n",
    "exports/failures/rudder_discards.csv": DISCARDS,
    "exports/rudder/rudder_discards.csv": DISCARDS,
}


@pytest.fixture(scope="module")
def migration(tmp_path_factory: pytest.TempPathFactory, build: Build) -> Migration:
    folder = tmp_path_factory.mktemp("reports")
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    migration = load_migration(folder / "migration.yaml")
    build(migration)
    return migration


def test_every_record_has_its_fate(migration: Migration, rows: Rows) -> None:
    found = rows(
        migration,
        """select file_name, fate, reason, records from warehouse.quality.fct_fates
        where source <> 'rudder' order by all""",
    )
    assert found == [
        ("actives.csv", "loaded", None, 1),
        ("bad.jsonl", "loaded", None, 2),
        ("bi/q1.csv", "loaded", None, 1),
        ("other.csv", "quarantined", "unrecognised_file", 1),
        ("rudder_discards.csv", "loaded", None, 1),
        ("signups-01.csv", "loaded", None, 2),
        ("signups-01.csv", "quarantined", "unreadable_period", 1),
        ("signups-01.csv", "quarantined", "wrong_column_count", 1),
        ("signups-02.csv", "duplicate", "vendor_rule", 1),
        ("signups-02.csv", "loaded", None, 1),
        ("violations.jsonl", "duplicate", "vendor_rule", 1),
        ("violations.jsonl", "loaded", None, 1),
    ]
    assert rows(migration, "select bool_and(is_balanced) from warehouse.quality.fct_ledger") == [
        (True,)
    ]


def test_figures_are_exact_and_say_what_they_counted(migration: Migration, rows: Rows) -> None:
    found = rows(
        migration,
        """select metric, segment, period_start::varchar, period_end::varchar, grain, unit,
            definition, figure, figure_text
        from warehouse.marts.fct_legacy_figures where report <> 'signups' order by all""",
    )
    assert found == [
        *[("actives", '{"Segment":"All Users"}', "2024-01-01", "2024-01-07", "week", "persons",
           "Any active event", Decimal(10), "10")],
        *[("actives", '{"Segment":"All Users"}', "2024-01-08", "2024-01-14", "week", "persons",
           "Any active event", Decimal(12), "12")],
        *[("revenue", None, "2024-01-01", "2024-03-31", "range", "EUR",
           "Paid orders less refunds", Decimal("1234.50"), "1.234,50 €")],
    ]  # fmt: skip


def test_of_two_files_with_one_figure_the_later_name_counts(
    migration: Migration, rows: Rows
) -> None:
    found = rows(
        migration,
        """select metric, figure, is_current, is_contested, file_name
        from warehouse.marts.fct_legacy_figures
        where report = 'signups' and period_start = date '2024-01-01' order by all""",
    )
    assert found == [
        ("rate", Decimal("0.125"), False, False, "signups-01.csv"),
        ("rate", Decimal("0.125"), True, False, "signups-02.csv"),
        ("signups", Decimal(1234), False, True, "signups-01.csv"),
        ("signups", Decimal(1300), True, True, "signups-02.csv"),
    ]


def test_what_tools_rejected_is_told_without_what_was_sent(
    migration: Migration, rows: Rows
) -> None:
    found = rows(
        migration,
        """select tool, event_name, reason, field, message, failed_event_id, failed_at::varchar
        from warehouse.marts.fct_failed_events order by all""",
    )
    assert found == [
        *[("rudderstack", "order_paid", "incompatible schema", "total", None, "r1",
           "2024-01-05 12:00:00")],
        *[("segment", "Order Completed", "Required", "properties.products",
           "properties.products is required", "node-1", "2024-01-05 10:00:00")],
        *[("snowplow", "cart", "schema_violations", "$.sku", "$.sku: is missing", None,
           "2024-01-05 11:00:00")],
        *[("snowplow", None, "size_violation", None, "1 MB at most", None, "2024-01-05 12:00:00")],
    ]  # fmt: skip
    documents = rows(migration, "select document from work.staging.stg_failed_events__objects")
    assert "SECRET" not in json.dumps(documents)


def test_counts_hold_what_came_with_rudderstacks_events(migration: Migration, rows: Rows) -> None:
    found = rows(
        migration,
        """select source, tool, event_name, field, failures
        from warehouse.marts.fct_failed_event_counts where tool = 'rudderstack' order by all""",
    )
    assert found == [
        ("failures", "rudderstack", "order_paid", "total", 1),
        ("rudder", "rudderstack", "order_paid", "total", 1),
    ]
