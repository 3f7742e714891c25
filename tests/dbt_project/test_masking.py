"""Personal values of any source, mapped or not, reach no model as they were delivered."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestration.config import Migration, load_migration
from orchestration.privacy import key_of, keyed_hash

Write = Callable[[str, str | bytes], Path]
Build = Callable[[Migration], Any]
Rows = Callable[[Migration, str], list[tuple[Any, ...]]]

CONFIG = """
home: home
taxonomy: taxonomy.yaml
sources:
  app: {vendor: mixpanel, location: exports/app, timezone: UTC, personal: [shoe_size]}
  log:
    vendor: tabular
    location: exports/log
    timezone: UTC
    columns: {event: event, occurred_at: at, user_id: user}
  survey: {vendor: typeform, location: exports/survey}
  crm:
    vendor: mixpanel
    location: exports/crm
    timezone: UTC
    identity: {keys: {email: email}}
"""
TAXONOMY = """
version: 1
events:
  order_paid: {description: Paid., kind: macro, owner: sales, aliases: {app: [paid]}}
"""
PERSONAL = {
    "$email": "Ann@Example.com",
    "$name": 'Ann O"Hara',
    "First Name": "Ann",
    "telephone": 15550100199,
    "shoe_size": "44",
    "note": "from bob@example.com and rob.bob@example.com.",
    "nested": {"contact": ["+1 (555) 010-0199", {"last_name": "O'Hara"}]},
    "call": "555-010-0199",
}
PLAIN = {"version": "2.55.1", "day": "2025-03-01", "id": "1712345678901", "filename": "a", "n": 7}
SURVEY = (
    "#,What is your e-mail?,Last name,Where to call,Start Date (UTC),Submit Date (UTC),Network ID\n"
    "t1,ann@example.com,Ohara,'+1 (555) 010-0199,2025-03-01 10:00:00,2025-03-01 10:01:00,n1\n"
)
E_MAILS = ["", "", " ", "N/A", "n/a", "ann@example.com", "Ann@example.com"]


@pytest.fixture(scope="module")
def migration(tmp_path_factory: pytest.TempPathFactory, build: Build) -> Migration:
    folder = tmp_path_factory.mktemp("masking")
    properties = {"time": 1740823200, "distinct_id": "ann@example.com", "$insert_id": "1"}
    record = {"event": "Unheard Of", "properties": properties | PERSONAL | PLAIN}
    visits = [
        {"event": "visit", "properties": properties | {"distinct_id": f"v{n}", "email": e_mail}}
        for n, e_mail in enumerate(E_MAILS)
    ]
    files = {
        "migration.yaml": CONFIG,
        "taxonomy.yaml": TAXONOMY,
        "exports/app/1.json": json.dumps(record) + "\n",
        "exports/log/1.csv": "event,at,user,email\npaid,2025-03-01 10:00:00,u1,ANN@example.com \n",
        "exports/survey/1.csv": SURVEY,
        "exports/crm/1.json": "".join(json.dumps(visit) + "\n" for visit in visits),
    }
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    migration = load_migration(folder / "migration.yaml")
    build(migration)
    return migration


def test_fields_and_shapes_are_masked_and_the_rest_is_left(
    migration: Migration, rows: Rows
) -> None:
    [(text, user)] = rows(
        migration,
        "select properties, user_id from warehouse.marts.fct_events where source = 'app'",
    )
    found = json.loads(text)
    key = key_of(migration)
    assert {name: found[name] for name in PLAIN} == PLAIN
    assert user == "ann@example.com", "ids stay"
    assert found["$email"] == keyed_hash("ann@example.com", key)
    assert found["telephone"] == keyed_hash("15550100199", key)
    phone = keyed_hash("+1 (555) 010-0199", key)
    assert found["nested"]["contact"][0] == phone == found["telephone"]
    assert found["nested"]["contact"][1]["last_name"] == keyed_hash("O'Hara", key)
    assert found["First Name"] == keyed_hash("ann", key)
    assert found["shoe_size"] == keyed_hash("44", key)
    assert found["call"] == keyed_hash("555-010-0199", key)
    assert found["note"].split(" ")[3].startswith(keyed_hash("rob.bob@example.com", key))
    assert found["$name"].startswith("masked:") and "Hara" not in text and "bob@" not in text


def test_one_value_has_one_hash_in_every_source(migration: Migration, rows: Rows) -> None:
    [(in_log,)] = rows(
        migration,
        """select properties::json ->> 'email' from warehouse.marts.fct_events
        where source = 'log'""",
    )
    answers = rows(
        migration, "select answer from warehouse.marts.fct_survey_answers order by question"
    )
    key = key_of(migration)
    assert in_log == keyed_hash("ann@example.com", key)
    phone = keyed_hash("+1 (555) 010-0199", key)
    assert answers == [(keyed_hash("ohara", key),), (in_log,), (phone,)]


def test_an_absent_e_mail_joins_nobody(migration: Migration, rows: Rows) -> None:
    [(people, absent)] = rows(
        migration,
        """select count(distinct person_id), count(*) filter (properties::json ->> 'email' = '')
        from warehouse.marts.fct_events where source = 'crm'""",
    )
    assert (people, absent) == (len(E_MAILS) - 1, 2)


def test_the_key_is_kept_to_its_owner_and_in_no_log(migration: Migration) -> None:
    path = migration.home / "key"
    assert path.stat().st_mode & 0o077 == 0
    key = key_of(migration).encode()
    assert len(key) == 64 and key_of(migration).encode() == key
    holding = [p for p in migration.home.rglob("*") if p.is_file() and key in p.read_bytes()]
    assert holding == [path]


def test_another_key_stages_anew(
    migration: Migration, build: Build, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAYBILL_KEY", "a key of sixteen or more")
    build(migration)
    query = "select properties::json ->> 'email' from warehouse.marts.fct_events"
    expected = keyed_hash("ann@example.com", "a key of sixteen or more")
    assert (expected,) in rows(migration, query)
