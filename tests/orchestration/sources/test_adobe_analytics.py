"""Adobe's data feed: what is a delivery, whose column names hold, and what its manifest says."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestration.config import Migration, load_migration
from orchestration.errors import ConfigurationError
from orchestration.landing.catalog import folder_of, new_deliveries, states
from orchestration.landing.inspection import inspect
from orchestration.landing.land import land
from orchestration.landing.manifest import Manifest, manifests
from orchestration.quality.facts import landing_facts
from orchestration.sources import REGISTRY, Framing, Head, recognise
from orchestration.sources.adobe_analytics import landed_names
from orchestration.sources.adobe_manifest import sections
from tests.orchestration.landing.exports import read_rows
from tests.orchestration.sources.adobe_feeds import (
    LOOKUPS,
    NAMES,
    WINDOW,
    feed,
    hit,
    lookups,
    manifest,
    packed,
    tar,
    window,
    write,
)

SAMPLES = Path(__file__).parents[4] / "shared/samples/adobe_analytics"
ADOBE = REGISTRY["adobe_analytics"]
FIRST, SECOND = f"01-{WINDOW}.tsv.gz", f"02-{WINDOW}.tsv.gz"
PARTS = [[hit(1), hit(2)], [hit(3)]]


class Folder:
    """A source's folder and what has landed of it, a second after each other."""

    def __init__(self, home: Path, **settings: Any) -> None:
        self.exports = home / "exports"
        self.exports.mkdir()
        config = {"vendor": "adobe_analytics", "location": self.exports, "timezone": "UTC"}
        self.migration = Migration(
            home=home / "home", taxonomy=home / "t.yaml", sources={"web": config | settings}
        )
        self.clock = datetime(2025, 3, 2)

    def scan(self, files: Mapping[str, bytes] | None = None) -> list[Manifest]:
        write(self.exports, files or {})
        found = []
        for delivery in new_deliveries("web", self.migration.sources["web"], self.migration):
            self.clock += timedelta(seconds=1)
            config = self.migration.sources["web"]
            found.append(land(delivery, config, self.migration.landing_dir, self.clock))
        return found

    def states(self) -> list[str]:
        return [e.state for e in states(manifests(self.migration.landing_dir, "web"), set())]

    def rows(self, landed: Manifest) -> list[dict[str, Any]]:
        return read_rows(folder_of(landed, self.migration))


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Folder]:
    return lambda **settings: Folder(tmp_path, **settings)


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("01-shop_2025-03-01.tsv.gz", "./shop_2025-03-01"),
        ("12-my-shop_x_2025-03-01.tar.gz", "./my-shop_x_2025-03-01"),
        ("a/shop_20250301-130000.zip", "a/shop_20250301-130000"),
        ("shop_2025-03-01-lookup_data.tar.gz", "./shop_2025-03-01"),
        ("shop_2025-03-01.txt", "./shop_2025-03-01"),
        ("shop_20250301-130000.fin", "./shop_20250301-130000"),
        ("hit_data.tsv", None),
        ("shop_2025-03-01.csv", None),
        ("notes.txt", None),
    ],
)
def test_suite_and_window_make_a_delivery(name: str, group: str | None) -> None:
    assert ADOBE.group(name) == group


def test_a_window_is_one_delivery_with_its_lookups_and_manifest(
    folder: Callable[..., Folder],
) -> None:
    feed_folder = folder()
    (landed,) = feed_folder.scan(window(PARTS))
    assert [(f.name, f.records, f.state) for f in landed.files] == [
        (FIRST, 2, "complete"),
        (SECOND, 1, "complete"),
        (f"{WINDOW}-lookup_data.tar.gz", 0, "complete"),
        (f"{WINDOW}.txt", 0, "complete"),
    ]
    assert landed.is_complete and landed.declared_records == 3 and landed.doubts == []
    assert feed_folder.scan() == []


def test_two_folders_are_two_windows(folder: Callable[..., Folder]) -> None:
    feed_folder = folder()
    write(feed_folder.exports / "a", window(PARTS))
    write(feed_folder.exports / "b", window(PARTS))
    assert len(feed_folder.scan()) == 2


def test_column_names_are_matched_in_any_case_and_unprocessed_values_stand_apart() -> None:
    assert landed_names(["eVar1", "Post_eVar1", "prop1", "prop1"]) == (
        "pre_evar1",
        "post_evar1",
        "prop1",
        "prop1#2",
    )
    # the client's time counts where the processed one is 0
    assert landed_names(["cust_hit_time_gmt", "post_cust_hit_time_gmt"])[0] == "cust_hit_time_gmt"


