"""RudderStack's files of every product, to marts: each documented rule on a small export."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.config import Migration
from orchestration.warehouse import marts_file, work_file
from tests.end_to_end import steps

COLUMNS = "[id, anonymous_id, user_id, event, event_text, timestamp, received_at, total]"
CONFIG = f"""
home: home
taxonomy: taxonomy.yaml
sources:
  hub:
    vendor: rudderstack
    location: exports/hub
    load_columns: {{order_paid: {COLUMNS}}}
  crm: {{vendor: rudderstack, location: exports/crm, extracts: true}}
"""
TAXONOMY = """
version: 1
events:
  order_paid: {description: Paid., kind: macro, owner: sales, aliases: {rudderstack: [Order Paid]}}
"""
SECRET = "wk-0123456789abcdef"
UUID = "0b9d6c1c-1111-4222-8333-444455556666"
NOON = 1740830400


def call(kind: str = "track", **own: Any) -> dict[str, Any]:
    """A call at noon, received a second later, as in object storage."""
    whole = {
        "type": kind,
        "messageId": "m1",
        "anonymousId": "a1",
        "userId": "u1",
        "channel": "web",
        "request_ip": "192.0.2.7",
        "rudderId": "r-1",
        "originalTimestamp": "2025-03-01T17:30:00.000+05:30",
        "timestamp": "2025-03-01T17:30:00.000+05:30",
        "receivedAt": "2025-03-01T12:00:01.000Z",
        "context": {"sessionId": 1740830000, "library": {"name": "RudderLabs JavaScript SDK"}},
    } | ({"event": "Order Paid"} if kind == "track" else {})
    return {key: value for key, value in (whole | own).items() if value is not None}


def row(**own: Any) -> dict[str, Any]:
    """What every row of a table has."""
    return {
        "user_id": "u1",
        "anonymous_id": "a1",
        "timestamp": "2025-03-01T12:00:00.000Z",
        "received_at": "2025-03-01T12:00:01.000Z",
    } | own


def staged(table: str, **own: Any) -> dict[str, Any]:
    """A line of a warehouse staging file; its own receipt is on the server's clock."""
    metadata = {"table": table, "columns": {}, "receivedAt": "2025-03-01T17:30:01.000+05:30"}
    return {"data": row(**own), "userId": "", "metadata": metadata}


def merge(message: str, *pairs: tuple[str, str]) -> dict[str, Any]:
    listed = [{"type": kind, "value": value} for kind, value in pairs]
    return call("merge", messageId=message, userId=None, mergeProperties=listed)


def job(payload: Any, **own: Any) -> dict[str, Any]:
    """A raw job of the gateway's archive."""
    return {"uuid": "j", "job_id": 1, "created_at": "0001-01-01T00:00:00Z"} | own | payload


