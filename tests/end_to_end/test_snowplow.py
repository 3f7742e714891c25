"""Snowplow's enriched lines and its table are one export; copies go by event_id alone."""

import csv
import io
import json

import pytest

from orchestration.config import Migration
from orchestration.sources.snowplow import FIELDS
from tests.end_to_end.vendors import ask, fates, migrated

ID = "5a1b0c9e-0000-4000-8000-00000000000{}"


def enriched(number: int, **cells: str) -> bytes:
    filled = {
        "event": "unstruct",
        "event_name": "saved",
        "event_id": ID.format(number),
        "event_fingerprint": f"f{number}",
        "collector_tstamp": f"2025-01-01 10:00:0{number}",
        "derived_tstamp": f"2025-01-01 09:59:0{number}.25",
        "domain_userid": "d1",
        "domain_sessionid": "s1",
        "user_ipaddress": "192.0.2.7",
        "platform": "web",
        "br_cookies": "1",
    } | cells
    return "\t".join(filled.get(name, "") for name in FIELDS).encode() + b"\n"


def table(*rows: dict[str, str]) -> bytes:
    names = list(dict.fromkeys(["v_tracker", *(name for row in rows for name in row)]))
    text = io.StringIO()
    writer = csv.DictWriter(text, names)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


@pytest.fixture(scope="module")
def migration(tmp_path_factory: pytest.TempPathFactory) -> Migration:
    lines = b"".join(
        [
            enriched(1),
            enriched(1, event_fingerprint="other", collector_tstamp="2025-01-01 10:00:00.999"),
            enriched(1),
            enriched(2, event="page_ping", event_name="page_ping"),
            enriched(3, event="struct", event_name="event", se_action="add", user_id="ann"),
            enriched(4, derived_tstamp=""),
            enriched(5).rstrip(b"\n") + b"\tmore\n",
            enriched(6, contexts='{"data": [', derived_tstamp="never"),
            enriched(7, event="", event_name=""),
        ]
    )
    row = {
        "event": "unstruct",
        "event_name": "saved",
        "event_id": ID.format(1),
        "collector_tstamp": "2025-01-01 10:00:00.999 UTC",
        "domain_userid": "d1",
        "unstruct_event_com_acme_saved_1_0_0": json.dumps({"plan": "pro"}),
        "br_cookies": "true",
        "new_column": "kept",
    }
    files = {"run.tsv": lines, "table.csv": table(row, row | {"event_id": ID.format(8)})}
    return migrated(tmp_path_factory.mktemp("snowplow"), "snowplow", files)


def test_snowplow_keeps_the_earliest_collected_of_an_event_id_whatever_its_fingerprint(
    migration: Migration,
) -> None:
    assert fates(migration) == {"read": 11, "loaded": 5, "duplicate": 3, "quarantined": 3}
    rows = ask(
        migration,
        f"""select staged.received_at::varchar
        from warehouse.marts.fct_events as loaded
        join work.staging.stg_snowplow__events as staged using (file_sha256, record_number)
        where event_key = md5(concat('app', chr(31), '{ID.format(1)}'))""",
    )
    assert rows == [("2025-01-01 10:00:00.999",)]


def test_snowplow_names_and_times(migration: Migration) -> None:
    rows = ask(
        migration,
        """select record_number, source_event_name, occurred_at::varchar
        from work.staging.stg_snowplow__events
        where record_fate is null and file_name = 'run.tsv' and record_number > 3 order by 1""",
    )
    assert rows == [
        (4, "page_ping", "2025-01-01 09:59:02.25"),
        (5, "add", "2025-01-01 09:59:03.25"),
        (6, "saved", "2025-01-01 10:00:04"),
    ]


def test_a_user_on_a_cookie_owns_its_anonymous_events(migration: Migration) -> None:
    rows = ask(
        migration,
        "select count(distinct person_id), count(*) from warehouse.marts.fct_events",
    )
    assert rows == [(1, 5)]


def test_addresses_are_masked_and_new_columns_are_kept(migration: Migration) -> None:
    rows = ask(
        migration,
        """select properties from work.staging.stg_snowplow__events
        where record_fate is null order by file_name, record_number""",
    )
    found = [json.loads(text) for (text,) in rows]
    assert found[0]["$snowplow"]["user_ipaddress"].startswith("masked:")
    assert all("192.0.2.7" not in text for (text,) in rows)
    assert found[-1]["plan"] == "pro" and found[-1]["$snowplow"]["new_column"] == "kept"
    assert found[0]["$snowplow"]["br_cookies"] is found[-1]["$snowplow"]["br_cookies"] is True


def test_what_is_no_event_says_why(migration: Migration) -> None:
    rows = ask(
        migration,
        """select record_number, reason from warehouse.quality.fct_quarantine order by 1""",
    )
    assert rows == [(7, "wrong_column_count"), (8, "unreadable_time"), (9, "missing_event")]
