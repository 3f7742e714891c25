"""Headers that say less than one name a column, and bytes that are not UTF-8."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from orchestration.landing.csv_rows import filled, frame_csv
from orchestration.landing.framing import Tally


def frame(data: bytes, **options: Any) -> list[dict[str, Any]]:
    batches = list(frame_csv([data], Tally(), **options))
    return [row for each in batches for row in pa.Table.from_batches([each]).to_pylist()]


def records(data: bytes, **options: Any) -> list[Any]:
    return [row["framing_error"] or json.loads(row["record"]) for row in frame(data, **options)]


def test_an_empty_header_cell_repeats_the_one_before_it() -> None:
    data = b"id,Which?,,,Why?\n,Tea,Coffee,Other,Response\n1,Tea,,Mate,so\n"
    assert filled(["", "a", "", "b", ""]) == ["", "a", "a", "b", "b"]
    assert records(data, fill_header=True) == [
        {"Which?": "Tea", "Which?#2": "Coffee", "Which?#3": "Other", "Why?": "Response"},
        {"id": "1", "Which?": "Tea", "Which?#3": "Mate", "Why?": "so"},
    ]
    assert records(data)[1] == {"id": "1", "Which?": "Tea", "column#4": "Mate", "Why?": "so"}


def test_a_filled_header_over_several_lines() -> None:
    data = b'id,"Which,\nof these?",\n1,a,b\n'
    assert records(data, fill_header=True) == [
        {"id": "1", "Which,\nof these?": "a", "Which,\nof these?#2": "b"}
    ]


def test_a_question_asked_twice_and_a_name_that_ends_in_a_number() -> None:
    data = b"Q,,Q#2,Q\na,b,c,d\n"
    assert records(data, fill_header=True) == [{"Q": "a", "Q#2": "b", "Q#2#2": "c", "Q#3": "d"}]


def test_rows_that_are_not_utf8_are_read_in_the_fallback_and_keep_their_bytes() -> None:
    data = "id,t\n1,é\n".encode() + b"2,caf\xe9\n" + b'3,"two\nl\xefnes"\n'
    rows = frame(data, encoding="cp1252")
    assert [json.loads(row["record"])["t"] for row in rows] == ["é", "café", "two\nlïnes"]
    assert [row["raw"] is None for row in rows] == [False, True, True]
    assert rows[1]["raw_bytes"] == b"2,caf\xe9" and rows[1]["framing_error"] is None


def test_a_header_in_the_fallback() -> None:
    assert records(b"id,seen?\xca,\n1,a,b\n", encoding="mac_roman", fill_header=True) == [
        {"id": "1", "seen?\xa0": "a", "seen?\xa0#2": "b"}
    ]


def test_one_row_may_hold_both_encodings() -> None:
    [row] = records(b"a,b\n" + "é".encode() + b",\x8e\n", encoding="mac_roman")
    assert row == {"a": "é", "b": "é"}


def test_a_row_of_the_wrong_width_stays_bad_in_any_encoding() -> None:
    rows = frame(b"a,b\n\xe9\n1,2\n", encoding="cp1252")
    assert [row["framing_error"] for row in rows] == ["not_utf8", None]


def test_header_cells_are_called_what_the_framing_says() -> None:
    renamed = {"V1": "id", "V2": "name"}
    assert records(b"V1,V2,id\n1,a,b\n", renamed=renamed) == [{"id": "1", "name": "a", "id#2": "b"}]