SENT = {
    "originalTimestamp": "2025-03-01T11:00:00.000Z",
    "sentAt": "2025-03-01T11:00:05.000Z",
    "timestamp": None,
    "receivedAt": None,
    "request_ip": None,
}
EVENT = {"event": "order_paid", "event_text": "Order Paid"}
LINES: dict[str, list[Any]] = {
    "rudder-logs/src/02-28-2025/1.src.json.gz": [
        *[call(messageId="912535")] * 10,
        call(messageId="l1", receivedAt="2025-03-01T12:00:01.000Z", properties={"n": 1}),
        call(messageId="l1", receivedAt="2025-03-01T12:00:09.000Z", properties={"n": 2}),
        call(messageId="l2", timestamp=None, originalTimestamp="2025-03-01T12:00:01.000Z",
             sentAt="2025-03-01T12:00:06.000Z"),
        call(messageId="l3", channel="sources", recordId="3"),
        call(messageId="l4", context={"sources": {"job_run_id": "r1"}}),
        call("identify", messageId="l5", context={"traits": {"email": "ann@example.com"}}),
        call("alias", messageId="l6", previousId="old"),
        call("group", messageId="l7", groupId="g"),
        merge("l8", ("user_id", "u8"), ("userId", "u9")),
        merge("l9", ("user_id", "u8"), ("anonymous_id", "a9")),
        merge("l10", ("email", "ann@example.com"), ("user_id", "u8")),
        call("page", messageId="l11", name="Home"),
    ],
    "rudder-warehouse-staging-logs/src/1.json.gz": [
        staged("tracks", id="s1", **EVENT),
        staged("order_paid", id="s1", total=5, **EVENT),
        staged("identifies", id="s2", email="bob@example.com", name="Bob Ohara"),
        staged("users", id="u1", email="bob@example.com"),
        staged("pages", id="s3", name="Home"),
        staged("rudder_discards", column_name="total", table_name="order_paid"),
        staged("order_paid", id="s4", context_sources_job_run_id="r1", **EVENT),
    ],
    "rudder-warehouse-load-objects/rudder_discards/src/load.json.gz": [
        {"column_name": "total", "column_value": True, "received_at": "2025-03-01T12:00:01.000Z",
         "row_id": 1, "table_name": "order_paid", "uuid_ts": "x", "reason": "type"},
    ],
    "dump/rudder_identity_merge_rules.json": [
        {"merge_property_1_type": "user_id", "merge_property_1_value": "u1",
         "merge_property_2_type": "email", "merge_property_2_value": "ann@example.com"},
    ],
    "dump/order_paid.json": [
        row(id="d1", _timestamp="2025-03-01 12:00:00", **{**EVENT, "timestamp": None}),
        row(id="d2", received_at="2025-03-01T12:00:01.000Z", total=1, **EVENT),
        row(id="d2", received_at="2025-03-01T13:00:01.000Z", total=2, **EVENT),
    ],
    "archive/1_2_w_u.json.gz": [
        job({"event_payload": {"batch": [call(messageId="x1", **SENT), call(messageId="x2",
            **SENT)], "writeKey": SECRET, "receivedAt": "2025-03-01T17:30:00.000+05:30"}}),
        {"UUID": "j", "UserID": "u", "EventPayload": call(messageId="x3", **SENT)},
        job({"event_payload": {"batch": [], "writeKey": SECRET}}),
        job({"event_payload": f'e30{{"writeKey":"{SECRET}"'}),
        job({"event_payload": json.dumps(call(messageId="x4"))}),
        job({"event_payload": {"batch": [call(messageId="912535")]}}),
    ],
}  # fmt: skip
LOAD = (
    "a1,Order Paid,order_paid,f1,2025-03-01T12:00:01.000Z,2025-03-01T12:00:00.000Z,7,u1\n"
    "a1,Order Paid,order_paid\n"
)
# the columns in the order of their names: event before event_text
LOAD = LOAD.replace("Order Paid,order_paid", "order_paid,Order Paid")


