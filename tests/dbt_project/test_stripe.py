"""Stripe, from files to money and subscriptions: each documented rule on small exports."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestration.config import Migration, load_migration
from tests.dbt_project.stripe_exports import (
    API_REVENUE,
    CHARGES,
    DASHBOARD,
    DASHBOARD_REVENUE,
    EVENTS,
    PAGES,
    TABLES,
)

Build = Callable[[Migration], Any]
Rows = Callable[[Migration, str], list[tuple[Any, ...]]]
Dbt = Callable[..., None]

CONFIG = """
home: home
taxonomy: taxonomy.yaml
sources:
  api:
    vendor: stripe
    location: exports/api
    identity: {user_field: user_id, keys: {email: email}}
  dash: {vendor: stripe, location: exports/dash, identity: {user_field: appUserId}}
  tables: {vendor: stripe, location: exports/tables, identity: {user_field: user_id}}
  app: {vendor: tabular, location: exports/app, timezone: UTC,
        columns: {event: event, occurred_at: at, user_id: user}}
"""
TAXONOMY = """
version: 1
events:
  order_paid:
    description: Paid for the first time.
    kind: macro
    owner: sales
    authority: {commerce: first_payment, sources: [api, dash]}
  subscription_ended:
    description: A subscription ended.
    kind: macro
    owner: sales
    authority: {commerce: subscription_ended}
  demo_requested: {description: A demo was asked for., kind: macro, owner: sales}
