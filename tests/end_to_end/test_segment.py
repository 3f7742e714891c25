"""Segment's raw logs and tables, from files to marts: each documented rule on a small export."""

import csv
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.config import Migration
from orchestration.warehouse import marts_file, work_file
from tests.end_to_end import steps

CONFIG = """
home: home
taxonomy: taxonomy.yaml
sources:
  web: {vendor: segment, location: exports/web, identity: {keys: {email: email}}}
  named: {vendor: segment, location: exports/named, page_names: true}
  tables: {vendor: segment, location: exports/tables}
"""
TAXONOMY = """
version: 1
events:
  order_paid: {description: Paid., kind: macro, owner: sales, aliases: {segment: [Order Paid]}}
"""
UUID = "5f0c2a1e-7b1d-4a63-9d52-0c7f5f8f1a11"
SECRET = "wk-0123456789abcdef"


def call(kind: str = "track", **own: Any) -> dict[str, Any]:
    """A call at noon that was received a second later; None takes a field out."""
    whole = {
        "type": kind,
        "messageId": "m1",
        "anonymousId": "a1",
        "userId": "u1",
        "timestamp": "2025-03-01T12:00:00.000Z",
        "receivedAt": "2025-03-01T12:00:01.000Z",
        "context": {"ip": "192.0.2.7", "library": {"name": "analytics.js"}},
        "writeKey": SECRET,
    } | ({"event": "Order Paid"} if kind == "track" else {})
    return {key: value for key, value in (whole | own).items() if value is not None}


LINES: dict[str, list[dict[str, Any]]] = {
    "copies": [
        call(messageId="c1", receivedAt="2025-03-01T12:00:09.000Z"),
        call(messageId="c1", receivedAt="2025-03-01T12:00:02.000Z"),
        call(messageId="c2", event="Order Paid"),
        call(messageId="c2", event="Cart Opened"),
        call("page", messageId="c2"),
        call(messageId="c2", userId="u2"),
        call(messageId=None),
        call(messageId=None),
    ],
    "clocks": [
        call(messageId="t1", timestamp="2025-03-01T12:00:00.55Z", originalTimestamp="x"),
        call(messageId="t2", timestamp=None, originalTimestamp="2025-03-01T11:00:00.000Z",
             sentAt="2025-03-01T11:00:05.000Z"),
        call(messageId="t3", timestamp=None, originalTimestamp="2025-03-01T11:00:00.000Z"),
        call(messageId="t4", timestamp=None),
        call(messageId="t5", timestamp="soon"),
        call(messageId="t6", timestamp="2025-03-01T12:00:00+02:00"),
        call(messageId="t7", timestamp="2025-03-03T12:00:00Z"),
    ],
    "people": [
        call("identify", messageId="p1", anonymousId="d1", userId=7,
             traits={"email": "ann@example.com", "name": "Ann Ohara", "plan": "pro"}),
        call("identify", messageId="p2", userId=None, anonymousId="d2", context={"traits": {}}),
        call("alias", messageId="p3", anonymousId="d3", previousId="d3", userId="u3"),
        call("alias", messageId="p4", anonymousId="d4", previousId="old-4", userId="u4"),
        call("alias", messageId="p5", anonymousId=None, previousId=UUID, userId="u5"),
        call("group", messageId="p6", groupId="g1", traits={"name": "Initrode"}),
        call("delete", messageId="p7", context=[], integrations=[], timestamp=None),
        call(messageId="p8", userId="", anonymousId="d8"),
        call(messageId="p9", userId="null", anonymousId="d9"),
        call(messageId="segment-test-message-x1"),
        call(messageId="p10", userId="test-user-x2"),
    ],
    "odd": [
        call(messageId="o1", context=[], properties=[]),
        call(messageId="o2", properties="text"),
        call(messageId="o3", event=None),
        call(messageId="o4", event=5),
        call("beacon", messageId="o5"),
        call(None, messageId="o6"),
        call("page", messageId="o7", name="Pricing", category="Docs", properties={"url": "/p"}),
        call("screen", messageId="o8", name="Main", channel="mobile",
             context={"device": {"type": "iOS"}, "traits": {"name": "Ann Ohara", "plan": "pro"}}),
        call(messageId="o9", version="1.1", properties={"total billed": 5, "name": "Chair"}),
        call(messageId="o10", version=2),
    ],
}  # fmt: skip

