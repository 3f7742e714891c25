"""GA4's forms are known by their columns, in either case, and by nothing that others write."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.landing.reading import Reading, recogniser, records
from orchestration.source_config import SourceConfig
from orchestration.sources import REGISTRY, Framing, Head, recognise

EVENT = b'{"event_date":"20250101","event_timestamp":"1735689600000001","event_name":"a"'
CONFIG = SourceConfig(vendor="ga4", location=Path("exports"))


def head(data: bytes, *, is_whole: bool = True) -> Head:
    return Head("export.json", data, is_whole)


@pytest.mark.parametrize(
    ("data", "framing"),
    [
        (EVENT + b',"event_params":[]}\n', Framing("lines")),
        (EVENT.replace(b'"event_', b'"EVENT_') + b',"USER_PSEUDO_ID":"u"}\n', Framing("lines")),
        (b"[\n " + EVENT + b',\n"event_params": []}\n]\n', Framing("json_items", key="")),
        (b'{"occurrence_date":"20250101","last_updated_date":"20250102"}\n', Framing("lines")),
    ],
)
def test_ga4_is_recognised_by_its_columns(data: bytes, framing: Framing) -> None:
    assert recognise(head(data)) == ("ga4", framing)


def test_an_array_longer_than_the_head_is_recognised() -> None:
    start = b"[" + EVENT + b', "user_pseudo_id": "u", "event_params": [{"key": "' + b"x" * 1000
    assert recognise(head(start, is_whole=False)) == ("ga4", Framing("json_items", key=""))


def test_a_log_that_only_calls_its_columns_so_is_a_table() -> None:
    guess = recognise(head(EVENT + b"}\n"))
    assert guess is not None and guess[0] == "tabular"


def test_parquet_is_recognised_by_its_schema() -> None:
    columns = ("event_date", "event_timestamp", "event_name", "event_params")
    assert recognise(Head("a.parquet", b"PAR1", True, columns)) == ("ga4", Framing("parquet"))
    assert REGISTRY["ga4"].recognise(Head("a.parquet", b"PAR1", True, ("id",)), CONFIG) is None


@pytest.mark.parametrize("data", [b"", b"[]", b" [ ]\n"])
def test_an_export_without_events_is_known_where_it_is_configured(data: bytes) -> None:
    assert REGISTRY["ga4"].recognise(head(data), CONFIG) is not None


def test_elements_of_a_console_array_are_records_and_a_cut_one_is_torn(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    whole = b"[" + b",\n".join([EVENT + b',"event_params":[]}'] * 3) + b"]"
    for data, count, errors in ((whole, 3, set()), (whole[:-10], 3, {"torn_tail"})):
        path.write_bytes(data)
        reading = Reading()
        recognising = recogniser(REGISTRY["ga4"].recognise, CONFIG)
        rows = [r for b in records(path, "a.json", recognising, reading) for r in b.to_pylist()]
        assert len(rows) == reading.tally.records == count
        assert {row["framing_error"] for row in rows} - {None} == errors