def test_the_empty_processed_list_is_not_replaced_by_the_other(
    folder: Callable[..., Folder],
) -> None:
    feed_folder = folder()
    (landed,) = feed_folder.scan(window([[hit(1)]]))
    (row,) = feed_folder.rows(landed)
    assert (row["post_event_list"], row["event_list"], row["visid_high"]) == (None, None, None)
    assert json.loads(row["record"])["pre_event_list"] == "1,2"
    assert str(row["raw_date"]) == "2025-03-01"


def test_hits_and_lookups_in_one_archive(folder: Callable[..., Folder]) -> None:
    headers = {"column_headers.tsv": "\t".join(NAMES).encode()}
    feed_folder = folder()
    for name, members in {
        f"{WINDOW}.tar.gz": {"hit_data.tsv": feed(PARTS[0]), **LOOKUPS, **headers},
        "shop_2025-03-02.tar.gz": {**headers, "hit_data.tsv": feed(PARTS[1])},
    }.items():
        write(feed_folder.exports, {name: tar(members)})
    with zipfile.ZipFile(feed_folder.exports / "shop_20250303-010000.zip", "w") as archive:
        for name, data in {"hit_data.tsv": feed(PARTS[0]), **headers}.items():
            archive.writestr(name, data)
    landed = feed_folder.scan()
    assert sorted(m.records for m in landed) == [1, 2, 2]
    assert all(m.is_complete and m.declared_records is None for m in landed)


def test_the_header_may_change_from_day_to_day(folder: Callable[..., Folder]) -> None:
    feed_folder = folder()
    other = NAMES[::-1]
    for day, names in (("2025-03-01", NAMES), ("2025-03-02", other)):
        write(
            feed_folder.exports,
            {
                f"01-shop_{day}.tsv.gz": packed(feed([hit(1)], names)),
                f"shop_{day}-lookup_data.tar.gz": lookups(names),
            },
        )
    first, second = (feed_folder.rows(each) for each in feed_folder.scan())
    assert json.loads(first[0]["record"]) == json.loads(second[0]["record"])


def test_a_configured_header_is_used_where_the_delivery_brings_none(
    folder: Callable[..., Folder], tmp_path: Path
) -> None:
    (tmp_path / "headers.tsv").write_text("\n".join(NAMES))
    feed_folder = folder(headers=tmp_path / "headers.tsv")
    (landed,) = feed_folder.scan({"hit_data.tsv": feed([hit(1), hit(2)])})
    assert (landed.records, landed.is_complete) == (2, True)
    (tmp_path / "headers.tsv").write_text("\t".join(NAMES[::-1]))
    assert len(feed_folder.scan()) == 1  # other names: it is landed again


def test_a_first_line_that_is_a_header_is_read_as_one(folder: Callable[..., Folder]) -> None:
    line = "\t".join(NAMES).upper().encode() + b"\n"
    assert recognise(Head("any.csv", line + feed([hit(1)]), True)) == (
        "adobe_analytics",
        Framing("tsv", names=landed_names(NAMES), is_escaped=True, has_header=True,
                encoding="latin-1"),
    )  # fmt: skip
    (landed,) = folder().scan({"any.csv": line + feed([hit(1)])})
    assert landed.records == 1


def test_without_any_header_it_is_said_what_to_configure(folder: Callable[..., Folder]) -> None:
    feed_folder = folder(manifests="optional")
    (landed,) = feed_folder.scan({FIRST: packed(feed([hit(1)]))})
    (file,) = landed.files
    assert (file.state, file.records, file.unreadable) == (
        "unrecognised", 1, {"unrecognised_file": 1},
    )  # fmt: skip
    assert file.advice is not None and f"`headers:` to a file with the {len(NAMES)}" in file.advice
    assert not landed.is_complete
    facts = landing_facts(feed_folder.migration, [landed]).to_pylist()
    assert facts[0]["advice"].startswith(FIRST)
    (found,) = inspect(feed_folder.exports)
    assert found.vendor is None and "headers:" in (found.note or "")


@pytest.mark.parametrize("content", [b"<html><body>Not found</body></html>\n", b"gone\n"])
def test_something_else_under_the_name_of_hits(
    folder: Callable[..., Folder], content: bytes
) -> None:
    files = window([[hit(1)]]) | {FIRST: content}
    (landed,) = folder().scan(files)
    assert landed.files[0].advice == "named like hits and holds none; fetch it again"
    assert not landed.is_complete


def test_an_empty_window_and_an_empty_file(folder: Callable[..., Folder]) -> None:
    (landed,) = folder().scan({f"{WINDOW}.txt": manifest({}, {})})
    assert (landed.records, landed.declared_records, landed.is_complete) == (0, 0, True)


