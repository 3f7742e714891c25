"""The patch applies, loads, maps the name, and leaves the rest of the file as it was."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.cli import main
from orchestration.taxonomy.model import load_taxonomy
from orchestration.taxonomy.rows import alias_rows
from orchestration.taxonomy.suggestion.patch import new_event_name, patched, unified
from orchestration.taxonomy.suggestion.suggesting import Arrival
from tests.orchestration.taxonomy.suggestion.conftest import Row, act, app_rows

DICTIONARY = """\
# What the app's events mean.
version: 1
events:
  app_opened:
    description: A person opened the app.   # counts nothing
    kind: system
    aliases: {app: ["app_open"]}
  reminder_enabled:
    description: >
      A person turned
      reminders on.
    kind: micro
    owner: "growth"
    aliases:
      app:
        - reminder_on   # since 2024
  message_shared: {description: "A person shared a message, long as this line is, longer than a hundred letters.", kind: micro, aliases: {app: [share]}}
"""  # noqa: E501
MIGRATION = """
home: data
taxonomy: taxonomy.yaml
sources:
  app: {vendor: amplitude, location: exports/app}
"""


@pytest.fixture
def migration(tmp_path: Path) -> Path:
    """A home whose snapshot has drifted names; its exports are not needed."""
    (tmp_path / "taxonomy.yaml").write_text(DICTIONARY)
    path = tmp_path / "migration.yaml"
    path.write_text(MIGRATION)
    (tmp_path / "exports" / "app").mkdir(parents=True)
    rows = [
        *app_rows("Reminder-On"),
        *(act(day, 3, 5, "app", "Invoice Printed", None, "{}") for day in range(12)),
    ]
    fill(tmp_path / "data" / "warehouse" / "snapshot.duckdb", rows)
    return path


def fill(path: Path, rows: list[Row]) -> None:
    from tests.orchestration.taxonomy.suggestion.conftest import COLUMNS

    path.parent.mkdir(parents=True)
    with duckdb.connect(path) as connection:
        connection.execute("create schema marts")
        connection.execute(f"create table marts.fct_events ({COLUMNS})")
        connection.executemany(f"insert into marts.fct_events values ({', '.join('?' * 10)})", rows)


def run(monkeypatch: pytest.MonkeyPatch, migration: Path, *arguments: str) -> int:
    monkeypatch.setattr(
        sys, "argv", ["waybill", "taxonomy", "suggest", "--config", str(migration), *arguments]
    )
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_one_object_and_the_dictionary_is_left_alone(
    migration: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, migration, "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert set(answer) == {"suggestions", "unmatched"}
    (found,), (new,) = answer["suggestions"], answer["unmatched"]
    assert (found["source"], found["name"], found["event"]) == (
        "app",
        "Reminder-On",
        "reminder_enabled",
    )
    assert found["records"] == 72 and found["in_patch"] and found["evidence"]
    assert 0.9 <= found["probability"] <= 1
    assert (new["name"], new["new_event"], new["records"]) == (
        "Invoice Printed",
        "invoice_printed",
        12,
    )
    assert (migration.parent / "taxonomy.yaml").read_text() == DICTIONARY


@pytest.mark.skipif(shutil.which("patch") is None, reason="needs the patch command")
def test_the_patch_applies_and_nothing_is_left_to_suggest(
    migration: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(migration.parent)
    assert run(monkeypatch, migration, "--patch", "names.patch", "--new") == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80
    subprocess.run(
        ["patch", "-p0", "-i", "names.patch"], cwd=migration.parent, check=True, timeout=30
    )
    changed = load_taxonomy(migration.parent / "taxonomy.yaml")
    mapped = {
        row.source_event_name: row.event_name for row in alias_rows(changed, {"app": "amplitude"})
    }
    assert mapped["Reminder-On"] == "reminder_enabled"
    assert "Invoice Printed" not in mapped
    assert changed.events["invoice_printed"].status == "proposed"
    lines = (migration.parent / "taxonomy.yaml").read_text().splitlines()
    assert [line for line in DICTIONARY.splitlines() if line not in lines] == []

    assert run(monkeypatch, migration, "--json") == 0
    again = json.loads(capsys.readouterr().out)
    assert again["suggestions"] == []
    (waiting,) = again["unmatched"]
    assert waiting["evidence"] == [
        "it is a name of invoice_printed, which is proposed and maps nothing yet"
    ]


def test_the_patch_is_on_standard_output_and_the_table_is_not(
    migration: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(migration.parent)
    assert run(monkeypatch, migration) == 0
    said = capsys.readouterr()
    assert said.out.startswith("--- taxonomy.yaml\n+++ taxonomy.yaml\n@@")
    added = [each for each in said.out.splitlines() if each.startswith("+") and "+++" not in each]
    assert added == ["+        - Reminder-On"]
    assert "reminder_enabled" in said.err


def test_a_probability_nobody_reaches_leaves_the_patch_empty(
    migration: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, migration, "--min-probability", "1") == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert "0 of 1 suggestions" in said.err


def test_refusals(
    migration: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, migration, "--min-probability", "0.2") == 2
    assert run(monkeypatch, migration, "--taxonomy", str(migration.parent / "gone.yaml")) == 2
    assert "no such file" in capsys.readouterr().err
    assert run(monkeypatch, migration, "--patch", str(migration.parent)) == 2
    assert "Is a directory; name a file" in capsys.readouterr().err
    shutil.rmtree(migration.parent / "data")
    assert run(monkeypatch, migration) == 3
    assert "start with `waybill run`" in capsys.readouterr().err


NAMES = st.text(min_size=1, max_size=15).filter(lambda text: text.isprintable() and text.strip())


@settings(max_examples=40, deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=3, unique=True), st.booleans())
def test_any_name_is_mapped_by_its_patch(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], other_source: bool
) -> None:
    path = tmp_path_factory.mktemp("t") / "taxonomy.yaml"
    path.write_text(DICTIONARY)
    taxonomy = load_taxonomy(path)
    source = "web" if other_source else "app"
    fresh = [name for name in names if name not in {"app_open", "share", "reminder_on"}]
    text = patched(DICTIONARY, taxonomy, [(Arrival(source, n), "reminder_enabled") for n in fresh])
    path.write_text(text)
    aliases = load_taxonomy(path).events["reminder_enabled"].aliases.get(source, [])
    assert set(fresh) <= {alias.name for alias in aliases}
    assert "# since 2024" in text


def test_a_file_without_a_last_line_end_is_said_to_have_none(tmp_path: Path) -> None:
    diff = unified(tmp_path / "x.yaml", "a: 1", "a: 2\n")
    assert diff.splitlines()[-3:] == ["-a: 1", "\\ No newline at end of file", "+a: 2"]


def test_a_name_of_a_known_event_is_no_new_event(tmp_path: Path) -> None:
    path = tmp_path / "taxonomy.yaml"
    path.write_text(DICTIONARY)
    taxonomy = load_taxonomy(path)
    assert new_event_name(taxonomy, "App Opened") is None
    assert new_event_name(taxonomy, "invoicePrinted") == "invoice_printed"
