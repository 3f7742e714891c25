"""Named bad inputs, through the command line: a clear message or a fate, and nothing lost."""

import gzip
import json
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.end_to_end.test_command_line import waybill

TAXONOMY = """
version: 1
events:
  order_paid: {description: Paid., kind: macro, owner: sales, aliases: {mixpanel: [paid]}}
"""
NOON = 1740830400  # 2025-03-01 12:00 UTC
TABLE = "columns: {event: event, occurred_at: at, user_id: user}"
SOURCES = {
    "empty_folder": "vendor: mixpanel, timezone: UTC",
    "empty_file": "vendor: mixpanel, timezone: UTC",
    "wrong_vendor": "vendor: mixpanel, timezone: UTC",
    "missing_column": f"vendor: tabular, timezone: UTC, {TABLE}",
    "truncated_gzip": "vendor: mixpanel, timezone: UTC",
    "unsafe_zip": "vendor: mixpanel, timezone: UTC",
    "long_line": "vendor: mixpanel, timezone: UTC",
    "line_ends": "vendor: mixpanel, timezone: UTC",
    "not_utf8": "vendor: mixpanel, timezone: UTC",
    "future": "vendor: mixpanel, timezone: UTC",
    "two_names": "vendor: mixpanel, timezone: UTC",
    "lost_rows": "vendor: mixpanel, timezone: UTC",
    "secret": "vendor: segment",
}
SECRET = "wk-0123456789abcdef"


def paid(number: int, time: int = NOON, **properties: Any) -> bytes:
    own = {"time": time + number, "distinct_id": f"u{number}", "$insert_id": f"i{number}"}
    return json.dumps({"event": "paid", "properties": own | properties}).encode()


def many(count: int) -> bytes:
    return b"".join(paid(number) + b"\n" for number in range(count))


def write_exports(folder: Path) -> None:
    for name in SOURCES:
        (folder / name).mkdir(parents=True)
    (folder / "empty_file/a.json").write_bytes(b"")
    amplitude = {"event_type": "a", "event_time": "2025-03-01 12:00:00.000000", "uuid": "1"}
    (folder / "wrong_vendor/a.json").write_text(json.dumps(amplitude) + "\n")
    (folder / "missing_column/a.csv").write_text("event,time,user\npaid,2025-03-01 12:00,u1\n")
    (folder / "truncated_gzip/a.json.gz").write_bytes(gzip.compress(many(2000))[:-500])
    with zipfile.ZipFile(folder / "unsafe_zip/a.zip", "w") as archive:
        archive.writestr("../a.json", many(2))
    (folder / "long_line/a.json").write_bytes(
        paid(1) + b"\n" + paid(2, text="x" * (50 << 20)) + b"\n" + paid(3) + b"\n"
    )
    (folder / "line_ends/a.json").write_bytes(
        many(17) + paid(17) + b"\r\n" + paid(18) + b"\n\r\n" + paid(19) + b"\r" + paid(20) + b"\n"
    )
    (folder / "not_utf8/a.json").write_bytes(
        many(19) + b'{"event": "caf\xe9", "properties": {"time": 1}}\n'
    )
    (folder / "future/a.json").write_bytes(paid(1) + b"\n" + paid(2, 4102444800) + b"\n")
    for name in ("a.json", "b.json"):
        (folder / "two_names" / name).write_bytes(many(5))
    (folder / "lost_rows/a.json").write_bytes(many(100))
    call = '{"type": "track", "messageId": "m", "anonymousId": "a", "writeKey": "' + SECRET
    (folder / "secret/a.json").write_bytes(
        f'{call}", "event": "paid", "timestamp": "2025-03-01T12:00:00Z"}}\n'.encode()
        + f'{call}", "event"\n'.encode() * 3
        + f'{call}", "event": "caf'.encode() + b'\xe9"}\n'
    )  # fmt: skip


def write_config(folder: Path) -> Path:
    sources = "".join(
        f"  {name}: {{location: exports/{name}, {how}}}\n" for name, how in SOURCES.items()
    )
    (folder / "taxonomy.yaml").write_text(TAXONOMY)
    config = folder / "migration.yaml"
    config.write_text(f"home: home\ntaxonomy: taxonomy.yaml\nsources:\n{sources}")
    return config


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bad_inputs")
    write_exports(folder / "exports")
    return write_config(folder)


@pytest.fixture(scope="module")
def printed(config: Path) -> Mapping[str, Any]:
    done: subprocess.CompletedProcess[str] = waybill(config, "run", "--json")
    assert done.returncode == 1, done.stderr
    found: Mapping[str, Any] = json.loads(done.stdout)
    return found


