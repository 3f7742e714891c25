"""Zendesk, from files to tickets: each documented rule on small exports made up here."""

import json
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
  api:
    vendor: zendesk
    location: exports/api
    identity: {user_field: external_id, keys: {email: email}}
  old: {vendor: zendesk, location: exports/old, timezone: America/New_York,
    identity: {keys: {email: email}}}
"""
TAXONOMY = """
version: 1
events:
  order_paid: {description: Paid., kind: macro, owner: sales}
"""
TICKETS = """\
id,requester_id,submitter_id,status,created_at,updated_at,subject,priority,merged_ticket_ids,_fivetran_synced
1,7,7,open,2025-01-01 10:00:00,2025-01-01 10:00:00,"Hello, you",high,"[2,3]",2025-02-01 00:00:00
2,8,7,deleted,2025-01-02 10:00:00,2025-01-03 10:00:00,,,[],2025-02-01 00:00:00
1,7,7,open,2025-01-01 10:00:00,2025-01-01 10:00:00,"Hello, you",high,"[2,3]",2025-02-02 00:00:00
1,7,7,solved,2025-01-01 10:00:00,2025-01-04 10:00:00,"Hello, you",high,"[2,3]",2025-02-02 00:00:00
,7,7,solved,2025-01-01 10:00:00,2025-01-04 10:00:00,,,,2025-02-02 00:00:00
"""
USERS = """\
id,role,email,time_zone,created_at
7,end-user,a@example.com,UTC,2019-01-01 10:00:00
8,end-user,b@example.com,UTC,2019-01-01 10:00:00
"""
HISTORY = """\
field_name,ticket_id,updated,_fivetran_synced,user_id,value
status,1,2025-01-01 10:00:00,2025-02-01 00:00:00,,open
status,1,2025-01-02 10:00:00,2025-02-01 00:00:00,9,solved
status,1,2025-01-03 10:00:00,2025-02-01 00:00:00,7,open
status,1,2025-01-04 10:00:00,2025-02-01 00:00:00,9,solved
satisfaction_score,1,2025-01-04 11:00:00,2025-02-01 00:00:00,7,good
subject,1,2025-01-01 10:00:00,2025-02-01 00:00:00,7,My secret
priority,1,2025-01-01 10:00:00,2025-02-01 00:00:00,,
"""
GROUPS = "id,_fivetran_deleted,created_at,name,updated_at,url\n5,FALSE,2020-01-01 00:00:00,A,,u\n"


def ticket(number: int, status: str, updated: str, **more: Any) -> dict[str, Any]:
    """A ticket as the API gives it."""
    return {
        "id": number,
        "requester_id": 7,
        "submitter_id": 9,
        "status": status,
        "created_at": "2025-01-01T10:00:00Z",
        "updated_at": updated,
        "generated_timestamp": 1735725600,
        "via": {"channel": "email", "source": {"from": {"address": "a@example.com"}}},
        "satisfaction_rating": {"score": "offered"},
        "subject": "Hello",
        "external_id": "order-77",
        **more,
    }


BORDER = ticket(2, "open", "2025-01-01T10:00:00Z", priority="high", type="incident")
PAGE_ONE = {
    "users": [
        {
            "id": 7,
            "role": "end-user",
            "email": "a@example.com",
            "verified": True,
            "external_id": "u-7",
            "created_at": "2019-01-01T10:00:00Z",
        }
    ],
    "tickets": [ticket(1, "open", "2025-01-01T10:00:00Z"), BORDER],
    "end_of_stream": False,
    "after_cursor": "c",
}
PAGE_TWO = {
    "tickets": [
        BORDER,
        ticket(2, "deleted", "2025-01-01T10:00:00Z", generated_timestamp=1735812000),
        {"id": 2, "status": "deleted", "subject": "SCRUBBED", "requester_id": None,
         "submitter_id": 9, "created_at": "2025-01-01T10:00:00Z",
         "updated_at": "2025-01-01T10:00:00Z", "generated_timestamp": 1735898400},
    ],
    "end_of_stream": True,
}  # fmt: skip
FLAT = {
    "results": [
        {"id": 5, "req_name": "Ann", "req_id": 7, "req_email": "A@example.com",
         "status": "Solved", "priority": "Normal", "ticket_type": "Question", "via": "Web form",
         "created_at": "2012-02-02 04:31:29 +0100", "updated_at": "2012-02-03 04:31:29 +0100",
         "solved_at": "2012-02-03 04:31:29 +0100", "reopens": "0",
         "satisfaction_score": "Good", "generated_timestamp": 1328240000},
    ],
    "field_headers": {"id": "Ticket id"},
}  # fmt: skip
LABELLED = (
    "Summation column,Id,Requester,Requester id,Requester email,Status,Priority,Via,Ticket type,"
    "Created at,Updated at,Solved at,Satisfaction Score,Reopens\n"
    "1,6,Ann,7,a@example.com,Open,-,Mail,Problem,2012-02-02 04:31,2012-02-02 05:00,,Not Offered,2\n"
)
FILES = {
    "migration.yaml": CONFIG,
    "taxonomy.yaml": TAXONOMY,
    "exports/desk/ticket.csv": TICKETS,
    "exports/desk/user.csv": USERS,
    "exports/desk/ticket_field_history.csv": HISTORY,
    "exports/desk/group.csv": GROUPS,
    "exports/desk_two/ticket.csv": TICKETS.replace(",7,7,", ",70,7,"),
    "exports/desk_two/user.csv": USERS.replace("7,end", "70,end"),
    "exports/api/page-1.json": json.dumps(PAGE_ONE, indent=1),
    "exports/api/page-2.json": json.dumps(PAGE_TWO),
    "exports/api/empty.json": '{"tickets": [], "count": 0, "end_of_stream": true}',
    "exports/api/organizations.jsonl": '{"id":1,"shared_tickets":false,"shared_comments":false}\n',
    "exports/old/flat.json": json.dumps(FLAT),
    "exports/old/export.csv": LABELLED,
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
        """select source, regexp_replace(file_name, '-[12]', ''), fate, reason, sum(records)
        from warehouse.quality.fct_fates where source <> 'desk_two' group by all order by all""",
    )
    assert found == [
        ("api", "organizations.jsonl", "filtered", "reference", 1),
        ("api", "page.json", "duplicate", "vendor_rule", 1),
        ("api", "page.json", "identity", "identity_record", 1),
        ("api", "page.json", "loaded", None, 4),
        ("desk", "group.csv", "filtered", "reference", 1),
        ("desk", "ticket.csv", "duplicate", "vendor_rule", 1),
        ("desk", "ticket.csv", "loaded", None, 3),
        ("desk", "ticket.csv", "quarantined", "missing_id", 1),
        ("desk", "ticket_field_history.csv", "loaded", None, 7),
        ("desk", "user.csv", "identity", "identity_record", 2),
        ("old", "export.csv", "loaded", None, 1),
        ("old", "flat.json", "loaded", None, 1),
    ]
    assert rows(migration, "select bool_and(is_balanced) from warehouse.quality.fct_ledger") == [
        (True,)
    ]


def test_the_latest_state_of_a_ticket_is_current(migration: Migration, rows: Rows) -> None:
    found = rows(
        migration,
        """select ticket_id, updated_at::date::varchar, is_current, is_deleted, merged_into
        from warehouse.marts.fct_support_tickets where source = 'desk' order by all""",
    )
    assert found == [
        ("1", "2025-01-01", False, False, None),
        ("1", "2025-01-04", True, False, None),
        ("2", "2025-01-03", True, True, "1"),
    ]


def test_the_history_says_when_it_was_solved_and_reopened(migration: Migration, rows: Rows) -> None:
    found = rows(
        migration,
        """select distinct first_solved_at::varchar, reopened_count, satisfaction
        from warehouse.marts.fct_support_tickets where source = 'desk' and ticket_id = '1'""",
    )
    assert found == [("2025-01-02 10:00:00", 1, "good")]


def test_an_emptied_ticket_does_not_hide_what_was_known(migration: Migration, rows: Rows) -> None:
    found = rows(
        migration,
        """select status, priority, ticket_type, channel, satisfaction, is_deleted,
            person_id is not null
        from warehouse.marts.fct_support_tickets
        where source = 'api' and ticket_id = '2' order by updated_at""",
    )
    assert found[0] == ("open", "high", "incident", "email", "offered", False, True)
    assert found[1:] == [("deleted", *found[0][1:5], True, True)] * 2


def test_flat_records_and_labels_mean_the_same(migration: Migration, rows: Rows) -> None:
    found = rows(
        migration,
        """select ticket_id, status, priority, ticket_type, channel, satisfaction,
            created_at::varchar, first_solved_at::varchar, reopened_count
        from warehouse.marts.fct_support_tickets where source = 'old' order by ticket_id""",
    )
    assert found == [
        *[("5", "solved", "normal", "question", "web form", "good",
           "2012-02-02 03:31:29", "2012-02-03 03:31:29", 0)],
        *[("6", "open", None, "problem", "mail", "not offered",
           "2012-02-02 09:31:00", None, 2)],
    ]  # fmt: skip


def test_what_people_wrote_goes_no_further_than_landing(migration: Migration, rows: Rows) -> None:
    documents = rows(migration, "select document from work.staging.stg_zendesk__objects")
    text = json.dumps(documents)
    assert "requester_id" in text
    assert not any(word in text for word in ("Hello", "My secret", "SCRUBBED", "Ann"))
    found = rows(
        migration,
        """select field, field_value, changed_by from warehouse.marts.fct_ticket_changes
        where field in ('subject', 'priority', 'satisfaction_score') order by all""",
    )
    assert found == [
        ("priority", None, None),
        ("satisfaction_score", "good", "7"),
        ("subject", None, "7"),
    ]


def test_one_address_in_all_desks_is_one_person(migration: Migration, rows: Rows) -> None:
    found = rows(
        migration,
        """select count(distinct person_id), count(distinct source)
        from warehouse.marts.fct_support_tickets
        where (source, ticket_id) not in (('desk', '2'), ('desk_two', '2'))""",
    )
    assert found == [(1, 4)]


def test_the_user_field_is_that_of_the_user_not_of_the_ticket(
    migration: Migration, rows: Rows
) -> None:
    found = rows(
        migration,
        "select distinct user_id from work.staging.stg_zendesk__objects where source = 'api'",
    )
    assert sorted(found, key=str) == [("u-7",), (None,)]