def test_an_empty_data_file_lacks_what_the_manifest_says(folder: Callable[..., Folder]) -> None:
    (landed,) = folder().scan(window([[hit(1)]]) | {FIRST: b""})
    assert any("0 records, its manifest says 1" in each for each in landed.shortfalls)


def test_a_missing_last_column_is_padded_only_by_the_flag(tmp_path: Path) -> None:
    short = b"\n".join(line[:-1] for line in feed([hit(1)]).splitlines()) + b"\n"
    for number, (settings, errors) in enumerate(
        [({}, {"wrong_column_count": 1}), ({"pad_missing_columns": 1}, {})]
    ):
        home = tmp_path / str(number)
        home.mkdir()
        files = window([[hit(1)]]) | {FIRST: packed(short)}
        (landed,) = Folder(home, **settings).scan(files)
        assert landed.files[0].unreadable == errors


def test_lookups_hold_no_records_whatever_their_encoding(folder: Callable[..., Folder]) -> None:
    found = {file.file: file for file in _inspected(folder(), window(PARTS))}
    assert found[f"{WINDOW}-lookup_data.tar.gz"].records == 0
    assert {file.vendor for file in found.values()} == {"adobe_analytics"}
    # another tool's file of that name is none
    head = Head("event.tsv", b"event\ttime\na\t1\n", True)
    assert recognise(head) == ("tabular", Framing("csv", delimiter="\t"))


def _inspected(feed_folder: Folder, files: Mapping[str, bytes]) -> list[Any]:
    write(feed_folder.exports, files)
    return inspect(feed_folder.exports)


def test_a_tsv_named_like_a_day_of_hits_is_anybodys() -> None:
    head = Head("orders_2025-03-01.tsv", b"event\ttime\na\t1\n", True)
    assert recognise(head) == ("tabular", Framing("csv", delimiter="\t"))


def test_hits_whose_bytes_are_not_utf8_are_read_as_latin_1(folder: Callable[..., Folder]) -> None:
    data = feed([hit(1, post_pagename="Café")]).decode().encode("latin-1")
    feed_folder = folder(manifests="optional")
    files = {FIRST: packed(data), f"{WINDOW}-lookup_data.tar.gz": lookups()}
    (row,) = feed_folder.rows(feed_folder.scan(files)[0])
    assert (row["post_pagename"], row["raw"], row["parse_error"]) == ("Café", None, None)


def test_a_window_without_its_manifest_is_incomplete_until_it_comes(
    folder: Callable[..., Folder],
) -> None:
    feed_folder = folder()
    whole = window(PARTS)
    (early,) = feed_folder.scan({name: whole[name] for name in list(whole)[:2]})
    assert early.shortfalls == ["its manifest has not come, so the window may lack files"]
    (late,) = feed_folder.scan(whole)
    assert late.is_complete and feed_folder.states() == ["superseded", "current"]


def test_an_incomplete_window_never_supersedes_a_complete_one(
    folder: Callable[..., Folder],
) -> None:
    feed_folder = folder()
    feed_folder.scan(window(PARTS))
    (feed_folder.exports / f"{WINDOW}.txt").unlink()
    assert feed_folder.scan() == []  # a file that is gone is no delivery
    feed_folder.scan({FIRST: packed(feed([hit(1)]))})
    assert feed_folder.states() == ["current", "superseded"]


def test_manifests_may_be_declared_optional(folder: Callable[..., Folder]) -> None:
    whole = window(PARTS)
    feed_folder = folder(manifests="optional")
    (landed,) = feed_folder.scan({n: c for n, c in whole.items() if not n.endswith(".txt")})
    assert landed.is_complete and landed.declared_records is None


def test_an_old_feeds_empty_finish_file_marks_the_window(folder: Callable[..., Folder]) -> None:
    whole = {n: c for n, c in window(PARTS).items() if not n.endswith(".txt")}
    (landed,) = folder().scan({**whole, f"{WINDOW}.fin": b""})
    assert landed.is_complete


def test_a_listed_file_that_did_not_come(folder: Callable[..., Folder]) -> None:
    whole = window(PARTS)
    del whole[SECOND]
    (landed,) = folder().scan(whole)
    assert landed.shortfalls == [f"{SECOND} is in the manifest and did not come"]
    assert (landed.records, landed.declared_records) == (2, 3)