ROWS: dict[str, list[dict[str, Any]]] = {
    "tracks.csv": [
        {"id": "r1", "event": "order_paid", "event_text": "Order Paid"},
        {"id": "r2", "event": "order_paid", "event_text": "Order Paid"},
        {"id": "r3", "event": "order_paid", "event_text": "order_paid"},
    ],
    "order_paid.csv": [
        {"id": "r1", "event": "order_paid", "event_text": "Order Paid", "total": "5",
         "type": "delete", "channel": "ads"},
    ],
    "prod/identifies_0001.csv": [{"id": "r4", "email": "bob@example.com", "name": "Bob Ohara"}],
    "prod/pages/part-0.csv": [{"id": "r5", "name": "Home", "context_page_url": "/"}],
    "prod/aliases.csv": [{"id": "r6", "previous_id": "old"}],
    "prod/groups.csv": [{"id": "r7", "group_id": "g1", "name": "Initrode"}],
    "prod/users.csv": [{"id": "u1", "email": "bob@example.com"}],
    "prod/accounts.csv": [{"id": "g1", "name": "Initrode"}],
    "prod/leads.csv": [{"id": "r8", "status": "open"}],
}  # fmt: skip
SYSTEM = {
    "received_at": "2025-03-01 12:00:01.000 UTC",
    "timestamp": "2025-03-01 12:00:00.000 UTC",
    "uuid_ts": "2025-03-02 00:00:00",
    "user_id": "u1",
    "anonymous_id": "a1",
    "context_ip": "192.0.2.7",
}


def table(rows: list[dict[str, Any]], name: str) -> str:
    """A table's CSV: tables of users and accounts have fewer columns."""
    own = {"received_at": SYSTEM["received_at"]} if "users" in name or "acc" in name else SYSTEM
    text = io.StringIO()
    writer = csv.DictWriter(text, [*own, *dict.fromkeys(k for row in rows for k in row)])
    writer.writeheader()
    writer.writerows(own | row for row in rows)
    return text.getvalue()


@pytest.fixture(scope="module")
def migration(tmp_path_factory: pytest.TempPathFactory) -> Migration:
    folder = tmp_path_factory.mktemp("segment")
    logs = folder / "exports/web/segment-logs"
    files: dict[Path, bytes] = {logs / "dummy-object.txt": b"a test of permissions\n"}
    for name, lines in LINES.items():
        text = "\n".join(map(json.dumps, lines))  # the last line has no end
        files[logs / f"src/1740787200000/{name}.gz"] = gzip.compress(text.encode(), mtime=0)
    two = json.dumps(call(messageId="j1")) + json.dumps(call(messageId="j2"))
    torn = f'{{"type":"track","messageId":"x","writeKey":"{SECRET}", "event":"caf'.encode()
    files[logs / "src/1740787200000/joined.json"] = (
        json.dumps(call(messageId="j0")).encode() + b"\n" + two.encode() + b"\n"
        + torn + b'\xe9"}\n'
    )  # fmt: skip
    named = [call("page", name="Pricing"), call("page", messageId="m2")]
    files[folder / "exports/named/a.json"] = "\n".join(map(json.dumps, named)).encode()
    for name, rows in ROWS.items():
        files[folder / "exports/tables" / name] = table(rows, name).encode()
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (folder / "taxonomy.yaml").write_text(TAXONOMY)
    (folder / "migration.yaml").write_text(CONFIG)
    return steps.run(folder / "migration.yaml")


