"""One file from its bytes to rows and a manifest: each bad input has its test, named after it."""

from __future__ import annotations

import gzip
import io
import json
import random
import resource
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from orchestration.landing import land as land_module
from orchestration.landing.land import (
    DeliveredFile,
    Delivery,
    delivery_folder,
    land,
    landing_connection,
    read_as,
)
from orchestration.landing.manifest import manifests, read_manifest
from orchestration.landing.store import keep
from tests.orchestration.landing.exports import Landing, config_of, event, read_rows

Landed = Callable[..., Landing]

EVENTS = b"".join(event(distinct_id=f"u{n}") + b"\n" for n in range(50))


def test_records_are_verbatim_and_lifted_as_delivered(landed: Landed) -> None:
    line = b'{"event":"A b","properties":{"time":1735689600,"$os":"iOS","x":[1.50]}}'
    found = landed(line + b"\n")
    (row,) = found.rows
    assert row["raw"] == line.decode() and row["parse_error"] is None
    assert (row["event"], row["time"], row["os"]) == ("A b", "1735689600", "iOS")
    assert str(row["raw_date"]) == "2025-01-01" and row["file_name"] == "export.json"
    assert row["file_sha256"] == found.file.sha256
    assert found.manifest.state == "complete" and found.manifest.raw_dates == {"2025-01-01": 1}


def test_empty_file(landed: Landed) -> None:
    for vendor in ("mixpanel", "amplitude", "typeform", "tabular"):
        found = landed(b"", vendor=vendor, name=f"{vendor}.json")
        assert (found.manifest.state, found.manifest.records) == ("complete", 0)


def test_empty_zip(landed: Landed) -> None:
    found = landed(b"PK\x05\x06" + b"\0" * 18, vendor="amplitude")
    assert (found.manifest.state, found.manifest.records) == ("complete", 0)


def test_wrong_vendor(landed: Landed) -> None:
    found = landed(EVENTS, vendor="amplitude")
    assert found.manifest.state == "unrecognised"
    assert found.errors == ["unrecognised_file"] and found.file.looks_like == "mixpanel"
    assert found.raws[0] and EVENTS.decode().startswith(found.raws[0][:1000])


def test_missing_column_in_the_map(landed: Landed) -> None:
    columns = {"event": "event", "occurred_at": "at", "user_id": "uid"}
    for name, content in (("a.csv", b"event,at\nx,2025-01-01\n"), ("a.jsonl", b'{"event":"x"}\n')):
        found = landed(content, vendor="tabular", name=name, columns=columns)
        expected = ["uid"] if name == "a.csv" else ["at", "uid"]
        assert found.file.missing_columns == expected


def test_truncated_gzip_at_every_position(landed: Landed) -> None:
    lines = [event(distinct_id=f"u{random.Random(n).random()}") for n in range(3)]
    whole = gzip.compress(b"\n".join(lines) + b"\n")
    for cut in range(2, len(whole), 9):
        found = landed(whole[:cut], name=f"{cut}.json.gz")
        *readable, tail = found.rows
        assert found.manifest.state == "torn" and found.file.torn_reason
        assert "ends before its checksum" in found.file.torn_reason
        assert [row["raw"].encode() for row in readable] == lines[: len(readable)]
        assert tail["parse_error"] == "torn_tail"
        assert found.file.unreadable == {"torn_tail": 1}
        assert lines[len(readable)].startswith(tail["raw"].encode()) if tail["raw"] else True


@pytest.mark.parametrize("name", ["../evil", "/evil", "C:\\evil"])
def test_zip_with_dots_in_a_name(landed: Landed, tmp_path: Path, name: str) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("good.json", EVENTS)
        archive.writestr(name, b"x")
    found = landed(content.getvalue(), vendor="amplitude", name="e.zip")
    assert found.manifest.state == "torn" and found.errors == ["unsafe_archive"]
    assert found.file.torn_reason and repr(name) in found.file.torn_reason
    assert not list(tmp_path.rglob("evil"))


def test_a_cut_zip_is_one_record(landed: Landed) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a.json", EVENTS)
    found = landed(content.getvalue()[:-40], name="e.zip")
    assert found.manifest.state == "torn" and found.errors == ["torn_archive"]


def test_markers_in_an_archive_are_not_read(landed: Landed) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in ("_SUCCESS", ".DS_Store", "x/.a.json.crc", "b.part"):
            archive.writestr(name, b"not an export")
        archive.writestr("x/a.json", EVENTS)
    found = landed(content.getvalue(), name="e.zip")
    assert found.manifest.records == 50 and {row["member"] for row in found.rows} == {"x/a.json"}


