"""Marketo and Braze, from files to touches: each documented rule on small exports made up here."""

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
  marketo:
    vendor: marketing_automation
    location: exports/marketo
    identity: {keys: {email: email}}
  braze:
    vendor: marketing_automation
    location: exports/braze
    identity: {keys: {email: email_address}}
  shop:
    vendor: tabular
    location: exports/shop
    timezone: UTC
    columns: {event: event, occurred_at: at, user_id: user}
"""
TAXONOMY = """
version: 1
events:
  order_paid: {description: Paid., kind: macro, owner: sales}
"""
BULK = (
    "marketoGUID,leadId,activityDate,activityTypeId,campaignId,primaryAttributeValueId,"
    "primaryAttributeValue,attributes\n"
    'g1,11,2025-01-01T10:00:00Z,6,5,70,Welcome,"{""Step ID"":1}"\n'
    'g2,11,2025-01-01T10:05:00Z,11,5,70,Welcome,"{""Link"":""https://x.example/a?mkt_tok=SECRET#p"",'
    '""Is Bot Activity"":true}"\n'
    'g2,11,2025-01-01T10:05:00Z,11,5,70,Welcome,"{""Link"":""https://x.example/a?mkt_tok=SECRET#p"",'
    '""Is Bot Activity"":true}"\n'
    'g3,12,2025-01-01T11:00:00Z,13,,982,Contact Type,"{""New Value"":""a""}"\n'
    'g4,11,2025-01-02T10:00:00Z,32,,11,,"{""Merge IDs"":[12,13]}"\n'
    "g5,14,2025-01-02T10:00:00Z,29,,14,,\n"
    "g6,13,2025-01-01T09:00:00Z,9,5,70,Welcome,\n"
    ",13,2025-01-01T09:00:00Z,9,5,70,Welcome,\n"
    "g8,,2025-01-01T09:00:00Z,9,5,70,Welcome,\n"
    "g9,13,2025-01-01T09:00:00Z,,5,70,Welcome,\n"
)
PAGE = {
    "requestId": "r",
    "result": [
        {
            "id": 9,
            "marketoGUID": "g7",
            "leadId": 12,
            "activityDate": "2025-01-03T10:00:00Z",
            "activityTypeId": 11,
            "campaignId": 5,
            "primaryAttributeValueId": 70,
            "primaryAttributeValue": "Welcome",
            "attributes": [
                {"name": "Device", "value": "phone"},
                {"name": "Link", "value": "https://x.example/b?mkt_tok=SECRET"},
            ],
        }
    ],
    "success": True,
}
CAMPAIGNS = (
    "id,program_id,is_requestable,name,created_at,updated_at\n"
    "5,1,FALSE,Old name,2020-05-15 22:18:25 UTC,2020-05-15 22:18:25 UTC\n"
    "5,1,FALSE,Spring,2020-05-15 22:18:25 UTC,2020-06-15 22:18:25 UTC\n"
)
LEADS = (
    "\ufeffid,created_at,updated_at,email,first_name,last_name\n"
    "11,2019-12-29 08:15:15.000,2020-05-13 23:43:24.000,ann@example.com,Ann,O\n"
)


def event(number: int, **more: Any) -> dict[str, Any]:
    """A message event of Currents, as Avro's tools write it."""
    return {
        "id": f"e{number}",
        "user_id": "b1",
        "external_user_id": {"string": "u-1"},
        "time": 1735725600 + number,
        "timezone": None,
        "campaign_id": {"string": "c-1"},
        "campaign_name": {"string": 'Say "hi"'},
        "email_address": "ann@example.com",
        **more,
    }


OPENS = [event(1, machine_open={"string": "true"}), event(2, machine_open=None), event(1)]
OPENS[2] = OPENS[0]
CLICKS = [
    event(
        3,
        url={"string": "https://x.example/?token=SECRET"},
        is_suspected_bot_click={"boolean": True},
    )
]
BATCH = {
    "events": [
        {
            "event_type": "users.messages.email.Unsubscribe",
            "id": "e4",
            "time": 1735725700,
            "user": {"user_id": "b1", "external_user_id": "u-1"},
            "properties": {"campaign_id": "c-1", "email_address": "ann@example.com"},
        },
        {
            "event_type": "users.behaviors.Purchase",
            "id": "e5",
            "time": 1735725700,
            "user": {"user_id": "b1", "external_user_id": "u-1"},
            "properties": {"price": 3.140000104904175, "currency": "EUR", "product_id": "p"},
        },
    ]
}
ORPHAN = {"id": "o1", "user_id": "b2", "external_user_id": None, "time": 1735725600,
          "orphaned_by_id": {"string": "b1"}}  # fmt: skip
SENT_TO_ORPHAN = event(6, user_id="b2", external_user_id=None)


def lines(items: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(item) + "\n" for item in items)