@pytest.fixture(scope="module")
def migration(tmp_path_factory: pytest.TempPathFactory) -> Migration:
    folder = tmp_path_factory.mktemp("rudderstack")
    hub = folder / "exports/hub"
    load = hub / "rudder-warehouse-load-objects"
    files: dict[Path, bytes] = {
        load / "order_paid/src/u/load.csv.gz": gzip.compress(LOAD.encode(), mtime=0),
        load / "refunded/src/u/load.csv.gz": gzip.compress(f"a1,x,{UUID}\n".encode(), mtime=0),
        folder / "exports/crm/1.json": json.dumps(call(channel="sources")).encode(),
    }
    for name, lines in LINES.items():
        text = "".join(json.dumps(line) + "\n" for line in lines).encode()
        files[hub / name] = gzip.compress(text, mtime=0) if name.endswith("gz") else text
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    lake = hub / "rudder-datalake/ns/tracks/2025/03/01/12"
    lake.mkdir(parents=True)
    micros = {"timestamp": [NOON * 10**6 + 78_000], "received_at": [NOON * 10**6 + 1_000_000]}
    names = {"id": ["k1"], "user_id": ["u1"], "event": ["order_paid"], "event_text": ["Order Paid"]}
    pq.write_table(pa.table(names | micros), lake / "1.parquet")
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
                properties::json ->> '$."$rudderstack".messageId', properties::json ->> 'id')
                as id from work.staging.stg_rudderstack__events"""
            )
            connection.execute(
                """create temp view loaded as select staged.* from staged
                join work.intermediate.int_events
                using (delivery_id, file_sha256, record_number, record_part)
                where fate = 'loaded'"""
            )
            return connection.execute(query).fetchall()

    return _ask


def test_nothing_is_lost(migration: Migration) -> None:
    ledger = steps.ledger(migration)
    assert ledger["hub"]["read"] == sum(map(len, LINES.values())) + 4
    assert all(each["pending"] == 0 for each in ledger.values())


def test_copies_share_a_message_id_which_may_be_a_number_and_the_last_received_is_kept(
    ask: Ask,
) -> None:
    assert ask("select count(*) from loaded where id = '912535'") == [(1,)]
    assert ask("select properties::json ->> 'n' from loaded where id = 'l1'") == [("2",)]
    assert ask("select properties::json ->> 'total' from loaded where id = 'd2'") == [("2",)]


def test_offsets_are_read_and_absent_times_computed(ask: Ask) -> None:
    found = ask(
        """select id, strftime(occurred_at, '%H:%M:%S.%g') from loaded
        where id in ('912535', 'l2', 'd1', 'k1', 's3', 'x1') order by id"""
    )
    assert found == [
        ("912535", "12:00:00.000"),
        ("d1", "12:00:00.000"),
        ("k1", "12:00:00.078"),
        ("l2", "11:59:56.000"),
        ("s3", "12:00:00.000"),
        ("x1", "11:59:55.000"),
    ]


def test_cloud_extracts_are_filtered_unless_asked_for(ask: Ask) -> None:
    found = ask("select id from staged where record_reason = 'cloud_extract' order by 1")
    assert found == [("l3",), ("l4",), ("s4",)]
    assert ask("select count(*) from loaded where source = 'crm'") == [(1,)]


def test_identity_calls_and_merges(ask: Ask) -> None:
    found = ask(
        """select id, record_fate, link_kind, link_left, link_right from staged
        where id in ('l5', 'l6', 'l7', 'l8', 'l9', 'l10') order by record_number"""
    )
    assert found == [
        ("l5", "identity", "claim", "a1", "u1"),
        ("l6", "identity", "merge", "old", "u1"),
        ("l7", "identity", "claim", "a1", "u1"),
        ("l8", "identity", "merge", "u8", "u9"),
        ("l9", "identity", "identify", "a9", "u8"),
        ("l10", "identity", None, "ann@example.com", "u8"),
    ]


def test_lines_of_one_event_are_one_event(ask: Ask) -> None:
    found = ask(
        """select id, source_event_name, properties::json ->> 'total' from loaded
        where file_name like '%staging%' order by id"""
    )
    assert found == [("s1", "Order Paid", "5"), ("s3", "page", None)]
    found = ask(
        """select source_event_name, record_fate, user_id from staged
        where file_name like '%staging%' and record_fate = 'identity' order by 1"""
    )
    assert found == [("identify", "identity", "u1"), ("profile", "identity", "u1")]


def test_discarded_values_and_identity_tables_are_seen(ask: Ask) -> None:
    found = ask(
        """select record_reason, count(*) from staged
        where record_reason in ('discarded_value', 'identity_table') group by 1 order by 1"""
    )
    assert found == [("discarded_value", 2), ("identity_table", 1)]


def test_load_files_have_the_configured_columns_in_the_order_of_their_names(ask: Ask) -> None:
    found = ask(
        """select id, source_event_name, user_id, properties::json ->> 'total' from loaded
        where file_name like '%order_paid/src%'"""
    )
    assert found == [("f1", "Order Paid", "u1", "7")]
    found = ask(
        """select record_number, record_reason from staged
        where file_name like '%load.csv%' and record_reason is not null order by 1"""
    )
    assert found == [(1, "unknown_columns"), (2, "wrong_column_count")]


def test_archived_jobs_are_opened_and_nothing_of_them_is_lost(ask: Ask) -> None:
    found = ask(
        """select record_number, record_part, id, record_reason from staged
        where file_name like 'archive%' order by 1, 2"""
    )
    assert found == [
        (1, 1, "x1", None),
        (1, 2, "x2", None),
        (2, 1, "x3", None),
        (3, 1, None, "empty_batch"),
        (4, 1, None, "unreadable_payload"),
        (5, 1, "x4", None),
        (6, 1, "912535", None),
    ]
    assert ask("select file_name like 'rudder-logs%' from loaded where id = '912535'") == [(True,)]


def test_a_session_is_the_vendors_and_a_page_a_page(ask: Ask) -> None:
    found = ask(
        """select session_hint, platform, source_event_name, properties::json ->> 'name'
        from loaded where id = 'l11'"""
    )
    assert found == [("1740830000", "web", "page", "Home")]


def test_the_write_key_and_personal_values_never_reach_staging(ask: Ask) -> None:
    names = ask(
        """select column_name from duckdb_columns() where database_name = 'work'
        and table_name = 'stg_rudderstack__events' and data_type in ('VARCHAR', 'BLOB')
        and column_name not in ('link_left', 'link_right')"""
    )
    everything = ", ".join(f'"{name}"::varchar' for (name,) in names)
    for secret in (SECRET, "192.0.2.7", "Ohara", "bob@example"):
        query = (
            f"select count(*) from staged where contains(concat_ws('|', {everything}), '{secret}')"
        )
        assert ask(query) == [(0,)], secret
