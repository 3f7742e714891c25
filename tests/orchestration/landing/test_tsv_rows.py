"""TSV framing: escapes, records over physical lines, other encodings, padding; split anywhere."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.landing import framing, tsv_rows
from orchestration.landing.framing import CELLS, SCHEMA, Tally
from orchestration.landing.tsv_rows import frame_tsv

NAMES = ("a", "b", "c")


def frame(
    blocks: Iterable[bytes], torn: str | None = None, **options: Any
) -> tuple[list[dict[str, Any]], Tally]:
    tally = Tally()
    options = {"names": NAMES, "is_escaped": True} | options
    batches = list(frame_tsv(blocks, tally, torn=iter([torn]), **options))
    rows = [
        row
        for each in batches
        for row in pa.Table.from_batches([each]).select(SCHEMA.names).to_pylist()
    ]
    assert [row["record_number"] for row in rows] == list(range(1, tally.records + 1))
    return rows, tally


def records(data: bytes, **options: Any) -> list[dict[str, str] | str]:
    """Each record as its cells, or as its error."""
    return [
        row["framing_error"] or json.loads(row["record"]) for row in frame([data], **options)[0]
    ]


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(framing, "CHUNK", 1)
    yield


def test_cells_have_the_given_names_and_empty_ones_are_left_out() -> None:
    assert records(b"1\t\t3\n\t2\t\n") == [{"a": "1", "c": "3"}, {"b": "2"}]


def test_a_quote_is_data() -> None:
    assert records(b'"1\t2"\t"\n') == [{"a": '"1', "b": '2"', "c": '"'}]


def test_escapes_stand_for_the_characters_themselves() -> None:
    assert records(b"x\\\ty\tx\\\\\tz\\q\n") == [{"a": "x\ty", "b": "x\\", "c": "z\\q"}]


def test_a_record_may_span_physical_lines() -> None:
    rows, tally = frame([b"1\\\n2\\\\\\\n3\t\\\n\t3\n4\t5\t6\n"])
    assert [row["raw"] for row in rows] == ["1\\\n2\\\\\\\n3\t\\\n\t3", "4\t5\t6"]
    assert json.loads(rows[0]["record"]) == {"a": "1\n2\\\n3", "b": "\n", "c": "3"}
    assert tally.blank_lines == 0


def test_an_even_number_of_backslashes_escapes_nothing() -> None:
    assert records(b"1\t2\t3\\\\\n4\t5\t6\n") == [
        {"a": "1", "b": "2", "c": "3\\"},
        {"a": "4", "b": "5", "c": "6"},
    ]


def test_without_escapes_a_backslash_is_data() -> None:
    assert records(b"1\\\t2\t3\\\n", is_escaped=False) == [{"a": "1\\", "b": "2", "c": "3\\"}]


def test_control_characters_and_quotes_are_json() -> None:
    assert records(b'\x01"\\\\"\t\x1f/\x7f\t\r\n') == [{"a": '\x01"\\"', "b": "\x1f/\x7f"}]


def test_rows_that_are_not_utf8_are_read_in_the_other_encoding() -> None:
    data = "1\té\t3\n".encode() + b"4\tcaf\xe9\\\n\t6\n" + b"7\t\xff\n"
    rows, _ = frame([data], encoding="latin-1")
    assert json.loads(rows[0]["record"])["b"] == "é"
    assert json.loads(rows[1]["record"]) == {"a": "4", "b": "café\n", "c": "6"}
    assert (rows[1]["raw"], rows[1]["raw_bytes"]) == (None, b"4\tcaf\xe9\\\n\t6")
    assert [row["framing_error"] for row in rows] == [None, None, "wrong_column_count"]


def test_without_an_encoding_such_a_row_is_kept_as_bytes() -> None:
    assert records(b"1\t\xe9\t3\n4\t5\t6\n") == ["not_utf8", {"a": "4", "b": "5", "c": "6"}]


def test_missing_cells_at_the_end_are_padded_only_on_request() -> None:
    data = b"1\t2\n1\t2\t3\n1\n1\t2\t3\t4\n"
    wrong = "wrong_column_count"
    whole, padded = {"a": "1", "b": "2", "c": "3"}, {"a": "1", "b": "2"}
    assert records(data) == [wrong, whole, wrong, wrong]
    assert records(data, pad=1) == [padded, whole, wrong, wrong]
    assert records(b"1\t2", pad=1) == [padded]


def test_a_first_line_that_is_a_header_is_no_record() -> None:
    rows, tally = frame([b"a\tb", b"\tc\n1\t2\t3\n"], has_header=True)
    assert [json.loads(row["record"])["a"] for row in rows] == ["1"]
    assert tally.plain_bytes == 12
    assert records(b"a\tb\tc", has_header=True) == []


def test_a_torn_stream_ends_in_one_tail() -> None:
    rows, tally = frame([b"1\t2\t3\n4\t"], torn="cut")
    assert [row["framing_error"] for row in rows] == [None, "torn_tail"]
    assert tally.torn == "cut"


def test_a_last_line_without_end_is_a_record_only_where_it_is_whole() -> None:
    assert records(b"1\t2\t3") == [{"a": "1", "b": "2", "c": "3"}]
    rows, tally = frame([b"1\t2\t3\n4\t5"])
    assert rows[-1]["framing_error"] == "torn_tail"
    assert tally.torn is not None


def test_blank_lines_are_no_records_and_rows_of_empty_cells_are() -> None:
    rows, tally = frame([b"\n1\t2\t3\n\r\n\t\t\n \n"])
    assert [row["record"] for row in rows] == ['{"a":"1","b":"2","c":"3"}', "{}"]
    assert tally.blank_lines == 3


def test_a_byte_order_mark_belongs_to_the_file() -> None:
    assert records(b"\xef\xbb\xbf1\t2\t3\n") == [{"a": "1", "b": "2", "c": "3"}]


@pytest.mark.parametrize("size", [30, 33, 34, 200])
def test_an_overlong_line_is_one_record_however_it_is_split(
    monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(tsv_rows, "MAX_RECORD_BYTES", 32)
    monkeypatch.setattr(framing, "CHUNK", 1)
    data = b"1\t" + b"x" * size + b"\\\\\\\ny\t3\n4\t5\t6\n"
    whole = [row["framing_error"] for row in frame([data])[0]]
    assert whole == ["record_too_long", None]
    for at in range(len(data)):
        assert [row["framing_error"] for row in frame([data[:at], data[at:]])[0]] == whole


PIECES = st.sampled_from(
    [b"\t", b"\n", b"\\", b"\r\n", b'"', b"x", b" ", "é".encode(), b"\xe9", b"\x01"]
)


@settings(max_examples=300, deadline=None)
@given(
    data=st.lists(PIECES, max_size=40).map(b"".join),
    places=st.lists(st.integers(0, 60), max_size=6),
    is_escaped=st.booleans(),
    pad=st.integers(0, 1),
)
def test_any_split_of_the_blocks_gives_the_same_records(
    data: bytes, places: list[int], is_escaped: bool, pad: int
) -> None:
    options = {"is_escaped": is_escaped, "pad": pad, "encoding": "latin-1"}
    edges = [0, *sorted(min(place, len(data)) for place in places), len(data)]
    whole = frame([data], **options)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(framing, "CHUNK", 1)
        parts = frame([data[a:b] for a, b in pairwise(edges)], **options)
    assert parts == whole


LINES = st.sampled_from(
    [
        b"1\t2\t3",
        b"\t\t",
        b"a\t\tc\r",
        b'"\t\xc3\xa9\t ',
        b"x\t\xe9\ty",
        b"1\t2",
        b"",
        b"\r",
        b"\t\\\t",
    ]
)


@settings(max_examples=200, deadline=None)
@given(lines=st.lists(LINES, max_size=6), is_escaped=st.booleans(), pad=st.integers(0, 1))
def test_reading_by_columns_changes_nothing(lines: list[bytes], is_escaped: bool, pad: int) -> None:
    data, options = b"\n".join([*lines, b""]), {"is_escaped": is_escaped, "pad": pad}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tsv_rows, "read_columns", lambda *_, **__: None)
        one_by_one = frame([data], **options)
    assert frame([data], **options) == one_by_one


@pytest.mark.parametrize(
    ("data", "has_cells"),
    [(b'1\t"\t\n\t\t3\r\n', True), (b"1\t2\n", False), (b"1\t2\\\t3\n", False), (b"\n", False)],
)
def test_rows_as_they_should_be_have_their_cells(data: bytes, has_cells: bool) -> None:
    batches = list(frame_tsv([data], Tally(), names=NAMES, is_escaped=True))
    assert any(CELLS in each.schema.names for each in batches) is has_cells


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(st.text(max_size=4), min_size=3, max_size=3), max_size=8))
def test_any_table_comes_back_cell_by_cell(table: list[list[str]]) -> None:
    escape = str.maketrans({"\\": "\\\\", "\t": "\\\t", "\n": "\\\n"})
    # a carriage return before the line end belongs to it
    table = [[*row[:2], row[2] + "."] for row in table]
    data = "".join("\t".join(c.translate(escape) for c in row) + "\n" for row in table)
    found = records(data.encode().removeprefix(framing.BOM))
    bare = [[cell.removeprefix("\ufeff") if n == m == 0 else cell for n, cell in enumerate(row)]
            for m, row in enumerate(table)]  # fmt: skip
    expected = [{k: v for k, v in zip(NAMES, row, strict=True) if v} for row in bare]
    assert found == expected