def test_an_unknown_member_is_one_record_and_the_others_land(landed: Landed) -> None:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, member in (("readme.md", b"# hello\n"), ("a.json.gz", gzip.compress(EVENTS))):
            info = tarfile.TarInfo(name)
            info.size = len(member)
            archive.addfile(info, io.BytesIO(member))
    found = landed(content.getvalue(), name="e.tar.gz")
    assert found.manifest.state == "complete" and found.manifest.records == 51
    assert found.errors == ["unrecognised_file", *([None] * 50)]


def test_a_line_of_50_mb(landed: Landed) -> None:
    line = event(long="x" * (50 << 20))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = landed(line + b"\n" + event() + b"\n")
    assert found.errors == [None, None] and found.manifest.state == "complete"
    assert found.raws[0] == line.decode() and found.rows[0]["event"] == "Viewed"
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10 < 1200


def test_a_line_over_the_limit_is_one_quarantined_record(
    landed: Landed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestration.landing.framing.MAX_RECORD_BYTES", 1 << 20)
    found = landed(event() + b"\n" + event(long="x" * (2 << 20)) + b"\n" + event() + b"\n")
    assert found.errors == [None, "record_too_long", None]


def test_lone_cr_and_mixed_line_ends(landed: Landed) -> None:
    found = landed(event("a") + b"\r\n" + event("b") + b"\n\r\n" + event("c") + b"\r" + b"\n")
    assert [row["event"] for row in found.rows] == ["a", "b", "c"]
    assert found.file.blank_lines == 1 and found.file.unreadable == {}
    lone = landed(event("a") + b"\r" + event("b") + b"\n" + event("c") + b"\n", name="lone.json")
    assert lone.errors == ["not_json", None]


def test_a_line_that_is_not_utf8_is_exactly_that_record(landed: Landed) -> None:
    bad = b'{"event":"\xff\xfe","properties":{}}'
    found = landed(event() + b"\n" + bad + b"\n" + event() + b"\n")
    assert found.errors == [None, "not_utf8", None]
    assert bytes(found.rows[1]["raw_bytes"]) == bad and found.rows[1]["raw"] is None


@pytest.mark.parametrize(
    "garbage",
    [b"garbage", b'{"event":', b'{"event":"\x01"}', b"\x00\x00", b'{"event":"a"}}', b"[" * 5000],
)
def test_garbage_in_the_middle_costs_exactly_that_record(landed: Landed, garbage: bytes) -> None:
    found = landed(EVENTS + garbage + b"\n" + EVENTS)
    assert found.errors == [*([None] * 50), "not_json", *([None] * 50)]
    assert found.raws[50] == garbage.decode() and found.file.unreadable == {"not_json": 1}
    assert found.manifest.state == "complete"


def test_separators_and_bom_are_no_harm(landed: Landed) -> None:
    found = landed(b"\xef\xbb\xbf" + event("a\u2028b\u0085c") + b"\n")
    assert found.errors == [None] and found.rows[0]["event"] == "a\u2028b\u0085c"


@pytest.mark.parametrize("time", [1e300, -1e300, 99999999999999999999, "x", None, 1e400, -5, True])
def test_a_time_out_of_range_is_an_unknown_date(landed: Landed, time: object) -> None:
    found = landed(event(time=time) + b"\n" + event() + b"\n")
    assert [str(row["raw_date"]) for row in found.rows] == ["unknown", "2025-01-01"]


def test_a_future_date_is_an_unknown_date(landed: Landed) -> None:
    at = datetime(2025, 1, 1, 12)
    days = [event(time=1735689600 + day * 86400) for day in (0, 2, 3)]
    found = landed(b"\n".join(days) + b"\n", landed_at=at)
    assert found.manifest.raw_dates == {"2025-01-01": 1, "2025-01-03": 1, "unknown": 1}
    assert found.manifest.dated == {date(2025, 1, 1): 1, date(2025, 1, 3): 1}


def test_odd_dates_never_become_folders(landed: Landed) -> None:
    dates = ["2025-01-01", "2025/01/02", "2025-99-99", "../../x", "2025-01-0a", ""]
    rows = "".join(f"x,{date}\n" for date in dates).encode()
    found = landed(b"event,at\n" + rows, vendor="tabular", name="a.csv")
    assert set(found.manifest.raw_dates) <= {"2025-01-01", "2025-01-02", "unknown"}
    assert found.manifest.records == 6


def test_terminated_early_alone(landed: Landed) -> None:
    for n, text in enumerate(
        (b"terminated early", b"terminated early\n", b"export terminated early\n")
    ):
        found = landed(text, name=f"{n}.json")
        assert found.errors == ["terminated_early"] and found.manifest.state == "torn"


def test_terminated_early_after_rows(landed: Landed) -> None:
    found = landed(EVENTS + b"terminated early")
    assert found.errors == [*([None] * 50), "terminated_early"]
    assert found.manifest.state == "torn"
    assert found.file.torn_reason and "early" in found.file.torn_reason


def test_an_event_named_like_the_stop_line_is_an_event(landed: Landed) -> None:
    found = landed(event("terminated early") + b"\n")
    assert found.errors == [None] and found.manifest.state == "complete"


def test_csv_with_newlines_duplicate_headers_and_a_stray_quote(landed: Landed) -> None:
    content = (
        b'event,at,x,x\nbuy,2025-01-01,"two\nlines",2\nbuy,"2025-01-01,3,4\nbuy,2025-01-02,5,\n'
    )
    found = landed(content, vendor="tabular", name="a.csv")
    assert found.errors == [None, "stray_quote", None]
    assert json.loads(found.rows[0]["record"]) == {
        "at": "2025-01-01",
        "event": "buy",
        "x": "two\nlines",
        "x#2": "2",
    }
    assert found.raws[0] == 'buy,2025-01-01,"two\nlines",2'
    assert [row["occurred_at"] for row in found.rows] == ["2025-01-01", None, "2025-01-02"]


def small_delivery(tmp_path: Path, content: bytes = EVENTS, name: str = "a.json") -> Delivery:
    path = tmp_path / name
    path.write_bytes(content)
    return Delivery("mixpanel", (DeliveredFile(name, keep(path, tmp_path / "store")),))


def test_landing_twice_gives_the_same_rows_and_keeps_landed_at(tmp_path: Path) -> None:
    delivery, config = small_delivery(tmp_path), config_of("mixpanel")
    home = tmp_path / "landing"
    folder = delivery_folder(home, "mixpanel", delivery.id)
    first = land(delivery, config, home, datetime(2025, 3, 1))
    rows = read_rows(folder)
    again = land(delivery, config, home)
    assert again == first and again.landed_at == datetime(2025, 3, 1)
    assert read_rows(folder) == rows
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


class Killed(BaseException):
    """Stands for a signal."""


@pytest.mark.parametrize("error", [Killed, ValueError])
def test_killed_midway_leaves_no_delivery(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    delivery, config = small_delivery(tmp_path), config_of("mixpanel")
    home = tmp_path / "landing"
    records = land_module.records

    def dying(*arguments: object) -> Iterator[pa.RecordBatch]:
        yield from records(*arguments)  # type: ignore[arg-type]
        raise error("in the middle")

    with monkeypatch.context() as patched:
        patched.setattr(land_module, "records", dying)
        with pytest.raises(error):
            land(delivery, config, home)
    assert manifests(home, "mixpanel") == []
    assert not delivery_folder(home, "mixpanel", delivery.id).exists()
    assert land(delivery, config, home).records == 50


def test_killed_while_replacing_keeps_the_delivery_and_its_date(tmp_path: Path) -> None:
    delivery, config = small_delivery(tmp_path), config_of("mixpanel")
    home = tmp_path / "landing"
    folder = delivery_folder(home, "mixpanel", delivery.id)
    land(delivery, config, home, datetime(2025, 3, 1))
    folder.rename(folder.with_name(f".{folder.name}.old"))  # between the two renames
    assert land(delivery, config, home).landed_at == datetime(2025, 3, 1)
    assert read_manifest(folder).records == 50
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_delivery_of_several_files_has_one_manifest(tmp_path: Path) -> None:
    one, two = small_delivery(tmp_path), small_delivery(tmp_path, EVENTS + b"x\n", "b.json")
    both = Delivery("mixpanel", one.files + two.files)
    manifest = land(both, config_of("mixpanel"), tmp_path / "landing")
    assert [file.records for file in manifest.files] == [50, 51]
    assert [file.unreadable for file in manifest.files] == [{}, {"not_json": 1}]
    assert both.id == Delivery("mixpanel", two.files + one.files).id != one.id


def test_settings_that_shape_landing_are_in_its_fingerprint() -> None:
    plain = read_as(config_of("tabular"))
    assert plain == read_as(config_of("tabular", timezone="US/Pacific"))
    assert plain != read_as(config_of("tabular", columns={"event": "e", "occurred_at": "at"}))
    assert plain != read_as(config_of("tabular", format="csv"))


def test_connections_that_work_side_by_side_share_the_processors() -> None:
    with landing_connection(beside=1_000_000) as connection:
        assert connection.execute("select current_setting('threads')").fetchone() == (1,)
