"""PostHog's models are known by their columns. All of it is synthetic: no public export exists."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.landing.reading import Reading, recogniser, records
from orchestration.source_config import SourceConfig
from orchestration.sources import REGISTRY, Framing, Head, recognise

CONFIG = SourceConfig(vendor="posthog", location=Path("exports"))


def head(data: bytes, name: str = "export.jsonl", *, is_whole: bool = True) -> Head:
    return Head(name, data, is_whole)


@pytest.mark.parametrize(
    "data",
    [
        b'{"uuid":"1","event":"a","distinct_id":"d","properties":{"time":1}}\n',
        b'{"uuid":"1","event":"a","distinct_id":"d","properties":"{}"}\n',
        b'{"team_id":1,"distinct_id":"d","person_id":"p","person_version":2}\n',
    ],
)
def test_posthog_is_recognised_before_what_has_properties_too(data: bytes) -> None:
    assert recognise(head(data)) == ("posthog", Framing("lines"))


def test_a_first_line_longer_than_the_head_is_recognised() -> None:
    start = b'{"uuid":"1","event":"a","distinct_id":"d","properties":{"long":"' + b"x" * 1000
    assert recognise(head(start, is_whole=False)) == ("posthog", Framing("lines"))


def test_lines_of_mixpanel_stay_mixpanels() -> None:
    guess = recognise(head(b'{"event":"a","properties":{"distinct_id":"d","uuid":"1"}}\n'))
    assert guess is not None and guess[0] == "mixpanel"


def test_parquet_is_recognised_by_its_schema_whatever_its_extension() -> None:
    events = Head("2025.parquet.zst", b"PAR1", True, ("uuid", "event", "distinct_id", "new"))
    assert recognise(events) == ("posthog", Framing("parquet"))


def test_the_manifest_of_a_run_holds_no_records(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.write_text('{"files": ["a/1.jsonl", "a/2.jsonl"]}')
    reading = Reading()
    recognising = recogniser(REGISTRY["posthog"].recognise, CONFIG)
    assert list(records(path, "manifest.json", recognising, reading)) == []
    assert reading.recognised and reading.tally.records == 0


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("other.json", b'{"files": ["a"]}'),
        ("manifest.json", b'{"files": [1]}'),
        ("manifest.json", b'{"files": ["a"], "more": 1}'),
        ("manifest.json", b'["a"]'),
    ],
)
def test_what_is_no_list_of_files_is_no_manifest(name: str, data: bytes) -> None:
    assert REGISTRY["posthog"].recognise(head(data, name), CONFIG) is None