def fates(printed: Mapping[str, Any], source: str) -> dict[str, int]:
    return {fate: count for fate, count in printed["ledger"][source].items() if count}


def red(printed: Mapping[str, Any], source: str) -> set[str]:
    gates = [gate for gate in printed["gates"] if gate["source"] == source]
    return {failed["rule"] for gate in gates for failed in gate["failed"]}


def quarantine(printed: Mapping[str, Any], source: str) -> dict[str, int]:
    with duckdb.connect(printed["warehouse"], read_only=True) as connection:
        rows = connection.execute(
            "select reason, count(*) from quality.fct_quarantine where source = ? group by 1",
            [source],
        ).fetchall()
    return dict(rows)


@pytest.mark.parametrize("source", SOURCES)
def test_nothing_is_lost(printed: Mapping[str, Any], source: str) -> None:
    read, *rest = printed["ledger"][source].values()
    assert read == sum(rest)


@pytest.mark.parametrize(
    ("source", "expected", "rules"),
    [
        ("empty_folder", {}, set()),
        ("empty_file", {}, set()),
        ("wrong_vendor", {"read": 1, "quarantined": 1}, {"file_is_of_its_vendor"}),
        ("missing_column", {"read": 1, "pending": 1}, {"mapped_columns_are_present"}),
        (
            "unsafe_zip",
            {"read": 1, "quarantined": 1},
            {"file_is_whole", "most_records_are_readable"},
        ),
        ("long_line", {"read": 3, "loaded": 3}, set()),
        ("line_ends", {"read": 20, "loaded": 19, "quarantined": 1}, set()),
        ("not_utf8", {"read": 20, "loaded": 19, "quarantined": 1}, set()),
        ("future", {"read": 2, "loaded": 1, "quarantined": 1}, set()),
        ("two_names", {"read": 10, "loaded": 5, "duplicate": 5}, set()),
        ("lost_rows", {"read": 100, "loaded": 100}, set()),
        ("secret", {"read": 5, "quarantined": 4, "pending": 1}, {"most_records_are_readable"}),
    ],
)
def test_fates_and_gates(
    printed: Mapping[str, Any], source: str, expected: dict[str, int], rules: set[str]
) -> None:
    assert (fates(printed, source), red(printed, source)) == (expected, rules)


def test_a_torn_gzip_is_held_with_what_was_readable(printed: Mapping[str, Any]) -> None:
    found = fates(printed, "truncated_gzip")
    assert red(printed, "truncated_gzip") == {"file_is_whole"}
    assert found["read"] > 1000 and found["quarantined"] == 1
    assert found["pending"] == found["read"] - 1
    assert quarantine(printed, "truncated_gzip") == {"torn_tail": 1}


def test_reasons(printed: Mapping[str, Any]) -> None:
    assert quarantine(printed, "not_utf8") == {"not_utf8": 1}
    assert quarantine(printed, "future") == {"future_dated": 1}
    assert quarantine(printed, "line_ends") == {"not_json": 1}
    assert quarantine(printed, "unsafe_zip") == {"unsafe_archive": 1}


def test_what_a_held_delivery_shows_has_no_secret(printed: Mapping[str, Any]) -> None:
    with duckdb.connect(printed["warehouse"], read_only=True) as connection:
        shown = connection.execute(
            "select raw, raw_bytes from quality.fct_quarantine where source = 'secret'"
        ).fetchall()
    assert sum('"writeKey":"removed"' in (raw or "") for raw, _ in shown) == 3
    assert SECRET not in str(shown)


def test_a_re_export_that_lost_rows_is_held_and_the_older_one_stays(
    config: Path, printed: Mapping[str, Any]
) -> None:
    (config.parent / "exports/lost_rows/a.json").write_bytes(many(60))
    done = waybill(config, "run", "--json")
    again = json.loads(done.stdout)
    assert done.returncode == 1
    assert red(again, "lost_rows") == {"reexport_keeps_its_events"}
    assert fates(again, "lost_rows") == {"read": 160, "loaded": 100, "pending": 60}


def test_a_typo_and_an_unknown_zone_are_one_line_with_the_place(config: Path) -> None:
    text = config.read_text()
    for wrong, told in (
        (text.replace("taxonomy:", "taxonmy:"), "taxonomy"),
        (text.replace("timezone: UTC", "timezone: US/Pacfic", 1), "US/Pacific"),
        (text.replace("vendor: tabular", "vendor: tabula", 1), "tabular"),
    ):
        other = config.with_name("wrong.yaml")
        other.write_text(wrong)
        done = waybill(other, "run")
        assert done.returncode == 2 and "Traceback" not in done.stderr
        assert "wrong.yaml" in done.stderr and told in done.stderr
        assert ":" in done.stderr and any(char.isdigit() for char in done.stderr)
