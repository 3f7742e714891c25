"""Recognition: each vendor's exports are known by content, and nothing else is taken for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.landing.reading import Reading, records
from orchestration.sources import REGISTRY, Framing, Head, recognise
from orchestration.sources.base import cut_object, is_marker

SAMPLES = Path(__file__).parents[4] / "shared/samples"


def head(data: bytes, name: str = "export", *, is_whole: bool = True) -> Head:
    return Head(name, data, is_whole)


@pytest.mark.parametrize(
    ("data", "vendor", "kind"),
    [
        (b'{"event":"a","properties":{"time":1}}\n', "mixpanel", "lines"),
        (b'\xef\xbb\xbf{"event":"a","properties":{}}\n', "mixpanel", "lines"),
        (b"terminated early", "mixpanel", "lines"),
        (b'{"event_type":"a","uuid":"u"}\n', "amplitude", "lines"),
        (b'{"amplitude_id":1,"merged_amplitude_id":2}\n', "amplitude", "lines"),
        (b"#,Q,Network ID\n1,a,b\n", "typeform", "csv"),
        (b'"#","Q","Submit Date (UTC)"\n', "typeform", "csv"),
        (b'{"items":[{"landing_id":"x"}]}', "typeform", "json_items"),
        (b'{"total_items":0,"page_count":0,"items":[]}', "typeform", "json_items"),
        (b'{"id":"x","title":"t","fields":[]}', "typeform", "document"),
        (b"event,time\na,1\n", "tabular", "csv"),
        (b"event\ttime\na\t1\n", "tabular", "csv"),
        (b'{"name":"a","ts":1}\n', "tabular", "lines"),
        (b"# a heading\n\nand text\n", None, None),
        (b'{"items":[5]}', "tabular", "lines"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), None, None),
        (b"", None, None),
    ],
)
def test_the_first_vendor_whose_form_it_has(
    data: bytes, vendor: str | None, kind: str | None
) -> None:
    guess = recognise(head(data))
    assert (guess and guess[0], guess and guess[1].kind) == (vendor, kind)


@pytest.mark.parametrize(
    ("start", "vendor"),
    [
        (b'{"event":"a","properties":{"time":1,"long":"', "mixpanel"),
        (b'{"properties" : {"long":"', "mixpanel"),
        (b'{"app":1,"event_type":"a","event_properties":{"long":"', "amplitude"),
        (b'{"name":"a","long":"', "tabular"),
    ],
)
def test_a_first_line_longer_than_the_head_is_recognised(start: bytes, vendor: str) -> None:
    guess = recognise(head(start + b"x" * (256 << 10), is_whole=False))
    assert guess == (vendor, Framing("lines"))


def test_what_is_seen_of_a_cut_object() -> None:
    assert cut_object('{"a": [1, 2], "b": {"c": 1}, "d": "x') == [
        {"a": [1, 2], "b": {"c": 1}, "d": None}
    ]
    assert cut_object('{"a": 1, "b": {"c"') == [{"a": 1, "b": {}}]
    assert cut_object("[1, 2") == cut_object("{") == cut_object("") == []


def test_markers() -> None:
    markers = (".x", "a.part", "_SUCCESS", "complete", "COMPLETE", "a.crc")
    assert all(is_marker(Path(name)) for name in markers)
    assert not any(is_marker(Path(name)) for name in ("a.json", "completed.csv", "x_SUCCESS"))


@pytest.mark.parametrize("vendor", sorted(REGISTRY))
def test_each_source_says_what_landing_and_inspect_need(vendor: str) -> None:
    source = REGISTRY[vendor]
    envelope = source.envelope_paths(None)
    assert source.vendor == vendor and source.raw_date and source.dedupe_rule
    assert source.event_column is None or source.event_column in envelope
    assert any(f'"{column}"' in source.time_sql for column in envelope)


EXPECTED = {
    "mixpanel/export_docs_example.jsonl": ("mixpanel", 2),
    "mixpanel/export_terminated_early_only.txt": ("mixpanel", 1),
    "mixpanel/malformed_lines_posthog_tests.jsonl": ("mixpanel", 5),
    "mixpanel/fivetran_event_seed.csv": ("tabular", 5),
    "amplitude/export_434735.zip": ("amplitude", 8),
    "amplitude/edge_lines_posthog_tests.jsonl": ("amplitude", 7),
    "typeform/fcc_2016_part1_first400.csv": ("typeform", 400),
    "typeform/api_responses_VWO7mLtl.json": ("typeform", 4),
    "typeform/api_form_VWO7mLtl.json": ("typeform", 1),
}


@pytest.mark.skipif(not SAMPLES.exists(), reason="real exports lie beside the project only")
@pytest.mark.parametrize("name", EXPECTED)
def test_exports_written_by_others(name: str) -> None:
    vendor, count = EXPECTED[name]
    vendors: list[str] = []

    def recognising(head: Head) -> Framing | None:
        guess = recognise(head)
        vendors.extend([guess[0]] if guess else [])
        return guess[1] if guess else None

    reading = Reading()
    batches = list(records(SAMPLES / name, name, recognising, reading))
    assert set(vendors) == {vendor} and reading.tally.torn is None
    assert sum(map(len, batches)) == reading.tally.records == count
