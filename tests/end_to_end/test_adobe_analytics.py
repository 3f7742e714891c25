"""Adobe's windows through the command line: every record of each file ends in one fate."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb

from tests.end_to_end.test_command_line import waybill
from tests.orchestration.sources.adobe_feeds import WINDOW, hit, window, write

CONFIG = """
home: home
taxonomy: taxonomy.yaml
sources:
  web: {vendor: adobe_analytics, location: exports, timezone: UTC, login: eVar1}
"""
TAXONOMY = """
version: 1
events:
  cart_added: {description: Added., kind: micro, owner: sales, aliases: {web: [cart_add]}}
  form_sent: {description: Sent., kind: micro, owner: tax, aliases: {web: [event7]}}
"""
HITS = [
    hit(1, "12,206", post_evar1="anna"),
    hit(2),
    hit(3, "201209206212100000000000000"),
    hit(4, "206"),
]


def test_windows_from_files_to_marts(tmp_path: Path) -> None:
    write(tmp_path, {"m.yaml": CONFIG.encode(), "taxonomy.yaml": TAXONOMY.encode()})
    whole = window([HITS, HITS, [hit(1, "12,206", post_evar1="anna"), hit(5)]])
    late = whole.pop(f"{WINDOW}.txt")
    write(tmp_path / "exports", whole)

    # the manifest is written last: until it comes the window is held, and nothing of it is lost
    told = _run(tmp_path, 1)
    assert [f["rule"] for g in told["gates"] for f in g["failed"]] == ["delivery_is_complete"]
    assert told["ledger"]["web"]["pending"] == told["ledger"]["web"]["read"] == 10

    write(tmp_path / "exports", {f"{WINDOW}.txt": late})
    told = _run(tmp_path, 0)
    ledger = told["ledger"]["web"]
    # the window's first version is superseded, the copy of its first file counts once, hit 1 came
    # twice under one id, and hit 3 lost its events in a spreadsheet
    assert ledger == ledger | {"read": 20, "loaded": 4, "quarantined": 1, "pending": 0}
    assert ledger["duplicate"] == 10 + 4 + 1
    with duckdb.connect(told["warehouse"], read_only=True) as warehouse:
        fates = warehouse.execute(
            """select case when fate = 'loaded' or reason = 'vendor_rule' then 'both'
                else left(file_name, 2) end, fate, reason, sum(records)::integer
            from quality.fct_fates where reason is distinct from 'superseded' group by all"""
        ).fetchall()
        events = warehouse.execute(
            """select source_event_name, event_name, count(*), count(distinct occurred_at)
            from marts.fct_events group by all order by all"""
        ).fetchall()
        balanced = warehouse.execute("select bool_and(is_balanced) from quality.fct_ledger")
        assert balanced.fetchall() == [(True,)]
    # of the two copies of hit 1, equal in all, the one in the file with the smaller hash is kept
    assert sorted(fates, key=str) == sorted(
        [
            ("01", "quarantined", "damaged_event_list", 1),
            ("02", "duplicate", "same_file", 4),
            ("both", "duplicate", "vendor_rule", 1),
            ("both", "loaded", None, 4),
        ],
        key=str,
    )
    # two events of one hit at one time; the hits without events are page views
    assert events == [
        ("cart_add", "cart_added", 1, 1),
        ("event7", "form_sent", 2, 2),
        ("page_view", None, 2, 2),
    ]
    assert _run(tmp_path, 0)["ledger"]["web"] == ledger
    done = waybill(tmp_path / "m.yaml", "verify", "--json")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_record_count_that_differs_is_red_and_can_be_accepted(tmp_path: Path) -> None:
    write(tmp_path, {"m.yaml": CONFIG.encode(), "taxonomy.yaml": TAXONOMY.encode()})
    whole = window([[hit(1, "206"), hit(2)]])
    text = whole[f"{WINDOW}.txt"].decode().replace("Record-Count: 2", "Record-Count: 3")
    text = text.replace("Total-Records: 2", "Total-Records: 3")
    write(tmp_path / "exports", {**whole, f"{WINDOW}.txt": text.encode()})
    told = _run(tmp_path, 1)
    failed = {f["rule"]: f for g in told["gates"] for f in g["failed"]}
    assert set(failed) == {"vendor_manifest_agrees", "delivery_is_complete"}
    delivery = failed["vendor_manifest_agrees"]["delivery_id"]
    for number, rule in enumerate(sorted(failed)):
        how = ["--accept", rule, "--delivery", delivery, "--why", "the vendor has no more"]
        told = _run(tmp_path, 0 if number else 1, *how)
    assert told["ledger"]["web"]["loaded"] == 2


def _run(folder: Path, code: int, *arguments: str) -> dict:
    done = waybill(folder / "m.yaml", "run", "--json", *arguments)
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)
