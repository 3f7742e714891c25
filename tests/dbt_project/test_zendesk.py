"""Zendesk, from files to tickets: each documented rule on small exports made up here."""

from collections.abc import Callable
from typing import Any

import pytest

from orchestration.config import Migration, load_migration

Build = Callable[[Migration], Any]
Rows = Callable[[Migration, str], list[tuple[Any, ...]]]

CONFIG = """
home: home
taxonomy: taxonomy.yaml
sources:
  desk: {vendor: zendesk, location: exports/desk, identity: {keys: {email: email}}}
  desk_two: {vendor: zendesk, location: exports/desk_two, identity: {keys: {email: email}}}
"""
TAXONOMY = """
version: 1
events:
  order_paid: {description: Paid., kind: macro, owner: sales}
"""
TICKETS = """\
id,requester_id,submitter_id,status,created_at,updated_at,subject
1,7,7,open,2025-01-01 10:00:00,2025-01-01 10:00:00,"Hello, you"
2,8,7,deleted,2025-01-02 10:00:00,2025-01-03 10:00:00,
1,7,7,open,2025-01-01 10:00:00,2025-01-01 10:00:00,"Hello, you"
1,7,7,solved,2025-01-01 10:00:00,2025-01-04 10:00:00,"Hello, you"
,7,7,solved,2025-01-01 10:00:00,2025-01-04 10:00:00,
"""
USERS = """\
id,role,email,time_zone,created_at
7,end-user,a@example.com,UTC,2019-01-01 10:00:00
8,end-user,b@example.com,UTC,2019-01-01 10:00:00
"""
FILES = {
    "migration.yaml": CONFIG,
    "taxonomy.yaml": TAXONOMY,
    "exports/desk/ticket.csv": TICKETS,
    "exports/desk/user.csv": USERS,
    "exports/desk_two/ticket.csv": TICKETS.replace(",7,7,", ",70,7,"),
    "exports/desk_two/user.csv": USERS.replace("7,end", "70,end"),
}


@pytest.fixture(scope="module")
def migration(tmp_path_factory: pytest.TempPathFactory, build: Build) -> Migration:
    folder = tmp_path_factory.mktemp("zendesk")
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
        where source = 'desk' order by all""",
    )
    assert found == [
        ("ticket.csv", "duplicate", "vendor_rule", 1),
        ("ticket.csv", "loaded", None, 3),
        ("ticket.csv", "quarantined", "missing_id", 1),
        ("user.csv", "identity", "identity_record", 2),
    ]
    assert rows(migration, "select bool_and(is_balanced) from warehouse.quality.fct_ledger") == [
        (True,)
    ]


def test_the_latest_state_of_a_ticket_is_current(migration: Migration, rows: Rows) -> None:
    found = rows(
        migration,
        """select object_id, version_at::date::varchar, is_current, is_deleted
        from warehouse.marts.fct_support_tickets where source = 'desk' order by all""",
    )
    assert found == [
        ("1", "2025-01-01", False, False),
        ("1", "2025-01-04", True, False),
        ("2", "2025-01-03", True, True),
    ]


def test_one_address_in_two_desks_is_one_person(migration: Migration, rows: Rows) -> None:
    found = rows(
        migration,
        """select object_id, count(distinct person_id), count(distinct source)
        from warehouse.marts.fct_support_tickets group by object_id order by all""",
    )
    assert found == [("1", 1, 2), ("2", 1, 2)]
