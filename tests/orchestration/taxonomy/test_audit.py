"""The inventory equals what was put in, and shows no personal value."""

import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.cli import main
from orchestration.taxonomy import audit
from orchestration.taxonomy.audit import FoundName, FoundProperty, Inventory, take_inventory
from tests.orchestration.taxonomy.snapshots import DICTIONARY, Sent, dictionary, snapshot

SENT: list[Sent] = [
    ("old", "ORDER", "order_paid", {"total": "12.50", "email": "masked:abc", "plan": "a"}),
    ("old", "ORDER", "order_paid", {"total": "3", "email": None, "plan": "a"}),
    ("old", "ORDER", "order_paid", {"total": None, "tags": ["x"], "plan": "b"}),
    ("new", "Order Paid", "order_paid", {"amount": 12.5, "note": "masked:def", "in": {"a": 1}}),
    ("new", "Order Paid", "order_paid", {"amount": 3, "is_new": True, "big": 1e30}),
    ("new", "order paid", None, {"email": "a@b.example"}),
]


def inventory_of(path: Path, only: str | None = None) -> Inventory:
    with duckdb.connect(path, read_only=True) as connection:
        return take_inventory(connection, dictionary(), only=only)


def named(inventory: Inventory, name: str) -> FoundName:
    (found,) = [each for each in inventory.names if each.name == name]
    return found


def properties(name: FoundName) -> dict[str, FoundProperty]:
    return {each.name: each for each in name.properties}


def test_names_with_their_events_records_persons_and_times(tmp_path: Path) -> None:
    inventory = inventory_of(snapshot(tmp_path / "s.duckdb", SENT))
    assert inventory.records == 6
    assert [
        (n.source, n.name, n.event, n.owner, n.records, n.persons) for n in inventory.names
    ] == [
        ("old", "ORDER", "order_paid", "commerce", 3, 2),
        ("new", "Order Paid", "order_paid", "commerce", 2, 2),
        ("new", "order paid", None, None, 1, 1),
    ]
    noon = datetime(2025, 3, 1, 12)
    assert {(name.first_seen, name.last_seen) for name in inventory.names} == {(noon, noon)}


def test_types_presence_and_values(tmp_path: Path) -> None:
    inventory = inventory_of(snapshot(tmp_path / "s.duckdb", SENT))
    old = properties(named(inventory, "ORDER"))
    assert old["total"].types == {"string": 2, "null": 1}
    assert old["total"].is_planned and not old["plan"].is_planned
    assert (old["tags"].types, old["tags"].absent) == ({"array": 1}, 2)
    assert old["email"].empty_share == pytest.approx(2 / 3)
    assert (old["plan"].distinct, old["plan"].top) == (2, [('"a"', 2), ('"b"', 1)])
    new = properties(named(inventory, "Order Paid"))
    assert new["amount"].types == {"integer": 1, "number": 1}
    assert new["is_new"].types == {"boolean": 1}
    assert new["in"].types == {"object": 1}
    assert new["big"].types == {"number": 1}


def test_masked_values_stay_masked_and_personal_ones_are_never_shown(tmp_path: Path) -> None:
    inventory = inventory_of(snapshot(tmp_path / "s.duckdb", SENT))
    assert properties(named(inventory, "ORDER"))["email"].top == []
    assert properties(named(inventory, "Order Paid"))["note"].top == [('"masked:def"', 1)]
    # an unmapped event has no rules of its own: what any event calls personal is hidden
    hidden = properties(named(inventory, "order paid"))["email"]
    assert (hidden.top, hidden.pii, hidden.distinct) == ([], "email", 1)
    assert "a@b.example" not in repr(inventory)


def test_objects_and_lists_are_not_shown_since_members_may_be_personal(tmp_path: Path) -> None:
    sent: list[Sent] = [("new", "x", None, {"user": {"email": "a@b.example"}, "l": ["secret"]})]
    inventory = inventory_of(snapshot(tmp_path / "s.duckdb", sent))
    assert "a@b.example" not in repr(inventory) and "secret" not in repr(inventory)


def test_a_property_named_twice_does_not_end_the_audit(tmp_path: Path) -> None:
    sent: list[Sent] = [("new", "x", None, '{"a": 1, "a": 2}'), ("new", "x", None, '{"a": 1}')]
    inventory = inventory_of(snapshot(tmp_path / "s.duckdb", sent))
    assert inventory.repeated == 1
    assert properties(inventory.names[0])["a"].types == {"integer": 1}


def test_large_names_are_sampled_and_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "SAMPLED_AT_MOST", 20)
    sent: list[Sent] = [("new", "x", None, {"a": n % 3}) for n in range(200)]
    path = snapshot(tmp_path / "s.duckdb", sent)
    found = properties(inventory_of(path).names[0])["a"]
    assert found.is_sampled and 0 < found.sampled < 80
    assert sum(n for _, n in found.top) == found.sampled
    assert found.types == {"integer": 200}  # of all records
    assert properties(inventory_of(path).names[0])["a"] == found  # the same records again