def test_counts_and_sizes_that_differ_are_shortfalls_a_digest_is_a_doubt(
    folder: Callable[..., Folder],
) -> None:
    whole = window(PARTS)
    text = whole[f"{WINDOW}.txt"].decode()
    text = text.replace("Record-Count: 2", "Record-Count: 5").replace("File-Size: ", "File-Size: 9")
    (landed,) = folder().scan({**whole, f"{WINDOW}.txt": text.encode()})
    assert f"{FIRST} has 2 records, its manifest says 5" in landed.shortfalls
    assert sum("bytes, its manifest says 9" in each for each in landed.shortfalls) == 3
    assert landed.doubts == []


def test_a_wrong_digest_at_the_right_size_is_a_doubt(folder: Callable[..., Folder]) -> None:
    whole = window(PARTS)
    lines = whole[f"{WINDOW}.txt"].decode().splitlines()
    wrong = ["MD5-Digest: " + "0" * 31 if "MD5" in line else line for line in lines]
    (landed,) = folder().scan({**whole, f"{WINDOW}.txt": "\n".join(wrong).encode()})
    assert landed.is_complete and len(landed.doubts) == 3


def test_manifest_keys_are_trimmed_and_digests_filled_up() -> None:
    told = sections(
        " Datafeed-Manifest-Version: 1.0\n Data-Files:1\n\n  Data-File: a\n MD5-Digest: f"
    )
    assert told == [
        {"datafeed-manifest-version": "1.0", "data-files": "1"},
        {"data-file": "a", "md5-digest": "f"},
    ]


def test_a_file_beside_the_manifest_is_a_doubt(folder: Callable[..., Folder]) -> None:
    (landed,) = folder().scan({**window(PARTS), f"03-{WINDOW}.tsv.gz": packed(feed([hit(9)]))})
    assert landed.doubts == [f"03-{WINDOW}.tsv.gz is not in the manifest"]


def test_files_with_the_same_bytes_in_one_window_are_marked(folder: Callable[..., Folder]) -> None:
    (landed,) = folder().scan(window([PARTS[0], PARTS[0]]))
    assert [(f.name, f.copy_of, f.records) for f in landed.files[:2]] == [
        (FIRST, None, 2),
        (SECOND, FIRST, 2),
    ]
    assert landed.is_complete and landed.records == landed.declared_records == 4


def test_uploads_in_progress_are_not_read(folder: Callable[..., Folder]) -> None:
    assert folder().scan({f"{FIRST}.part": b"x"}) == []


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"vendor": "adobe_analytics"}, "name the zone of the report suite"),
        ({"vendor": "amplitude", "login": "evar1"}, "is for vendor adobe_analytics"),
        ({"vendor": "adobe_analytics", "timezone": "UTC", "headers": "no.tsv"}, "is no file"),
        (
            {
                "vendor": "adobe_analytics",
                "timezone": "UTC",
                "properties": {"evar1": "a", "prop1": "a"},
            },
            "a is the name of evar1 already",
        ),
        (
            {"vendor": "adobe_analytics", "timezone": "UTC", "properties": {"evar1": "prop1"}},
            "prop1 is a column of its own",
        ),
    ],
)
def test_settings_that_cannot_be_are_refused(
    tmp_path: Path, settings: dict[str, Any], told: str
) -> None:
    source = {"location": str(tmp_path), **settings}
    document = {"home": "home", "taxonomy": "t.yaml", "sources": {"web": source}}
    (tmp_path / "m.yaml").write_text(json.dumps(document, indent=1))
    with pytest.raises(ConfigurationError, match=told):
        load_migration(tmp_path / "m.yaml")


@pytest.mark.skipif(not SAMPLES.exists(), reason="the real files are not here")
def test_real_feeds(tmp_path: Path) -> None:
    """One whose records span lines, without any header, and one with all that belongs to it."""
    for name in ("old", "whole"):
        (tmp_path / name).mkdir()
    (tmp_path / "names.tsv").write_text("\t".join(f"c{n}" for n in range(1, 228)))
    old = Folder(tmp_path / "old", headers=tmp_path / "names.tsv")
    shutil.copy(SAMPLES / "omniture_data_tools/hit_data.tsv", old.exports)
    (landed,) = old.scan()
    assert (landed.records, landed.files[0].unreadable) == (120, {})
    whole = Folder(tmp_path / "whole", pad_missing_columns=1)
    shutil.copytree(SAMPLES / "omniture_clickstream", whole.exports, dirs_exist_ok=True)
    window, alone = sorted(whole.scan(), key=lambda each: -each.records)
    assert (window.records, window.declared_records, window.shortfalls) == (20, 20, [])
    assert [file.copy_of is not None for file in window.files] == [False, True, False, False]
    assert len(window.doubts) == 2  # the published digests are wrong
    assert (alone.files[0].name, alone.records) == ("sample.tsv.csv", 10)