"""
TRACKED = """\
event,at,user
order_paid,2025-01-08 00:31:00,ann
order_paid,2025-01-09 00:31:00,ann
order_paid,2025-01-09 00:31:00,eve
demo_requested,2025-01-09 00:31:00,eve
"""
FILES = {
    "migration.yaml": CONFIG,
    "taxonomy.yaml": TAXONOMY,
    "exports/api/events.jsonl": EVENTS,
    "exports/api/charges.jsonl": CHARGES,
    "exports/dash/payments.csv": DASHBOARD,
    "exports/app/events.csv": TRACKED,
    **{f"exports/api/{name}": text for name, text in PAGES.items()},
    **{f"exports/tables/{name}": text for name, text in TABLES.items()},
}


@pytest.fixture(scope="module")
def migration(tmp_path_factory: pytest.TempPathFactory, build: Build) -> Migration:
    folder = tmp_path_factory.mktemp("stripe")
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    migration = load_migration(folder / "migration.yaml")
    build(migration)
    return migration


def test_every_record_has_its_fate(migration: Migration, rows: Rows) -> None:
    found = rows(
        migration,
        """select file_name, fate, reason, records from warehouse.quality.fct_fates
        where source <> 'app' order by all""",
    )
    assert found == [
        ("charges.jsonl", "filtered", "reference", 1),
        ("charges.jsonl", "loaded", None, 17),
        ("customers.json", "identity", "identity_record", 3),
        ("events.jsonl", "duplicate", "vendor_rule", 1),
        ("events.jsonl", "loaded", None, 7),
        ("events.jsonl", "quarantined", "missing_object", 1),
        ("invoices.json", "loaded", None, 6),
        ("payments.csv", "loaded", None, 8),
        ("payments.csv", "quarantined", "unreadable_amount", 1),
        ("plan.csv", "filtered", "reference", 2),
        ("subscription_history.csv", "loaded", None, 3),
        ("subscription_item.csv", "filtered", "reference", 1),
        ("subscriptions.json", "loaded", None, 6),
    ]
    assert rows(migration, "select bool_and(is_balanced) from warehouse.quality.fct_ledger") == [
        (True,)
    ]


@pytest.mark.parametrize(
    ("source", "expected"), [("api", API_REVENUE), ("dash", DASHBOARD_REVENUE)]
)
def test_revenue_is_what_a_hand_adds_up(
    migration: Migration, rows: Rows, source: str, expected: dict[str, int]
) -> None:
    found = rows(
        migration,
        f"""select currency, sum(amount_minor)::bigint from warehouse.marts.fct_revenue
        where source = '{source}' group by all""",
    )
    assert dict(found) == expected


def test_amounts_in_units_have_the_decimals_of_their_currency(
    migration: Migration, rows: Rows
) -> None:
    found = rows(
        migration,
        """select document_id, currency, amount::varchar from warehouse.marts.fct_revenue
        where kind = 'paid' and document_id in ('ch_10', 'ch_11', 'py_1', 'py_5', 'py_9')
        order by all""",
    )
    assert found == [
        ("ch_10", "JPY", "5000.0000"),
        ("ch_11", "KWD", "1.2340"),
        ("py_1", "EUR", "399.0000"),
        ("py_5", "KWD", "12.3450"),
        ("py_9", "ISK", "100.5000"),
    ]


def test_each_sum_is_posted_once_with_its_kind(migration: Migration, rows: Rows) -> None:
    found = rows(
        migration,
        """select kind, document_id, amount_minor from warehouse.marts.fct_revenue
        where source = 'api' order by all""",
    )
    assert found == [
        ("credit_note", "cn_1", -50),
        ("dispute", "dp_1", -2500),
        ("paid", "ch_10", 5000),
        ("paid", "ch_11", 1234),
        ("paid", "ch_15", 2500),
        ("paid", "ch_16", 500),
        ("paid", "in_1", 1000),
        ("paid", "in_2", 900),
        ("paid", "in_5", 500),
        ("paid", "in_8", 800),
        ("refund", "ch_2", -100),
        ("refund", "re_2", -200),
    ]


def test_invoices_tell_tax_discount_and_prorations(migration: Migration, rows: Rows) -> None:
    found = rows(
        migration,
        """select total_minor, tax_minor, discount_minor, proration_minor
        from warehouse.marts.fct_invoices where document_id = 'in_2'""",
    )
    assert found == [(1000, 100, 200, 100)]


def test_of_states_in_one_second_the_furthest_is_current(migration: Migration, rows: Rows) -> None:
    found = rows(
        migration,
        """select status, is_current from warehouse.marts.fct_invoices
        where document_id = 'in_1' order by version_at""",
    )
    assert found == [("draft", False), ("open", False), ("paid", True)]


def test_worth_by_the_month(migration: Migration, rows: Rows) -> None:
    found = rows(
        migration,
        """select subscription_id, currency, mrr_minor from warehouse.marts.fct_subscriptions
        where is_current order by all""",
    )
    assert found == [
        ("s1", "USD", 3000),
        ("sub_1", "USD", 6000),
        ("sub_2", "USD", 2333),  # 24000 a year and 1000 in three months
        ("sub_3", "USD", None),  # tiered: no price is known
        ("sub_4", "USD", 1500),  # a quarter less, for ever
        ("sub_5", "USD", 433),  # by the week; metered items say nothing
        ("sub_6", "USD", 2000),
        ("sub_7", "JPY", 200),
    ]


def test_what_became_of_a_subscription(migration: Migration, rows: Rows) -> None:
    found = rows(
        migration,
        """select kind, occurred_at::date::varchar, mrr_change_minor
        from warehouse.marts.fct_subscription_changes
        where subscription_id = 'sub_1' order by occurred_at, kind""",
    )
    assert found == [
        ("trial_started", "2025-01-01", 0),
        ("started", "2025-01-08", 2000),
        ("became_paid", "2025-01-08", 0),
        ("expanded", "2025-02-01", 4000),
        ("churned", "2025-03-01", -6000),
    ]


def test_each_date_has_one_state(migration: Migration, rows: Rows) -> None:
    found = rows(
        migration,
        """select subscription_id, status, count(*), min(occurred_on)::varchar,
            max(occurred_on)::varchar, max(mrr_minor)
        from warehouse.marts.fct_subscription_days where subscription_id in ('sub_1', 's1')
        group by all order by 1, 4, 2""",
    )
    assert found == [
        ("s1", "active", 31, "2025-01-01", "2025-01-31", 3000),
        ("s1", "past_due", 2, "2025-02-01", "2025-02-02", 3000),
        ("s1", "canceled", 1, "2025-02-03", "2025-02-03", 0),
        ("sub_1", "trialing", 7, "2025-01-01", "2025-01-07", 0),
        ("sub_1", "active", 52, "2025-01-08", "2025-02-28", 6000),
        ("sub_1", "canceled", 1, "2025-03-01", "2025-03-01", 0),
    ]


def test_one_person_over_customers_tables_and_the_app(migration: Migration, rows: Rows) -> None:
    """By the id in metadata, which nothing rounds, and by address where there is no more."""
    found = rows(
        migration,
        """select count(distinct person_id) from (
            select person_id from warehouse.marts.fct_revenue where document_id in ('in_1', 'ch_11')
            union all select person_id from warehouse.marts.fct_subscriptions
                where subscription_id in ('sub_1', 's1')
            union all select person_id from warehouse.marts.fct_events where user_id = 'ann')""",
    )
    assert found == [(1,)]
    ids = rows(
        migration,
        """select user_id from work.staging.stg_objects
        where object_id in ('cus_2', 'py_1') order by all""",
    )
    assert ids == [("4826813000009697001",), ("Ann-1",)]


def test_names_of_customers_are_not_staged(migration: Migration, rows: Rows) -> None:
    found = rows(
        migration,
        """select count(*) from work.staging.stg_objects
        where contains(document, 'Ann Lee') or contains(document, '@')
        or contains(person_fields, '@')""",
    )
    assert found == [(0,)]


def test_a_macro_conversion_has_one_authority(migration: Migration, rows: Rows) -> None:
    found = rows(
        migration,
        """select event_name, authority, source, count(*), sum(amount)::varchar
        from warehouse.marts.fct_macro_conversions group by all order by all""",
    )
    assert found == [
        ("demo_requested", "events", "app", 1, None),
        # ann once for all her customers, in KWD; in_2, in_5, in_8, ch_10 and ch_15 are of others
        ("order_paid", "commerce", "api", 6, "5048.2340"),
        ("order_paid", "commerce", "dash", 2, "1460.5000"),
        ("subscription_ended", "commerce", "api", 1, "60.0000"),
        ("subscription_ended", "commerce", "tables", 1, "30.0000"),
    ]
    tracked = rows(
        migration,
        "select count(*) from warehouse.marts.fct_events where event_name = 'order_paid'",
    )
    assert tracked == [(3,)]


def test_tracked_events_are_evidence(migration: Migration, rows: Rows) -> None:
    found = rows(
        migration,
        """select evidence, count(*), sum(conversions)::int, sum(tracked_events)::int
        from warehouse.marts.fct_macro_evidence where event_name = 'order_paid'
        group by all order by all""",
    )
    assert found == [("both", 1, 1, 2), ("commerce_only", 7, 7, 0), ("tracked_only", 1, 0, 1)]


def test_the_laws_hold(migration: Migration, dbt: Dbt) -> None:
    dbt(
        migration,
        "test",
        "-s",
        *("path:models/marts/commerce", "path:models/staging/commerce", "int_subscription_states"),
        *("fct_macro_conversions", "path:data_tests"),
    )


def test_a_later_authority_is_built_without_new_records(
    migration: Migration, build: Build, rows: Rows
) -> None:
    path = Path(migration.taxonomy)
    path.write_text(
        path.read_text().replace("{commerce: first_payment, sources: [api, dash]}", "events")
    )
    build(load_migration(path.with_name("migration.yaml")))
    found = rows(
        migration,
        """select authority, count(*) from warehouse.marts.fct_macro_conversions
        where event_name = 'order_paid' group by all""",
    )
    assert found == [("events", 3)]