Ask = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def ask(migration: Migration) -> Ask:
    def _ask(query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect() as connection:
            connection.execute(f"attach '{work_file(migration)}' as work (read_only)")
            connection.execute(f"attach '{marts_file(migration)}' as warehouse (read_only)")
            connection.execute(
                """create temp view staged as select *, coalesce(
                properties::json ->> '$."$segment".messageId', properties::json ->> 'id') as id
                from work.staging.stg_segment__events"""
            )
            return connection.execute(query).fetchall()

    return _ask


def loaded(ask: Ask, file: str, columns: str = "count(*)") -> list[tuple[Any, ...]]:
    return ask(
        f"""select {columns} from warehouse.marts.fct_events as events
        join staged using (delivery_id, record_number) where file_name like '%{file}%'
        order by all"""
    )


def test_nothing_is_lost(migration: Migration) -> None:
    ledger = steps.ledger(migration)
    assert ledger["web"]["read"] == sum(map(len, LINES.values())) + 3
    assert ledger["tables"]["read"] == sum(map(len, ROWS.values()))
    assert all(each["pending"] == 0 for each in ledger.values())


def test_the_permission_test_is_a_file_without_records(ask: Ask) -> None:
    found = ask("select read from warehouse.quality.fct_ledger where file_name like '%dummy%'")
    assert found in ([], [(0,)])


def test_copies_share_message_id_and_type_and_the_first_received_is_kept(ask: Ask) -> None:
    found = loaded(ask, "copies", "id, events.source_event_name, events.user_id, record_number")
    assert [row for row in found if row[0] == "c1"] == [("c1", "Order Paid", "u1", 2)]


def test_one_message_id_over_other_types_events_or_users_is_kept_each_time(ask: Ask) -> None:
    found = loaded(ask, "copies", "events.source_event_name, events.user_id, id")
    assert {row[:2] for row in found if row[2] == "c2"} == {
        ("Order Paid", "u1"), ("Cart Opened", "u1"), ("page", "u1"), ("Order Paid", "u2")
    }  # fmt: skip


def test_calls_without_a_message_id_are_all_loaded(ask: Ask) -> None:
    assert len([1 for (name,) in loaded(ask, "copies", "id") if name is None]) == 2


def test_timestamp_is_never_corrected_again_and_computed_only_where_it_is_absent(ask: Ask) -> None:
    found = ask(
        """select id, strftime(occurred_at, '%d %H:%M:%S.%g'), record_reason from staged
        where file_name like '%clocks%' order by id"""
    )
    assert found == [
        ("t1", "01 12:00:00.550", None),
        ("t2", "01 11:59:56.000", None),
        ("t3", "01 11:00:00.000", None),
        ("t4", None, "missing_time"),
        ("t5", None, "unreadable_time"),
        ("t6", "01 10:00:00.000", None),
        ("t7", "03 12:00:00.000", "future_dated"),
    ]


def test_identity_calls(ask: Ask) -> None:
    found = ask(
        """select id, record_fate, record_reason, link_kind, link_left, link_right
        from staged where file_name like '%people%' order by record_number"""
    )
    identity = ("identity", "identity_record")
    assert found == [
        ("p1", *identity, "claim", "d1", "7"),
        ("p2", *identity, None, "d2", None),
        ("p3", *identity, "identify", "d3", "u3"),
        ("p4", *identity, "merge", "old-4", "u4"),
        ("p5", *identity, "identify", UUID, "u5"),
        ("p6", *identity, "claim", "a1", "u1"),
        ("p7", "filtered", "deletion_request", "claim", "a1", "u1"),
        ("p8", None, None, None, "d8", None),
        ("p9", None, None, "claim", "d9", "null"),
        ("segment-test-message-x1", "filtered", "event_tester", "claim", "a1", "u1"),
        ("p10", "filtered", "event_tester", "claim", "a1", "test-user-x2"),
    ]


def test_an_anonymous_id_and_a_number_as_user_id_are_one_person(ask: Ask) -> None:
    found = ask("select left_node, right_node from work.staging.stg_identity_evidence")
    assert {("9|web|d1", "0|user|7"), ("9|web|d3", "0|user|u3")} <= set(found)
    assert ("0|user|old-4", "0|user|u4") in found
    assert not [pair for pair in found if "null" in pair[1]]


def test_traits_are_the_properties_of_identify_and_give_keys(ask: Ask) -> None:
    [(text,)] = ask("select properties from staged where id = 'p1'")
    traits = json.loads(text)
    assert traits["plan"] == "pro"
    assert traits["email"].startswith("masked:") and traits["$name"].startswith("masked:")
    keys = ask(
        """select left_node, right_node from work.staging.stg_identity_evidence
        where evidence = 'key' and source = 'web'"""
    )
    assert keys == [(f"2|email|{traits['email']}", "0|user|7")]


def test_empty_arrays_stand_for_empty_objects(ask: Ask) -> None:
    assert ask("select record_fate from staged where id = 'o1'") == [(None,)]


def test_calls_that_are_no_events_say_why(ask: Ask) -> None:
    found = ask(
        """select record_number, record_reason from staged
        where file_name like '%odd%' and record_fate = 'quarantined' order by 1"""
    )
    assert found == [
        (2, "properties_are_not_an_object"),
        (3, "missing_event"),
        (4, "event_is_not_text"),
        (5, "unknown_type"),
        (6, "missing_type"),
    ]


def test_pages_and_screens_are_one_event_each_with_their_name_as_a_property(ask: Ask) -> None:
    found = ask(
        """select id, source_event_name, platform, properties from staged
        where id in ('o7', 'o8') order by id"""
    )
    assert [row[:3] for row in found] == [("o7", "page", "web"), ("o8", "screen", "ios")]
    page, screen = (json.loads(row[3]) for row in found)
    assert (page["name"], page["category"], page["url"]) == ("Pricing", "Docs", "/p")
    assert screen["name"] == "Main" and screen["$traits"]["plan"] == "pro"
    assert screen["$traits"]["$name"].startswith("masked:")


def test_page_names_make_events_of_named_pages(ask: Ask) -> None:
    found = ask("select source_event_name from staged where source = 'named' order by 1")
    assert found == [("page",), ("page: Pricing",)]


def test_property_names_stay_and_the_version_may_be_a_number_or_text(ask: Ask) -> None:
    found = ask("select properties, record_fate from staged where id in ('o9', 'o10') order by id")
    (second, fate), (first, _) = found
    assert json.loads(first)["total billed"] == 5 and json.loads(first)["name"] == "Chair"
    assert (json.loads(first)["$segment"]["version"], fate) == ("1.1", None)
    assert json.loads(second)["$segment"]["version"] == 2


def test_two_objects_on_one_line_are_one_bad_record(ask: Ask) -> None:
    found = ask(
        """select record_number, record_reason from staged where file_name like '%joined%'
        order by 1"""
    )
    assert found == [(1, None), (2, "not_json"), (3, "not_utf8")]


def test_the_write_key_and_ips_never_reach_staging(migration: Migration, ask: Ask) -> None:
    columns = [
        name for (name,) in ask(
            """select column_name from duckdb_columns() where database_name = 'work'
            and table_name = 'stg_segment__events' and data_type in ('VARCHAR', 'BLOB')"""
        )
    ]  # fmt: skip
    everything = ", ".join(f'"{column}"::varchar' for column in columns)
    for secret in (SECRET, "192.0.2.7", "Ohara", "ann@example"):
        held = "where record_reason is null" if secret != SECRET else ""
        [(found,)] = ask(
            f"""select count(*) from (select * from staged {held})
            where contains(concat_ws('|', {everything}), '{secret}')"""
        )
        assert found == 0, secret
    assert ask("select count(*) from staged where record_reason = 'not_json'") == [(1,)]


def test_an_event_counts_once_with_its_own_table_and_without_it(ask: Ask) -> None:
    found = loaded(ask, ".csv", "id, events.source_event_name, file_name")
    tracks = [row for row in found if row[1] in ("Order Paid", "order_paid")]
    assert tracks == [
        ("r1", "Order Paid", "order_paid.csv"),
        ("r2", "Order Paid", "tracks.csv"),
        ("r3", "order_paid", "tracks.csv"),
    ]
    [(text,)] = ask("select properties from staged where file_name = 'order_paid.csv'")
    own = json.loads(text)
    assert (own["total"], own["type"], own["channel"]) == ("5", "delete", "ads")
    assert own["context_ip"].startswith("masked:")


def test_each_table_is_told_by_its_file_or_folder(ask: Ask) -> None:
    found = ask(
        """select file_name, source_event_name, record_fate, record_reason from staged
        where file_name like 'prod/%' order by 1"""
    )
    identity = ("identity", "identity_record")
    assert found == [
        ("prod/accounts.csv", None, "filtered", "account_row"),
        ("prod/aliases.csv", "alias", *identity),
        ("prod/groups.csv", "group", *identity),
        ("prod/identifies_0001.csv", "identify", *identity),
        ("prod/leads.csv", None, "quarantined", "unknown_table"),
        ("prod/pages/part-0.csv", "page", None, None),
        ("prod/users.csv", "profile", *identity),
    ]
