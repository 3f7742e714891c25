"""One person in three tools: a device of Mixpanel, a user of Segment, an address in a survey."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import duckdb

from orchestration.warehouse import marts_file
from tests.end_to_end.steps import ledger, run

CONFIG = """
home: home
taxonomy: taxonomy.yaml
sources:
  app: {vendor: mixpanel, location: exports/app, timezone: UTC}
  shop: {vendor: segment, location: exports/shop, identity: {keys: {email: email}}}
  survey:
    vendor: typeform
    location: exports/survey
    identity: {keys: {email: email_hash}}
"""
TAXONOMY = """
version: 1
events:
  saved: {description: Saved., kind: micro, owner: product}
"""
ADDRESS = "ann@example.com"
SHA256 = hashlib.sha256(ADDRESS.encode()).hexdigest()


def mixpanel(minute: int, user: str | None) -> dict:
    properties = {
        "time": 1741600000 + 60 * minute,
        "distinct_id": user or "$device:kiosk",
        "$device_id": "kiosk",
        "$insert_id": f"i{minute}",
    }
    return {"event": "saved", "properties": properties | ({"$user_id": user} if user else {})}


def segment(number: int, kind: str, user: str, **more: object) -> dict:
    at = f"2025-03-10T12:0{number}:00.000Z"
    times = dict.fromkeys(("originalTimestamp", "sentAt", "receivedAt", "timestamp"), at)
    return {"type": kind, "messageId": f"m{number}", "userId": user, "context": {}, **times, **more}


def lines(*records: dict) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def test_device_user_and_address_of_one_person_are_one_and_two_users_of_a_device_are_two(
    write: Callable[[str, str | bytes], Path],
) -> None:
    write("taxonomy.yaml", TAXONOMY)
    config = write("migration.yaml", CONFIG)
    write("exports/app/a.jsonl", lines(mixpanel(0, None), mixpanel(1, "ann"), mixpanel(2, "bob")))
    write(
        "exports/shop/a.json",
        lines(
            segment(
                1, "identify", "ann", anonymousId="web-1", traits={"email": " Ann@Example.com"}
            ),
            segment(2, "track", "ann", anonymousId="web-1", event="saved", properties={}),
            segment(3, "track", "bob", event="saved", properties={}),
        ),
    )
    write(
        "exports/survey/a.csv",
        "#,Would you?,email_hash,Response Type,Start Date (UTC),Submit Date (UTC),Network ID\n"
        f"t1,7,{SHA256},completed,2025-03-11 10:00:00,2025-03-11 10:01:00,n1\n"
        "t2,3,null,completed,2025-03-11 11:00:00,2025-03-11 11:01:00,n2\n",
    )
    migration = run(config)

    assert ledger(migration)["survey"]["loaded"] == 2
    with duckdb.connect(marts_file(migration), read_only=True) as connection:
        events = connection.execute(
            """select source, person_id, user_id from marts.fct_events
            order by source, occurred_at, user_id"""
        ).fetchall()
        answers = dict(
            connection.execute(
                "select numeric_value, any_value(person_id) from marts.fct_survey_answers "
                "where question = 'Would you?' group by all"
            ).fetchall()
        )
    ann = {person for _, person, user in events if user != "bob"}
    bob = {person for _, person, user in events if user == "bob"}
    # the anonymous event is the first user's; the survey knows only the hash of an address
    assert len(events) == 5 and len(ann) == len(bob) == 1 and ann.isdisjoint(bob)
    assert answers == {7.0: ann.pop(), 3.0: None}
