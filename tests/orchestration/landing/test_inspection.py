"""`inspect`: figures over files nobody has described, the same as landing would count."""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from orchestration.cli import main
from orchestration.cli.inspect import findings, sources_snippet
from orchestration.config import Migration
from orchestration.errors import ConfigurationError
from orchestration.landing.inspection import MOST_EVENTS, InspectedFile, inspect
from tests.orchestration.landing.exports import event

SAMPLES = Path(__file__).parents[4] / "shared/samples"
Write = Callable[[str, str | bytes], Path]


def only(path: Path) -> InspectedFile:
    (file,) = inspect(path)
    return file


def test_a_mixpanel_export(write: Write) -> None:
    times = (1735689600, 1735693200123, 1735689601)
    lines = [event("a" if n else "b", time=time) for n, time in enumerate(times)]
    file = only(write("x.json.gz", gzip.compress(b"\n".join([*lines, b"oops", b""]))))
    assert file.to_json() == {
        "file": "x.json.gz",
        "vendor": "mixpanel",
        "records": 4,
        "unreadable": 1,
        "first": "2025-01-01T00:00:00",
        "last": "2025-01-01T01:00:00",
        "events": {"a": 2, "b": 1},
        "note": "unreadable: 1 not_json",
    }


def test_times_are_in_the_files_own_clock(write: Write) -> None:
    rows = 'event,timestamp\na,2025-01-01T23:00:00+09:00\nb,2025-01-02 01:00\nc,"not a time"\n'
    file = only(write("x.csv", rows))
    assert (file.first, file.last) == ("2025-01-01T23:00:00", "2025-01-02T01:00:00")


def test_a_column_map_is_guessed_and_said(write: Write) -> None:
    file = only(
        write("x.csv", "user_id,Event Name,created_at\n1,buy,2025-01-01\n2,buy,2025-01-02\n")
    )
    assert file.vendor == "tabular" and file.events == {"buy": 2}
    assert file.note and 'columns: {event: "Event Name", occurred_at: "created_at"' in file.note
    assert file.columns == {
        "event": "Event Name",
        "occurred_at": "created_at",
        "user_id": "user_id",
    }


def test_a_table_without_an_event_column_lists_what_it_has(write: Write) -> None:
    file = only(write("x.jsonl", b'{"colour":"red","timestamp":"2025-01-01"}\n'))
    assert file.vendor == "tabular" and file.events == {} and file.first == "2025-01-01T00:00:00"
    assert file.note == "no column could be guessed for event; it has colour, timestamp"


def test_every_event_counts_and_the_most_usual_are_listed(write: Write) -> None:
    lines = [event(f"e{n:03}") for n in range(80)] + [event("e079")] * 5
    file = only(write("x.json", b"\n".join(lines) + b"\n"))
    assert len(file.events) == MOST_EVENTS and next(iter(file.events.items())) == ("e079", 6)
    assert file.records == 85 and file.note == "30 more event names are not listed"


def test_what_is_no_export_is_told(write: Write, tmp_path: Path) -> None:
    write("d/notes.md", b"# notes\n\nhello\n")
    write("d/empty.json", b"")
    write("d/torn.json.gz", gzip.compress(event() + b"\n")[:-4])
    write("d/.hidden", b"x")
    empty, notes, torn = inspect(tmp_path / "d")
    assert (empty.vendor, empty.records, empty.note) == (None, 0, "empty")
    assert (notes.vendor, notes.records, notes.unreadable) == (None, 1, 1)
    assert torn.vendor == "mixpanel" and torn.unreadable == 1
    assert torn.note and torn.note.startswith("torn: the gzip stream ends")


def test_empty_folder_and_missing_path_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="does not exist"):
        inspect(tmp_path / "gone")
    (tmp_path / "d").mkdir()
    with pytest.raises(ConfigurationError, match="holds no exports"):
        inspect(tmp_path / "d")


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["waybill", "inspect", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_the_command_prints_one_object(
    write: Write, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write("x.json", event() + b"\n")
    assert run(monkeypatch, str(path), "--json") == 0
    (file,) = json.loads(capsys.readouterr().out)["files"]
    assert set(file) == {"file", "vendor", "records", "unreadable", "first", "last", "events"}


def test_the_command_refuses_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, str(tmp_path / "gone")) == 2
    told = capsys.readouterr()
    assert told.out == "" and told.err.count("\n") == 1 and "does not exist" in told.err


def test_the_snippet_is_a_configuration(
    write: Write,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write("e/App One/x.json", event("\x1b[31mred") + b"\n")
    write("e/App One/notes.md", b"# hello\n")
    for name in ("shop.csv", "other.csv"):
        write(f"e/logs/{name}", b"event,timestamp\nbuy,2025-01-01\n")
    write("e/logs/amp.json", b'{"event_type":"a","event_time":"2025-01-01 10:00:00"}\n')
    assert run(monkeypatch, str(tmp_path / "e")) == 0
    shown = capsys.readouterr().out
    assert "\x1b[31m" not in shown and "�[31mred 1" in shown
    assert "no vendor's form was recognised" in shown
    snippet = sources_snippet(tmp_path / "e", inspect(tmp_path / "e"))
    sources = yaml.safe_load(snippet)["sources"]
    locations = {name: Path(each["location"]).name for name, each in sources.items()}
    assert locations == {
        "app_one": "App One",
        "amp": "amp.json",
        "other": "other.csv",
        "shop": "shop.csv",
    }
    Migration(home=tmp_path / "home", taxonomy=tmp_path / "t.yaml", sources=sources)


def test_findings_come_by_the_records_they_concern() -> None:
    files = [
        InspectedFile("a", "mixpanel", 9, 1, "1970-01-01T00:00:00", "2024-01-01T00:00:00"),
        InspectedFile("b", "mixpanel", 50, 20, None, None, note="torn: cut"),
        InspectedFile("c", "mixpanel", 5, 0, "2024-01-01T00:00:00", "2024-01-01T00:00:00"),
    ]
    assert [text.split(":")[0] for text in findings(files)] == ["b", "a"]


def test_what_a_vendor_says_of_its_unread_file_is_told(write: Write, tmp_path: Path) -> None:
    write("e/hit_data.tsv", b"en-us\t1\ttwo\n")
    (told,) = findings(inspect(tmp_path / "e"))
    assert told.startswith("hit_data.tsv: adobe_analytics: nothing names its columns; put the")


def test_the_snippet_of_a_feed_names_a_zone(tmp_path: Path) -> None:
    feed = InspectedFile("hit_data.tsv", "adobe_analytics", 1, 0, None, None)
    (source,) = yaml.safe_load(sources_snippet(tmp_path, [feed]))["sources"].values()
    assert source["timezone"] == "UTC"  # without one there is no configuration


@pytest.mark.skipif(not SAMPLES.exists(), reason="real exports lie beside the project only")
@pytest.mark.parametrize("vendor", ["mixpanel", "amplitude", "typeform"])
def test_exports_written_by_others(vendor: str) -> None:
    files = {file.file: file for file in inspect(SAMPLES / vendor)}
    unknown = {name for name, file in files.items() if file.vendor is None}
    assert unknown == {"SOURCES.md"}
    assert sum(file.vendor == vendor for file in files.values()) >= 3
    for file in files.values():
        assert sum(file.events.values()) + file.unreadable <= file.records