def test_names_that_are_ids_do_not_go_on_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "PROPERTIES_SHOWN", 3)
    sent: list[Sent] = [("new", "x", None, {"common": 1, f"id{n}": 1}) for n in range(10)]
    (name,) = inventory_of(snapshot(tmp_path / "s.duckdb", sent)).names
    assert [each.name for each in name.properties] == ["common", "id0", "id1"]
    assert name.properties_left_out == 8


def test_only_one_event_or_name(tmp_path: Path) -> None:
    path = snapshot(tmp_path / "s.duckdb", SENT)
    assert {name.name for name in inventory_of(path, "order_paid").names} == {"ORDER", "Order Paid"}
    assert {name.name for name in inventory_of(path, "order paid").names} == {"order paid"}


JSON = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-9, 9) | st.text(max_size=3)
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=3)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.dictionaries(NAMES, JSON, max_size=4), min_size=1, max_size=8))
def test_every_property_of_every_record_is_counted_once(records: list[dict[str, Any]]) -> None:
    with TemporaryDirectory() as folder:
        path = snapshot(Path(folder) / "s.duckdb", [("s", "x", None, each) for each in records])
        (name,) = inventory_of(path).names
    expected = Counter((key, _json_type(value)) for each in records for key, value in each.items())
    assert {
        (each.name, kind): n for each in name.properties for kind, n in each.types.items()
    } == expected
    assert all(each.present + each.absent == len(records) for each in name.properties)


def _json_type(value: Any) -> str:
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string"}
    return kinds.get(type(value), "null")


MIGRATION = """
home: home
taxonomy: taxonomy.yaml
sources: {new: {vendor: segment, location: exports}}
"""
Run = Callable[..., int]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a verb on a migration with the events of SENT; its exit code."""
    (tmp_path / "exports").mkdir()
    (tmp_path / "home" / "warehouse").mkdir(parents=True)
    config = tmp_path / "migration.yaml"
    config.write_text(MIGRATION)
    (tmp_path / "taxonomy.yaml").write_text(json.dumps(DICTIONARY))
    violations = [("new", "order_paid", "amount", "wrong_type", date(2025, 3, 1), 2)]
    snapshot(tmp_path / "home" / "warehouse" / "snapshot.duckdb", SENT, violations=violations)
    monkeypatch.chdir(tmp_path)

    def _run(*arguments: str) -> int:
        given: Sequence[str] = ["waybill", "taxonomy", *arguments, "--config", str(config)]
        monkeypatch.setattr(sys, "argv", list(given))
        with pytest.raises(SystemExit) as ended:
            main()
        return int(str(ended.value.code))

    return _run


def test_the_verb_prints_one_object(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("audit", "--json") == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["records"] == 6 and len(printed["names"]) == 3
    assert printed["violations_by_kind"] == {"wrong_type": 2}
    assert printed["findings"][0]["kind"] == "unmapped_name"


def test_the_verb_prints_a_table_that_fits(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("audit") == 0
    told = capsys.readouterr().out
    assert "order paid" in told and "commerce, old" in told
    assert max(map(len, told.splitlines())) <= 80
    assert run("audit", "--event", "order_paid") == 0
    assert "not shown" in capsys.readouterr().out


def test_the_page_is_written_and_escaped(run: Run, tmp_path: Path) -> None:
    hostile: list[Sent] = [("new", "</script><img onerror=x>", None, {"<b>": "<i>"})]
    snapshot(tmp_path / "home" / "warehouse" / "snapshot.duckdb", hostile)
    assert run("audit", "--html", "audit.html") == 0
    page = (tmp_path / "audit.html").read_text()
    assert "&lt;img onerror=x&gt;" in page
    assert "<img" not in page and "<b>" not in page and "<i>" not in page
    assert "a@b.example" not in page


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("audit", "--event", "order_payed"), "did you mean"),
        (("audit", "--html", "nowhere/a.html"), "there is no folder"),
    ],
)
def test_wrong_usage_ends_with_2(
    run: Run, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], told: str
) -> None:
    assert run(*arguments) == 2
    assert told in capsys.readouterr().err


def test_without_a_snapshot_it_cannot_finish(run: Run, tmp_path: Path) -> None:
    (tmp_path / "home" / "warehouse" / "snapshot.duckdb").unlink()
    assert run("audit") == 3


def test_docs_writes_the_page_with_and_without_data(run: Run, tmp_path: Path) -> None:
    assert run("docs") == 0
    page = tmp_path / "home" / "reports" / "dictionary.html"
    assert "days to 2025-03-01" in page.read_text()
    assert "order&#95;paid" in (tmp_path / "home" / "dbt" / "docs" / "dictionary.md").read_text()
    (tmp_path / "home" / "warehouse" / "snapshot.duckdb").unlink()
    assert run("docs") == 0
    assert "There is no data yet" in page.read_text()