FOLDER = "exports/braze/event_type=users.messages."
FILES = {
    "migration.yaml": CONFIG,
    "taxonomy.yaml": TAXONOMY,
    "exports/marketo/activities.csv": BULK,
    "exports/marketo/page.json": json.dumps(PAGE, indent=1),
    "exports/marketo/campaign.csv": CAMPAIGNS,
    "exports/marketo/lead.csv": LEADS,
    f"{FOLDER}email.Open/date=2025-01-01-10/a.json": lines(OPENS),
    f"{FOLDER}email.Click/date=2025-01-01-10/a.json": lines(CLICKS),
    f"{FOLDER}pushnotification.Send/a.json": lines([SENT_TO_ORPHAN]),
    "exports/braze/unknown.json": lines([event(7)]),
    "exports/braze/batch.json": json.dumps(BATCH),
    "exports/braze/orphans.json": json.dumps(ORPHAN, indent=1),
    "exports/shop/a.csv": "event,at,user\npaid,2025-01-05 10:00:00,u-1\n",
}


@pytest.fixture(scope="module")
def migration(tmp_path_factory: pytest.TempPathFactory, build: Build) -> Migration:
    folder = tmp_path_factory.mktemp("touches")
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
        """select regexp_replace(file_name, '.*/', ''), fate, reason, sum(records)
        from warehouse.quality.fct_fates where source <> 'shop'
        group by source, 1, 2, 3 order by source desc, 1, 2, 3""",
    )
    assert found == [
        ("activities.csv", "duplicate", "vendor_rule", 1),
        ("activities.csv", "filtered", "other_activity", 1),
        ("activities.csv", "identity", "identity_record", 2),
        ("activities.csv", "loaded", None, 3),
        ("activities.csv", "quarantined", "missing_id", 2),
        ("activities.csv", "quarantined", "unknown_type", 1),
        ("campaign.csv", "filtered", "reference", 2),
        ("lead.csv", "identity", "identity_record", 1),
        ("page.json", "loaded", None, 1),
        ("a.json", "duplicate", "vendor_rule", 1),
        ("a.json", "loaded", None, 4),
        ("batch.json", "loaded", None, 2),
        ("orphans.json", "identity", "identity_record", 1),
        ("unknown.json", "quarantined", "unknown_type", 1),
    ]
    assert rows(migration, "select bool_and(is_balanced) from warehouse.quality.fct_ledger") == [
        (True,)
    ]


def test_touches_of_all_tools_have_one_shape(migration: Migration, rows: Rows) -> None:
    found = rows(
        migration,
        """select touch_id, channel, kind, campaign_id, campaign_name, asset, link,
            occurred_at::varchar
        from warehouse.marts.fct_campaign_touches order by touch_id""",
    )
    hi = ("c-1", 'Say "hi"', None)
    spring = ("5", "Spring", "Welcome")
    assert found == [
        ("e1", "email", "open", *hi, None, "2025-01-01 10:00:01"),
        ("e2", "email", "open", *hi, None, "2025-01-01 10:00:02"),
        ("e3", "email", "click", *hi, "https://x.example/", "2025-01-01 10:00:03"),
        ("e4", "email", "unsubscribe", "c-1", None, None, None, "2025-01-01 10:01:40"),
        ("e5", "behaviors", "purchase", None, None, None, None, "2025-01-01 10:01:40"),
        ("e6", "pushnotification", "send", *hi, None, "2025-01-01 10:00:06"),
        ("g1", "email", "send", *spring, None, "2025-01-01 10:00:00"),
        ("g2", "email", "click", *spring, "https://x.example/a", "2025-01-01 10:05:00"),
        ("g6", "email", "unsubscribe", *spring, None, "2025-01-01 09:00:00"),
        ("g7", "email", "click", *spring, "https://x.example/b", "2025-01-03 10:00:00"),
    ]


def test_machines_and_mirrors_are_marked_and_not_counted(migration: Migration, rows: Rows) -> None:
    found = rows(
        migration,
        """select touch_id, is_bot, is_machine, is_mirror
        from warehouse.marts.fct_campaign_touches where not is_counted order by all""",
    )
    assert found == [
        ("e1", False, True, False),
        ("e3", True, False, False),
        ("e5", False, False, True),
        ("g2", True, False, False),
    ]


def test_tokens_of_links_are_in_no_model(migration: Migration, rows: Rows) -> None:
    documents = rows(
        migration, "select document from work.staging.stg_marketing_automation__objects"
    )
    assert "campaign_id" in json.dumps(documents) and "SECRET" not in json.dumps(documents)


def test_merged_leads_and_orphans_are_one_person_with_the_shop(
    migration: Migration, rows: Rows
) -> None:
    found = rows(
        migration,
        """select count(distinct person_id), count(*) from (
            select person_id from warehouse.marts.fct_campaign_touches
            union all select person_id from warehouse.marts.fct_events)""",
    )
    assert found == [(1, 11)]
